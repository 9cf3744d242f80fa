"""Every example of the MovieLens 32M cells recomputed with pandas alone: other code, same facts.

With ITDR_TEST_RAW=<folder> it runs on a real release in place of a simulated one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb

CELLS = ["rp-movielens32m", "tkr-movielens32m", "nir-movielens32m"]
ARTICLE = re.compile(r"^(.*\S), (The|A|An|Les|Le|La|L'|Der|Die|Das|El|Il|Los|Las|Un|Une)((?: \(.*\))?)$")


@pytest.fixture(scope="module")
def release(raw: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Ratings in each user's order, and the titles as people say them."""
    movies = pd.read_csv(raw / "ml-32m/movies.csv", keep_default_na=False)
    spoken = movies.title.str.strip().map(lambda t: ARTICLE.sub(r"\2 \1\3", t)).str.replace(r"\s+", " ", regex=True)
    spoken = spoken.str.replace(r"<(?=/s>|\|im_end\|>)", "< ", regex=True).str.replace("[INST]", "[ INST]")
    spoken = spoken.map(lambda t: t if len(t) <= 300 else t[:299].rstrip() + "…")
    titles = pd.Series(spoken.to_numpy(), index=movies.movieId)
    ratings = pd.read_csv(raw / "ml-32m/ratings.csv").sort_values(["userId", "timestamp", "movieId"])
    return ratings, titles


@pytest.fixture(scope="module")
def examples(raw: Path) -> dict[str, dict[str, pd.DataFrame]]:
    """cell -> split -> examples, with the raw user id of each beside it."""
    made: dict[str, dict[str, pd.DataFrame]] = {}
    with open_duckdb() as engine:
        for name in CELLS:
            cell = catalogue.cell(name)
            prepared = prepare(cell, cell.recipe(), Settings(raw=raw), engine)
            rows = pd.read_parquet(prepared.rows.path)
            frames = {}
            for split in SPLITS:
                frame = pd.concat([batch.to_pandas() for batch in prepared.batches(split)], ignore_index=True)
                frames[split] = frame.assign(raw_user=rows[rows.split == split].subject.to_numpy())
            made[name] = frames
    return made


@pytest.mark.parametrize("name", CELLS)
def test_history_and_targets_are_the_users_first_interactions_by_time_then_item(name, examples, release):
    ratings, titles = release
    firsts = {user: group for user, group in ratings.groupby("userId")}  # noqa: C416  a groupby has keys of its own
    history, positives = {"rp": (10, 1), "tkr": (5, 5), "nir": (5, 1)}[name.split("-")[0]]
    for row in pd.concat(examples[name].values()).itertuples():
        mine = firsts[row.raw_user].head(history + positives)
        said = [titles[item] for item in mine.movieId]
        assert list(row.history) == said[:history]
        if name.startswith("rp"):
            assert list(row.history_ratings) == mine.rating.tolist()[:10]
            assert float(row.output) == mine.rating.iloc[10]
            assert list(row.candidates) == said[10:]
        else:
            assert list(row.targets) == said[history:]


@pytest.mark.parametrize("name", CELLS[1:])
def test_negatives_are_items_the_user_never_rated_and_titles_are_distinct(name, examples, release):
    ratings, titles = release
    rated = ratings.groupby("userId").movieId.agg(set)
    by_title: dict[str, set[int]] = {}
    for item, title in titles.items():
        by_title.setdefault(title, set()).add(item)
    size = {"tkr": 10, "nir": 5}[name.split("-")[0]]
    for row in pd.concat(examples[name].values()).itertuples():
        candidates = list(row.candidates)
        assert len(candidates) == size
        assert len({" ".join(c.lower().split()) for c in [*candidates, *row.history]}) == size + 5
        for negative in set(candidates) - set(row.targets):
            assert by_title[negative] - rated[row.raw_user], f"{negative} was rated by user {row.raw_user}"


def test_an_output_of_tkr_ranks_all_candidates_with_the_positives_first(examples):
    for row in pd.concat(examples["tkr-movielens32m"].values()).itertuples():
        ranking = [line.split(". ", 1)[1] for line in row.output.split("\n")]
        assert sorted(ranking) == sorted(row.candidates)
        assert ranking[:5] == list(row.targets)


def test_no_user_is_in_two_splits_of_any_cell(examples):
    seen: dict[int, set[str]] = {}
    for frames in examples.values():
        for split, frame in frames.items():
            for user in frame.raw_user:
                seen.setdefault(user, set()).add(split)
    assert max(map(len, seen.values())) == 1
    assert {split for splits in seen.values() for split in splits} == set(SPLITS)


def test_the_raw_user_id_is_not_in_the_example_but_one_hash_per_user_is(examples):
    pairs = pd.concat([f for frames in examples.values() for f in frames.values()])[
        ["raw_user", "user"]
    ].drop_duplicates()
    assert pairs.raw_user.is_unique and pairs.user.is_unique
    assert pairs.user.str.fullmatch("[0-9a-f]{16}").all()


def test_candidates_stand_at_every_position_alike(examples):
    """Ten positions, five positives each: position must not tell (chi-square, 9 degrees, p = .001)."""
    frame = pd.concat(examples["tkr-movielens32m"].values())
    counts = [0] * 10
    for row in frame.itertuples():
        for place, candidate in enumerate(row.candidates):
            counts[place] += candidate in set(row.targets)
    expected = sum(counts) / 10
    assert sum((n - expected) ** 2 / (expected * 0.5) for n in counts) < 27.9
