"""Dataset folders: the same bytes twice, kept when unchanged, rebuilt when not, replaced whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.errors import BuildError, OutputError
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.simulate import simulate

CONFIGS = ["rp-movielens32m", "nir-movielens32m", "uap-movielens1m"]


def settings(raw: Path, **options) -> Settings:
    return Settings(raw=raw, warn=lambda text: None, **options)


def digests(folder: Path) -> dict[str, str]:
    return {name: facts.sha256 for name, facts in Dataset.open(folder).files.items()}


@pytest.fixture
def movielens(tmp_path: Path) -> Path:
    """Its own raw folder, to be damaged."""
    simulate(tmp_path / "raw", sources=["movielens32m", "movielens1m"], scale=0.01, seed=2)
    return tmp_path / "raw"


def test_two_builds_with_other_caches_and_processes_give_the_same_bytes(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("itdr_hf.build.render.BATCH", 16)
    for n in (1, 2):
        build_folder(tmp_path / f"{n}", settings(raw, cache=tmp_path / f"cache{n}", num_proc=n), configs=CONFIGS)
    assert digests(tmp_path / "1") == digests(tmp_path / "2") != {}
    for name in digests(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_an_unchanged_cell_is_kept_and_a_changed_recipe_is_built_again(raw, tmp_path):
    states = [
        {o.cell: o.state for o in build_folder(tmp_path / "out", settings(raw), configs=CONFIGS, changes=changes)}
        for changes in ({}, {}, {"seed": 5})
    ]
    assert set(states[0].values()) == {"built"}
    assert set(states[1].values()) == {"unchanged"}
    assert set(states[2].values()) == {"built"}


def test_changed_raw_content_is_built_again_wherever_it_lies(movielens, tmp_path):
    out = tmp_path / "out"
    build_folder(out, settings(movielens), configs=["rp-movielens32m"])
    moved = tmp_path / "moved"
    shutil.copytree(movielens, moved)
    assert [o.state for o in build_folder(out, settings(moved), configs=["rp-movielens32m"])] == ["unchanged"]
    ratings = moved / "ml-32m/ratings.csv"
    text = ratings.read_text()
    ratings.write_text(text.replace("4.0", "4.5", 1))
    assert [o.state for o in build_folder(out, settings(moved), configs=["rp-movielens32m"])] == ["built"]


def test_asking_for_more_than_there_is_builds_what_there_is_and_says_how_many_and_why(raw, tmp_path, caplog):
    (outcome,) = build_folder(
        tmp_path / "out", settings(raw), configs=["rp-movielens32m"], changes={"num_examples": 10**6}
    )
    made = sum(outcome.counts.values())
    steps = Dataset.open(tmp_path / "out").cells["rp-movielens32m"].steps
    eligible, everyone = next((s.rows, s.of) for s in steps if s.what == "eligible")
    assert outcome.note.startswith(f"1,000,000 requested, {made:,} made: {eligible:,} of {everyone:,} eligible")
    assert made <= eligible


def test_a_cell_whose_release_is_absent_is_named_with_the_way_to_get_it(movielens, tmp_path):
    outcomes = {o.cell: o for o in build_folder(tmp_path / "out", settings(movielens), configs=["uap"])}
    assert outcomes["uap-movielens1m"].state == "built"
    assert (
        "lastfm-1k: no such folder" in outcomes["uap-lastfm1k"].note
        and "get Last.FM 1K" in outcomes["uap-lastfm1k"].note
    )
    assert "uap-lastfm1k" in Dataset.open(tmp_path / "out").ledger.not_built


def test_a_cell_asked_for_by_name_whose_release_is_absent_is_an_error(movielens, tmp_path):
    with pytest.raises(BuildError, match="pixelrec: no such folder"):
        build_folder(tmp_path / "out", settings(movielens), configs=["tkr-pixelrec"])


def test_a_folder_that_is_not_ours_is_not_touched(raw, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"contains files but no ledger.json; want an empty or new folder"):
        build_folder(tmp_path, settings(raw), configs=CONFIGS)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_killed_build_leaves_whole_cells_only_and_the_next_one_finishes(raw, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    build_folder(whole, settings(raw, cache=tmp_path / "c"), configs=CONFIGS)
    command = [
        sys.executable,
        "-m",
        "itdr_hf",
        "build",
        "--raw",
        str(raw),
        "--out",
        str(out),
        "--cache",
        str(tmp_path / "c2"),
    ]
    command += [part for name in CONFIGS for part in ("--config", name)]
    for delay in (0.5, 1.0, 1.4, 1.8):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=os.environ)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for name, facts in Dataset.open(out).files.items():
            assert pq.read_metadata(out / name).num_rows == facts.rows
    build_folder(out, settings(raw, cache=tmp_path / "c2"), configs=CONFIGS)
    assert digests(out) == digests(whole)
    assert {p.name for p in out.iterdir() if p.name.startswith(".")} == {".files.json", ".timings.json"}


def test_examples_are_split_into_shards_without_loss(raw, tmp_path, monkeypatch):
    build_folder(tmp_path / "one", settings(raw), configs=["tui-movielens32m"])
    monkeypatch.setattr("itdr_hf.dataset.shards.SHARD_ROWS", 7)
    build_folder(tmp_path / "many", settings(raw), configs=["tui-movielens32m"])
    one = pq.read_table(tmp_path / "one/tui-movielens32m/train-00000-of-00001.parquet")
    paths = sorted((tmp_path / "many/tui-movielens32m").glob("train-*"))
    assert len(paths) == -(-one.num_rows // 7) and paths[0].name == f"train-00000-of-{len(paths):05d}.parquet"
    assert [row for path in paths for row in pq.read_table(path).to_pylist()] == one.to_pylist()


def test_what_a_killed_run_put_on_disk_is_removed_by_the_next_and_nothing_else_is(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead, alive, new = (tmp_path / f"itdr-spill-{name}" for name in ("dead", "alive", "new"))
    for folder in (dead, alive, new):
        folder.mkdir()
        (folder / "half.parquet").write_bytes(b"x")
    with FileLock(alive / "lock"):
        for folder in (dead, alive):
            os.utime(folder, (0, 0))
        with open_duckdb() as engine:
            left = sorted(path.name for path in tmp_path.iterdir())
            assert left == sorted([alive.name, new.name, engine.spill.name])
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, new.name]


def test_a_build_that_ends_between_a_cell_and_its_entry_leaves_a_ledger_that_says_nothing_false(
    raw, tmp_path, monkeypatch
):
    out, changed = tmp_path / "out", {"seed": 5}
    build_folder(out, settings(raw), configs=CONFIGS)
    with monkeypatch.context() as patched:
        patched.setattr("itdr_hf.build.folder._record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build_folder(out, settings(raw), configs=CONFIGS[:1], changes=changed)
    assert list(Dataset.open(out).cells) == CONFIGS[1:]
    build_folder(out, settings(raw), configs=CONFIGS[:1], changes=changed)
    build_folder(tmp_path / "whole", settings(raw), configs=CONFIGS[:1], changes=changed)
    assert digests(tmp_path / "whole").items() <= digests(out).items()
