"""Releases at their published size, here a small share of it: the true formats, all rows, files as large as they should be."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from itdr_hf import catalogue
from itdr_hf.bench.parsing import parse
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.errors import UsageError
from itdr_hf.raw.release import find_release
from itdr_hf.simulate import KNOWN, simulate_published
from itdr_hf.simulate.published import AMAZON2023, PUBLISHED, netflix
from itdr_hf.simulate.published.columns import codes_of
from itdr_hf.simulate.published.draws import distinct_pairs
from itdr_hf.simulate.published.lines import Form, bytes_of, form_of, write_blocks

SHARE, SMALL = 0.02, 0.001
DOMAINS = ("All_Beauty",)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    simulate_published(folder, ["pixelrec", "microlens", "bookcrossing", "mind"], scale=SHARE)
    simulate_published(folder, ["yelp", "steam", "amazonbooks", "anime2023", "lastfm360k"], scale=SMALL)
    simulate_published(folder, ["amazon2023"], scale=SMALL, domains=DOMAINS, compress=True)
    return folder


def test_every_source_that_can_be_simulated_declares_what_is_published_of_it():
    assert set(PUBLISHED) == set(KNOWN)
    for figures in (*PUBLISHED.values(), *AMAZON2023.values()):
        assert figures.number("rows") > 0 and figures.number("users") > 0 and figures.number("items") > 0


@pytest.mark.parametrize("source", ["pixelrec", "mind"])
def test_files_are_as_large_as_published(raw: Path, source: str):
    for name, file in PUBLISHED[source].files.items():
        assert file.bytes
        assert (raw / KNOWN[source].FOLDER / name).stat().st_size == pytest.approx(file.bytes * SHARE, rel=0.1), name


def test_the_rows_are_as_many_as_published(raw: Path):
    for source, name in (("pixelrec", "interaction.csv"), ("mind", "MINDsmall_train/behaviors.tsv")):
        rows = (raw / KNOWN[source].FOLDER / name).read_bytes().count(b"\n") - name.endswith(".csv")
        assert rows == round((PUBLISHED[source].files[name].rows or 0) * SHARE)


def test_a_packed_file_is_one_member_of_gzip_and_holds_json_of_known_products(raw: Path):
    folder = raw / KNOWN["amazon2023"].FOLDER / "raw"
    content = (folder / "review_categories/All_Beauty.jsonl.gz").read_bytes()
    reviews = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    assert content.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff") == 1
    assert len(reviews) == pytest.approx(AMAZON2023["All_Beauty"].number("rows") * SMALL, rel=0.01)
    metas = [json.loads(line) for line in gzip.decompress((folder / "meta_categories/meta_All_Beauty.jsonl.gz").read_bytes()).splitlines()]  # fmt: skip
    known = {meta["parent_asin"] for meta in metas}
    assert len(known) == len(metas) and 0 < np.mean([review["parent_asin"] in known for review in reviews]) < 1
    assert len({(review["user_id"], review["parent_asin"]) for review in reviews}) == len(reviews)


CELLS = ("tui-bookcrossing", "tui-yelp", "tui-steam", "uap-lastfm360k")


def test_no_row_is_malformed_and_examples_are_built(raw: Path, tmp_path: Path):
    settings = Settings(raw=raw, cache=tmp_path / "cache", warn=lambda text: None)
    outcomes = build_folder(tmp_path / "itdr", settings, configs=CELLS, changes={"num_examples": 10})
    assert {one.cell: sum(one.counts.values()) for one in outcomes} == dict.fromkeys(CELLS, 10)


def test_duckdb_alone_parses_every_file_and_finds_its_rows(raw: Path):
    for source in ("anime2023", "microlens", "pixelrec", "bookcrossing"):
        release = find_release(catalogue.source(source), raw)
        found = parse([str(path) for paths in release.files.values() for path in paths])
        declared = PUBLISHED[source].scaled(SMALL if source == "anime2023" else SHARE).files
        for path in (path for paths in release.files.values() for path in paths):
            assert (
                found[str(path)] == pytest.approx(declared[path.name].rows, rel=0.05)
                or path.name == "users-score-2023.csv"
            )


def test_the_same_seed_gives_the_same_bytes(raw: Path, tmp_path: Path):
    simulate_published(tmp_path, ["microlens"], scale=SHARE)
    for path in (tmp_path / "microlens").iterdir():
        assert path.read_bytes() == (raw / "microlens" / path.name).read_bytes()


def test_an_unknown_category_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="no category of amazon2023 'Beauty'"):
        simulate_published(tmp_path, ["amazon2023"], domains=["Beauty"])


def test_a_line_that_lacks_a_group_goes_without_its_value():
    form = Form([b"id=1, text=a\n", b"id=2\n", b"nothing\n"], rb"id=(?P<id>\d+)(?:, text=\w+(?P<more>))?\n")
    lines = form.fill(np.array([0, 1, 2]), {"id": b"7", "more": b" b"})
    assert bytes(bytes_of(lines)) == b"id=7, text=a b\nid=7\nnothing\n"


def test_no_heading_of_a_movie_is_left_in_a_line_that_another_movie_takes(tmp_path: Path):
    (tmp_path / "few.txt").write_bytes(b"1:\n2:\n7,5,2001-01-01\n8,4,2002-02-02\n")
    form = form_of(tmp_path / "few.txt", netflix.RATING, record=netflix.RECORD)
    lines = form.fill(np.arange(len(form)), {"head": b"", "user": b"9", "day": b"2003-03-03"})
    assert bytes(bytes_of(lines)) == b"9,5,2003-03-03\n9,4,2003-03-03\n"


def test_packed_blocks_are_the_plain_ones(tmp_path: Path):
    blocks = [b"one\n" * 1_000, b"", b"two\n" * 10]
    path = write_blocks(tmp_path / "x.gz", b"head\n", blocks)
    assert gzip.decompress(path.read_bytes()) == b"head\n" + b"".join(blocks)


def test_pairs_are_distinct_and_as_many_as_wanted():
    lengths = np.array([3, 0, 40, 7])
    group, member = distinct_pairs(np.random.default_rng(0), lengths, np.cumsum(np.full(60, 1 / 60)))
    assert np.bincount(group, minlength=4).tolist() == lengths.tolist()
    assert len({*zip(group.tolist(), member.tolist(), strict=True)}) == lengths.sum()


def test_a_number_has_one_code_wherever_it_is_asked_for():
    few, many = codes_of(np.array([5, 70]), 22, "abcdefgh"), codes_of(np.arange(100), 22, "abcdefgh")
    assert few.to_pylist() == [many[5].as_py(), many[70].as_py()] and len(set(many.to_pylist())) == 100
