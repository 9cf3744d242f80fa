"""Compressed files on their way to the engine: whole, or named as damaged; and no thread outlives its block."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path

import pytest
from sources.reading import RAW

from itdr_hf import catalogue
from itdr_hf.errors import RawDataError
from itdr_hf.raw.gzip_pipes import Unpacking
from itdr_hf.raw.malformed import BadRows
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.tables.cache import ensure_tables

LINES = b"".join(b'{"number": %d}\n' % n for n in range(400_000))  # more than a pipe holds


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "raw" / "numbers.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(LINES, 1))
    return path


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def flipped(content: bytes) -> bytes:
    """With another checksum at its end than its content has."""
    return content[:-6] + bytes([content[-6] ^ 1]) + content[-5:]


def test_a_pipe_gives_what_was_compressed_and_tells_how_far_it_is(packed, tmp_path):
    with Unpacking(tmp_path) as unpacking:
        pipe = unpacking.pipe(packed)
        assert pipe.read_bytes() == LINES
        assert (pipe.parent.name, pipe.name) == ("raw", "numbers.jsonl.gz")
        assert unpacking.done() == packed.stat().st_size
        unpacking.check()


@pytest.mark.parametrize("harm", [lambda c: c[: len(c) // 2], flipped, lambda c: c[:9], lambda c: LINES], ids=range(4))
def test_a_damaged_file_is_named_whatever_else_went_wrong(packed, tmp_path, harm):
    packed.write_bytes(harm(packed.read_bytes()))
    with pytest.raises(OSError, match="raw/numbers.jsonl.gz"), Unpacking(tmp_path) as unpacking:
        unpacking.pipe(packed).read_bytes()
        raise ValueError("what the engine makes of half a line")


def test_a_pipe_that_nobody_opens_ends_with_its_block(packed, tmp_path):
    with Unpacking(tmp_path) as unpacking:
        unpacking.pipe(packed)


@pytest.mark.parametrize("closed", [True, False])
def test_a_pipe_that_is_read_in_part_ends_with_its_block(packed, tmp_path, closed):
    with Unpacking(tmp_path) as unpacking:
        reader = os.open(unpacking.pipe(packed), os.O_RDONLY)
        assert os.read(reader, 10) == LINES[:10]
        with pytest.raises(OSError, match=r"not read to its end \(.*raw/numbers.jsonl.gz\)"):
            unpacking.check()
        if closed:
            os.close(reader)
    if not closed:
        os.close(reader)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Where the reviews of a release belong, whose products are there."""
    reviews = tmp_path / "raw" / "amazon-reviews-2023" / "raw" / "review_categories" / "Video_Games.jsonl.gz"
    reviews.parent.mkdir(parents=True)
    [plain] = RAW.glob("amazon-reviews-2023/**/meta_Video_Games.jsonl")
    (reviews.parent.parent / "meta_Video_Games.jsonl").write_bytes(plain.read_bytes())
    return reviews


@pytest.mark.parametrize("policy", ["error", "skip"])
def test_a_release_with_a_damaged_file_is_not_read_however_bad_rows_are_met(reviews, tmp_path, policy):
    content = (
        b'{"rating": 5.0, "text": "Fits", "parent_asin": "B0F0000003", "user_id": "A", "timestamp": 1600000000000}\n'
    )
    reviews.write_bytes(flipped(gzip.compress(content * 3)))
    with open_duckdb() as engine, pytest.raises(RawDataError, match="review_categories/Video_Games.jsonl.gz: "):
        ensure_tables(
            catalogue.source("amazon2023"), tmp_path / "raw", engine=engine, cache=tmp_path / "cache",
            bad=BadRows(policy=policy),
        )  # fmt: skip
    assert not list(tmp_path.glob("cache/tables/*/*/*.parquet"))


def test_a_line_that_no_reader_takes_is_told_of_the_file_not_of_the_pipe(reviews, tmp_path):
    reviews.write_bytes(gzip.compress(b'{"text": "%s"}' % (b"a" * 40 * 2**20), 1))
    with open_duckdb() as engine, pytest.raises(RawDataError, match='"review_categories/Video_Games.jsonl.gz"'):
        ensure_tables(catalogue.source("amazon2023"), tmp_path / "raw", engine=engine, cache=tmp_path / "cache")
