"""MovieLens 32M as it is downloaded: ratings, movies, tags and links .csv.

Quirks written: rows by user then movie, not by time; articles postponed; titles without a year, padded
with blanks, repeated; "(no genres listed)"; zero-padded imdbId; empty tmdbId.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from itdr_hf.simulate import histories, phrases, text, world
from itdr_hf.simulate.codes import numbers
from itdr_hf.simulate.files import replacing, write_csv
from itdr_hf.simulate.world import IntArray, Items, Size

FOLDER = "ml-32m"
SIZE = Size(users=6_700, items=8_000, interactions=400_000)
GENRES = {
    "Action": "action", "Adventure": "adventure", "Animation": "children", "Children": "children",
    "Comedy": "comedy", "Crime": "crime", "Documentary": "documentary", "Drama": "drama", "Fantasy": "fantasy",
    "Film-Noir": "mystery", "Horror": "horror", "IMAX": "documentary", "Musical": "music", "Mystery": "mystery",
    "Romance": "romance", "Sci-Fi": "scifi", "Thriller": "thriller", "War": "war", "Western": "western",
}  # fmt: skip
FIRST, LAST = 823_000_000, 1_697_000_000  # 1996 to October 2023
CHUNK = 1_500_000  # rows drawn at a time
UNQUOTED = arrow_csv.WriteOptions(include_header=False, quoting_style="none")


def write(
    folder: Path,
    *,
    users: int = SIZE.users,
    items: int = SIZE.items,
    interactions: int = SIZE.interactions,
    seed: int = 0,
) -> list[Path]:
    """Write the release; memory stays bounded however many interactions there are."""
    rng = world.generator("movielens32m", seed)
    catalogue = world.items(rng, items, len(GENRES), zipf=1.9)
    movie_ids = numbers(rng, items, 1, items * 3 + 50)
    names = movie_titles(rng, catalogue, list(GENRES.values()))
    return [
        _write_ratings(folder / "ratings.csv", rng, catalogue, movie_ids, users, interactions),
        _write_movies(folder / "movies.csv", rng, catalogue, movie_ids, names),
        _write_tags(folder / "tags.csv", rng, catalogue, movie_ids, users, max(interactions // 16, 20)),
        _write_links(folder / "links.csv", rng, movie_ids),
    ]


def movie_titles(
    rng: np.random.Generator, catalogue: Items, theme_names: Sequence[str], *, latin: bool = False
) -> list[str]:
    """Titles with postponed article and year: "American President, The (1995)"."""
    themes = text.themes_named(theme_names)
    names = text.titles(
        rng, [themes[g] for g in catalogue.genre.tolist()], phrases.MOVIES, popularity=catalogue.popularity
    )
    names = text.plant(text.distinct(names), latin=latin)
    old = 1996 - rng.gamma(2.0, 10.0, len(names)).clip(0, 75)
    years = np.where(catalogue.born > 0, 1996 + 27 * catalogue.born, old).astype(int).tolist()
    return [
        f"{_postpone(name)} ({min(year, 2000) if latin else year})" for name, year in zip(names, years, strict=True)
    ]


def _postpone(name: str) -> str:
    for article in ("The", "An", "A"):
        if name.startswith(article + " ") and len(name) < 60:
            return f"{name[len(article) + 1 :]}, {article}"
    return name


def _write_ratings(
    path: Path, rng: np.random.Generator, catalogue: Items, movie_ids: IntArray, users: int, interactions: int
) -> Path:
    with replacing(path) as stream:
        stream.write(b"userId,movieId,rating,timestamp\n")
        for table in _rating_tables(rng, catalogue, movie_ids, users, interactions):
            arrow_csv.write_csv(table, stream, UNQUOTED)
    return path


def _rating_tables(
    rng: np.random.Generator, catalogue: Items, movie_ids: IntArray, users: int, interactions: int
) -> Iterator[pa.Table]:
    crowd = world.people(rng, users)
    taste = world.tastes(rng, crowd.latent, len(GENRES))
    life = histories.lives(rng, users)
    most = np.maximum(histories.there(catalogue, life.start) // 3, 20)
    lengths = histories.history_lengths(rng, users, interactions, least=20, most=most, spread=histories.HEAVY)
    stars = pa.array([f"{half / 2:.1f}" for half in range(11)])
    for first, last in histories.user_chunks(lengths, CHUNK):
        part = slice(first, last)
        local, item = histories.draw(rng, taste[part], catalogue, lengths[part], life.start[part])
        stamp = histories.times(rng, local, life.of(part), FIRST, LAST, session=12)
        user = local + first
        score = histories.scores(rng, crowd, taste, catalogue, user, item)
        half = histories.on_scale(score, mean=7.0, spread=1.7, low=1, high=10, step=1).astype(np.int8)
        order = np.argsort(user * len(movie_ids) + item, kind="stable")
        yield pa.table({
            "userId": user[order] + 1,
            "movieId": movie_ids[item[order]],
            "rating": stars.take(pa.array(half[order])),
            "timestamp": stamp[order],
        })  # fmt: skip


def _write_movies(
    path: Path, rng: np.random.Generator, catalogue: Items, movie_ids: IntArray, names: list[str]
) -> Path:
    kinds = list(GENRES)
    shown = [
        "|".join(sorted({kinds[a], kinds[b]}))
        for a, b in zip(catalogue.genre.tolist(), catalogue.second.tolist(), strict=True)
    ]
    for row in range(5, len(names), 61):
        shown[row] = "(no genres listed)"
    _spoil_titles(names)
    return write_csv(path, ["movieId", "title", "genres"], zip(movie_ids.tolist(), names, shown, strict=True))


def _spoil_titles(names: list[str]) -> None:
    for row in range(13, len(names), 140):
        names[row] = names[row][:-7]
    for row in range(16, len(names), 560):
        names[row] = " " + names[row] + "  "
    for row in range(37, len(names), 430):
        names[row] = names[row - 1]
    for row in range(23, len(names), 2_000):
        names[row] = names[row][:-1] + "–2012)"


def _write_tags(
    path: Path, rng: np.random.Generator, catalogue: Items, movie_ids: IntArray, users: int, rows: int
) -> Path:
    themes = text.themes_named(list(GENRES.values()))
    pool = [feature for theme in themes for feature in theme.features]
    user = np.sort(rng.integers(1, users + 1, rows))
    item = rng.choice(len(movie_ids), rows, p=catalogue.popularity / catalogue.popularity.sum())
    word = catalogue.genre[item] * 5 + rng.integers(0, 5, rows)
    tags = pa.array(pool).take(pa.array(word))
    stamp = rng.integers(FIRST, LAST, rows)
    table = pa.table({"userId": user, "movieId": movie_ids[item], "tag": tags, "timestamp": stamp})
    with replacing(path) as stream:
        stream.write(b"userId,movieId,tag,timestamp\n")
        for tag in ('"based on a book, sort of"', '"so-called ""classic"""'):
            stream.write(f"1,{movie_ids[0]},{tag},{FIRST}\n".encode())
        arrow_csv.write_csv(table, stream, UNQUOTED)
    return path


def _write_links(path: Path, rng: np.random.Generator, movie_ids: IntArray) -> Path:
    count = len(movie_ids)
    imdb = [f"{number:07d}" for number in numbers(rng, count, 400, 400 + count * 120).tolist()]
    tmdb = [str(number) for number in rng.permutation(count * 8)[:count].tolist()]
    for row in range(11, count, 1_100):
        tmdb[row] = ""
    return write_csv(path, ["movieId", "imdbId", "tmdbId"], zip(movie_ids.tolist(), imdb, tmdb, strict=True))
