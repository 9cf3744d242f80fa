"""Amazon Reviews 2023: raw files and benchmark CSVs side by side, and every quirk of them."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, rows, steps

from itdr_hf import catalogue
from itdr_hf.build.rows import ensure_rows
from itdr_hf.errors import BuildError, MalformedRowError, MissingFileError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.release import find_release
from itdr_hf.tables.cache import Tables

SOURCE = catalogue.source("amazon2023")
REVIEWS, META = "amazon-reviews-2023/raw/review_categories", "amazon-reviews-2023/raw/meta_categories"
BENCHMARK = "amazon-reviews-2023/benchmark/5core/rating_only/Video_Games.csv"
RATINGS = "user_id,parent_asin,rating,timestamp\nU1,B0G0000001,5.0,1547589356557\nU1,B0G0000002,4.0,1547589356999\n"


@pytest.fixture
def lay(tmp_path: Path) -> Callable[..., Path]:
    """A raw folder of the named files, each with the given text, beside the catalogue of the games."""
    folder = tmp_path / "laid/amazon-reviews-2023"
    folder.mkdir(parents=True)

    def laying(files: dict[str, str], meta: bool = True) -> Path:
        if meta:
            shutil.copy(RAW / META / "meta_Video_Games.jsonl", folder)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return folder.parent

    return laying


def product(tables: Tables, item: str) -> dict[str, Any]:
    return next(row for row in rows(tables, "items") if row["item"] == item)


def unread(raw: Path) -> dict[str, str]:
    return {path.name: why for path, why in find_release(SOURCE, raw).unread.items()}


def test_every_row_that_is_not_used_is_counted_with_its_reason(read):
    assert steps(read(), "interactions") == {
        "read": 52,
        "rating off the scale": -1,
        "item unknown or without title": -2,
        "repeated (user, item), earliest kept": -1,
        "kept": 48,
    }
    assert steps(read(), "items") == {"read": 52, "without title": -1, "repeated item": -1, "kept": 50}


def test_the_file_of_a_row_is_its_domain_whatever_its_main_category_says(read):
    assert {row["domain"] for row in rows(read(), "interactions")} == {"Amazon_Fashion", "All_Beauty", "Video_Games"}
    assert product(read(), "B0B0000001")["domain"] == "All_Beauty"


def test_times_are_milliseconds_and_a_few_are_seconds(read):
    times = {row["item"]: row["timestamp"] for row in rows(read(), "interactions") if row["user"].endswith("03")}
    assert times == {"B0F0000018": 1_250_000_300, "B0F0000019": 1_250_000_400}


def test_the_key_is_the_parent_and_not_the_variant(read):
    assert not any(row["item"].endswith("X") for row in rows(read(), "interactions"))


def test_the_earlier_of_two_reviews_of_a_product_by_a_user_counts(read):
    bought = [r for r in rows(read(), "interactions") if r["item"] == "B0F0000003" and r["user"].endswith("01")]
    assert [(r["rating"], r["text"][:4]) for r in bought] == [(5.0, "Fits")]


def test_an_empty_text_is_no_review_but_a_purchase(read):
    assert [r["text"] for r in rows(read(), "interactions") if r["item"] == "B0F0000019"] == [None]


def test_markup_and_entities_in_texts_are_not_shown(examples):
    shown = "\n".join(e["input"] for e in examples("tui-amazon2023"))
    assert "Fits as shown & feels sturdy. I would buy it again." in shown
    assert 'Broke after a week "of light use".' in shown
    assert not any(mark in shown for mark in ("<br", "&#34;", "&amp;"))


def test_lists_become_texts_without_their_empty_parts(read):
    sneakers = product(read(), "B0F0000001")
    columns = ("category", "categories", "features", "description", "store", "price")
    assert " | ".join(sneakers[column] for column in columns) == (
        "Fashion Sneakers | Clothing, Shoes & Jewelry, Men, Fashion Sneakers | Rubber sole; Machine washable, "
        '"cold" only | A light shoe for warm days. Made in Portugal. | Zoë & Co | $39.50'
    )


def test_prices_that_are_null_or_words_and_categories_that_are_empty_are_unknown(read):
    assert product(read(), "B0B0000000")["categories"] is product(read(), "B0B0000000")["category"] is None
    assert [product(read(), f"B0F000000{n}")["price"] for n in (2, 3, 4)] == [None, None, None]


def test_a_category_from_the_benchmark_joins_those_from_raw_files(read):
    assert read().record["layout"] == "raw and benchmark"
    assert sum(row["domain"] == "Video_Games" for row in rows(read(), "interactions")) == 14


def test_a_category_outside_the_twelve_is_not_read_and_named():
    assert unread(RAW) == {"meta_Handmade_Products.jsonl": "of a category outside the twelve"}


def test_raw_reviews_go_before_the_benchmark_of_their_category(read, copied):
    (copied / REVIEWS / "Video_Games.jsonl.gz").write_bytes(
        gzip.compress(b'{"user_id": "U1", "parent_asin": "B0G0000001", "rating": 5.0, "timestamp": 1547589356557}\n')
    )
    assert unread(copied)["Video_Games.csv"] == "Video_Games is read from Video_Games.jsonl.gz"
    assert read(copied).record["layout"] == "raw"
    assert sum(row["domain"] == "Video_Games" for row in rows(read(copied), "interactions")) == 1


def test_of_the_benchmark_the_larger_and_whole_file_is_read(read, lay):
    raw = lay({
        "benchmark/5core/rating_only/Video_Games.csv": RATINGS,
        "benchmark/0core/rating_only/Video_Games.csv": RATINGS + "U2,B0G0000001,1.0,1547589356557\n",
        "benchmark/0core/last_out/Video_Games.train.csv": RATINGS,
    })  # fmt: skip
    assert list(unread(raw).values()) == ["Video_Games is read from Video_Games.csv"] * 2
    assert steps(read(raw), "interactions")["kept"] == 3


def test_the_parts_of_a_split_benchmark_are_one_and_their_histories_passed_over(read, lay):
    head = "user_id,parent_asin,rating,timestamp,history\n"
    raw = lay({
        "5core/last_out_w_his/Video_Games.train.csv": head + "U1,B0G0000001,5.0,1547589356557,\n",
        "5core/last_out_w_his/Video_Games.valid.csv": head + "U1,B0G0000002,5.0,1547589356558,B0G0000001\n",
        "5core/last_out_w_his/Video_Games.test.csv": head + "U1,B0G0000003,5.0,1547589356559,B0G0000001 B0G0000002\n",
    })  # fmt: skip
    assert unread(raw) == {}
    assert steps(read(raw), "interactions")["kept"] == 3


@pytest.mark.parametrize(
    "name", ["5core_rating_only_Video_Games.csv", "Video_Games.csv.gz", "0core_timestamp_w_his_Video_Games.train.csv"]
)
def test_a_benchmark_file_is_known_by_any_of_its_names(read, lay, name):
    raw = lay({name: RATINGS})
    assert read(raw).record["layout"] == "benchmark"
    assert {row["domain"] for row in rows(read(raw), "interactions")} == {"Video_Games"}


def test_the_benchmarks_first_version_has_no_header(read, lay):
    raw = lay({"5core_rating_only_Video_Games.csv": RATINGS.partition("\n")[2]})
    assert steps(read(raw), "interactions")["kept"] == 2


def test_a_file_that_is_not_of_the_release_is_not_read_and_named(lay):
    raw = lay({"Video_Games.csv": RATINGS, "my notes.csv": "a,b\n1,2\n"})
    assert unread(raw) == {"my notes.csv": "not a file of the release"}


def test_without_the_products_a_cell_says_what_it_needs(read, lay, engine):
    tables = read(lay({"Video_Games.csv": RATINGS}, meta=False))
    cell = catalogue.cell("tkr-amazon2023")
    with pytest.raises(BuildError, match=r"^tkr-amazon2023: items needs meta_\*.jsonl\*; want it in .*; get Amazon"):
        ensure_rows(cell, cell.recipe(), tables, engine)


def test_a_folder_with_nothing_of_the_release_says_how_to_get_it(read, lay):
    with pytest.raises(
        MissingFileError, match=r"none of the release's files, but .*; want .*; get Amazon Reviews 2023: download"
    ):
        read(lay({"my notes.csv": "a,b\n1,2\n"}, meta=False))


def test_a_bad_line_is_named_with_its_file_and_number(read, copied):
    with (copied / REVIEWS / "All_Beauty.jsonl").open("a") as file:
        file.write('{"rating": 5.0, "title": "Cut", "parent_asin": "B0B00\n')
    wanted = (
        'review_categories/All_Beauty.jsonl line 10: \'{"rating": 5.0, "title": "Cut", "parent_asin": "B0B00\', want '
        "a JSON object (unterminated string starting at character 48); get the file again, or count and skip such rows with --on-bad-row skip"
    )
    with pytest.raises(MalformedRowError, match=f"^{re.escape(wanted)}$"):
        read(copied)
    assert steps(read(copied, bad=BadRows(policy="skip")), "interactions")["malformed"] == -1


def test_a_bad_row_of_the_benchmark_is_not_laid_to_the_raw_files(read, copied):
    with (copied / BENCHMARK).open("a") as file:
        file.write("U1,,5.0,1547589356557\n")
    with pytest.raises(
        MalformedRowError, match=r"^rating_only/Video_Games.csv line 16: 'U1,,5.0,1547589356557', want item;"
    ):
        read(copied)


def test_every_domain_gives_examples_of_its_own_catalogue(examples, read):
    titles = {}
    for row in rows(read(), "items"):
        titles.setdefault(row["domain"], set()).add(row["title"])
    made = examples("tkr-amazon2023")
    assert {e["domain"] for e in made} == {"Amazon_Fashion", "Video_Games"}
    assert all({*e["candidates"], *e["history"]} <= titles[e["domain"]] for e in made)


def test_the_next_product_is_shown_with_its_own_category(examples):
    prompt = next(e["input"] for e in examples("nir-amazon2023") if "Quilted Puffer Vest" in e["input"])
    assert "1. Wool Blend Beanie, 2 Pack [Hats & Caps]\n2. Quilted Puffer Vest [Vests]\n" in prompt
    assert "Linen Wrap Dress, Sage\n" in prompt
