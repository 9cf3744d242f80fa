"""MicroLens: its layouts, and every quirk of their files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("microlens")


@pytest.fixture
def only(tmp_path: Path) -> Callable[..., Path]:
    """A raw folder with only the files of these name patterns."""

    def picking(*patterns: str) -> Path:
        folder = tmp_path / "picked" / "microlens"
        folder.mkdir(parents=True)
        for pattern in patterns:
            for path in (RAW / "microlens").glob(pattern):
                shutil.copy(path, folder)
        return folder.parent

    return picking


def items(tables: Tables) -> dict[int, dict[str, Any]]:
    return {row["item"]: row for row in rows(tables, "items")}


def test_the_100k_layout_is_preferred_where_both_lie(read):
    assert read().record["layout"] == "MicroLens-100k"


def test_the_50k_layout_is_read_where_it_lies_alone(read, only):
    tables = read(only("MicroLens-50k_*"))
    assert tables.record["layout"] == "MicroLens-50k"
    assert steps(tables, "interactions")["read"] == 28


def test_milliseconds_become_seconds(read):
    stamps = [row["timestamp"] for row in rows(read(), "interactions")]
    assert all(1_600_000_000 <= stamp < 1_700_000_000 for stamp in stamps)


def test_a_100k_title_is_divided_from_its_id_at_the_first_comma_only(read):
    assert items(read())[4]["title"] == "how to fold a map, the way sailors do it, in ten seconds"


def test_a_100k_title_loses_the_blank_behind_the_comma_and_the_carriage_return(read):
    assert items(read())[7]["title"] == "the quiet street before the market opens"


def test_an_empty_title_leaves_the_video_and_its_interactions_out_counted(read):
    tables = read()
    assert 25 not in items(tables)
    assert steps(tables, "items")["without title"] == -1
    assert steps(tables, "interactions")["item unknown or without title"] == -1


def test_a_title_of_number_signs_only_is_no_title(read, only):
    assert 25 not in items(read(only("MicroLens-50k_*")))


def test_quoted_50k_titles_with_commas_and_crlf_are_whole(read, only):
    assert items(read(only("MicroLens-50k_*")))[13]["title"] == 'he said "wait for it", and they waited'


@pytest.mark.parametrize("patterns", [("MicroLens-50k_*",), ("MicroLens-100k_*",)])
def test_what_stands_behind_number_signs_is_tags_each_once(read, only, patterns):
    piano = items(read(only(*patterns)))[2]
    assert piano["title"] == "a bicycle built from old pianos"
    assert piano["tags"] == "craft, Workshop"


def test_a_title_that_begins_with_a_number_sign_is_its_first_tag(read, only):
    mask = items(read(only("MicroLens-50k_*")))[8]
    assert (mask["title"], mask["tags"]) == ("Carnival masks of the north, painted by hand", "craft")


def test_a_title_of_a_hundred_thousand_tags_is_read_in_seconds_and_shows_the_first(read, only):
    raw = only("MicroLens-50k_*")
    with (raw / "microlens/MicroLens-50k_titles.csv").open("a", newline="") as file:
        file.write(f"99,A line {' '.join(f'#t{n}' for n in range(100_000))}\r\n")
    started = time.monotonic()
    assert items(read(raw))[99]["tags"] == "t0, t1, t2, t3, t4"
    assert time.monotonic() - started < 20  # of comparing each with each: minutes


def test_number_signs_without_a_tag_and_overlong_tags_are_passed_over(read):
    known = items(read())
    assert known[17]["tags"] == "nature, calm"
    assert known[18]["tags"] == "travel"


def test_categories_of_the_100k_release_come_first_among_the_tags(read):
    known = items(read())
    assert known[1]["tags"] == "food, cooking, Island Life"
    assert known[2]["topic"] == "craft, music"


def test_likes_and_views_are_read_by_tab(read):
    assert (items(read())[3]["likes"], items(read())[3]["views"]) == ("1110", "1301143")


def test_without_the_likes_file_the_videos_still_have_their_tags(read, only):
    known = items(read(only("MicroLens-50k_pairs.csv", "MicroLens-50k_titles.csv")))
    assert (known[3]["likes"], known[3]["tags"]) == (None, "funny animals")


def test_a_title_named_nan_stays(read):
    assert items(read())[9]["title"] == "nan"


def test_a_very_long_title_ends_in_an_ellipsis(read):
    title = items(read())[12]["title"]
    assert len(title) <= 300
    assert title.endswith("…")


def test_a_video_watched_again_counts_once_at_its_first_time(read):
    tables = read()
    assert steps(tables, "interactions")["repeated (user, item), earliest kept"] == -1
    first = [r["timestamp"] for r in rows(tables, "interactions") if (r["user"], r["item"]) == (11, 3)]
    assert first == [1_600_086_400.123]  # to the millisecond


def test_without_times_the_order_of_the_tsv_stands_for_them(read, only):
    tables = read(only("MicroLens-100k_pairs.tsv", "MicroLens-100k_title_en.csv"))
    assert tables.record["layout"] == "MicroLens-100k, no times"
    mine = sorted((r["timestamp"], r["item"]) for r in rows(tables, "interactions") if r["user"] == 13)
    assert mine == [(1, 3), (2, 10), (3, 24)]


def test_two_videos_of_one_title_never_stand_in_one_example(read, engine):
    cell = catalogue.cell("tkr-microlens")
    tables = read()
    made = ensure_rows(cell, cell.recipe(), tables, engine)
    found = [
        row for split in made.counts for batch in render(cell, cell.recipe(), made, split) for row in batch.to_pylist()
    ]
    assert found
    assert all(len({*row["history"], *row["candidates"]}) == 15 for row in found)


@pytest.mark.parametrize("name", ["tkr-microlens", "nir-microlens", "tui-microlens"])
def test_each_cell_has_an_example(read, engine, name):
    cell = catalogue.cell(name)
    assert sum(ensure_rows(cell, cell.recipe(), read(), engine).counts.values()) > 0


def test_a_pair_that_is_not_three_numbers_is_named(read, only):
    raw = only("MicroLens-50k_*")
    path = raw / "microlens/MicroLens-50k_pairs.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:4], "11,fifteen,1600000000123", *lines[4:]]) + "\n")
    with pytest.raises(
        MalformedRowError, match=r"microlens/MicroLens-50k_pairs.csv line 5: .*'11,fifteen,1600000000123'"
    ):
        read(raw)


def test_a_100k_title_without_a_comma_is_named_or_skipped_and_counted(read, only):
    raw = only("MicroLens-100k_*")
    path = raw / "microlens/MicroLens-100k_title_en.csv"
    rest = path.read_text().partition("\n")[2]
    path.write_text(f"1, a title\r\n\r\nno comma here\r\n{rest}", newline="")
    with pytest.raises(MalformedRowError) as caught:
        read(raw)
    assert str(caught.value) == (
        "microlens/MicroLens-100k_title_en.csv line 3: 'no comma here', want item; "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert steps(read(raw, bad=BadRows(policy="skip")), "items")["malformed"] == -1
