"""The simulated releases for benchmarks, of any size, written once into a work folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from itdr_hf.simulate import amazon2018, amazon2023, movielens32m
from itdr_hf.simulate import netflix as netflix_prize

# MovieLens 32M: ratings, users and movies. Smaller releases have the same number of ratings per user and per movie.
RATINGS, USERS, MOVIES = 32_000_000, 200_948, 87_585
# Amazon's twelve categories, from the release's card: reviews, products, and the sum of each category's users. Smaller
# releases have the same ratios. Here categories are about equal; in reality, Home_and_Kitchen is half of everything.
REVIEWS, PRODUCTS, USERS_OF_CATEGORIES, CATEGORIES = 124_501_500, 7_924_200, 55_032_000, 12
# Bytes per line, from the file sizes, and the gzip compression ratios: as .gz, All_Beauty, Baby_Products and Software
# have 1,428,019,352 bytes of reviews and 278,879,117 of products, according to a public list of downloads.
REVIEW_BYTES, PRODUCT_BYTES, REVIEWS_PACK, PRODUCTS_PACK = 468, 2_695, 3.6, 4.2
# Not published, so assumed: half of the users are in two categories, half in one; 96 % have one to four reviews in a
# category, which leaves 20 to each of the others.
CATEGORIES_OF_A_USER, CASUAL = 1.5, 0.96


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A release to be measured: its source, its number of rows, the raw folder, and the files that are only parsed."""

    source: str
    rows: int
    raw: Path
    parsed: tuple[Path, ...]

    @property
    def megabytes(self) -> float:
        return sum(path.stat().st_size for path in self.parsed) / 1e6


def movielens(work: Path, rows: int) -> Measured:
    """Return an ml-32m release with this many ratings."""
    raw = work / f"movielens32m-{rows}"
    folder = raw / movielens32m.FOLDER
    users, movies = max(rows * USERS // RATINGS, 200), max(rows * MOVIES // RATINGS, 500)
    _once(raw, movielens32m.write, folder, users=users, items=movies, interactions=rows)
    return Measured(source="movielens32m", rows=rows, raw=raw, parsed=(folder / "ratings.csv",))


def amazon(work: Path, rows: int) -> Measured:
    """Return an amazon2023 release with this many reviews in twelve categories, as gzipped JSON lines."""
    raw = work / f"amazon2023-{rows}"
    folder = raw / amazon2023.FOLDER
    users = max(int(rows * USERS_OF_CATEGORIES / REVIEWS / CATEGORIES_OF_A_USER), 1_000)
    products = max(rows * PRODUCTS // REVIEWS // CATEGORIES, 100)
    more = {"compress": True, "casual": CASUAL, "heavy": True}
    _once(raw, amazon2023.write, folder, users=users, items=products, interactions=rows, **more)
    parsed = tuple(sorted(folder.rglob("*.jsonl.gz")))
    return Measured(source="amazon2023", rows=rows, raw=raw, parsed=parsed)


def amazon_of_2018(work: Path) -> Measured:
    """Return an amazon2018 release whose 5-core of games is about as large as that of InstructRec's paper.

    50,526 users, 16,834 items and 454,806 interactions, where the paper has 50,546 and 16,859, and 452,989 by a later
    one of its authors'; discs are about as many.
    """
    raw = work / "amazon2018-paper"
    folder = raw / amazon2018.FOLDER
    _once(raw, amazon2018.write, folder, users=73_400, items=22_200, interactions=1_035_000, least=5, zipf=0.7)
    return Measured(source="amazon2018", rows=1_035_000, raw=raw, parsed=tuple(sorted(folder.glob("*.json.gz"))))


def netflix(work: Path, rows: int) -> Measured:
    """Return a Netflix Prize release with this many ratings, in four files, and the original ratios per user and movie."""
    raw, full = work / f"netflix-{rows}", netflix_prize.FULL
    folder = raw / netflix_prize.FOLDER
    users = max(rows * full.users // full.interactions, 200)
    movies = max(rows * full.items // full.interactions, 500)
    _once(raw, netflix_prize.write, folder, users=users, items=movies, interactions=rows)
    return Measured(source="netflix", rows=rows, raw=raw, parsed=tuple(sorted(folder.glob("combined_data_*.txt"))))


def one_file_a_movie(measured: Measured) -> Path:
    """Return the raw folder of the same Netflix ratings in the release's other layout, a file for each movie."""
    raw = measured.raw.with_name(f"{measured.raw.name}-split")

    def write(folder: Path, rows: int) -> None:
        (folder / "training_set").mkdir(parents=True)
        shutil.copy(measured.parsed[0].with_name("movie_titles.csv"), folder)
        for path in measured.parsed:
            with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
                _write_blocks(content, folder / "training_set")

    _once(raw, write, raw / netflix_prize.FOLDER, rows=measured.rows)
    return raw


def _write_blocks(content: mmap, folder: Path) -> None:
    """Write each block, a line `movie:` and its ratings, which have no colon, as a file."""
    start = 0
    while start < len(content):
        colon = content.find(b":", start)
        following = content.find(b":", colon + 1)
        end = content.rfind(b"\n", colon, following) + 1 if following >= 0 else len(content)
        (folder / f"mv_{int(content[start:colon]):07d}.txt").write_bytes(content[start:end])
        start = end


def _once(raw: Path, write: Callable[..., object], folder: Path, **shape: float) -> None:
    """Write a release unless a complete one of this shape exists."""
    done, description = raw / "complete", json.dumps(shape)
    if not done.is_file() or done.read_text() != description:
        shutil.rmtree(raw, ignore_errors=True)
        write(folder, **shape)
        done.write_text(description)
