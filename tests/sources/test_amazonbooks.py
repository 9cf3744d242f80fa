"""Amazon Books Reviews: every quirk of its files."""

from __future__ import annotations

from typing import Any

import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.records import SPLITS
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("amazonbooks")
REVIEWS = "amazon-books/Books_rating.csv"


def book(tables: Tables, title: str) -> dict[str, Any]:
    return next(row for row in rows(tables, "items") if row["title"] == title)


def read_by(tables: Tables, user: str) -> dict[str, float]:
    return {row["item"]: row["rating"] for row in rows(tables, "interactions") if row["user"] == user}


def test_every_row_that_is_not_used_is_counted_with_its_reason(read):
    assert steps(read(), "interactions") == {
        "read": 34,
        "no title": -1,
        "no usable time": -1,
        "no user": -1,
        "rating off the scale": -1,
        "same review under another title": -1,
        "item unknown or without title": -1,
        "repeated (user, item), earliest kept": -2,
        "kept": 26,
    }
    assert steps(read(), "items") == {"read": 23, "without title": -1, "kept": 22}


def test_the_title_joins_the_two_files_and_editions_of_a_book_are_one(read):
    assert read_by(read(), "A1LAMPLIGHTER")["The Lamplighter's Daughter"] == 5.0
    assert book(read(), "The Lamplighter's Daughter")["popularity"] == 2


def test_one_review_under_several_titles_counts_for_the_first_title(read):
    assert "The Glass Orchard" in read_by(read(), "A3ORCHARD")
    assert "The Glass Orchard (Large Print)" not in read_by(read(), "A3ORCHARD")


def test_short_texts_that_are_alike_are_different_reviews(read):
    assert {"Mathilde in the Attic", "One Hundred Soups"} <= set(read_by(read(), "A3ORCHARD"))


def test_a_book_called_nan_is_not_missing(read):
    assert book(read(), "nan")["authors"] == "Ivo Null"


def test_lists_of_authors_are_python_literals_in_either_quotes(read):
    tables = read()
    assert book(tables, "A Map of Small Rivers")["authors"] == "Tomas Oake, Siobhan O'Mara"
    assert book(tables, "Bread, Slowly")["authors"] == "Renée D'Arcy"
    assert book(tables, "Salt Roads")["authors"] == "M Bell"
    assert book(tables, 'The Clockmaker\'s "Last" Apprentice')["authors"] == 'It\'s "Me"'
    assert book(tables, "Algebra for Gardeners")["authors"] is None
    assert book(tables, "Two Bridges, One Town")["categories"] is None


def test_dates_of_any_length_give_a_year_and_odd_ones_none(read):
    years = {row["title"]: row["year"] for row in rows(read(), "items")}
    assert [years[t] for t in ("The Lamplighter's Daughter", "A Map of Small Rivers", "Bread, Slowly")] == [
        "1996",
        "2005",
        "2005",
    ]
    assert years["Night Train to Ostrava: A Novel"] is years["Dust and Oranges"] is None


def test_a_file_cut_inside_a_text_is_named_with_its_line(read, copied):
    text = (copied / REVIEWS).read_text()
    (copied / REVIEWS).write_text(text + '0000000002,The Understudy,,A9,Jo,0/0,5.0,1000000,Short,"It begins')
    with pytest.raises(MalformedRowError) as error:
        read(copied)
    assert str(error.value) == (
        "amazon-books/Books_rating.csv line 36: a quote that is never closed in "
        "'0000000002,The Understudy,,A9,Jo,0/0,5.0,1000000,Short,\"It begins', want a complete row; "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )


def test_a_malformed_row_is_counted_once_though_the_file_is_looked_at_twice(read, copied):
    with (copied / REVIEWS).open("a") as file:
        file.write("0000000002,The Understudy,,A9,Jo,0/0,many,1000000,Short,A text\n")
        file.write("0000000002,The Understudy,,A9,Jo,0/0,,1000000,Short,A text\n")
    with pytest.raises(MalformedRowError, match=r"Books_rating\.csv line 36: Could not convert string .many."):
        read(copied)
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions")["malformed"] == -2


def test_lines_joined_by_a_bare_carriage_return_are_each_counted(read, copied):
    """Beside texts of many lines, of blank ones too, which are one row."""
    before = steps(read(copied), "interactions")["read"]
    row = "0000000002,The Understudy,,A9,Jo,0/0,5.0,1000000,Short,"
    with (copied / REVIEWS).open("a", newline="") as file:
        file.write(f'{row}"One\r\rtwo\n \n\nthree"\n{row}"A, text"\r{row}"A, text"\n')
    after = steps(read(copied, bad=BadRows(policy="skip")), "interactions")
    assert (after["read"], after["malformed"]) == (before + 3, -2)


def test_a_row_without_a_score_is_named_with_its_line(read, copied):
    with (copied / REVIEWS).open("a") as file:
        file.write("0000000002,The Understudy,,A9,Jo,0/0,,1000000,Short,A text\n")
    with pytest.raises(MalformedRowError, match=r"line 36: '0000000002,.*', want rating; get the file"):
        read(copied)


def test_books_are_ranked_by_readers(read, engine):
    cell = catalogue.cell("tkr-amazonbooks")
    made = ensure_rows(cell, cell.recipe(), read(), engine)
    examples = [e for s in SPLITS for batch in render(cell, cell.recipe(), made, s) for e in batch.to_pylist()]
    assert len(examples) == 2
    first = next(e for e in examples if e["history"][0] == "The Lamplighter's Daughter")
    assert first["input"].startswith(
        "These are the books a user read, oldest first:\n1. The Lamplighter's Daughter\n2. Bread"
    )
    assert first["targets"][1] == 'The Clockmaker\'s "Last" Apprentice'
