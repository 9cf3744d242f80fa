"""The simulated releases that are measured, of any size, written once into a work folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.simulate import amazon2023, movielens32m

# Of MovieLens 32M: ratings, users and movies. Smaller releases keep as many ratings a user and a movie.
RATINGS, USERS, MOVIES = 32_000_000, 200_948, 87_585
# Of Amazon's reviews: as many a user as most of those who are simulated have at least; the real release has 10.5.
REVIEWS_OF_A_USER, REVIEWS_OF_A_PRODUCT, CATEGORIES = 20, 6, 12


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

    def write() -> None:
        users, movies = max(rows * USERS // RATINGS, 200), max(rows * MOVIES // RATINGS, 500)
        movielens32m.write(folder, users=users, items=movies, interactions=rows)

    _once(raw, write)
    return Measured(source="movielens32m", rows=rows, raw=raw, parsed=(folder / "ratings.csv",))


def amazon(work: Path, rows: int) -> Measured:
    """amazon2023 with so many reviews in twelve categories, gzipped JSON lines."""
    raw = work / f"amazon2023-{rows}"
    folder = raw / amazon2023.FOLDER

    def write() -> None:
        users = max(rows // REVIEWS_OF_A_USER, 1_000)
        products = max(rows // REVIEWS_OF_A_PRODUCT // CATEGORIES, 200)
        amazon2023.write(folder, users=users, items=products, interactions=rows, compress=True)

    _once(raw, write)
    parsed = tuple(sorted(folder.rglob("*.jsonl.gz")))
    return Measured(source="amazon2023", rows=rows, raw=raw, parsed=parsed)


def _once(raw: Path, write: Callable[[], None]) -> None:
    done = raw / "complete"
    if not done.is_file():
        shutil.rmtree(raw, ignore_errors=True)
        write()
        done.touch()
