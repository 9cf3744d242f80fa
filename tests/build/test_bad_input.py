"""Bad input gets an error that names where, what was found, what was wanted and what to do; nothing is left behind."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import needs_mount, run_on_small_disk

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.errors import MalformedRowError, MissingFileError, OutputError, RawDataError, UsageError
from itdr_hf.raw.malformed import BadRows, physical_line
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.simulate import simulate
from itdr_hf.tables.cache import Tables, ensure_tables

RATINGS, MOVIES = "ml-32m/ratings.csv", "ml-32m/movies.csv"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    simulate(tmp_path / "raw", sources=["movielens32m", "movielens1m"], scale=0.01, seed=3)
    return tmp_path / "raw"


@pytest.fixture
def read(raw: Path, engine: DuckDBEngine, tmp_path: Path):
    def read_tables(source: str = "movielens32m", bad: BadRows = BadRows()) -> Tables:
        return ensure_tables(catalogue.source(source), raw, engine=engine, cache=tmp_path / "cache", bad=bad)

    return read_tables


def insert(path: Path, number: int, line: bytes) -> None:
    """Put a line in so that it is line `number` of the file."""
    lines = path.read_bytes().splitlines(keepends=True)
    end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
    path.write_bytes(b"".join([*lines[: number - 1], line + end, *lines[number - 1 :]]))


def message(error: pytest.ExceptionInfo[BaseException]) -> str:
    return str(error.value)


def nothing_left(tmp_path: Path) -> bool:
    return not list((tmp_path / "cache").rglob("*.parquet"))


def test_a_missing_file_says_what_was_looked_for_and_how_to_get_it(raw, read):
    (raw / RATINGS).unlink()
    (raw / MOVIES).unlink()
    (raw / "ml-32m/tags.csv").unlink(missing_ok=True)
    with pytest.raises(MissingFileError) as error:
        read()
    assert message(error) == (
        f"{raw}/ml-32m: none of the release's files, but links.csv (other names, another version, or a repack); want ratings.csv + movies.csv + tags.csv; get MovieLens 32M: "
        "download https://files.grouplens.org/datasets/movielens/ml-32m.zip and unpack it"
    )


def test_a_row_with_too_few_fields_is_named_with_its_line(raw, read, tmp_path):
    insert(raw / RATINGS, 5, b"12,34")
    with pytest.raises(MalformedRowError) as error:
        read()
    assert message(error) == (
        "ml-32m/ratings.csv line 5: 2 fields in '12,34', want 4 (userId, movieId, rating, timestamp); "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert nothing_left(tmp_path)


def test_a_value_that_is_no_number_is_named_with_its_column(raw, read):
    insert(raw / RATINGS, 9, b"12,x34,3.5,99")
    with pytest.raises(MalformedRowError) as error:
        read()
    assert message(error).startswith(
        "ml-32m/ratings.csv line 9: Could not convert string \"x34\" to 'INTEGER' in '12,x34,3.5,99', want a value for 'movieId'"
    )


def test_a_row_without_a_required_value_is_named_with_its_line(raw, read):
    insert(raw / RATINGS, 7, b"12,,3.5,99")
    with pytest.raises(MalformedRowError) as error:
        read()
    assert message(error).startswith("ml-32m/ratings.csv line 7: '12,,3.5,99', want item; get the file again")


def test_a_file_cut_in_the_middle_of_a_row_is_named_with_its_last_line(raw, read):
    whole = (raw / RATINGS).read_bytes()
    (raw / RATINGS).write_bytes(whole[: len(whole) // 2].rsplit(b",", 2)[0])
    last = (raw / RATINGS).read_bytes().count(b"\n") + 1
    with pytest.raises(MalformedRowError, match=rf"^ml-32m/ratings.csv line {last}: "):
        read()


def test_a_file_cut_inside_a_quoted_title_is_named(raw, read):
    (raw / MOVIES).write_bytes((raw / MOVIES).read_bytes() + b'999999,"The Film That Nev')
    with pytest.raises(
        MalformedRowError,
        match=r"^ml-32m/movies.csv line \d+: a quote that is never closed in '.*Nev', want a complete row",
    ):
        read()


def test_a_wrong_delimiter_is_seen_at_the_header(raw, read):
    (raw / RATINGS).write_bytes((raw / RATINGS).read_bytes().replace(b",", b";"))
    with pytest.raises(MalformedRowError) as error:
        read()
    assert message(error) == (
        "ml-32m/ratings.csv line 1: header 'userId;movieId;rating;timestamp' lacks userId, movieId, rating, timestamp; "
        "want 'userId,movieId,rating,timestamp'; check that the file is complete and of this release"
    )


def test_a_wrong_delimiter_without_a_header_is_seen_at_the_first_row(raw, read):
    (raw / "ml-1m/ratings.dat").write_bytes((raw / "ml-1m/ratings.dat").read_bytes().replace(b"::", b","))
    with pytest.raises(
        MalformedRowError,
        match=r"^ml-1m/ratings.dat line 1: 1 fields in '.*', want 4 \(userId, movie, rating, timestamp\) \([\d,]+ such rows\)",
    ):
        read("movielens1m")


def test_a_wrong_encoding_is_named_with_line_and_column(raw, read):
    insert(raw / MOVIES, 3, "999999,Amélie (2001),Comedy".encode("latin-1"))
    with pytest.raises(MalformedRowError) as error:
        read()
    assert message(error).startswith("ml-32m/movies.csv line 3: bytes that do not decode in '999999,Am")
    assert "want the file's encoding in 'title'" in message(error)


def test_an_empty_file_is_named(raw, read):
    (raw / RATINGS).write_bytes(b"")
    with pytest.raises(RawDataError, match=r"^ml-32m/ratings.csv: an empty file; want the complete file, as published"):
        read()


def test_bad_rows_are_counted_and_skipped_when_told_to(raw, read):
    before = read().record["steps"]
    for line in (b"12,34", b"12,,3.5,99", b"a,b,c,d"):
        insert(raw / RATINGS, 4, line)
    steps = read(bad=BadRows(policy="skip")).record["steps"]
    counts = {step["what"]: step["rows"] for step in steps if step["table"] == "interactions"}
    clean = {step["what"]: step["rows"] for step in before if step["table"] == "interactions"}
    assert counts["malformed"] == -3
    assert counts["read"] == clean["read"] + 3
    assert counts["kept"] == clean["kept"]


def test_bad_rows_that_were_passed_over_are_listed_to_the_user_and_not_in_the_ledger(raw, read, tmp_path):
    for number in (7, 5, 3):
        insert(raw / RATINGS, number, b"12,,3.5,99")
    for _ in range(12):
        insert(raw / MOVIES, 2, b"999999")
    settings = Settings(raw=raw, cache=tmp_path / "cache", bad=BadRows(policy="skip"), warn=lambda text: None)
    (outcome,) = build_folder(tmp_path / "out", settings, configs=["rp-movielens32m"], changes={"num_examples": 5})
    told = outcome.note.splitlines()
    assert told[0] == "3 malformed rows of interactions skipped:"
    assert [line.partition(": ")[0].strip() for line in told[1:4]] == [f"{RATINGS} line {n}" for n in (3, 6, 9)]
    assert told[4] == "12 malformed rows of items skipped:" and told[-1] == "    and 2 more" and len(told) == 16
    steps = Dataset.open(tmp_path / "out").cells["rp-movielens32m"].tables
    assert [step.rows for step in steps if step.what == "malformed"] == [-3, -12]
    assert "12,,3.5,99" not in (tmp_path / "out" / "ledger.json").read_text()


def test_more_bad_rows_than_allowed_are_an_error(raw, read):
    for line in (b"12,34", b"12,,3.5,99"):
        insert(raw / RATINGS, 4, line)
    assert read(bad=BadRows(policy="skip", max_rows=2))
    with pytest.raises(
        MalformedRowError, match=r"; 2 malformed rows, at most 1 allowed; get the file again, or raise --max-bad-rows"
    ):
        read(bad=BadRows(policy="skip", max_rows=1))


def test_an_unknown_policy_for_bad_rows_is_refused():
    with pytest.raises(UsageError, match="on_bad_row: 'ignore'; want 'error' or 'skip'"):
        BadRows(policy="ignore")


def test_the_line_of_a_byte_is_counted_in_the_content_of_a_gz_file(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\ntwo\nthree\n"))
    assert [physical_line(tmp_path / "a.gz", p) for p in (1, 4, 5, 9, 14)] == [1, 1, 2, 3, 3]


def test_an_output_that_is_a_file_is_refused(raw, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out: a file; want a folder to build into; choose another"):
        build_folder(tmp_path / "out", Settings(raw=raw))


def test_an_unwritable_output_is_named(raw):
    with pytest.raises(
        OutputError, match="^/proc/nowhere/out: not writable; want a folder this user may write; choose another"
    ):
        build_folder(Path("/proc/nowhere/out"), Settings(raw=raw))


ON_A_FULL_DISK = """
import json, sys
from pathlib import Path
from itdr_hf.errors import OutputError
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
small, raw = Path(sys.argv[1]), Path(sys.argv[2])
settings = Settings(raw=raw, cache=small.parent / "cache", warn=lambda text: None)
build_folder(small / "out", settings, configs=["rp-movielens32m"], changes={"num_examples": 20})
before = {p: p.read_bytes() for p in (small / "out").rglob("*") if p.is_file()}
(small / "ballast").write_bytes(b"x" * (256 * 1024 - sum(map(len, before.values())) - 40 * 1024))
try:
    build_folder(small / "out", settings, configs=["tui-movielens32m", "nir-movielens32m"])
    told = ""
except OutputError as error:
    told = str(error)
whole = {p: p.read_bytes() for p in before} == before
print(json.dumps({"told": told, "whole": whole, "hidden": [p.name for p in (small / "out").rglob(".*")]}))
"""


@needs_mount
def test_a_full_disk_is_named_and_leaves_the_old_data_whole(raw, tmp_path):
    small = tmp_path / "small"
    found = run_on_small_disk(small, "256k", ON_A_FULL_DISK, raw)
    assert found["told"].startswith(f"{small}/out/") or found["told"].startswith(f"{small}/out:")
    assert found["told"].endswith("the disk is full; want room for the output; free some and run again")
    assert found["whole"] and sorted(found["hidden"]) == [".files.json", ".timings.json"]


def test_the_command_line_prints_one_message_and_no_traceback(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "itdr_hf",
            "build",
            "--raw",
            str(tmp_path),
            "--out",
            str(tmp_path / "o"),
            "--config",
            "rp-yelp",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") or "\nerror: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("place", ["ml-32m.zip", "ml-32m/ml-32m.zip", "ml-32m/archive.tar.gz"])
def test_a_release_that_is_still_packed_is_named_with_the_command_that_unpacks_it(place, read, raw):
    shutil.rmtree(raw / "ml-32m")
    (raw / place).parent.mkdir(exist_ok=True)
    (raw / place).write_bytes(b"PK")
    with pytest.raises(MissingFileError) as error:
        read()
    assert message(error) == (
        f"{raw / place}: not unpacked; want the files in it; run "
        f"`itdr download movielens32m --raw {raw} --archive {raw / place}`"
    )
