"""Amazon reviews of 2018: hand-made rows in the true format, a test for every quirk of the release."""

from __future__ import annotations

import gzip

import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.errors import MalformedRowError
from itdr_hf.simulate import amazon2018

SOURCE = catalogue.source("amazon2018")


@pytest.fixture
def products(read):
    return {row["item"]: row for row in rows(read(), "items")}


def test_titles_brands_and_descriptions_lose_their_html(products):
    quest = products["B000001ABC"]
    assert quest["title"] == "Arcane Realm & the Last Quest"
    assert quest["brand"] == "Zoë & Sons"
    assert quest["features"] == "Two players"
    assert quest["description"] == "A long quest. With a map & a ring."


def test_the_last_category_is_the_label_and_the_first_is_the_domain(products):
    rally = products["B000002DEF"]
    assert (rally["domain"], rally["category"]) == ("Video_Games", "Racing & Driving")
    assert rally["categories"] == "PC & Mac, Racing & Driving"
    assert products["B00000CD02"]["category"] is None and products["B00000CD02"]["categories"] is None


def test_a_price_is_dollars_or_nothing(products):
    assert products["B000001ABC"]["price"] == "$1,049.99" and products["B000002DEF"]["price"] == "$5.00"
    assert products["0700099867"]["price"] is None


def test_products_given_twice_count_once_and_a_piece_of_script_is_no_title(read):
    assert steps(read(), "items") == {
        "read": 8,
        "repeated item": -1,
        "title is a piece of the page's script": -1,
        "without title": -1,
        "kept": 5,
    }


def test_every_review_is_accounted_for(read):
    assert steps(read(), "interactions") == {
        "read": 11,
        "rating off the scale": -1,
        "item unknown or without title": -2,
        "repeated (user, item), earliest kept": -1,
        "kept": 7,
    }


def test_reviews_keep_leading_zeros_times_in_seconds_and_missing_texts(read):
    found = {(r["user"], r["item"]): r for r in rows(read(), "interactions")}
    assert found["A2QQXW9H7T3KL", "0700099867"]["timestamp"] == 1_404_172_800
    assert found["A2QQXW9H7T3KL", "0700099867"]["text"] is None
    assert found["A2QQXW9H7T3KL", "B000001ABC"]["text"] is None
    assert "I&#39;d buy it again." in found["A1ZZTOP0000AB", "B000001ABC"]["text"]


def test_the_5_core_is_read_before_all_reviews_and_other_categories_are_left_alone(read):
    tables = read()
    assert tables.release.left_alone() == {
        "Video_Games.json.gz": "Video_Games is read from Video_Games_5.json.gz",
        "meta_Software.json.gz": "of a category outside the two",
    }


def test_all_reviews_are_read_where_there_is_no_5_core(read, copied):
    (copied / "amazon-2018/Video_Games_5.json.gz").unlink()
    assert "A9ONLYINALLR" in {row["user"] for row in rows(read(copied), "interactions")}


def test_a_line_that_is_no_json_is_named(read, copied):
    path = copied / "amazon-2018/CDs_and_Vinyl_5.json.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    lines[1] = lines[1][:40]
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    with pytest.raises(MalformedRowError, match="^amazon-2018/CDs_and_Vinyl_5.json.gz line 2: "):
        read(copied)


def test_the_simulated_release_is_read_with_its_quirks(read, tmp_path):
    amazon2018.write(tmp_path / "amazon-2018", users=160, items=260, interactions=5_000)
    tables = read(tmp_path)
    for table, whats in (
        ("interactions", {"item unknown or without title", "repeated (user, item), earliest kept"}),
        ("items", {"repeated item", "without title", "title is a piece of the page's script"}),
    ):
        assert whats < set(steps(tables, table))
    assert {row["domain"] for row in rows(tables, "items")} == set(SOURCE.domains)


@pytest.mark.parametrize("subtask", ["rp", "tkr", "cdr", "nir", "ir", "tui"])
def test_its_cells_are_offered_by_name(subtask):
    assert catalogue.cell(f"{subtask}-amazon2018").source is SOURCE
