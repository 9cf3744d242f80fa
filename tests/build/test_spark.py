"""Spark as the engine of plans: the same bytes as DuckDB for every cell, and clear words where it cannot run."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from drill import LONG

from itdr_hf import catalogue
from itdr_hf.bench.spark_log import read_costs, table
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.loading import load_dataset
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.engines import open_engine
from itdr_hf.runtime.spark_engine import RENDERING

MASTER = "local[2]"
needs_pyspark = pytest.mark.skipif(find_spec("pyspark") is None, reason="needs the extra [spark]: make test-spark")
needs_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs the extra [spark] and Java: make test-spark",
)
# For data that is next to nothing: little is compiled, few tasks are started.
QUICK = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.ui.enabled": "false",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.compress": "false",
    "spark.driver.extraJavaOptions": "'-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m'",
}


def _first_and_last() -> list[str]:
    """Return every task on its first and its last source, and a cell of each source that is left."""
    names = catalogue.published()
    tasks: dict[str, list[str]] = {}
    for name in names:
        tasks.setdefault(catalogue.cell(name).task.id, []).append(name)
    chosen = {name for cells in tasks.values() for name in (cells[0], cells[-1])}
    for name in names:
        if catalogue.cell(name).source.id not in {catalogue.cell(one).source.id for one in chosen}:
            chosen.add(name)
    return [name for name in names if name in chosen]


CELLS = catalogue.published() if LONG else _first_and_last()  # all of them take minutes
# What the default recipes do not touch: cell -> changes.
OTHERWISE = {
    "tkr-movielens32m": {"negative_sampling": "popularity"},
    "nir-movielens32m": {"negative_sampling": "hard"},
    "rp-movielens32m": {"split_protocol": "time"},
    "tkr-microlens": {"split_protocol": "leave-last", "history": 3},
}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def spark(log: Path) -> Iterator[Engine]:
    """The one session: whatever is built meanwhile finds it."""
    words = " ".join(f"--conf {name}={value}" for name, value in QUICK.items())
    words += f" --conf spark.eventLog.dir=file://{log}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", f"{words} pyspark-shell")
        with open_engine("spark", master=MASTER) as engine:
            assert engine.table([{"ready": 1}]) is not None
            yield engine


@pytest.fixture(scope="module")
def caches(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each engine a cache of its own with the tables, so that neither finds the other's rows."""
    home = tmp_path_factory.mktemp("engines")
    caches = {name: home / name for name in ("duckdb", "spark")}
    build_folder(home / "first", settings(raw, caches["duckdb"]), configs=CELLS)
    shutil.copytree(caches["duckdb"], caches["spark"], ignore=shutil.ignore_patterns("rows", "*-*.parquet"))
    shutil.move(home / "first", home / "built-duckdb")
    return caches


@pytest.fixture(scope="module")
def folders(raw: Path, caches: dict[str, Path], spark: Engine) -> dict[str, Path]:
    """The cells as each engine builds them."""
    homes = {name: cache.with_name(f"built-{name}") for name, cache in caches.items()}
    build_folder(homes["spark"], settings(raw, caches["spark"], engine="spark", spark_master=MASTER), configs=CELLS)
    return homes


def settings(raw: Path, cache: Path, **options) -> Settings:
    return Settings(raw=raw, cache=cache, warn=lambda text: None, **options)


@needs_spark
@pytest.mark.parametrize("name", CELLS)
def test_spark_and_duckdb_build_the_same_bytes(name, folders):
    entries = {engine: Dataset.open(folder).cells[name] for engine, folder in folders.items()}
    assert entries["duckdb"].engine == "duckdb" and entries["spark"].engine.startswith("spark 4.")
    assert replace(entries["spark"], engine="duckdb") == entries["duckdb"]  # every count, and the sha256 of every file
    files = {engine: sorted((folder / name).iterdir()) for engine, folder in folders.items()}
    assert [path.name for path in files["spark"]] == [path.name for path in files["duckdb"]]
    for ours, theirs in zip(files["spark"], files["duckdb"], strict=True):
        assert ours.read_bytes() == theirs.read_bytes()


@needs_spark
def test_what_one_engine_has_built_the_other_leaves_alone(raw, caches, folders):
    outcomes = build_folder(
        folders["spark"],
        settings(raw, caches["spark"]),
        configs=[name for name in CELLS if name.startswith(("rp-", "cdr-"))],
    )
    assert {outcome.state for outcome in outcomes} == {"unchanged"}


@needs_spark
@pytest.mark.parametrize("name", OTHERWISE)
def test_other_negatives_and_splits_are_the_same_on_both_engines(name, raw, caches, spark, engine):
    cell = catalogue.cell(name)
    recipe = cell.recipe(**OTHERWISE[name])
    made = [prepare(cell, recipe, settings(raw, caches[planner.name]), planner) for planner in (spark, engine)]
    assert made[0].rows.steps == made[1].rows.steps and made[0].rows.path.is_dir()
    examples = [[row for s in SPLITS for batch in cell.batches(s) for row in batch.to_pylist()] for cell in made]
    assert examples[0] == examples[1] != []


@needs_spark
def test_shards_written_by_executors_begin_and_end_where_others_do(raw, caches, spark, tmp_path, monkeypatch):
    monkeypatch.setattr("itdr_hf.build.render.BATCH", 16)
    monkeypatch.setattr("itdr_hf.dataset.shards.SHARD_ROWS", 7)
    for name in ("duckdb", "spark"):
        options = {"engine": name, "spark_master": MASTER}
        build_folder(tmp_path / name, settings(raw, caches[name], **options), configs=["tui-movielens32m"])
    digests = [{name: f.sha256 for name, f in Dataset.open(tmp_path / n).files.items()} for n in caches]
    assert digests[0] == digests[1] and len(digests[0]) > 15
    assert {path.suffix for path in (tmp_path / "spark/tui-movielens32m").iterdir()} == {".parquet"}


@needs_spark
def test_load_dataset_plans_on_spark_what_it_finds_again_without(raw, caches, spark, tmp_path):
    where = {"data_dir": raw, "tables_cache": caches["spark"], "cache_dir": tmp_path, "num_examples": 20}
    made = load_dataset("itdr", "tkr-mind", engine="spark", spark_master=MASTER, **where)
    again = load_dataset("itdr", "tkr-mind", **where)
    assert made["train"].to_list() == again["train"].to_list()
    assert made.cache_files == again.cache_files


@needs_spark
def test_the_event_log_tells_what_each_cell_took(folders, log):
    found = read_costs(log)
    assert set(folders and CELLS) | {RENDERING} <= set(found)
    assert all(cost.tasks and cost.read for name, cost in found.items() if name in CELLS)
    assert found["cdr-amazon2023"].shuffled > 0 and found[RENDERING].shuffled == 0
    assert table(found).count("\n") == len(found) + 1


def test_without_an_event_log_it_is_said_what_is_wanted(tmp_path):
    with pytest.raises(UsageError, match="no event log; want a file written by Spark"):
        read_costs(tmp_path)


@needs_spark
def test_a_task_that_fails_says_why(spark):
    with pytest.raises(Exception, match="invalid literal for int"):
        spark.spread(int, ["1", "x"])


def test_an_engine_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(UsageError, match="no engine 'sqlite'; have: duckdb, spark"), open_engine("sqlite"):
        pass


def test_without_pyspark_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with (
        pytest.raises(UsageError, match=r"pyspark is not installed; .* pip install -e '\.\[spark\]'"),
        open_engine("spark"),
    ):
        pass


@needs_pyspark
def test_without_java_the_wanted_version_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match="no Java found; want Java 17 or newer"), open_engine("spark"):
        pass


@needs_pyspark
def test_a_java_too_old_is_named(tmp_path, monkeypatch):
    java = tmp_path / "bin/java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="is Java 11; want 17 or newer"), open_engine("spark"):
        pass


def test_duckdb_does_the_work_of_executors_itself(engine: DuckDBEngine):
    assert not engine.distributed and engine.spread(lambda n: {"n": n}, [1, 2]) == [{"n": 1}, {"n": 2}]
