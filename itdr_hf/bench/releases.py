"""The simulated releases that are measured, of any size, written once into a work folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.simulate import amazon2023, movielens32m
from itdr_hf.simulate import netflix as netflix_prize

# Of MovieLens 32M: ratings, users and movies. Smaller releases keep as many ratings a user and a movie.
RATINGS, USERS, MOVIES = 32_000_000, 200_948, 87_585
# Of Amazon's twelve categories, by the release's card: reviews, products, and users of each category added up. Smaller
# releases keep as many a product and a user. Categories are about equal here; really Home_and_Kitchen is half of all.
REVIEWS, PRODUCTS, USERS_OF_CATEGORIES, CATEGORIES = 124_501_500, 7_924_200, 55_032_000, 12
# Bytes of a line, by the sizes of its files; and how many times gzip packs it: All_Beauty, Baby_Products and Software
# as .gz have 1,428,019,352 bytes of reviews and 278,879,117 of products in a public list of someone's downloads.
REVIEW_BYTES, PRODUCT_BYTES, REVIEWS_PACK, PRODUCTS_PACK = 468, 2_695, 3.6, 4.2
# Not published: half of those simulated are in two categories, half in one; of a hundred 96 have one to four reviews
# in a category, which leaves 20 to each of the others.
CATEGORIES_OF_A_USER, CASUAL = 1.5, 0.96


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A release to be measured: its source, how many rows, the raw folder, the file or files the bare parse reads."""

    source: str
    rows: int
    raw: Path
    parsed: tuple[Path, ...]

    @property
    def megabytes(self) -> float:
        return sum(path.stat().st_size for path in self.parsed) / 1e6


def movielens(work: Path, rows: int) -> Measured:
    """ml-32m with so many ratings."""
    raw = work / f"movielens32m-{rows}"
    folder = raw / movielens32m.FOLDER
    users, movies = max(rows * USERS // RATINGS, 200), max(rows * MOVIES // RATINGS, 500)
    _once(raw, movielens32m.write, folder, users=users, items=movies, interactions=rows)
    return Measured(source="movielens32m", rows=rows, raw=raw, parsed=(folder / "ratings.csv",))


def amazon(work: Path, rows: int) -> Measured:
    """amazon2023 with so many reviews in twelve categories, gzipped JSON lines."""
    raw = work / f"amazon2023-{rows}"
    folder = raw / amazon2023.FOLDER
    users = max(int(rows * USERS_OF_CATEGORIES / REVIEWS / CATEGORIES_OF_A_USER), 1_000)
    products = max(rows * PRODUCTS // REVIEWS // CATEGORIES, 100)
    more = {"compress": True, "casual": CASUAL, "heavy": True}
    _once(raw, amazon2023.write, folder, users=users, items=products, interactions=rows, **more)
    parsed = tuple(sorted(folder.rglob("*.jsonl.gz")))
    return Measured(source="amazon2023", rows=rows, raw=raw, parsed=parsed)


def netflix(work: Path, rows: int) -> Measured:
    """Netflix Prize with so many ratings, in four files; smaller ones keep as many ratings a user and a movie."""
    raw, full = work / f"netflix-{rows}", netflix_prize.FULL
    folder = raw / netflix_prize.FOLDER
    users = max(rows * full.users // full.interactions, 200)
    movies = max(rows * full.items // full.interactions, 500)
    _once(raw, netflix_prize.write, folder, users=users, items=movies, interactions=rows)
    return Measured(source="netflix", rows=rows, raw=raw, parsed=tuple(sorted(folder.glob("combined_data_*.txt"))))


def _once(raw: Path, write: Callable[..., object], folder: Path, **shape: float) -> None:
    """Write a release unless one of this shape is there, whole."""
    done, told = raw / "complete", json.dumps(shape)
    if not done.is_file() or done.read_text() != told:
        shutil.rmtree(raw, ignore_errors=True)
        write(folder, **shape)
        done.write_text(told)
