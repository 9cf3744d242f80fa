"""Cross-domain recommendation: two histories, the target domain's positives and negatives, the pairs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import Rows, ensure_rows
from itdr_hf.errors import BuildError, UsageError
from itdr_hf.records import SPLITS, Example
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import Tables, ensure_tables
from itdr_hf.tasks.templates import HELD_OUT

CELL = catalogue.cell("cdr-amazon2023")
A, B = CELL.source.pairs[0]
PRODUCTS = 30  # a domain's
Made = tuple[list[dict[str, Any]], Rows, Tables]


def reviews(raw: Path, domain: str, bought: dict[str, list[int]], titles: dict[str, str] | None = None) -> None:
    """Reviews of a domain: of each user these products, one a day in this order; `titles` of some products."""
    lines = [
        {"user_id": user, "parent_asin": f"{domain}-{n}", "rating": 5.0, "timestamp": 10**12 + day * 86_400_000}
        for user, products in bought.items()
        for day, n in enumerate(products)
    ]
    folder = raw / "amazon-reviews-2023"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{domain}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)))
    items = [f"{domain}-{n}" for n in range(PRODUCTS)]
    named = [{"parent_asin": item, "title": (titles or {}).get(item, item.replace("-", " "))} for item in items]
    (folder / f"meta_{domain}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in named))


@pytest.fixture
def make(engine: DuckDBEngine, tmp_path: Path) -> Callable[..., Made]:
    def making(
        there: dict[str, list[int]], here: dict[str, list[int]], titles: dict[str, str] | None = None, **changes: Any
    ) -> Made:
        reviews(tmp_path / "raw", A, there, titles)
        reviews(tmp_path / "raw", B, here, titles)
        tables = ensure_tables(CELL.source, tmp_path / "raw", engine=engine, cache=tmp_path / "cache")
        recipe = CELL.recipe(**{"availability": "any", **changes})  # nobody else has seen anything
        made = ensure_rows(CELL, recipe, tables, engine)
        return [r for s in SPLITS for batch in render(CELL, recipe, made, s) for r in batch.to_pylist()], made, tables

    return making


def test_a_release_without_both_domains_of_any_pair_is_refused_with_the_pairs(engine: DuckDBEngine, tmp_path: Path):
    reviews(tmp_path / "raw", A, {"u": list(range(20))})
    tables = ensure_tables(CELL.source, tmp_path / "raw", engine=engine, cache=tmp_path / "cache")
    with pytest.raises(BuildError, match=f"has {A}; want both domains of a pair: {A} with {B}"):
        ensure_rows(CELL, CELL.recipe(), tables, engine)


def named(domain: str, numbers: list[int]) -> list[str]:
    return [f"{domain} {n}" for n in numbers]


def test_the_first_five_of_each_domain_are_the_history_and_the_next_five_of_the_target_the_positives(make):
    [example], _, _ = make({"u": [3, 1, 4, 15, 9, 2, 6]}, {"u": [27, 18, 28, 1, 0, 4, 5, 9, 2, 3, 6]})
    assert example["domain"] == f"{A} > {B}"
    assert example["history"] == named(A, [3, 1, 4, 15, 9]) + named(B, [27, 18, 28, 1, 0])
    assert example["targets"] == named(B, [4, 5, 9, 2, 3])
    assert example["output"].splitlines()[:5] == [f"{n}. {t}" for n, t in enumerate(example["targets"], 1)]


def test_what_is_asked_for_is_later_than_all_that_is_shown_of_the_source_domain(make):
    """One a day in each domain: five of A are known on day 4, so that B is asked for from day 5 on."""
    five = [20, 21, 22, 23, 24]
    [example], _, _ = make({"u": five}, {"u": list(range(14))}, history=2)
    assert example["history"] == named(A, five) + named(B, [3, 4])
    assert example["targets"] == named(B, [5, 6, 7, 8, 9])
    [example], _, _ = make({"u": five}, {"u": list(range(14))}, history=2, future="shown")
    assert example["history"] == named(A, five) + named(B, [0, 1])
    assert example["targets"] == named(B, [2, 3, 4, 5, 6])


def test_who_has_too_little_after_what_is_shown_is_not_eligible(make):
    examples, made, _ = make({"u": list(range(9))}, {"u": list(range(10))}, source_history=9)
    assert examples == [] and made.steps[0]["rows"] == 0  # one day of B is later than the ninth of A


def test_negatives_are_of_the_target_domain_and_never_touched_by_the_user(make):
    users = {f"u{k}": [(k + j) % PRODUCTS for j in range(14)] for k in range(40)}
    examples, _, _ = make(users, users)
    assert len(examples) == 40
    mine = {tuple(named(B, list(products)[:5])): set(named(B, list(products))) for products in users.values()}
    for example in examples:
        negatives = set(example["candidates"]) - set(example["targets"])
        assert len(negatives) == 5
        assert all(title.startswith(B) for title in negatives)
        assert not negatives & mine[tuple(example["history"][5:])]


def test_a_user_needs_five_in_the_source_domain_and_ten_in_the_target_domain(make):
    ten, five = list(range(10)), list(range(5))
    examples, made, _ = make(
        {"enough": five, "few there": five[1:], "few here": five, "none there": []},
        {"enough": ten, "few there": ten, "few here": ten[1:], "none there": ten},
    )
    assert len(examples) == 1
    assert made.steps[0]["rows"] == 1


def test_a_title_in_both_domains_leaves_the_example_out_and_is_counted(make):
    examples, made, _ = make({"u": list(range(5))}, {"u": list(range(10))}, titles={f"{A}-0": f"{B} 7"})
    assert examples == []
    assert {"what": "two titles alike in one example", "rows": -1} in made.steps


def test_both_numbers_of_the_history_can_be_chosen(make):
    [example], _, _ = make(
        {"u": list(range(12))}, {"u": list(range(12))}, source_history=10, history=2, positives=3, future="shown"
    )
    assert example["history"] == named(A, list(range(10))) + named(B, [0, 1])
    assert example["targets"] == named(B, [2, 3, 4])


def test_a_recipe_without_a_target_history_asks_without_one(make):
    [example], _, _ = make({"u": list(range(10))}, {"u": list(range(5))}, source_history=10, history=0, future="shown")
    assert example["history"] == named(A, list(range(10)))
    assert "and these" not in example["input"]


def test_the_prompt_speaks_of_domains_as_people_do(make):
    [example], _, _ = make({"u": list(range(5))}, {"u": list(range(10))})
    assert example["input"].startswith(
        f"A user bought these products in the beauty category, oldest first:\n1. {A} 0\n"
    )
    assert f"5. {A} 4\nand these in the fashion category:\n1. {B} 0\n" in example["input"]
    assert (
        "\nRank the candidate products of the fashion category by how likely this user is to buy each"
        in example["input"]
    )


@pytest.mark.parametrize("template", sorted(CELL.task.templates))
def test_every_wording_shows_both_histories_and_the_candidates_once(make, template):
    [example], _, _ = make({"u": list(range(5))}, {"u": list(range(10))}, template=template)
    for title in [*example["history"], *example["candidates"]]:
        assert sum(line.endswith(f". {title}") for line in example["input"].splitlines()) == 1
    assert "{" not in example["input"]
    assert (template == HELD_OUT) == ("most doubtful" in example["input"].replace("\n", " "))


def test_the_answer_is_parsed_back(make):
    [example], _, _ = make({"u": list(range(5))}, {"u": list(range(10))})
    for strict in (True, False):
        answer = CELL.parse(example["output"], Example(**example), strict=strict)
        assert (list(answer.values)[:5], answer.fault) == (example["targets"], None)
    copied = CELL.parse(f"1. {A} 0", Example(**example))
    assert copied.fault == "copied history"


def test_a_user_of_two_pairs_is_in_one_split_and_in_an_example_of_each(engine, tmp_path):
    (a, b), (c, d) = CELL.source.pairs[0], CELL.source.pairs[3]
    for domain, count in ((a, 5), (b, 10), (c, 5), (d, 10)):
        reviews(tmp_path / "raw", domain, {f"u{k}": list(range(count)) for k in range(20)})
    tables = ensure_tables(CELL.source, tmp_path / "raw", engine=engine, cache=tmp_path / "cache")
    made = pq.read_table(ensure_rows(CELL, CELL.recipe(availability="any"), tables, engine).path).to_pylist()
    assert {row["domain"] for row in made} == {f"{a} > {b}", f"{c} > {d}"}
    assert len(made) == 40
    splits: dict[str, set[str]] = {}
    for row in made:
        splits.setdefault(row["subject"], set()).add(row["split"])
    assert all(len(s) == 1 for s in splits.values())


def test_popular_and_hard_negatives_are_drawn_from_the_target_domain_too(make):
    for sampling in ("popularity", "hard"):
        [example], _, _ = make({"u": list(range(5))}, {"u": list(range(12))}, negative_sampling=sampling)
        assert len(example["candidates"]) == 10
        assert all(title.startswith(B) for title in example["candidates"])


@pytest.mark.parametrize("protocol", ["leave-last", "time"])
def test_the_protocols_by_time_ask_only_for_the_target_domain(make, protocol):
    users = {f"u{k}": [(k + j) % PRODUCTS for j in range(24)] for k in range(20)}
    examples, made, _ = make(users, users, split_protocol=protocol)
    assert examples and sum(made.counts.values()) == len(examples)
    assert all(t.startswith(B) for e in examples for t in e["candidates"])
    assert all([t.startswith(A) for t in e["history"]] == [True] * 5 + [False] * 5 for e in examples)


def test_a_source_without_pairs_is_refused_with_what_it_lacks():
    with pytest.raises(
        UsageError, match=r"cdr: yelp has no pairs of domains; want Source\.pairs; choose another subtask"
    ):
        CELL.task.needs(catalogue.source("yelp"))
