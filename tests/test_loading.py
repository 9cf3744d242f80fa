"""`itdr_hf.load_dataset`, and plain `datasets` in processes that never import itdr_hf."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import itdr_hf
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.errors import MalformedRowError, MissingFileError, UsageError
from itdr_hf.simulate import simulate

CELL = "tkr-movielens32m"
PLAIN = """
import json, sys, datasets
datasets.disable_progress_bars()
name, streaming = sys.argv[1], sys.argv[2] == "streaming"
data = datasets.load_dataset("itdr", name, streaming=streaming)
assert not [m for m in sys.modules if m.split(".")[0] == "itdr_hf"], "itdr_hf was imported"
print(json.dumps({split: [row["id"] for row in rows] for split, rows in data.items()}))
"""


def plain(cwd: Path, name: str, how: str = "map", **env: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN, name, how],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def loaded(raw: Path):
    return itdr_hf.load_dataset("itdr", CELL, data_dir=raw)


def ids(data) -> dict[str, list[str]]:
    return {split: list(rows["id"]) for split, rows in data.items()}


def test_a_cell_loads_from_raw_files_with_three_splits(loaded):
    assert set(loaded) == {"train", "validation", "test"}
    assert loaded["train"].features["candidates"].feature.dtype == "string"


def test_plain_datasets_finds_it_in_the_hugging_face_cache(loaded, tmp_path):
    assert plain(tmp_path, CELL) == ids(loaded)


def test_plain_datasets_reads_a_built_folder_with_cells_and_unions_also_streaming(raw, loaded, tmp_path):
    configs = [CELL, "nir-movielens32m", "uap-movielens1m"]
    build_folder(tmp_path / "itdr", Settings(raw=raw, warn=lambda text: None), configs=configs)
    fresh = {"HF_HOME": str(tmp_path / "hf")}
    assert plain(tmp_path, CELL, **fresh) == ids(loaded)
    union = plain(tmp_path, "uii", **fresh)
    assert union == plain(tmp_path, "uii", "streaming", **fresh)
    assert len(union["train"]) == len(loaded["train"]) + len(plain(tmp_path, "nir", **fresh)["train"])
    everything = plain(tmp_path, "all", **fresh)
    assert set(union["test"]) < set(everything["test"])


def test_a_second_load_builds_nothing(raw, loaded, monkeypatch):
    monkeypatch.setattr("itdr_hf.builders.itdr.Itdr._generate_examples", None)
    assert ids(itdr_hf.load_dataset("itdr", CELL, data_dir=raw)) == ids(loaded)


def test_another_number_or_history_is_cached_apart(raw, loaded):
    few = itdr_hf.load_dataset("itdr", CELL, data_dir=raw, num_examples=30, history=3)
    assert sum(len(rows) for rows in few.values()) == 30
    assert {len(history) for history in few["train"]["history"]} == {3}
    assert ids(itdr_hf.load_dataset("itdr", CELL, data_dir=raw)) == ids(loaded)


def test_a_streaming_builder_gives_the_same_rows(raw, loaded):
    stream = itdr_hf.load_dataset("itdr", CELL, data_dir=raw, split="validation", streaming=True)
    assert list(stream) == list(loaded["validation"])


def test_a_union_is_its_cells_one_after_the_other(tmp_path, raw):
    import datasets

    names = ["tui-movielens32m", "uap-movielens1m"]
    parts = [itdr_hf.load_dataset("itdr", name, data_dir=raw, split="test") for name in names]
    assert len(datasets.concatenate_datasets(parts)) == sum(map(len, parts))


def test_keys_of_the_builder_are_unique_since_datasets_does_not_check(raw):
    from itdr_hf.builders.itdr import Itdr

    builder = Itdr(config_name=CELL, raw=raw)
    keys = [key for split in ("train", "validation", "test") for key, _ in builder._generate_examples(split)]
    assert len(keys) == len(set(keys))


def test_a_reader_error_arrives_as_itself_and_leaves_nothing_behind(tmp_path):
    simulate(tmp_path, sources=["movielens32m"], scale=0.01)
    ratings = tmp_path / "ml-32m/ratings.csv"
    ratings.write_text(ratings.read_text() + "1,2\n")
    with pytest.raises(MalformedRowError, match=r"ml-32m/ratings.csv line \d+"):
        itdr_hf.load_dataset("itdr", "rp-movielens32m", data_dir=tmp_path, cache_dir=tmp_path / "hf")
    assert not list((tmp_path / "hf").rglob("*.arrow"))


def test_an_unknown_config_names_all_there_are(raw):
    with pytest.raises(UsageError, match=r"no config 'tkr-gowalla'; have: rp-movielens32m, .*, tui$"):
        itdr_hf.load_dataset("itdr", "tkr-gowalla", data_dir=raw)


@pytest.mark.parametrize("wrong", [-1, 0, 2.5, True])
def test_a_size_that_is_no_size_is_refused(raw, wrong):
    with pytest.raises(UsageError, match=rf"^{CELL}: num_examples={wrong}; want a whole number of at least 1"):
        itdr_hf.load_dataset("itdr", CELL, data_dir=raw, num_examples=wrong)


def test_an_option_that_is_none_is_named(raw):
    with pytest.raises(UsageError, match="no option 'num_exmples'; .*have: .*num_examples"):
        itdr_hf.load_dataset("itdr", CELL, data_dir=raw, num_exmples=3)


def test_without_raw_files_folder_or_cache_the_ways_out_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingFileError, match="name the raw releases with data_dir="):
        itdr_hf.load_dataset("itdr", "rp-yelp", cache_dir=tmp_path / "hf")
