"""Anime Dataset 2023: its three layouts, and every quirk of their files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import BuildError, MalformedRowError, RawDataError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("anime2023")


@pytest.fixture
def only(tmp_path: Path) -> Callable[..., Path]:
    """A raw folder with only the named files of the release."""

    def picking(*names: str) -> Path:
        folder = tmp_path / "picked" / "anime-2023"
        folder.mkdir(parents=True)
        for name in names:
            shutil.copy(RAW / "anime-2023" / name, folder)
        return folder.parent

    return picking


def by(tables: Tables, name: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows(tables, name)}


def test_the_layout_of_2023_is_preferred_where_all_lie(read):
    assert read().record["layout"] == "2023"


def test_unknown_is_missing_in_every_column(read):
    anime = by(read(), "items", "item")[105]
    assert [anime[c] for c in ("genres", "episodes", "studios", "audience")] == [None] * 4


def test_an_anime_and_users_named_nan_null_or_nothing_stay(read):
    tables = read()
    assert by(tables, "items", "item")[105]["title"] == "nan"
    assert {row["user"] for row in rows(tables, "interactions")} == {1, 2, 3, 4, 5, 6}


def test_episodes_are_whole_numbers(read):
    assert by(read(), "items", "item")[101]["episodes"] == "26"


def test_a_synopsis_over_several_lines_is_one_record_and_loses_its_credit(read):
    anime = by(read(), "items", "item")
    assert anime[101]["synopsis"] == 'A courier crosses the last orbit.\n\nShe carries one letter,\n"unsigned".'
    assert anime[103]["synopsis"] == "A florist pilots a walking crane."


def test_the_placeholder_for_no_synopsis_is_missing(read):
    assert by(read(), "items", "item")[102]["synopsis"] is None


def test_two_anime_of_one_name_are_two_items_and_never_in_one_example(read, engine):
    tables = read()
    assert [row["item"] for row in rows(tables, "items") if row["title"] == "Iron Petal"] == [103, 104]
    cell = catalogue.cell("tkr-anime2023")
    planned = ensure_rows(cell, cell.recipe(), tables, engine)
    made = [
        e
        for split in planned.counts
        for batch in render(cell, cell.recipe(), planned, split)
        for e in batch.to_pylist()
    ]
    assert made
    for example in made:
        shown = [*example["history"], *example["candidates"]]
        assert len(set(shown)) == len(shown)


def test_adults_only_anime_are_left_out_with_their_scores_and_counted(read):
    tables = read()
    assert not {122, 123} & set(by(tables, "items", "item"))
    assert not {122, 123} & {row["item"] for row in rows(tables, "interactions")}
    assert steps(tables, "items")["for adults only (Rx)"] == -2
    assert steps(tables, "interactions")["of an item for adults only (Rx)"] == -2


def test_scores_of_unlisted_and_untitled_anime_are_counted_as_such(read):
    assert steps(read(), "interactions")["item unknown or without title"] == -2


def test_a_score_off_the_scale_is_left_out_and_counted(read):
    assert steps(read(), "interactions")["rating off the scale"] == -1


def test_the_order_of_the_file_stands_for_time(read):
    mine = sorted((row for row in rows(read(), "interactions") if row["user"] == 1), key=lambda row: row["timestamp"])
    assert [row["item"] for row in mine][:4] == [105, 101, 103, 102]


def test_genders_are_in_one_spelling_and_empty_ones_unknown(read):
    genders = [row["gender"] for row in rows(read(), "users")]
    assert genders == ["male", "female", "non-binary", None, None, None]


def test_birth_years_that_make_no_age_from_5_to_100_are_unknown_and_counted(read):
    tables = read()
    years = [row["birth_year"] for row in rows(tables, "users")]
    assert years == [1990, None, None, None, 2018, None]
    assert "year of birth not from 1923 to 2018, taken as unknown (2 kept)" in steps(tables, "users")


def test_a_location_is_free_text_on_one_line_without_addresses_or_mere_signs(read):
    places = [row["location"] for row in rows(read(), "users")]
    assert places == ["Osaka, Japan", "Sa'ada, Yemen", None, None, None, None]


def test_users_without_counters_are_read(read):
    assert steps(read(), "users") == {
        "read": 6,
        "kept": 6,
        "year of birth not from 1923 to 2018, taken as unknown (2 kept)": 0,
    }


def test_a_cut_last_row_is_named_with_file_line_found_and_wanted(read, only):
    raw = only("anime-dataset-2023.csv")
    path = raw / "anime-2023/anime-dataset-2023.csv"
    lines = path.read_text().count("\n")
    path.write_text(path.read_text() + '200,Half Told,UNKNOWN,UNKNOWN,7.0,Drama,"It begins and')
    with pytest.raises(MalformedRowError) as raised:
        read(raw)
    assert str(raised.value) == (
        f"anime-2023/anime-dataset-2023.csv line {lines + 1}: a quote that is never closed in "
        "'200,Half Told,UNKNOWN,UNKNOWN,7.0,Drama,\"It begins and', want a complete row; "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert steps(read(raw, bad=BadRows(policy="skip")), "items")["malformed"] == -1


def test_a_row_that_ends_within_a_letter_is_one_error_that_names_the_file(read, only):
    """Before version 2, DuckDB breaks down over it."""
    raw = only("anime-dataset-2023.csv")
    with (raw / "anime-2023/anime-dataset-2023.csv").open("ab") as file:
        file.write(b"200,Half Told" + b",UNKNOWN" * 13 + b",N\xc3\n")
    with pytest.raises(RawDataError, match=r"^anime-2023/anime-dataset-2023\.csv.*want .*; get "):
        read(raw)


def test_a_score_without_an_anime_is_named(read, only):
    raw = only("anime-dataset-2023.csv", "users-score-2023.csv")
    path = raw / "anime-2023/users-score-2023.csv"
    path.write_text(path.read_text() + "1,Akira_T,,Lost Reel,7\n")
    with pytest.raises(MalformedRowError, match=r"^anime-2023/users-score-2023\.csv line 47: .*want item;"):
        read(raw)


def test_the_lists_of_2021_keep_what_was_watched_and_not_scored(read, only):
    tables = read(only("anime-filtered.csv", "user-filtered.csv"))
    assert tables.record["layout"] == "2021"
    silent = [row for row in rows(tables, "interactions") if row["rating"] is None]
    assert silent and all((row["user"] + row["item"]) % 5 == 0 for row in silent)
    assert f"score 0, not scored: kept as watched, without a rating ({len(silent)} kept)" in steps(
        tables, "interactions"
    )
    assert by(tables, "items", "item")[103]["synopsis"] == "A florist pilots a walking crane."


def test_a_synopsis_spelt_right_is_read_from_the_lists_of_2021_too(read, only):
    raw = only("anime-filtered.csv")
    path = raw / "anime-2023/anime-filtered.csv"
    path.write_text(path.read_text().replace("sypnopsis", "synopsis"))
    assert by(read(raw), "items", "item")[103]["synopsis"] == "A florist pilots a walking crane."


def test_the_lists_of_2021_tell_nothing_of_users_and_say_so(read, only, engine):
    cell = catalogue.cell("uap-anime2023")
    with pytest.raises(BuildError, match="layout 2021 has no users"):
        ensure_rows(cell, cell.recipe(), read(only("anime-filtered.csv", "user-filtered.csv")), engine)


def test_the_one_table_of_lists_gives_all_three_tables(read, only):
    tables = read(only("final_animedataset.csv"))
    assert tables.record["layout"] == "final_animedataset.csv"
    assert {row["user"]: row["gender"] for row in rows(tables, "users")} == {1: "male", 2: "female", 3: None}
    assert by(tables, "items", "item")[102]["genres"] == "Drama"
    assert 122 not in by(tables, "items", "item"), "Hentai is a genre there"
    assert any(row["rating"] is None for row in rows(tables, "interactions"))
