"""Book-Crossing at its published size: a tenth of the books that are rated are not listed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import bookcrossing
from itdr_hf.simulate.published.columns import column, digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import ESCAPED, Fields, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=1_149_780,
    users=None,
    items=271_379,
    files={
        "BX-Users.csv": File(rows=278_858, bytes=12_284_100),
        "BX-Books.csv": File(rows=271_379),
        "BX-Book-Ratings.csv": File(rows=1_149_780),
    },
    assumed={"users": 209_143},  # of those listed, three in four
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    books = job.number("items") * 10 // 9 + 1  # a tenth of the books that are rated are not listed
    small = bookcrossing.write(job.scratch, items=books, **job.few(6_000, 120_000))
    people, listed, ratings = (path.name for path in small)
    yield job.move(listed)
    first = bookcrossing.FIRST_USER
    form = form_of(small[0], rb'^"(?P<user>\d+)"', record=ESCAPED, header=1)
    yield job.fill(people, form, job.file(people).rows or 0, lambda rng, rows: {"user": digits(rows + first)})

    form = form_of(small[2], rb'^"(?P<user>\d+)";"(?P<item>[0-9X]{10})"', header=1)
    codes = column(small[2], rb'^"\d+";"([0-9X]{10})"')
    known = pc.unique(pa.concat_arrays([column(job.folder / listed, rb'^"([0-9X]{10})"'), codes]))
    readers = job.rng("readers").permutation(job.file(people).rows or 0)[: job.number("users")] + first
    read = log(job.seeds("ratings"), groups=len(readers), members=len(known), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        return np.arange(len(group)), {"user": digits(readers[group]), "item": known.take(pa.array(item))}

    yield job.write_log(ratings, form, read, fields)
