"""MovieLens 1M as it is downloaded: ratings, users and movies .dat.

Quirks written: "::" between fields, no header, latin-1 (non-ASCII bytes only in movies.dat), age codes,
occupation codes, zips with leading zeros and ZIP+4, movie ids with gaps, "Children's".
"""

from pathlib import Path

import numpy as np

from itdr_hf.simulate import histories, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import write_lines
from itdr_hf.simulate.movielens32m import GENRES as MOVIE_GENRES
from itdr_hf.simulate.movielens32m import movie_titles
from itdr_hf.simulate.world import IntArray, Items, People, Size

FOLDER = "ml-1m"
SIZE = Size(users=6_040, items=3_883, interactions=242_000)
GENRES = {("Children's" if name == "Children" else name): word for name, word in MOVIE_GENRES.items()
          if name != "IMAX"}  # fmt: skip
AGES = np.array([1, 18, 25, 35, 45, 50, 56])
AGE_STARTS = np.array([18, 25, 35, 45, 50, 56])
OCCUPATIONS = 21
PERIOD = (956_703_932, 1_046_454_590)  # April 2000 to February 2003


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release."""
    rng = world.generator("movielens1m", seed)
    crowd = world.people(rng, users, female=0.283, occupations=OCCUPATIONS)
    catalogue = world.items(rng, items, len(GENRES))
    movie_ids = numbers(rng, items, 1, items + 70)
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    lengths = histories.history_lengths(
        rng, users, interactions, least=24, most=max(items // 4, 24), spread=histories.HEAVY
    )
    seen = histories.visits(rng, crowd, taste, catalogue, lengths, PERIOD, session=12)
    rating = histories.on_scale(seen.score, mean=3.55, spread=1.0, low=1, high=5, step=1)
    rating = histories.with_extremes(rating, seen.score, seen.user, count=12, disliked=5, liked=4).astype(int)
    movie = movie_ids[seen.item].tolist()
    rows = zip((seen.user + 1).tolist(), movie, rating.tolist(), seen.stamp.tolist(), strict=True)
    return [
        write_lines(folder / "ratings.dat", (f"{u}::{m}::{r}::{t}" for u, m, r, t in rows)),
        _write_users(folder / "users.dat", rng, crowd),
        _write_movies(folder / "movies.dat", rng, catalogue, movie_ids),
    ]


def _write_users(path: Path, rng: np.random.Generator, crowd: People) -> Path:
    codes = AGES[np.searchsorted(AGE_STARTS, crowd.age, side="right")].tolist()
    zips = [f"{number:05d}" for number in rng.integers(501, 99_950, len(codes)).tolist()]
    for row in range(7, len(zips), 92):
        zips[row] += f"-{row % 9_000 + 1_000}"
    rows = zip(crowd.gender.tolist(), codes, crowd.occupation.tolist(), zips, strict=True)
    return write_lines(path, (f"{i}::{'MF'[g]}::{a}::{o}::{z}" for i, (g, a, o, z) in enumerate(rows, 1)))


def _write_movies(path: Path, rng: np.random.Generator, catalogue: Items, movie_ids: IntArray) -> Path:
    names = movie_titles(rng, catalogue, list(GENRES.values()), latin=True)
    for row in range(20, len(names), 97):
        names[row] = "Café: " + names[row] if row % 2 else "Señor " + names[row]
    kinds = list(GENRES)
    rows = zip(movie_ids.tolist(), names, catalogue.genre.tolist(), catalogue.second.tolist(), strict=True)
    lines = (f"{m}::{name}::{'|'.join(sorted({kinds[a], kinds[b]}))}" for m, name, a, b in rows)
    return write_lines(path, lines, encoding="latin-1")
