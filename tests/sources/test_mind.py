"""MIND: its layouts, and every quirk of their files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("mind")


@pytest.fixture
def laid(tmp_path: Path) -> Callable[..., Path]:
    """The train and dev folders under other names, or the train files alone and bare."""

    def laying(train: str, dev: str | None = None) -> Path:
        folder = tmp_path / "laid" / "mind"
        shutil.copytree(RAW / "mind/MINDsmall_train", folder / train, dirs_exist_ok=True)
        if dev:
            shutil.copytree(RAW / "mind/MINDsmall_dev", folder / dev)
        return folder.parent

    return laying


def items(tables: Tables) -> dict[str, dict[str, Any]]:
    return {row["item"]: row for row in rows(tables, "items")}


def read_by(tables: Tables, user: str) -> list[tuple[int, str]]:
    return sorted((r["timestamp"], r["item"]) for r in rows(tables, "interactions") if r["user"] == user)


def at(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc]


@pytest.mark.parametrize(
    ("train", "dev", "layout"),
    [
        ("MINDlarge_train", "MINDlarge_dev", "MINDlarge"),
        ("MINDsmall_train", "MINDsmall_dev", "MINDsmall"),
        ("train", "valid", "MIND, any folders"),
    ],
)
def test_train_and_dev_folders_are_read_together(read, laid, train, dev, layout):
    tables = read(laid(train, dev))
    assert tables.record["layout"] == layout
    assert steps(tables, "impressions")["read"] == 9


def test_bare_files_are_read(read, laid):
    tables = read(laid("."))
    assert tables.record["layout"] == "MIND, bare files"
    assert steps(tables, "impressions")["read"] == 6


def test_a_history_comes_in_its_order_before_the_earliest_impression_that_shows_it(read, laid):
    mine = read_by(read(laid(".")), "U7")
    shown = at(2019, 11, 9, 7, 0, 1)
    assert mine[:5] == [
        (shown - 6, "N101"), (shown - 5, "N103"), (shown - 3, "N108"), (shown - 2, "N112"), (shown - 1, "N113"),
    ]  # fmt: skip


def test_an_article_read_again_keeps_its_first_place_counted(read, laid):
    tables = read(laid("."))
    assert [item for _, item in read_by(tables, "U7")].count("N101") == 1
    assert steps(tables, "interactions")["repeated (user, item), earliest kept"] == -1


def test_a_clicked_impression_has_the_time_of_its_line_and_an_article_passed_over_is_nothing(read, laid):
    mine = read_by(read(laid(".")), "U7")
    night = at(2019, 11, 12, 0, 5, 9)
    assert mine[5:] == [(at(2019, 11, 9, 14, 14, 46), "N118"), (night, "N110"), (night, "N116")]


def test_twelve_hour_times_without_zero_padding_are_read_as_utc(read, laid):
    tables = read(laid("."))
    assert (at(2019, 11, 11, 9, 30, 0), "N102") in read_by(tables, "U8")  # 9:30:00 AM
    assert (at(2019, 11, 10, 23, 59, 59), "N105") in read_by(tables, "U9")  # 11:59:59 PM


def test_an_empty_history_is_no_history(read, laid):
    assert len(read_by(read(laid(".")), "U8")) == 1


def test_clicks_that_only_devs_history_knows_come_before_devs_impressions(read):
    mine = read_by(read(), "U7")
    shown = at(2019, 11, 15, 8, 1, 0)
    assert mine[-2:] == [(shown - 2, "N119"), (shown, "N123")]
    assert (at(2019, 11, 12, 0, 5, 9), "N110") in mine  # known from train, though dev's history ends with it


def test_a_click_on_an_article_that_news_does_not_have_is_left_out_counted(read):
    assert steps(read(), "interactions")["item unknown or without title"] == -1


def test_the_test_set_without_labels_gives_its_histories_only(read, laid):
    raw = laid("MINDlarge_train")
    folder = raw / "mind/MINDlarge_test"
    shutil.copytree(raw / "mind/MINDlarge_train", folder)
    (folder / "behaviors.tsv").write_text("1\tU90\t11/20/2019 1:00:00 PM\tN101 N104\tN105 N106\n")
    assert [item for _, item in read_by(read(raw), "U90")] == ["N101", "N104"]


def test_news_shared_by_train_and_dev_is_there_once_counted(read):
    tables = read()
    assert len(items(tables)) == 24
    assert steps(tables, "items")["repeated item"] == -12


def test_raw_quotes_in_titles_and_abstracts_stay(read):
    known = items(read())
    assert known["N105"]["title"] == 'The "quiet" host speaks at last'
    assert known["N117"]["abstract"] == '"Too sad for my hall," it said.'


def test_an_empty_abstract_is_unknown(read):
    assert items(read())["N102"]["abstract"] is None


def test_section_names_in_one_word_become_words(read):
    known = items(read())
    found = [
        (known[n]["category"], known[n]["topic"]) for n in ("N101", "N102", "N103", "N106", "N110", "N111", "N115")
    ]
    assert found == [
        ("sports", "NFL football"), ("news", "US news"), ("food and drink", "recipes"), ("finance", "finance real estate"),
        ("autos", "autos sports"), ("news", "politics"), ("North America", None),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["tkr-mind", "tui-mind"])
def test_each_cell_has_an_example(read, engine, name):
    cell = catalogue.cell(name)
    assert sum(ensure_rows(cell, cell.recipe(), read(), engine).counts.values()) > 0


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("7\tU1\tyesterday\tN101\tN102-1", "7\\tU1\\tyesterday"),
        ("7\tU1\t11/9/2019 2:14:46 PM\tN101\tN102-2", "N102-2"),
        ("7\tU1\t11/9/2019 2:14:46 PM\tN101;N102\tN102-1", "N101;N102"),
        ("7\t\t11/9/2019 2:14:46 PM\tN101\tN102-1", "7\\t\\t11"),
    ],
)
def test_a_line_without_a_user_or_time_or_with_a_stranger_among_its_articles_is_named(read, laid, line, found):
    raw = laid(".")
    path = raw / "mind/behaviors.tsv"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(MalformedRowError, match=r"mind/behaviors.tsv line 7: ") as caught:
        read(raw)
    assert found in str(caught.value)
    assert steps(read(raw, bad=BadRows(policy="skip")), "impressions")["malformed"] == -1


def test_a_line_with_a_field_too_few_is_named(read, laid):
    raw = laid(".")
    path = raw / "mind/behaviors.tsv"
    path.write_text(path.read_text() + "7\tU1\t11/9/2019 2:14:46 PM\tN101\n")
    with pytest.raises(
        MalformedRowError, match=r"mind/behaviors.tsv line 7: 4 fields in '7 U1 11/9/2019 2:14:46 PM N101'"
    ):
        read(raw)
