"""The anime dataset of 2023 at its published size: each list by title, as on the site."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import anime2023
from itdr_hf.simulate.published.columns import column, digits, named
from itdr_hf.simulate.published.draws import log, with_mean
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import RECORD, Fields, form_of
from itdr_hf.simulate.vocabulary import PEOPLE, SURNAMES
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=24_325_191,
    users=None,
    items=24_905,
    files={
        "anime-dataset-2023.csv": File(rows=24_905, bytes=15_924_739),
        "users-details-2023.csv": File(rows=731_290, bytes=73_927_314),
        "users-score-2023.csv": File(rows=24_325_191, bytes=1_157_881_770),
    },
    assumed={"users": 365_645},  # of those listed, half
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = anime2023.write(job.scratch, items=job.number("items"), **job.few(6_000, 120_000), further=4)
    titles, details, scores = (path.name for path in small)
    yield job.lengthen(titles, rb'\.\n\n(?P<more>)[^"]', record=RECORD, header=1)
    # as on the site, each list is by title
    anime = column(small[0], rb'^(\d+),((?:"(?:[^"]|"")*")|[^,]*),', record=RECORD, header=1, groups=2)
    ids, names = anime
    order = pc.sort_indices(names)
    ids, names = ids.take(order), names.take(order)

    people = job.file(details).rows or 0
    numbers = np.sort(job.rng("people").choice(people * 2, people, replace=False)) + 1
    short = {f"{a[:4]}{'_' if len(b) % 3 else ''}{b[:2]}".encode() for a in PEOPLE for b in SURNAMES}
    stems = pa.array(sorted(short), pa.binary())
    usernames = named(stems, people)
    form = form_of(
        job.scratch / details, rb"^(?P<id>\d+),(?P<name>[^,]*),", header=1, short_of=job.file(details).row_bytes
    )
    yield job.fill(details, form, people, lambda rng, rows: {"id": digits(numbers[rows]), "name": usernames.take(pa.array(rows))})  # fmt: skip

    scorers = np.sort(job.rng("scorers").choice(people, job.number("users"), replace=False))
    form = form_of(
        job.scratch / scores, rb'^(?P<user>\d+),(?P<name>[^,]*),(?P<item>\d+,(?:"(?:[^"]|"")*"|[^,]*)),\d+\n', header=1
    )
    items = pc.binary_join_element_wise(ids, names, b",")
    sizes, others = pc.binary_length(items).to_numpy(), pc.mean(pc.binary_length(usernames)).as_py() + 11.0
    rated = log(job.seeds("scores"), groups=len(scorers), members=len(ids), rows=job.number("rows"))
    rated = with_mean(rated, sizes, (job.file(scores).row_bytes or 0.0) - others, job.rng("sizes"))

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        order = np.argsort(group * len(ids) + item)
        who, what = scorers[group[order]], pa.array(item[order])
        return order, {"user": digits(numbers[who]), "name": usernames.take(pa.array(who)), "item": items.take(what)}

    yield job.write_log(scores, form, rated, fields)
