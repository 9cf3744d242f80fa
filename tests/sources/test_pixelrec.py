"""PixelRec: its layouts, and every quirk of their files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("pixelrec")


@pytest.fixture
def laid(tmp_path: Path) -> Callable[[str, str], Path]:
    """The release's two files under other names."""

    def laying(interactions: str, items: str) -> Path:
        folder = tmp_path / "laid" / "pixelrec"
        for name, found in (("interaction.csv", interactions), ("item_info.csv", items)):
            (folder / found).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(RAW / "pixelrec" / name, folder / found)
        return folder.parent

    return laying


def items(tables: Tables) -> dict[str, dict[str, Any]]:
    return {row["item"]: row for row in rows(tables, "items")}


@pytest.mark.parametrize("size", ["Pixel200K", "Pixel1M", "Pixel8M", "PixelRec"])
@pytest.mark.parametrize("folders", [("Interaction", "Item Information"), ("dataset", "information")])
def test_the_larger_sizes_have_one_name_in_two_folders(read, laid, size, folders):
    tables = read(laid(f"{folders[0]}/{size}.csv", f"{folders[1]}/{size}.csv"))
    assert tables.record["layout"] == size
    assert steps(tables, "interactions")["read"] == 27
    assert steps(tables, "items")["read"] == 26


def test_an_item_info_with_truncated_titles_is_taken_too(read, laid):
    tables = read(laid("interaction.csv", "item_info_TRUNCATED_TITLES.csv"))
    assert tables.record["layout"] == "PixelRec50K"
    assert steps(tables, "items")["kept"] == 25


def test_ids_keep_their_prefix(read):
    tables = read()
    assert all(row["user"][0] == "u" and row["item"][0] == "i" for row in rows(tables, "interactions"))


def test_an_empty_title_leaves_the_video_and_its_interactions_out_counted(read):
    tables = read()
    assert "i7777" not in items(tables)
    assert steps(tables, "items")["without title"] == -1
    assert steps(tables, "interactions")["item unknown or without title"] == -1


def test_a_video_with_a_title_only_can_be_ranked_but_has_no_audience_to_tell(read, engine):
    tables, cell = read(), catalogue.cell("tui-pixelrec")
    alone = items(tables)["i8888"]
    assert (alone["tag"], alone["description"]) == (None, None)
    assert sum(ensure_rows(cell, cell.recipe(), tables, engine).counts.values()) == len(items(tables)) - 1


def test_a_description_that_says_nothing_is_none(read):
    known = items(read())
    told = {known[item]["title"]: known[item]["description"] for item in known}
    assert told["A turtle, a skateboard, and a very long hill"] is None  # 'wb'
    assert told["Guitar made from a sardine tin"] is None  # '-'
    assert told["Wrestling with a folding tent"] is None  # 'none'
    assert told["A boxing match between two robots"] == "Ours lost."


def test_entities_in_titles_are_undone_and_a_title_nan_stays(read):
    titles = {row["title"] for row in rows(read(), "items")}
    assert {"Night market & fireworks", "nan"} <= titles


def test_rows_in_no_order_are_put_in_order_of_time(read):
    mine = [row for row in rows(read(), "interactions") if row["user"] == "u209296"]
    assert min(mine, key=lambda row: row["timestamp"])["item"] == "i1009"


def test_a_repeated_pair_keeps_the_earliest_counted(read):
    assert steps(read(), "interactions")["repeated (user, item), earliest kept"] == -1


@pytest.mark.parametrize("name", ["tkr-pixelrec", "nir-pixelrec", "tui-pixelrec"])
def test_each_cell_has_an_example(read, engine, name):
    cell = catalogue.cell(name)
    assert sum(ensure_rows(cell, cell.recipe(), read(), engine).counts.values()) > 0


def test_a_timestamp_that_is_no_number_is_named(read, laid):
    raw = laid("interaction.csv", "item_info.csv")
    path = raw / "pixelrec/interaction.csv"
    path.write_text(path.read_text() + "i1009,u5,yesterday\n")
    with pytest.raises(
        MalformedRowError,
        match=r"pixelrec/interaction.csv line 29: .*'i1009,u5,yesterday', want a value for 'timestamp'",
    ):
        read(raw)


def test_a_header_of_another_release_is_named(read, laid):
    raw = laid("interaction.csv", "item_info.csv")
    (raw / "pixelrec/item_info.csv").write_text("id,name\ni1,x\n")
    with pytest.raises(
        MalformedRowError, match=r"pixelrec/item_info.csv line 1: header 'id,name' lacks item_id, title"
    ):
        read(raw)
