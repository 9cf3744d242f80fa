"""MovieLens 32M at its published size: each list by movie, so in no order of time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from itdr_hf.simulate import movielens32m
from itdr_hf.simulate.published.columns import column, digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import RECORD, Fields, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=32_000_204,
    users=200_948,
    items=87_585,
    files={
        "ratings.csv": File(rows=32_000_204, bytes=877_000_000),
        "tags.csv": File(rows=2_000_072),
        "movies.csv": File(rows=87_585),
        "links.csv": File(rows=87_585),
    },
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = movielens32m.write(job.scratch, items=job.number("items"), **job.few(4_000, 200_000))
    ratings, movies, tags, links = (path.name for path in small)
    ids = column(small[1], rb"^(\d+),", record=RECORD, header=1)
    yield job.move(movies)
    yield job.move(links)

    people = job.number("users")
    form = form_of(small[2], rb"^(?P<user>\d+),(?P<item>\d+),", record=RECORD, header=1)
    tagged = job.file(tags).rows or 0
    users = np.sort(job.rng("tags").integers(1, people + 1, tagged))
    yield job.fill(tags, form, tagged, lambda rng, rows: {
        "user": digits(users[rows]), "item": ids.take(pa.array(rng.integers(0, len(ids), len(rows))))
    })  # fmt: skip

    form = form_of(small[0], rb"^(?P<user>\d+),(?P<item>\d+),[^,]+,(?P<time>\d+)\n", header=1)
    rated = log(job.seeds("ratings"), groups=people, members=len(ids), rows=job.number("rows"), least=20)
    period = movielens32m.FIRST, movielens32m.LAST

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = rated.times(rng, part, group, period)
        order = np.argsort(group * len(ids) + item)  # by user and movie, not by time
        what = pa.array(item[order])
        return order, {"user": digits(group[order] + 1), "item": ids.take(what), "time": digits(stamp[order])}

    yield job.write_log(ratings, form, rated, fields)
