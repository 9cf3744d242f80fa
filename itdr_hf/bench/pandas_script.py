"""The four MovieLens cells as a plain pandas script, with which builds are compared.

It reads ratings.csv once, with the fastest reader and the smallest types, processes only the users it needs, and follows
the same protocols: the same numbers of examples, first interactions by time, negatives without interactions, splits by
user, one Parquet file per cell and split. It counts and checks nothing, and does not report what it leaves out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

TYPES = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
SHARES = (0.8, 0.9)
DESCRIPTION = "Predict what this person wants from what they did before."


def make_cells(raw: Path, out: Path, examples: int) -> dict[str, int]:
    """Write a rating, a ranking, a next-item and an audience cell of an ml-32m folder; return their sizes by answer kind."""
    ratings = pd.read_csv(raw / "ratings.csv", dtype=TYPES, engine="pyarrow")
    movies = pd.read_csv(raw / "movies.csv")
    movies = movies[movies.title.notna()].assign(title=movies.title.str.strip()).set_index("movieId")
    counts = ratings.groupby("userId").size()
    made = {}
    for name, minimum, make in (("number", 11, _rating), ("ranking", 11, _ranking), ("choice", 6, _next_item)):
        chosen = _sampled(counts.index[counts >= minimum].to_numpy(), examples)
        mine = ratings[ratings.userId.isin(chosen)].sort_values(["userId", "timestamp", "movieId"])
        made[name] = _write(out / name, list(make(mine, movies)))
    made["text"] = _write(out / "text", list(_audiences(raw, movies, examples)))
    return made


def _sampled(ids: np.ndarray, count: int) -> np.ndarray:
    order = sorted(ids.tolist(), key=lambda number: hashlib.md5(f"sample|{number}".encode()).hexdigest())
    return np.array(order[:count])


def _rating(mine: pd.DataFrame, movies: pd.DataFrame) -> Iterator[dict[str, object]]:
    first = mine.groupby("userId").head(11)
    titles = movies.title.reindex(first.movieId).to_numpy()
    for user, rows in _by_user(first, 11):
        shown = [
            f"{title}: {rating:.1f}"
            for title, rating in zip(titles[rows][:10], first.rating.to_numpy()[rows][:10], strict=True)
        ]
        text = f"{_numbered(shown)}\nPredict the rating of {titles[rows][10]}."
        yield _example(user, text, f"{first.rating.to_numpy()[rows][10]:.1f}", [titles[rows][10]])


def _ranking(mine: pd.DataFrame, movies: pd.DataFrame) -> Iterator[dict[str, object]]:
    for user, history, after, never in _windows(mine, movies, 5, 5, 5):
        candidates = _shuffled(user, after + never)
        text = f"{_numbered(history)}\nRank these:\n{_numbered(candidates)}"
        yield _example(user, text, _numbered(after + never), candidates)


def _next_item(mine: pd.DataFrame, movies: pd.DataFrame) -> Iterator[dict[str, object]]:
    for user, history, after, never in _windows(mine, movies, 5, 1, 4):
        candidates = _shuffled(user, after + never)
        text = f"{_numbered(history)}\nWhich is next?\n{_numbered(candidates)}"
        yield _example(user, text, after[0], candidates)


def _windows(
    mine: pd.DataFrame, movies: pd.DataFrame, past: int, positives: int, negatives: int
) -> Iterator[tuple[int, list[str], list[str], list[str]]]:
    titles, ids, random = movies.title, movies.index.to_numpy(), np.random.default_rng(0)
    users, seen = mine.userId.to_numpy(), mine.movieId.to_numpy()
    starts = np.flatnonzero(np.append(True, users[1:] != users[:-1]))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(users)], strict=True):
        window = titles.reindex(seen[start : start + past + positives]).tolist()
        interacted: set[int] = set(seen[start:end].tolist())
        drawn: list[str] = []
        for movie in random.choice(ids, 4 * negatives, replace=False).tolist():
            if movie not in interacted and len(drawn) < negatives:
                drawn.append(titles.at[movie])
        if len(drawn) == negatives and len({*window, *drawn}) == past + positives + negatives:
            yield int(users[start]), window[:past], window[past:], drawn


def _audiences(raw: Path, movies: pd.DataFrame, examples: int) -> Iterator[dict[str, object]]:
    tags = pd.read_csv(raw / "tags.csv", dtype={"tag": "string"}, engine="pyarrow")
    tags["tag"] = tags.tag.str.strip().str.lower()
    uses = tags.groupby(["movieId", "tag"]).size().reset_index(name="uses")
    uses = uses.sort_values(["movieId", "uses", "tag"], ascending=[True, False, True]).groupby("movieId").head(5)
    listed = uses.groupby("movieId").tag.agg(", ".join)
    for movie in _sampled(movies.index.to_numpy(), examples).tolist():
        title, genres = movies.at[movie, "title"], movies.at[movie, "genres"].replace("|", ", ")
        text = f"{title}\ngenres: {genres}\ntags: {listed.get(movie, '')}\nWho should see it?"
        yield _example(movie, text, f"{title} should be shown to those who like {genres}.", [])


def _by_user(first: pd.DataFrame, count: int) -> Iterator[tuple[int, slice]]:
    users = first.userId.to_numpy()
    for start in range(0, len(users), count):
        yield int(users[start]), slice(start, start + count)


def _shuffled(user: int, titles: list[str]) -> list[str]:
    return [titles[place] for place in np.random.default_rng(user).permutation(len(titles))]


def _numbered(titles: list[str]) -> str:
    return "\n".join(f"{number}. {title}" for number, title in enumerate(titles, 1))


def _example(subject: int, text: str, answer: str, candidates: list[str]) -> dict[str, object]:
    place = int(hashlib.md5(f"split|{subject}".encode()).hexdigest()[:8], 16) / 16**8
    split = "train" if place < SHARES[0] else "validation" if place < SHARES[1] else "test"
    row: dict[str, object] = {"instruction": DESCRIPTION, "input": text, "output": answer, "candidates": candidates}
    return {"id": hashlib.md5(text.encode()).hexdigest()[:16], "user": str(subject), "split": split, **row}


def _write(folder: Path, rows: list[dict[str, object]]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    for split, part in table.groupby("split"):
        part.drop(columns="split").to_parquet(folder / f"{split}.parquet", compression="zstd")
    return len(table)
