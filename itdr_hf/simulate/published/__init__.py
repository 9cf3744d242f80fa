"""Releases at the size that their owners publish: true formats, rows, users, items, bytes and skew, quickly, in little memory.

Each module has what is published of a release, and writes it from lines of a small one by the source's own simulator: those
of long files become forms, which are filled in anew; lists of items are made longer until a file has its size.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from itdr_hf.simulate.published import (
    amazon2018,
    amazon2023,
    amazonbooks,
    anime2023,
    bookcrossing,
    lastfm1k,
    lastfm360k,
    microlens,
    mind,
    movielens1m,
    movielens32m,
    netflix,
    pixelrec,
    steam,
    yelp,
)
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job

WRITERS = {
    "movielens32m": movielens32m,
    "movielens1m": movielens1m,
    "bookcrossing": bookcrossing,
    "netflix": netflix,
    "microlens": microlens,
    "pixelrec": pixelrec,
    "mind": mind,
    "anime2023": anime2023,
    "yelp": yelp,
    "amazonbooks": amazonbooks,
    "lastfm1k": lastfm1k,
    "lastfm360k": lastfm360k,
    "steam": steam,
    "amazon2018": amazon2018,
    "amazon2023": amazon2023,
}
PUBLISHED = {name: module.FIGURES for name, module in WRITERS.items()}
AMAZON2023 = amazon2023.CATEGORIES

__all__ = ["AMAZON2023", "PUBLISHED", "Figures", "File", "write"]


def write(
    source: str, folder: Path, *, seed: int = 0, share: float = 1.0, domains: Sequence[str] = (), compress: bool = False
) -> Iterator[Path]:
    """Write a release at its published size, or a share of it, and yield each file once it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".small-") as scratch:
        job = Job(
            source=source,
            folder=folder,
            scratch=Path(scratch),
            figures=PUBLISHED[source].scaled(share),
            seed=seed,
            share=share,
            domains=tuple(domains or AMAZON2023),
            compress=compress,
        )
        yield from WRITERS[source].write(job)
