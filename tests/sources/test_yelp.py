"""Yelp: every quirk of its files."""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime
from typing import Any

import pytest
from sources.reading import rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("yelp")
REVIEWS, BUSINESSES = (f"yelp/yelp_academic_dataset_{table}.json" for table in ("review", "business"))


def business(tables: Tables, title: str) -> dict[str, Any]:
    return next(row for row in rows(tables, "items") if row["title"] == title)


def test_every_row_that_is_not_used_is_counted_with_its_reason(read):
    assert steps(read(), "interactions") == {
        "read": 40,
        "rating off the scale": -1,
        "item unknown or without title": -2,
        "repeated (user, item), earliest kept": -1,
        "kept": 36,
    }
    assert steps(read(), "items") == {"read": 18, "without title": -1, "kept": 17}


def test_dates_are_utc_and_those_of_older_releases_have_no_time_of_day(read):
    times = {row["timestamp"] for row in rows(read(), "interactions")}
    assert datetime(2018, 3, 5, tzinfo=UTC).timestamp() in times
    assert datetime(2010, 1, 10, 10, 0, 59, tzinfo=UTC).timestamp() in times


def test_escaped_slashes_and_line_breaks_in_texts_come_out_plain(read):
    texts = [row["text"] for row in rows(read(), "interactions")]
    assert "Friendly people and a clean place.\n\nI will be back w/o doubt — see you soon!" in texts
    assert business(read(), "Riverside Yoga/Pilates")["categories"] == "Yoga, Pilates, Fitness/Yoga, Active Life"


def test_a_business_called_null_is_not_missing(read):
    assert business(read(), "Null")["categories"] == "Bars, Nightlife"


def test_entities_in_names_are_undone(read):
    assert business(read(), "Salt & Pepper Diner")


def test_null_categories_and_null_or_empty_attributes_are_unknown(read):
    assert business(read(), "Sunset Lanes")["categories"] is None
    assert business(read(), "Second Story Books")["features"] is None
    assert business(read(), "Riverside Yoga/Pilates")["features"] is None


def test_attributes_that_hold_python_literals_become_words(read):
    assert business(read(), "Copper Kettle Café")["features"] == (
        "casual ambience, lunch, breakfast, street parking, lot parking, moderate prices, free Wi-Fi, outdoor seating, bike parking"
    )
    assert business(read(), "Tilted Pint Alehouse")["features"] == (
        "live music, full bar, very loud rooms, smoking outdoors, happy hour, TV"
    )


def test_what_a_business_lacks_is_not_said(read):
    assert business(read(), "Lantern Noodle House")["features"] == "low prices, casual dress, loud rooms, take-out"
    assert business(read(), "Quick Clip")["features"] is None


def test_the_earlier_of_two_reviews_of_a_business_by_a_user_counts(read):
    again = [
        r for r in rows(read(), "interactions") if r["user"].startswith("usr-03") and r["item"].startswith("biz-15")
    ]
    assert [r["rating"] for r in again] == [5.0]


def test_files_of_the_older_release_and_compressed_ones_are_found(read, copied):
    shutil.move(copied / REVIEWS, copied / "yelp/review.json")
    (copied / f"{BUSINESSES}.gz").write_bytes(gzip.compress((copied / BUSINESSES).read_bytes()))
    (copied / BUSINESSES).unlink()
    assert steps(read(copied), "interactions") == steps(read(), "interactions")
    assert steps(read(copied), "items") == steps(read(), "items")


def test_a_cut_line_is_named_with_its_number_blank_lines_included(read, copied):
    lines = (copied / REVIEWS).read_text().splitlines()
    (copied / REVIEWS).write_text("\n".join([*lines[:3], "", *lines[3:6], '{"review_id":"rev-cut","user_id":"us']))
    with pytest.raises(MalformedRowError) as error:
        read(copied)
    assert str(error.value) == (
        'yelp/yelp_academic_dataset_review.json line 8: \'{"review_id":"rev-cut","user_id":"us\', '
        "want a JSON object (unterminated string starting at character 34); "
        "get the file again, or count and skip such rows with --on-bad-row skip"
    )


def test_a_line_without_a_needed_key_is_malformed_and_can_be_skipped(read, copied):
    with (copied / REVIEWS).open("a") as file:
        file.write('{"user_id":"u","business_id":"b","date":"2016-01-01 00:00:00"}\n')
        file.write('{"user_id":"u","business_id":"b","stars":4.0,"date":"yesterday"}\n')
    with pytest.raises(MalformedRowError, match=r"review.json line 41: .* \(2 such rows\); get the file again"):
        read(copied)
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions")["malformed"] == -2


def test_rating_prediction_passes_over_a_user_of_two_shops_of_one_chain(read, engine):
    cell = catalogue.cell("rp-yelp")
    made = {step["what"]: step["rows"] for step in ensure_rows(cell, cell.recipe(), read(), engine).steps}
    assert (made["two titles alike in one example"], made["examples"]) == (-1, 2)


def test_ratings_are_shown_as_whole_stars(examples):
    first = next(e for e in examples("rp-yelp") if "Tilted Pint Alehouse [Pubs, Bars, Nightlife]: 5\n" in e["input"])
    assert first["output"] == "4"
    assert first["input"].endswith(
        "gives to: Copper Kettle Café [Coffee & Tea, Cafes, Food]\nAnswer with the number only."
    )


def test_every_named_business_has_a_prompt_for_its_audience(examples):
    prompts = [e["input"] for e in examples("tui-yelp")]
    assert len(prompts) == 17
    assert any("features: by appointment only, insurance accepted\nlocation: Millbrook, OR\n" in p for p in prompts)
