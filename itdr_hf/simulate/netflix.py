"""Netflix Prize as it is handed on: combined_data_1..4.txt, or training_set/mv_*.txt, and movie_titles.csv.

Quirks written: blocks of `movie:` and `user,rating,date`, movies from 1 without gaps, users with gaps, days only, in
no order within a block; titles in Latin-1, unquoted, with commas, one in fifty with the year NULL.
Vectorised throughout, so that the full release, 100 million ratings, takes minutes and bounded memory: histories are
drawn in chunks of users, sorted by movie in a scratch file, and written movie by movie.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import replacing, write_lines
from itdr_hf.simulate.movielens32m import GENRES
from itdr_hf.simulate.world import IntArray, Items, Size

FOLDER = "netflix"
SIZE = Size(users=7_000, items=3_000, interactions=200_000)
FULL = Size(users=480_189, items=17_770, interactions=100_480_507)
LARGEST_USER = 2_649_429
FIRST, LAST = 942_278_400, 1_135_987_199  # 11 November 1999 to 31 December 2005
COLD = 0.02  # share of users who may have fewer ratings than any cell asks for
CHUNK = 1_500_000  # rows drawn at a time
PARTS = 4  # combined files, of which each holds a quarter of the movies
SORTED_ROWS = 4_000_000  # rows sorted and written at a time
NO_QUOTES = arrow_csv.WriteOptions(include_header=False, quoting_style="none")
RATING = np.dtype([("movie", "<i4"), ("user", "<i4"), ("day", "<i4"), ("stars", "i1")])


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
    one_file_a_movie: bool = False,
) -> list[Path]:
    """Write the release, in the layout of Kaggle or, with `one_file_a_movie`, in that of the original tar."""
    rng = world.generator("netflix", seed)
    catalogue = world.items(rng, items, len(GENRES))
    titles = _write_titles(folder / "movie_titles.csv", rng, catalogue)
    user_ids = numbers(rng, users, 1, max(LARGEST_USER, 6 * users))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        ratings = _Ratings(Path(scratch) / "ratings", items)
        for chunk in _drawn(rng, catalogue, user_ids, interactions):
            ratings.add(chunk)
        parts = _write_movies(folder, ratings) if one_file_a_movie else _write_combined(folder, ratings)
    return [*parts, titles]


class _Ratings:
    """Ratings kept in a scratch file, ordered by movie as far as each chunk goes, and read back movie by movie."""

    def __init__(self, path: Path, items: int) -> None:
        self._path, self.items = path, items
        self._counts: list[IntArray] = []  # of each chunk: how many rows of each movie

    def add(self, chunk: NDArray[np.void]) -> None:
        with self._path.open("ab") as file:
            chunk[np.argsort(chunk["movie"], kind="stable")].tofile(file)
        self._counts.append(np.bincount(chunk["movie"], minlength=self.items))

    def ranges(self) -> Iterator[tuple[range, NDArray[np.void]]]:
        """Yield some movies that make about SORTED_ROWS rows together, and those rows, ordered by movie."""
        counts = np.array(self._counts)
        starts = np.cumsum(counts, axis=1) - counts + (np.cumsum(counts.sum(axis=1)) - counts.sum(axis=1))[:, None]
        held = np.memmap(self._path, dtype=RATING, mode="r")
        for first, last in histories.user_chunks(counts.sum(axis=0), SORTED_ROWS):
            rows = np.concatenate([
                held[a : b + n] for a, b, n in zip(starts[:, first], starts[:, last - 1], counts[:, last - 1], strict=True)
            ])  # fmt: skip
            yield range(first, last), rows[np.argsort(rows["movie"], kind="stable")]


def _drawn(
    rng: np.random.Generator, catalogue: Items, user_ids: IntArray, interactions: int
) -> Iterator[NDArray[np.void]]:
    """Histories of everyone, some thousand users at a time."""
    crowd = world.people(rng, len(user_ids))
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    most = max(len(catalogue.genre) // 3, 20)
    least = np.where(rng.random(len(user_ids)) < COLD, 1, 14)
    lengths = histories.history_lengths(rng, len(user_ids), interactions, least=least, most=most, spread=1.0)
    everyone = histories.lives(rng, len(lengths))
    for first, last in histories.user_chunks(lengths, CHUNK):
        life = everyone.of(slice(first, last))
        local, item = histories.draw(rng, taste[first:last], catalogue, lengths[first:last], life.start)
        score = histories.scores(rng, crowd, taste, catalogue, local + first, item)
        rows = np.empty(len(local), dtype=RATING)
        rows["movie"], rows["user"] = item, user_ids[local + first]
        rows["day"] = histories.times(rng, local, life, FIRST, LAST, session=12) // 86_400
        rows["stars"] = histories.on_scale(score, mean=3.6, spread=1.1, low=1, high=5, step=1)
        yield rows


def _write_combined(folder: Path, ratings: _Ratings) -> list[Path]:
    paths = [folder / f"combined_data_{part}.txt" for part in range(1, PARTS + 1)]
    blocks = _blocks(ratings)
    for part, path in enumerate(paths, 1):
        with replacing(path) as stream:
            for _ in range(ratings.items * (part - 1) // PARTS, ratings.items * part // PARTS):
                stream.write(next(blocks))
    return paths


def _write_movies(folder: Path, ratings: _Ratings) -> list[Path]:
    paths = []
    for movie, block in enumerate(_blocks(ratings), 1):
        paths.append(folder / "training_set" / f"mv_{movie:07d}.txt")
        with replacing(paths[-1]) as stream:
            stream.write(block)
    return paths


def _blocks(ratings: _Ratings) -> Iterator[bytes]:
    """Yield the block of every movie, in order: its heading and its rows."""
    for movies, rows in ratings.ranges():
        table = pa.table({"user": rows["user"], "rating": rows["stars"], "day": pa.array(rows["day"], pa.date32())})
        sink = pa.BufferOutputStream()
        arrow_csv.write_csv(table, sink, NO_QUOTES)
        content = sink.getvalue().to_pybytes()
        ends = np.flatnonzero(np.frombuffer(content, dtype=np.uint8) == ord("\n")) + 1
        counts = np.bincount(rows["movie"] - movies.start, minlength=len(movies))
        edges = np.concatenate([[0], ends])[np.concatenate([[0], np.cumsum(counts)])].tolist()
        for movie, start, end in zip(movies, edges[:-1], edges[1:], strict=True):
            yield b"%d:\n" % (movie + 1) + content[start:end]


def _write_titles(path: Path, rng: np.random.Generator, catalogue: Items) -> Path:
    themes = text.themes_named([list(GENRES.values())[genre] for genre in catalogue.genre.tolist()])
    names = text.plant(
        text.distinct(text.titles(rng, themes, phrases.MOVIES, popularity=catalogue.popularity)), latin=True
    )
    years = [str(year) for year in (2005 - rng.gamma(2.0, 8.0, len(names)).clip(0, 100)).astype(int).tolist()]
    for row in range(20, len(names), 97):
        names[row] = "Café: " + names[row]
    for row in range(31, len(names), 50):
        years[row] = "NULL"
    rows = zip(years, names, strict=True)
    return write_lines(path, (f"{n},{year},{name}" for n, (year, name) in enumerate(rows, 1)), encoding="latin-1")
