"""A lock of raw files, a build that takes no others, and a rebuilt dataset compared with a published ledger."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from download.fileserver import serving
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.rebuilt import compare
from itdr_hf.download.links import check_links, lost
from itdr_hf.raw.layout import Download
from itdr_hf.raw.lock import LOCK

CELLS = ("--config", "tkr-movielens32m", "--num-examples", "20", "--history", "3")


def itdr(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout + str(done.exception or "")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder, its lock, and the dataset that was published of it."""
    home = tmp_path_factory.mktemp("rebuilt")
    assert itdr("simulate", home / "raw", "--source", "movielens32m", "--scale", 0.01)[0] == 0
    assert itdr("lock", home / "raw")[0] == 0
    assert itdr("build", "--raw", home / "raw", "--out", home / "published", "--locked", *CELLS)[0] == 0
    return home


@pytest.fixture
def raw(home: Path, tmp_path: Path) -> Path:
    shutil.copytree(home / "raw", tmp_path / "raw")
    return tmp_path / "raw"


def change(raw: Path) -> None:
    path = raw / "ml-32m/ratings.csv"
    header, *rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + b"".join(rows[len(rows) // 3 :]))


def test_the_lock_names_every_file_that_is_read(home):
    assert set(json.loads((home / "raw" / LOCK).read_text())["releases"]["movielens32m"]) == {
        "ratings.csv", "movies.csv", "tags.csv"
    }  # fmt: skip


def test_a_locked_build_takes_the_same_bytes_and_refuses_others(home, raw, tmp_path):
    code, said = itdr("build", "--raw", raw, "--out", tmp_path / "same", "--locked", *CELLS)
    assert code == 0, said
    change(raw)
    code, said = itdr("build", "--raw", raw, "--out", tmp_path / "other", "--locked", *CELLS)
    assert code == 1 and "movielens32m: ratings.csv has sha256" in said and not (tmp_path / "other").exists()


def test_without_a_lock_a_locked_build_says_how_to_make_one(raw, tmp_path):
    (raw / LOCK).unlink()
    code, said = itdr("build", "--raw", raw, "--out", tmp_path / "out", "--locked", *CELLS)
    assert code == 1 and f"run `itdr lock {raw}`" in said


def test_hashes_can_be_taken_from_a_published_dataset(home, raw):
    (raw / LOCK).unlink()
    assert itdr("lock", raw, "--from", home / "published")[0] == 0
    assert (raw / LOCK).read_bytes() == (home / "raw" / LOCK).read_bytes()


def test_a_dataset_rebuilt_from_the_same_files_is_the_published_one(home, raw, tmp_path):
    itdr("build", "--raw", raw, "--out", tmp_path / "again", *CELLS)
    code, said = itdr("verify", "--rebuilt", tmp_path / "again", "--against", home / "published")
    assert code == 0 and "1 of 1 cells are the same" in said


def test_other_raw_files_and_another_recipe_are_named_as_the_reason(home, raw, tmp_path):
    change(raw)
    itdr("build", "--raw", raw, "--out", tmp_path / "raw-differs", *CELLS)
    code, said = itdr("verify", "--rebuilt", tmp_path / "raw-differs", "--against", home / "published")
    assert code == 1 and "tkr-movielens32m: differs in " in said and "raw: ratings.csv has other bytes" in said
    itdr("build", "--raw", home / "raw", "--out", tmp_path / "seed", *CELLS, "--seed", 7)
    code, said = itdr("verify", "--rebuilt", tmp_path / "seed", "--against", home / "published")
    assert code == 1 and "recipe: seed is 7 here" in said


def test_code_is_the_reason_where_nothing_else_differs(home, tmp_path):
    itdr("build", "--raw", home / "raw", "--out", tmp_path / "salted", *CELLS, "--salt", "another")
    code, said = itdr("verify", "--rebuilt", tmp_path / "salted", "--against", home / "published")
    assert code == 1 and "0 of 1 cells are the same" in said
    assert "differs in train, validation, test (code: the same versions; another salt, or changed source)" in said


def test_every_kind_of_difference_is_named_versions_of_packages_too(home, raw, tmp_path):
    change(raw)
    itdr("build", "--raw", raw, "--out", tmp_path / "again", *CELLS, "--seed", 7)
    here, there = (Dataset.open(folder).ledger for folder in (tmp_path / "again", home / "published"))
    older = replace(there, packages={**there.packages, "duckdb": "0.1"})
    (cell,) = compare(here, older)
    assert [reason.partition(" ")[0] for reason in cell.why] == ["raw:", "recipe:", "code:"]
    assert cell.why[2] == f"code: duckdb {here.packages['duckdb']} here, 0.1 there"


def test_other_versions_that_make_the_same_rows_are_no_difference(home):
    there = Dataset.open(home / "published").ledger
    older = replace(there, packages={**there.packages, "duckdb": "0.1"})
    assert [cell.state for cell in compare(there, older)] == ["same"]


def test_links_are_checked_with_a_state_for_each_place():
    from itdr_hf import catalogue

    with serving(**{"a.csv": b"content", "b.csv": b"longer than known"}) as server:
        here, gone = f"{server.url}/a.csv", f"{server.url}/none.csv"
        files = (
            Download(url=gone, mirrors=(here,), path="a.csv", size=7),
            Download(url=f"{server.url}/b.csv", path="b.csv", size=3),
            Download(url="kaggle://owner/name/c.csv", path="c.csv"),
            Download(url="https://no-such-host.invalid/d.csv", path="d.csv"),
        )
        links = check_links([replace(catalogue.source("steam"), downloads=files)])
    assert [link.state for link in links] == [
        "answered 404", "ok", "17 bytes, want 3", "not asked: Kaggle requires an account", "its name does not resolve",
    ]  # fmt: skip
    assert lost(links) == [("steam", "b.csv"), ("steam", "d.csv")]
    assert all(len(link.date) == 10 for link in links)
