"""Periods, neighbours, lists, questions and pairs, worked out again from the tables with pandas."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.errors import BuildError, UsageError
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.tables.cache import ensure_tables
from itdr_hf.tasks.reclm.rules import read_profile

SOURCES = ("netflix", "mind")
DAYS = {"netflix": ("2001-01-01", "2002-01-01", "2003-01-01"), "mind": ("2019-11-09", "2019-11-10", "2019-11-11")}
HISTORY, NEIGHBOURS = 5, 5


@pytest.fixture(scope="module")
def engine():
    with open_duckdb() as opened:
        yield opened


@pytest.fixture(scope="module")
def built(raw: Path, engine):
    """Examples of a cell beside the raw user or item of each, made once."""
    made: dict[str, pd.DataFrame] = {}

    def of(name: str) -> pd.DataFrame:
        if name not in made:
            cell = catalogue.cell(name)
            prepared = prepare(cell, cell.recipe(), Settings(raw=raw, warn=lambda text: None), engine)
            batches = [batch.to_pandas() for split in sorted(SPLITS) for batch in prepared.batches(split)]
            rows = pd.read_parquet(prepared.rows.path)[["subject", "split"]]
            made[name] = pd.concat([pd.concat(batches, ignore_index=True), rows], axis=1)
        return made[name]

    return of


@pytest.fixture(scope="module")
def logs(raw: Path, engine) -> dict[str, pd.DataFrame]:
    """The whole log of each source, with titles; `part` is empty outside the two periods."""
    return {source: _log(source, raw, engine) for source in SOURCES}


def _log(source: str, raw: Path, engine) -> pd.DataFrame:
    tables = ensure_tables(catalogue.source(source), raw, engine=engine.reader)
    log = pd.read_parquet(tables.path("interactions")).merge(
        pd.read_parquet(tables.path("items"))[["item", "title", "norm"]], on="item"
    )
    first, second, end = (pd.Timestamp(day).timestamp() for day in DAYS[source])
    dated = log.get("dated", True)
    inside = log[(log["timestamp"] >= first) & (log["timestamp"] < end) & dated]
    both = set(inside[inside["timestamp"] < second]["user"]) & set(inside[inside["timestamp"] >= second]["user"])
    inside = inside[inside["user"].isin(both)].sort_values(["timestamp", "item"]).drop_duplicates(["user", "norm"])
    early = inside[inside["timestamp"] < second]
    hours = (early["timestamp"] // 3600).astype(int)
    later = {hour: abs(int((hours >= hour).sum()) - 0.1 * len(early)) for hour in sorted(set(hours))[1:]}
    cut = min(later, key=lambda hour: later[hour]) * 3600
    part = np.where(inside["timestamp"] < cut, "train", np.where(inside["timestamp"] < second, "validation", "test"))
    return log.merge(inside.assign(part=part)[["user", "item", "part"]], on=["user", "item"], how="left")


def near(log: pd.DataFrame) -> dict[object, list[object]]:
    """The users with the highest cosine of their train parts, ties by id."""
    train = log[log["part"] == "train"]
    have = {user: set(items) for user, items in train.groupby("user")["item"]}
    found = {}
    for user, mine in have.items():
        scores = [
            (-len(mine & theirs) / np.sqrt(len(mine) * len(theirs)), other)
            for other, theirs in have.items()
            if other != user and mine & theirs
        ]
        found[user] = [other for _, other in sorted(scores, key=lambda pair: (round(pair[0], 12), pair[1]))][
            :NEIGHBOURS
        ]
    return found


def lists_of(prompt: str) -> list[list[str]]:
    """The lists of the users in a prompt, without the labels behind titles."""
    blocks = re.split(r"^User \d+:$", prompt, flags=re.MULTILINE)[1:]
    return [re.findall(r"^\d+\. (.*)$", block, flags=re.MULTILINE) for block in blocks]


def bare(title: str) -> str:
    return re.sub(r" \((sports|finance|travel|health)\)$", "", title)


def asked(row: pd.Series, titles: set[str]) -> str:
    """The title that a dialogue's last question is about: the longest known one that stands in it."""
    question = row["messages"][-2]["content"]
    return max((title for title in titles if title in question), key=len)


@pytest.mark.parametrize("source", SOURCES)
def test_a_no_is_an_item_that_the_user_touched_nowhere_and_a_yes_one_of_the_splits_period(source, built, logs):
    log, rows = logs[source], built(f"dialogue-{source}")
    titles = set(log["title"])
    norms = {user: set(group) for user, group in log.groupby("user")["norm"]}
    parts = {key: set(group) for key, group in log.dropna(subset=["part"]).groupby(["user", "part"])["title"]}
    seen = Counter()
    for _, row in rows.iterrows():
        title, (answer,) = asked(row, titles), row["targets"]
        seen[row["split"], answer] += 1
        assert answer == row["messages"][-1]["content"]
        if answer == "No":
            assert title.lower() not in norms[row["subject"]]
        else:
            assert title in parts[row["subject"], row["split"]]
    assert all(seen[split, answer] for split in ("train", "test") for answer in ("Yes", "No")), seen
    share = sum(n for (_, answer), n in seen.items() if answer == "Yes") / len(rows)
    assert abs(share - 0.5) < 2.6 / (2 * np.sqrt(len(rows))), share  # 99 of 100 tosses of so many coins


@pytest.mark.parametrize("source", SOURCES)
def test_turn_one_shows_the_newest_of_train_without_what_is_asked_and_neighbours_who_show_it(source, built, logs):
    log, rows = logs[source], built(f"dialogue-{source}")
    titles, neighbours = set(log["title"]), near(logs[source])
    train = log[log["part"] == "train"].sort_values(["timestamp", "item"])
    newest = {user: list(group) for user, group in train.groupby("user")["title"]}
    for _, row in rows.iterrows():
        mine, *others = ([bare(title) for title in shown] for shown in lists_of(row["messages"][0]["content"]))
        title, user = asked(row, titles), row["subject"]
        assert title not in mine and any(title in other for other in others)
        held = [t for t in newest[user] if t not in mine][-1:] if len(newest[user]) <= HISTORY else []
        assert len(mine) == min(HISTORY, len(newest[user]) - 1) and set(mine) <= set(newest[user]), held
        shared = list(neighbours[user])[: len(others)]
        assert others[: len(shared)] == [newest[other][-HISTORY:] for other in shared]
        if row["split"] == "train" and row["targets"][0] == "Yes":
            assert title in newest[user]


@pytest.mark.parametrize("source", SOURCES)
def test_the_first_answer_has_a_profile_of_every_user_and_none_of_what_is_held_out(source, built, logs):
    for _, row in built(f"dialogue-{source}").iterrows():
        people = lists_of(row["messages"][0]["content"])
        told = re.split(r"^User \d+$", row["messages"][1]["content"], flags=re.MULTILINE)[1:]
        assert len(told) == len(people)
        assert all(len(read.identities) == len(read.interests) == 3 for read in map(read_profile, told))
        assert list(row["loss"]) == [False, True, False, True]


@pytest.mark.parametrize("source", SOURCES)
def test_one_profile_serves_every_cell_that_quotes_it(source, built):
    alone = built(f"profile-{source}").set_index("subject")["output"]
    among = built(f"inference-{source}").set_index("subject")["output"]
    talk = built(f"dialogue-{source}")
    told = {
        row["subject"]: row["messages"][1]["content"].split("\n\n")[0].removeprefix("User 1\n")
        for _, row in talk.iterrows()
    }
    pairs = built(f"reward-{source}")
    chosen = dict(zip(pairs["subject"], (turns[0]["content"] for turns in pairs["chosen"]), strict=True))
    for user, text in alone.items():
        assert {text} == {where[user] for where in (among, told, chosen, alone) if user in where}


@pytest.mark.parametrize("source", SOURCES)
def test_a_rejected_answer_is_of_its_kind_and_never_the_chosen_one(source, built):
    rows = built(f"reward-{source}")
    for _, row in rows.iterrows():
        (chosen,), (worse,) = ([turn["content"] for turn in row[name]] for name in ("chosen", "rejected"))
        mine = read_profile(chosen)
        assert worse != chosen
        kind = row["rejected_kind"]
        if kind == "mixture":
            mixed = read_profile(worse)
            assert set(mine.identities) <= set(mixed.identities) and len(set(mixed.identities + mixed.interests)) > 6
        elif kind != "neighbour":
            assert worse in {mine.identity, f"{mine.identity}\n{mine.identity}", "Identity:\nInterests:", "."}
    shares = rows["rejected_kind"].value_counts(normalize=True)
    assert shares["neighbour"] + shares["mixture"] > 0.4


@pytest.mark.parametrize("source", SOURCES)
def test_an_items_profile_is_made_of_its_users_ones_and_never_shown_beside_another_item(source, built, logs):
    rows = built(f"itemprofile-{source}")
    train = logs[source][logs[source]["part"] == "train"]
    profiles = built(f"inference-{source}").set_index("subject")["output"].map(read_profile)
    users = {item: set(group) for item, group in train.groupby("item")["user"]}
    known = 0
    for _, row in rows.iterrows():
        assert row["output"] not in row["input"]
        mine = users.get(row["subject"], set())
        if mine and mine <= set(profiles.index):
            known += 1
            counts = Counter(entry for user in mine for entry in profiles[user].identities)
            expected = sorted(counts, key=lambda entry: (-counts[entry], entry))[:5]
            assert list(read_profile(row["output"]).identities) == expected
    assert known > 10


def test_a_dialogue_may_be_one_turn_or_learn_from_the_second_answer_alone(raw, engine):
    cell = catalogue.cell("dialogue-mind")
    found = {}
    for form in ("two-turn", "second-only", "single-turn"):
        prepared = prepare(cell, cell.recipe(dialogue=form), Settings(raw=raw, warn=lambda text: None), engine)
        found[form] = next(prepared.batches("train")).to_pylist()
    for two, second, single in zip(*found.values(), strict=True):
        assert two["messages"] == second["messages"] and second["loss"] == [False, False, False, True]
        assert single["loss"] == [False, True] and single["messages"][-1] == two["messages"][-1]
        assert "profile" not in single["messages"][0]["content"].lower() and single["reference_by"] == "data"
    with pytest.raises(UsageError, match="no dialogue 'three'"):
        prepare(cell, cell.recipe(dialogue="three"), Settings(raw=raw), engine)


def test_periods_may_be_named_and_must_share_users(raw, engine):
    cell, settings = catalogue.cell("dialogue-netflix"), Settings(raw=raw, warn=lambda text: None)
    prepared = prepare(cell, cell.recipe(snapshots="2003-01-01,2004-01-01,2005-01-01"), settings, engine)
    assert prepared.rows.derived["periods"] == "2003-01-01,2004-01-01,2005-01-01"
    with pytest.raises(BuildError, match="no user is in both periods"):
        prepare(cell, cell.recipe(snapshots="1950-01-01,1951-01-01,1952-01-01"), settings, engine)
    with pytest.raises(UsageError, match="want three dates"):
        prepare(cell, cell.recipe(snapshots="2003-01-01"), settings, engine)


def test_the_ledger_says_which_periods_and_which_neighbours(raw, engine, logs):
    cell = catalogue.cell("dialogue-mind")
    derived = prepare(cell, cell.recipe(), Settings(raw=raw, warn=lambda text: None), engine).rows.derived
    log = logs["mind"].dropna(subset=["part"])
    assert derived["periods"] == "2019-11-09,2019-11-10,2019-11-11" and derived["users"] == log["user"].nunique()
    for part, rows in log.groupby("part"):
        assert (derived[f"{part} interactions"], derived[f"{part} items"]) == (len(rows), rows["item"].nunique())
    assert derived["user neighbours"] == "cooccurrence" and derived["user neighbours by cooccurrence"] > 100


def test_other_tasks_split_by_the_same_two_periods(raw, engine, logs):
    cell = catalogue.cell("nir-netflix")
    recipe = cell.recipe(split_protocol="snapshots", history=3, num_examples=60)
    prepared = prepare(cell, recipe, Settings(raw=raw, warn=lambda text: None), engine)
    log = logs["netflix"].dropna(subset=["part"])
    titles = {key: set(group) for key, group in log.groupby(["user", "part"])["title"]}
    rows = pd.read_parquet(prepared.rows.path)
    assert len(rows)
    for _, row in rows.iterrows():
        assert set(row["positives"]) <= titles[row["subject"], row["split"]]
