"""Book-Crossing: both layouts, and every quirk of their files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("bookcrossing")


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    """Kaggle's one file alone."""
    there = next((RAW / "book-crossing").rglob("Preprocessed_data.csv"))
    (tmp_path / "kaggle/book-crossing").mkdir(parents=True)
    shutil.copy(there, tmp_path / "kaggle/book-crossing")
    return tmp_path / "kaggle"


def by(tables: Tables, name: str, key: str) -> dict[Any, dict[str, Any]]:
    return {row[key]: row for row in rows(tables, name)}


def test_the_dump_is_preferred_where_both_layouts_lie(read):
    assert read().record["layout"] == "BX-CSV-Dump"


def test_a_rating_of_zero_is_a_reading_without_a_rating_and_is_counted(read):
    tables = read()
    silent = [row for row in rows(tables, "interactions") if row["rating"] is None]
    assert len(silent) == 6
    assert "rating 0, no opinion: kept as read, without a rating (6 kept)" in steps(tables, "interactions")


def test_readings_without_a_rating_are_neither_rated_examples_nor_likes(read, engine):
    tables = read()
    rp, uap = catalogue.cell("rp-bookcrossing"), catalogue.cell("uap-bookcrossing")
    rated = pq.read_table(ensure_rows(rp, rp.recipe(), tables, engine).path).to_pylist()
    assert rated and all(rating >= 1 for row in rated for rating in [*row["ratings"], row["rating"]])
    liked = pq.read_table(ensure_rows(uap, uap.recipe(), tables, engine).path).to_pylist()
    assert "14" not in {str(row["subject"]) for row in liked}, "only zeros: nothing is known to be liked"


def test_a_rating_off_the_scale_is_left_out_and_counted(read):
    assert steps(read(), "interactions")["rating off the scale"] == -1


def test_the_order_of_the_file_stands_for_time(read):
    mine = [row for row in rows(read(), "interactions") if row["user"] == 11]
    ordered = [row["item"] for row in sorted(mine, key=lambda row: row["timestamp"])]
    assert ordered[:3] == ["0140000011", "0140000022", "014000003X"]


def test_isbns_keep_zeros_and_x_and_lose_quotes_and_small_letters(read):
    mine = {row["item"] for row in rows(read(), "interactions") if row["user"] == 16}
    assert mine == {"0140000055", "014000003X"}


def test_the_first_of_two_ratings_for_one_isbn_stays(read):
    tables = read()
    assert [
        row["rating"] for row in rows(tables, "interactions") if row["user"] == 16 and row["item"] == "0140000055"
    ] == [8]
    assert steps(tables, "interactions")["repeated (user, item), earliest kept"] == -1


def test_ratings_of_unlisted_and_untitled_books_are_counted_as_such(read):
    tables = read()
    assert steps(tables, "interactions")["item unknown or without title"] == -3
    assert steps(tables, "items")["without title"] == -1


def test_a_book_listed_twice_in_capital_and_small_letters_is_one(read):
    tables = read()
    assert steps(tables, "items")["repeated item"] == -1
    assert "055300000X" in by(tables, "items", "item")


def test_backslash_escaped_quotes_semicolons_and_backslashes_are_read(read):
    titles = {item: row["title"] for item, row in by(read(), "items", "item").items()}
    assert titles["0140000022"] == 'The "Quiet" Orchard'
    assert titles["014000003X"] == "Salt; Or, the Long Road"
    assert titles["0140000099"] == "C:\\Users and Other Poems"


def test_a_title_that_swallows_its_author_gives_him_back(read):
    book = by(read(), "items", "item")["0140000044"]
    assert (book["title"], book["author"], book["year"], book["publisher"]) == (
        "Sailing by Night (Level 2)",
        "Petra Holm",
        "1995",
        "Kestrel Press",
    )


def test_entities_are_undone_in_titles(read):
    assert by(read(), "items", "item")["0140000055"]["title"] == "Bread & Thunder"


def test_windows_1252_characters_are_read(read):
    book = by(read(), "items", "item")["0140000066"]
    assert (book["title"], book["author"], book["publisher"]) == (
        "Winter’s Ledger – A Novel",
        "Élise Fournier",
        "Éditions du Môle",
    )


def test_text_encoded_twice_is_put_right(read):
    tables = read()
    titles = {item: row["title"] for item, row in by(tables, "items", "item").items()}
    assert titles["0140000077"] == "Querschüsse im Moor"
    assert titles["0140000088"] == "Café des Brumes"
    assert by(tables, "users", "user")[16]["location"] == "münster, nordrhein-westfalen, germany"


def test_a_title_that_spells_nan_stays(read):
    assert by(read(), "items", "item")["0553000026"]["title"] == "nan"


def test_years_zero_and_of_the_future_and_authors_not_applicable_are_unknown(read):
    tables = read()
    books = by(tables, "items", "item")
    assert books["0140000055"]["year"] is None and books["0140000099"]["year"] is None
    assert books["0140000088"]["author"] is None
    assert "year of publication not from 1400 to 2005, taken as unknown (2 kept)" in steps(tables, "items")


def test_ages_outside_5_to_100_are_unknown_and_counted(read):
    tables = read()
    ages = {user: row["age"] for user, row in by(tables, "users", "user").items()}
    assert ages == {11: 34, 12: None, 13: None, 14: None, 15: None, 16: 5, 17: 100, 18: 52}
    assert "age not a whole number from 5 to 100, taken as unknown (2 kept)" in steps(tables, "users")


def test_a_location_is_shown_whole_without_the_parts_that_say_nothing(read):
    places = {user: row["location"] for user, row in by(read(), "users", "user").items()}
    assert places[11] == "porto, porto, portugal"
    assert places[12] == "köln, germany", "n/a in escaped quotes"
    assert places[13] == "bergen, norway", "an empty part"
    assert places[15] is None, "n/a, n/a, n/a"
    assert places[17] == "canada", "signs in place of names"


def test_a_line_break_within_a_location_is_a_blank(read):
    assert by(read(), "users", "user")[14]["location"] == "coimbra, coimbra, portugal"


def test_ratings_without_the_header_line_are_read_whole(read, copied):
    path = copied / "book-crossing/BX-Book-Ratings.csv"
    path.write_bytes(path.read_bytes().split(b"\r\n", 1)[1])
    assert steps(read(copied), "interactions")["read"] == steps(read(), "interactions")["read"] == 53


def test_unix_line_ends_are_read_alike(read, copied):
    for path in (copied / "book-crossing").glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    assert rows(read(copied), "interactions") == rows(read(), "interactions")


def test_a_cut_line_is_named_with_file_line_found_and_wanted(read, copied):
    path = copied / "book-crossing/BX-Book-Ratings.csv"
    path.write_bytes(path.read_bytes() + b'"19";"014000')
    with pytest.raises(MalformedRowError) as raised:
        read(copied)
    assert str(raised.value) == (
        'book-crossing/BX-Book-Ratings.csv line 55: a quote that is never closed in \'"19";"014000\', want a complete row; '
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions")["malformed"] == -1


def test_a_rating_that_is_no_number_is_named(read, copied):
    path = copied / "book-crossing/BX-Book-Ratings.csv"
    path.write_bytes(path.read_bytes() + b'"19";"0140000011";"good"\r\n')
    with pytest.raises(MalformedRowError, match=r"^book-crossing/BX-Book-Ratings\.csv line 55: .*good.*want a value"):
        read(copied)


def test_a_rating_without_a_user_is_named_with_its_line_whether_there_is_a_header_or_not(read, copied):
    path = copied / "book-crossing/BX-Book-Ratings.csv"
    spoilt = path.read_bytes() + b'"";"0140000011";"7"\r\n'
    path.write_bytes(spoilt)
    with pytest.raises(MalformedRowError, match=r"BX-Book-Ratings\.csv line 55: ';0140000011;7', want user;"):
        read(copied)
    path.write_bytes(spoilt.split(b"\r\n", 1)[1])
    with pytest.raises(MalformedRowError, match=r"BX-Book-Ratings\.csv line 54: ';0140000011;7', want user;"):
        read(copied)


def test_kaggles_one_file_gives_all_three_tables(read, kaggle):
    tables = read(kaggle)
    assert tables.record["layout"] == "Preprocessed_data.csv"
    assert {name: len(rows(tables, name)) > 0 for name in ("interactions", "items", "users")} == {
        "interactions": True,
        "items": True,
        "users": True,
    }
    dump = {(r["user"], r["item"]): r["rating"] for r in rows(read(), "interactions")}
    mine = {(r["user"], r["item"]): r["rating"] for r in rows(tables, "interactions")}
    assert mine and mine.items() <= dump.items(), "zeros are readings without a rating here too"


def test_kaggles_mean_age_is_unknown(read, kaggle):
    ages = {user: row["age"] for user, row in by(read(kaggle), "users", "user").items()}
    assert ages == {11: 34, 12: None, 13: None}


def test_kaggles_nines_are_missing_and_lists_are_read(read, kaggle):
    books = rows(read(kaggle), "items")
    assert {book["category"] for book in books} == {None, "Fiction", "Children's stories"}
    assert "9" not in {book["summary"] for book in books}
    assert 'Two sisters, one "borrowed" orchard.' in {book["summary"] for book in books}
    assert by(read(kaggle), "items", "item")["0140000011"]["year"] == "1998", "a float in this file"
