"""MovieLens 1M at its published size: all by its own simulator."""

from collections.abc import Iterator
from pathlib import Path

from itdr_hf.simulate import movielens1m
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job

FIGURES = Figures(
    rows=1_000_209,
    users=6_040,
    items=3_883,
    files={
        "ratings.dat": File(rows=1_000_209),
        "users.dat": File(rows=6_040, bytes=134_368),
        "movies.dat": File(rows=3_883, bytes=171_308),
    },
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    movielens1m.write(job.scratch, **job.whole())
    yield job.move("ratings.dat")
    yield job.move("users.dat")
    yield job.move("movies.dat")
