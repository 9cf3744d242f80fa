"""The Netflix Prize at its published size: four files, in blocks by movie."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import netflix
from itdr_hf.simulate.published.columns import digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=100_480_507,
    users=480_189,
    items=17_770,
    files={
        **{f"combined_data_{part}.txt": File() for part in (1, 2, 3, 4)},
        "movie_titles.csv": File(rows=17_770),
    },
)
RECORD = rb"(?:\d+:\n)*\d+,[^\n]*\n"  # a rating behind the headings of its movie, and of those before it without any
RATING = rb"^(?P<head>(?:\d+:\n)*)(?P<user>\d+),\d,(?P<day>[^\n]+)\n"


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = netflix.write(job.scratch, items=job.number("items"), **job.few(4_000, 200_000))
    movies, people = job.number("items"), job.number("users")
    yield job.move(small[-1].name)
    form = form_of(small[0], RATING, record=RECORD)
    ids = np.sort(job.rng("people").choice(netflix.LARGEST_USER, people, replace=False)) + 1
    # in blocks by movie: so movies are the groups, and users their members
    rated = log(
        job.seeds("ratings"), groups=movies, members=people, rows=job.number("rows"), most=people // 2, zipf=0.9
    )

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        first = np.append(True, group[1:] != group[:-1])
        heads = pc.if_else(pa.array(first), pc.binary_join_element_wise(digits(group + 1), b"", b":\n"), b"")
        day = pa.array(
            rng.integers(netflix.FIRST, netflix.LAST, len(group)).astype("datetime64[s]").astype("datetime64[D]")
        )
        return np.arange(len(group)), {
            "head": heads,
            "user": digits(ids[item]),
            "day": day.cast(pa.string()).cast(pa.binary()),
        }

    edges = [movies * part // netflix.PARTS for part in range(netflix.PARTS + 1)]
    for name, start, end in zip((path.name for path in small), edges[:-1], edges[1:], strict=False):
        yield job.write_log(name, form, rated, fields, groups=(start, end))
