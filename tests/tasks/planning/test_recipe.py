"""How negatives are drawn, how splits are made, which wording is used: options of the recipe."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Prepared, Settings, prepare, recipes
from itdr_hf.errors import BuildError, UsageError
from itdr_hf.records import SPLITS, Example
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tasks.planning.split_protocols import ZONE
from itdr_hf.tasks.templates import HELD_OUT

RANKING = ["tkr-movielens32m", "nir-movielens32m"]
Rows = list[dict[str, Any]]


def plan(raw: Path, engine: DuckDBEngine, name: str, **changes: object) -> Prepared:
    cell = catalogue.cell(name)
    return prepare(cell, cell.recipe(**changes), Settings(raw=raw, warn=lambda text: None), engine)


def rows(prepared: Prepared) -> Rows:
    return pq.read_table(prepared.rows.path).to_pylist()


def table(prepared: Prepared, name: str) -> Rows:
    return pq.read_table(prepared.tables.path(name)).to_pylist()


def popularity_hits(prepared: Prepared) -> float:
    """How often the most popular candidate is a positive; ties count by their share."""
    uses: dict[str, int] = defaultdict(int)
    for item in table(prepared, "items"):
        uses[item["title"]] = max(uses[item["title"]], item["popularity"])
    hits = []
    for row in rows(prepared):
        candidates = [*row["positives"], *row["negatives"]]
        top = max(uses[title] for title in candidates)
        best = [title for title in candidates if uses[title] == top]
        hits.append(sum(title in row["positives"] for title in best) / len(best))
    return sum(hits) / len(hits)


@pytest.mark.parametrize("name", [*RANKING, "tkr-amazon2023", "cdr-amazon2023", "nir-microlens"])
@pytest.mark.parametrize("kind", ["uniform", "popularity", "hard", "matched"])
def test_negatives_were_never_touched_and_have_titles_of_their_own(raw, engine, name, kind):
    prepared = plan(raw, engine, name, negative_sampling=kind)
    norms = {(i.get("domain"), i["item"]): i["norm"] for i in table(prepared, "items")}
    touched: dict[str, set[str]] = defaultdict(set)
    for i in table(prepared, "interactions"):
        touched[str(i["user"])].add(norms.get((i.get("domain"), i["item"]), ""))
    assert rows(prepared)
    for row in rows(prepared):
        negatives = [" ".join(title.lower().split()) for title in row["negatives"]]
        assert len(set(negatives)) == len(negatives) == prepared.recipe.negatives
        assert not set(negatives) & touched[str(row["subject"])]


@pytest.mark.parametrize("name", RANKING)
def test_with_popular_negatives_popularity_gets_nearer_to_chance(raw, engine, name):
    recipe = catalogue.cell(name).recipe()
    chance = recipe.positives / (recipe.positives + recipe.negatives)
    uniform, matched = (
        popularity_hits(plan(raw, engine, name, negative_sampling=k)) for k in ("uniform", "popularity")
    )
    assert chance - 0.1 < matched < uniform - 0.05


def test_hard_negatives_are_of_a_positives_genre(raw, engine):
    def alike(kind: str) -> float:
        prepared = plan(raw, engine, "tkr-movielens32m", negative_sampling=kind, availability="any")
        genres = {item["title"]: item[prepared.cell.source.label] for item in table(prepared, "items")}
        found = [(title, {genres[t] for t in row["positives"]}) for row in rows(prepared) for title in row["negatives"]]
        same = [genres[title] in those for title, those in found]
        return sum(same) / len(same)

    assert alike("hard") > 10 * alike("uniform") and alike("hard") > 0.4


def test_hard_negatives_of_a_source_without_genres_are_refused(raw, engine):
    cell = catalogue.cell(RANKING[0])
    bare = replace(cell, source=replace(cell.source, label=None))
    with pytest.raises(BuildError, match="have no genre or category; want one for hard negatives; choose"):
        prepare(bare, bare.recipe(negative_sampling="hard", seed=99), Settings(raw=raw), engine)


def test_shown_negatives_were_offered_by_the_time_of_a_positive_and_not_clicked(raw, engine):
    prepared = plan(raw, engine, "tkr-mind", negative_sampling="shown", split_protocol="leave-last")
    offered: dict[str, set[str]] = defaultdict(set)
    for line in table(prepared, "impressions"):
        offered[line["reader"]] |= {offer[:-2] for offer in line["offers"] if offer.endswith("-0")}
    uniform = plan(raw, engine, "tkr-mind", split_protocol="leave-last")
    share, by_chance = (
        mean(
            item in offered[row["subject"]]
            for row in rows(found)
            if row["split"] == "test"  # the clicks of the others are of lists without impressions
            for item in row["negative_items"]
        )
        for found in (prepared, uniform)
    )
    assert share > 0.9 and by_chance < 0.4


def test_shown_negatives_of_a_release_without_impressions_are_refused(raw, engine):
    with pytest.raises(
        BuildError, match="movielens32m: its release does not record what was offered; want impressions"
    ):
        plan(raw, engine, RANKING[0], negative_sampling="shown")


def test_unknown_options_are_named_with_what_there_is(raw, engine):
    with pytest.raises(
        UsageError, match="no negative_sampling 'easy'; have: uniform, popularity, hard, matched, shown"
    ):
        plan(raw, engine, RANKING[0], negative_sampling="easy")
    with pytest.raises(UsageError, match="no split_protocol 'random'; have: user, leave-last, leave-one-out, time"):
        plan(raw, engine, RANKING[0], split_protocol="random")
    with pytest.raises(UsageError, match="no template 'poem'; have: default, plain, brief, unseen, mixed"):
        list(plan(raw, engine, RANKING[0], template="poem").batches("test"))


def in_time(row: dict[str, Any]) -> tuple[float, int]:
    """By time, and of one moment by the md5 of user and item."""
    key = f"order|movielens32m|{row['user']}|{row['item']}"
    return row["timestamp"], int(hashlib.md5(key.encode()).hexdigest()[:15], 16)


def timelines(prepared: Prepared) -> dict[str, list[tuple[int, str]]]:
    """user -> (timestamp, title) in order, without titles met before."""
    titles = {i["item"]: (i["title"], i["norm"]) for i in table(prepared, "items")}
    made: dict[str, list[tuple[int, str]]] = defaultdict(list)
    seen = set()
    for i in sorted(table(prepared, "interactions"), key=in_time):
        title, norm = titles[i["item"]]
        if (i["user"], norm) not in seen:
            seen.add((i["user"], norm))
            made[str(i["user"])].append((i["timestamp"], title))
    return made


@pytest.mark.parametrize("name", RANKING)
def test_leave_last_asks_in_test_for_a_users_last_in_validation_for_those_before_and_so_on(raw, engine, name):
    prepared = plan(raw, engine, name, split_protocol="leave-last")
    lines, seen = timelines(prepared), Counter()
    for row in rows(prepared):
        line = [title for _, title in lines[str(row["subject"])]]
        end = len(line) - ZONE * {"test": 0, "validation": 1, "train": 2}[row["split"]]
        begin = end - ZONE
        assert row["positives"] == line[begin : begin + prepared.recipe.positives]
        assert row["history"] == line[begin - prepared.recipe.history : begin]
        seen[row["split"]] += 1
    assert all(seen[split] for split in SPLITS)


@pytest.mark.parametrize("name", RANKING)
def test_by_time_nothing_shown_in_train_is_later_than_anything_asked_in_test(raw, engine, name):
    prepared = plan(raw, engine, name, split_protocol="time")
    lines = timelines(prepared)
    asked: dict[str, list[int]] = defaultdict(list)
    shown: dict[str, list[int]] = defaultdict(list)
    for row in rows(prepared):
        when = {title: t for t, title in lines[str(row["subject"])]}
        asked[row["split"]] += [when[title] for title in row["positives"]]
        shown[row["split"]] += [when[title] for title in (*row["history"], *row["positives"])]
        assert max(when[t] for t in row["history"]) <= min(when[t] for t in row["positives"])
    assert max(shown["train"]) < min(asked["validation"]) and max(shown["validation"]) < min(asked["test"])


def test_a_source_without_times_is_not_split_by_time(raw, engine):
    with pytest.raises(BuildError, match="its release has no times; want them to split by time; choose"):
        plan(raw, engine, "rp-bookcrossing", split_protocol="time")


def test_leave_last_refuses_more_positives_than_its_zone(raw, engine):
    with pytest.raises(BuildError, match=f"positives: 6; want at most {ZONE}"):
        plan(raw, engine, RANKING[0], split_protocol="leave-last", positives=6)


@pytest.mark.parametrize("protocol", ["leave-last", "time"])
def test_answers_without_a_time_go_by_user_or_item_under_every_protocol(raw, engine, protocol):
    for name in ("uap-movielens1m", "tui-movielens32m"):
        assert rows(plan(raw, engine, name, split_protocol=protocol)) == rows(plan(raw, engine, name))


@pytest.mark.parametrize("name", ["rp", "tkr", "cdr", "nir", "uap", "ir", "tui"])
def test_a_subtask_has_four_wordings_each_with_all_its_slots_and_none_alike(name):
    from string import Formatter

    templates = catalogue.task(name).templates
    assert len(templates) >= 4 and HELD_OUT in templates and next(iter(templates)) == "default"
    assert len(set(templates.values())) == len(templates)
    slots = [{field for _, field, _, _ in Formatter().parse(text) if field} for text in templates.values()]
    assert all(found & catalogue.task(name).slots == catalogue.task(name).slots for found in slots)


@pytest.mark.parametrize(
    "name", ["rp-movielens32m", "cdr-amazon2023", "uap-movielens1m", "ir-anime2023", "tui-movielens32m"]
)
def test_mixed_wordings_are_chosen_by_the_example_and_never_the_held_out_one(raw, engine, name):
    def made(template: str) -> dict[str, Example]:
        batches = [b for s in SPLITS for b in plan(raw, engine, name, template=template).batches(s)]
        return {row["id"]: Example(**row) for batch in batches for row in batch.to_pylist()}

    single = {template: made(template) for template in catalogue.cell(name).task.templates}
    mixed = made("mixed")
    assert set(Counter(e.template for e in mixed.values())) == set(single) - {HELD_OUT}
    assert all(example == single[example.template][key] for key, example in mixed.items())
    assert mixed.keys() == single[HELD_OUT].keys()


def test_a_number_that_a_subtask_cannot_change_passes_it_by_and_is_refused_where_it_stands_alone():
    mixed = recipes([catalogue.cell(name) for name in RANKING], {"positives": 3})
    assert [recipe.positives for _, recipe in mixed] == [3, 1]
    with pytest.raises(UsageError, match="positives=3: it is always 1 in nir, rp; leave it out"):
        recipes([catalogue.cell("nir-pixelrec"), catalogue.cell("rp-yelp")], {"positives": 3})
