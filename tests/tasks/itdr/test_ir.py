"""Interest recognition: who is eligible, what is shown, in which order; with reviews and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import UsageError
from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import RatingScale, Source, Words
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import ensure_tables
from itdr_hf.tasks.itdr.ir import TASK

TITLES = "item,title,kind\n" + "".join(f"{n},Book {n},{'Crime' if n % 2 else 'Poetry'}\n" for n in range(1, 20))
# user, item, rating, timestamp, text: u1 has four likes and four dislikes, u2 a like too few
REVIEWED = """user,item,rating,timestamp,text
u1,1,5,40,A wonderful plot. I read it twice.
u1,2,4,10,Beautiful lines.
u1,3,5,30,"He said ""go"", and I went."
u1,4,4,20,Good company for a night.
u1,5,1,15,Boring from the first page on.
u1,6,2,25,
u1,7,2,35,I gave up.
u1,8,1,45,Nothing in it is true.
u1,9,3,1,Neither good nor bad.
u2,1,5,1,Fine.
u2,2,5,2,Fine too.
u2,3,5,3,
u2,5,1,4,Poor.
u2,6,1,5,Poor too.
u2,7,1,6,Poor as well.
"""


def read_reviews(scan: Scan) -> Select:
    text = {"text": "text"} if "reviewed" in scan.files["ratings"][0].name else {}
    kinds = {
        "user": "VARCHAR",
        "item": "BIGINT",
        "rating": "FLOAT",
        "timestamp": "BIGINT",
        **dict.fromkeys(text, "VARCHAR"),
    }
    columns = {"user": '"user"', "item": "item", "rating": "rating", "timestamp": "timestamp", **text}
    return Select(rows=scan.csv("ratings", kinds), columns=columns, required=("user", "item"))


def read_books(scan: Scan) -> Select:
    columns = {"item": "BIGINT", "title": "VARCHAR", "kind": "VARCHAR"}
    return Select(rows=scan.csv("books", columns), columns={name: name for name in columns}, required=("item",))


SHELF = Source(
    id="shelf", title="Shelf", homepage="-", licence="-", licence_source="-", redistributable=False, citation="-",
    obtain="-", folders=("shelf",),
    layouts=(
        Layout(
            name="shelf",
            files={"ratings": ("reviewed.csv", "rated.csv"), "books": ("books.csv",)},
            tables={
                "interactions": Table(roles=("ratings",), read=read_reviews),
                "items": Table(roles=("books",), read=read_books),
            },
        ),
    ),
    words=Words(item="book", items="books", do="read", did="read", doing="reading"),
    scale=RatingScale(low=1, high=5, step=1), liked_above=3, disliked_below=3, label="kind",
)  # fmt: skip

Build = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def build(engine: DuckDBEngine, tmp_path: Path) -> Iterator[Build]:
    """The examples made of a file of ratings."""
    catalogue.register(SHELF, tasks={"ir": 10})
    folder = tmp_path / "raw/shelf"
    folder.mkdir(parents=True)
    (folder / "books.csv").write_text(TITLES)

    def building(name: str = "reviewed.csv", ratings: str = REVIEWED, **changes: Any) -> list[dict[str, Any]]:
        (folder / name).write_text(ratings)
        cell = catalogue.cell("ir-shelf")
        recipe = cell.recipe(**changes)
        tables = ensure_tables(SHELF, tmp_path / "raw", engine=engine, cache=tmp_path / "cache")
        made = ensure_rows(cell, recipe, tables, engine)
        return [
            row for split in made.counts for batch in render(cell, recipe, made, split) for row in batch.to_pylist()
        ]

    yield building
    catalogue.unregister("shelf")


def without_texts() -> str:
    return "".join(",".join(line.split(",")[:4]) + "\n" for line in REVIEWED.splitlines())


def test_the_earliest_three_reviewed_likes_and_dislikes_are_shown_in_order_of_time(build):
    (row,) = build()
    assert row["history"] == ["Book 2", "Book 4", "Book 3", "Book 5", "Book 7", "Book 8"]


def test_where_there_are_reviews_the_prompt_shows_title_label_and_review(build):
    (row,) = build()
    assert row["input"] == (
        "These are some books that a user read.\n"
        "Liked:\n"
        "1. Book 2 [Poetry]\n   Review: Beautiful lines.\n"
        "2. Book 4 [Poetry]\n   Review: Good company for a night.\n"
        '3. Book 3 [Crime]\n   Review: He said "go", and I went.\n'
        "Disliked:\n"
        "1. Book 5 [Crime]\n   Review: Boring from the first page on.\n"
        "2. Book 7 [Crime]\n   Review: I gave up.\n"
        "3. Book 8 [Poetry]\n   Review: Nothing in it is true.\n"
        "Sum up in a few sentences what interests this user, and what does not."
    )


def test_where_there_are_none_the_rating_stands_in_for_the_review(build):
    rows = build("rated.csv", without_texts())
    assert len(rows) == 2
    shown = next(row for row in rows if "Book 4" in row["history"])
    assert "1. Book 2 [Poetry], rated 4\n2. Book 4 [Poetry], rated 4\n3. Book 3 [Crime], rated 5\n" in shown["input"]
    assert "Review" not in shown["input"]


def test_a_user_with_a_reviewed_like_too_few_is_not_eligible(build):
    assert all("Poor" not in row["input"] for row in build())


def test_a_rating_in_the_middle_is_neither(build):
    assert all("Book 9" not in row["history"] for row in build())


def test_how_many_are_shown_and_where_a_like_begins_can_be_set(build):
    shown = [row["history"] for row in build(reviews=1, liked_above=4.0)]
    assert sorted(shown) == [["Book 1", "Book 5"], ["Book 3", "Book 5"]]
    assert len(build(reviews=2)) == 2


def test_two_titles_alike_leave_the_example_out(build, tmp_path):
    (tmp_path / "raw/shelf/books.csv").write_text(TITLES.replace("Book 4", "book  2"))
    assert build() == []


def test_a_review_is_cut_at_a_sentence_end(build):
    long = REVIEWED.replace("Beautiful lines.", "Beautiful lines. " * 60)
    (row,) = build(ratings=long, max_chars=100)
    assert (
        "Review: Beautiful lines. Beautiful lines. Beautiful lines. Beautiful lines. Beautiful lines.\n" in row["input"]
    )


def test_the_reference_is_the_target_and_says_who_wrote_it(build):
    (row,) = build()
    assert row["output"] == row["targets"][0]
    assert row["reference_by"] == "extractive"


def test_the_same_ratings_in_another_order_give_the_same_examples(build):
    head, *lines = REVIEWED.splitlines()
    assert build() == build(ratings="\n".join([head, *reversed(lines)]) + "\n")


def test_a_source_that_does_not_tell_likes_from_dislikes_is_refused_by_name():
    with pytest.raises(UsageError, match="ir: shelf does not tell likes from dislikes"):
        TASK.needs(replace(SHELF, liked_above=None))
