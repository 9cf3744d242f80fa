"""Every example of eight cells recomputed with pandas alone: other code, same facts.

With ITDR_TEST_RAW=<folder> it runs on real releases in place of simulated ones.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb

SHOWN = {  # history, positives
    "rp-movielens32m": (10, 1),
    "tkr-movielens32m": (5, 5),
    "nir-movielens32m": (10, 1),
    "tkr-microlens": (5, 5),
    "nir-microlens": (5, 1),
    "tkr-anime2023": (5, 5),
    "rp-anime2023": (10, 1),
    "cdr-amazon2023": (5, 5),
}
RANKED = [name for name in SHOWN if not name.startswith("rp-")]
TIMED = [name for name in RANKED if "anime" not in name]


def place(source: str, user: object, item: object) -> tuple[int, str]:
    """Where a user's item stands among those of one moment: by md5, as the documentation says."""
    return int(hashlib.md5(f"order|{source}|{user}|{item}".encode()).hexdigest()[:15], 16), str(item)


def interactions(raw: Path, source: str) -> pd.DataFrame:
    """user, item, domain, when, rating of a release, read as anybody would; each pair once, the earliest."""
    if source == "movielens32m":
        rows = pd.read_csv(raw / "ml-32m/ratings.csv")
        rows = rows.set_axis(["user", "item", "rating", "when"], axis=1)
    elif source == "microlens":
        rows = pd.read_csv(next((raw / "microlens").glob("*_pairs.csv")))
        rows = rows.set_axis(["user", "item", "when"], axis=1)
    elif source == "anime2023":
        rows = pd.read_csv(raw / "anime-2023/users-score-2023.csv", keep_default_na=False)
        rows = rows[["user_id", "anime_id", "rating"]].set_axis(["user", "item", "rating"], axis=1).assign(when=0)
        anime = pd.read_csv(raw / "anime-2023/anime-dataset-2023.csv", keep_default_na=False)
        adult = anime[anime.Rating.str.startswith("Rx") | anime.Genres.str.contains("Hentai")]
        rows = rows[~rows["item"].isin(adult.anime_id)]
    else:
        files = sorted((raw / "amazon-reviews-2023").rglob("review_categories/*.jsonl*"))
        parts = [pd.DataFrame(reviews(file)).assign(domain=file.name.split(".")[0]) for file in files]
        rows = pd.concat(parts).rename(columns={"user_id": "user", "parent_asin": "item", "timestamp": "when"})
    rows = rows.assign(domain=rows.get("domain", ""))
    return rows.sort_values("when", kind="stable").drop_duplicates(["domain", "user", "item"])


def reviews(file: Path) -> list[dict[str, Any]]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    found = [json.loads(line) for line in content.splitlines()]
    return [{name: one[name] for name in ("user_id", "parent_asin", "rating", "timestamp")} for one in found]


def ordered(rows: pd.DataFrame, source: str) -> list[tuple[Any, Any]]:
    """A user's (item, when) in the order of time, and of md5 where time says nothing."""
    pairs = zip(rows["user"], rows["item"], rows["when"], strict=True)
    return [(item, when) for user, item, when in sorted(pairs, key=lambda p: (p[2], place(source, p[0], p[1])))]


@pytest.fixture(scope="module")
def built(raw: Path) -> dict[str, pd.DataFrame]:
    """cell -> its examples, each with the raw user and the items beside it."""
    made: dict[str, pd.DataFrame] = {}
    with open_duckdb() as engine:
        for name in SHOWN:
            cell = catalogue.cell(name)
            prepared = prepare(cell, cell.recipe(), Settings(raw=raw, warn=lambda text: None), engine)
            rows = pd.read_parquet(prepared.rows.path)
            examples = [pd.concat([b.to_pandas() for b in prepared.batches(s)] or [pd.DataFrame()]) for s in SPLITS]
            rows = pd.concat([rows[rows.split == split] for split in SPLITS])
            frame = pd.concat(examples).assign(raw_user=rows.subject.to_numpy(), split=rows.split.to_numpy())
            keys = ["domain", "item"] if cell.source.domains else ["item"]
            items = pd.read_parquet(prepared.tables.path("items"))
            frame.attrs["titles"] = items.set_index(keys).title.to_dict()
            made[name] = frame
    return made


@pytest.fixture(scope="module")
def known(raw: Path, built: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """source -> interactions with items that have a title."""
    found = {}
    for name, frame in built.items():
        source = name.partition("-")[2]
        rows = interactions(raw, source)
        titles = frame.attrs["titles"]
        keys = zip(rows["domain"], rows["item"], strict=True) if source == "amazon2023" else rows["item"]
        found[source] = rows.assign(title=[titles.get(key) for key in keys]).dropna(subset="title")
    return found


@pytest.mark.parametrize("name", [name for name in SHOWN if not name.startswith("cdr")])
def test_history_and_targets_are_the_users_first_in_order_of_time_and_hash(name, built, known):
    source = name.partition("-")[2]
    rows, (history, positives) = known[source], SHOWN[name]
    rated = rows[rows.rating > 0] if name.startswith("rp") else rows
    lines = {key: ordered(group, source) for key, group in rated.groupby("user")}
    titles, ratings = built[name].attrs["titles"], {}
    if name.startswith("rp"):
        ratings = rated.set_index(["user", "item"]).rating.to_dict()
    assert len(built[name])
    for row in built[name].itertuples():
        first = [item for item, _ in lines[row.raw_user][: history + positives]]
        assert list(row.history) == [titles[item] for item in first[:history]]
        if ratings:
            assert list(row.history_ratings) == [ratings[row.raw_user, item] for item in first[:history]]
            assert float(row.output) == ratings[row.raw_user, first[history]]
        else:
            assert list(row.targets) == [titles[item] for item in first[history:]]


def test_what_crosses_domains_is_asked_for_after_all_that_is_shown(built, known):
    rows, seen = known["amazon2023"], built["cdr-amazon2023"]
    lines = {key: ordered(group, "amazon2023") for key, group in rows.groupby(["domain", "user"])}
    titles = seen.attrs["titles"]
    assert len(seen)
    for row in seen.itertuples():
        there, here = row.domain.split(" > ")
        shown, line = lines[there, row.raw_user][:5], lines[here, row.raw_user]
        last = max(when for _, when in shown)
        begin = next(n for n, (_, when) in enumerate(line) if n >= 5 and when > last)
        window = line[begin - 5 : begin + 5]
        assert list(row.history) == [titles[there, i] for i, _ in shown] + [titles[here, i] for i, _ in window[:5]]
        assert list(row.targets) == [titles[here, i] for i, _ in window[5:]]


@pytest.mark.parametrize("name", RANKED)
def test_negatives_are_items_the_user_never_touched_and_titles_are_distinct(name, built, known):
    rows = known[name.partition("-")[2]]
    touched = rows.groupby("user").title.agg(lambda titles: {" ".join(t.lower().split()) for t in titles}).to_dict()
    for row in built[name].itertuples():
        shown = [" ".join(t.lower().split()) for t in (*row.candidates, *row.history)]
        assert len(set(shown)) == len(shown)
        negatives = {" ".join(t.lower().split()) for t in set(row.candidates) - set(row.targets)}
        assert len(negatives) == len(row.candidates) - len(row.targets)
        assert not negatives & touched[row.raw_user]


@pytest.mark.parametrize("name", TIMED)
def test_every_negative_was_seen_in_the_data_by_the_time_of_the_last_positive(name, built, known):
    rows = known[name.partition("-")[2]]
    seen = rows.groupby(["domain", "title"]).when.min().to_dict()
    when = rows.set_index(["user", "domain", "title"]).when.to_dict()
    for row in built[name].itertuples():
        home = row.domain.split(" > ")[-1]
        last = max(when[row.raw_user, home, title] for title in row.targets)
        assert all(seen[home, title] <= last for title in row.candidates)


def test_an_output_of_tkr_ranks_all_candidates_with_the_positives_first(built):
    for row in built["tkr-movielens32m"].itertuples():
        ranking = [line.split(". ", 1)[1] for line in row.output.split("\n")]
        assert sorted(ranking) == sorted(row.candidates)
        assert ranking[:5] == list(row.targets)


def test_the_raw_user_id_is_not_in_the_example_but_one_hash_per_user_is(built):
    pairs = pd.concat([frame for name, frame in built.items() if name.endswith("movielens32m")])
    pairs = pairs[["raw_user", "user"]].drop_duplicates()
    assert pairs.raw_user.is_unique and pairs.user.is_unique
    assert pairs.user.str.fullmatch("[0-9a-f]{16}").all()


@pytest.mark.parametrize("source", sorted({name.partition("-")[2] for name in SHOWN}))
def test_no_raw_user_is_in_two_splits_whatever_the_cell(source, built):
    pairs = pd.concat([frame[["raw_user", "split"]] for name, frame in built.items() if name.endswith(f"-{source}")])
    assert set(pairs.split) == set(SPLITS)
    assert pairs.groupby("raw_user").split.nunique().max() == 1


def test_candidates_stand_at_every_position_alike(built):
    """Ten positions, five positives each: position must not tell (chi-square, 9 degrees, p = .001)."""
    counts = [0] * 10
    for row in built["tkr-movielens32m"].itertuples():
        for number, candidate in enumerate(row.candidates):
            counts[number] += candidate in set(row.targets)
    expected = sum(counts) / 10
    assert sum((n - expected) ** 2 / (expected * 0.5) for n in counts) < 27.9
