"""Amazon Books Reviews at its published size: three editions a title."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import amazonbooks
from itdr_hf.simulate.codes import BASE36, isbns
from itdr_hf.simulate.published.columns import codes_of, column, digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import RECORD, Fields, form_of
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=3_000_000,
    users=None,
    items=212_404,
    files={
        "Books_rating.csv": File(rows=3_000_000, bytes=2_860_000_000),
        "books_data.csv": File(rows=212_404, bytes=181_000_000),
    },
    assumed={"users": 1_000_000},
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = amazonbooks.write(job.scratch, items=job.number("items"), **job.few(6_000, 60_000))
    ratings, books = (path.name for path in small)
    yield job.lengthen(books, rb'^(?:"(?:[^"]|"")*"|[^,]*),"?(?:[^"]|"")+?\.(?P<more>)"?,"?\[', record=RECORD, header=1)
    titles = column(small[1], rb'^((?:"(?:[^"]|"")*")|[^,]*),', record=RECORD, header=1)
    editions = pa.array([code.encode() for code in isbns(job.rng("editions"), 3 * len(titles))], pa.binary())
    items = pc.binary_join_element_wise(editions, titles.take(pa.array(np.arange(3 * len(titles)) // 3)), b",")
    people = job.number("users")
    ids = pc.binary_join_element_wise(b"A", codes_of(np.arange(people), 13, BASE36), b"")
    profiles = pa.array([f"{a} {b}".encode() for a in PEOPLE for b in SURNAMES], pa.binary())
    form = form_of(small[0], rb'^(?P<item>[^,]+,(?:"(?:[^"]|"")*"|[^,]*)),[^,]*,(?:(?P<user>A[^,]*,(?:"(?:[^"]|"")*"|[^,]*)),|,,)[^,]*,[^,]*,(?P<time>[^,]+),.*[a-z.](?P<more>)"?\n$', header=1)  # fmt: skip
    written = log(job.seeds("reviews"), groups=people, members=len(items), rows=job.number("rows"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        stamp = written.times(rng, part, group, (832_000_000, 1_362_000_000))
        names = pc.binary_join_element_wise(
            ids.take(pa.array(group)), profiles.take(pa.array(group % len(profiles))), b","
        )
        return np.arange(len(group)), {"item": items.take(pa.array(item)), "user": names, "time": digits(stamp // 86_400 * 86_400)}  # fmt: skip

    yield job.write_log(ratings, form, written, fields)
