"""MicroLens 50K at its published size."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from itdr_hf.simulate import microlens
from itdr_hf.simulate.published.columns import digits, joined
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import bytes_of, form_of, write_blocks

FIGURES = Figures(
    rows=359_708,
    users=50_000,
    items=19_220,
    files={
        "MicroLens-50k_pairs.csv": File(rows=359_708, bytes=9_431_093),
        "MicroLens-50k_titles.csv": File(rows=19_220, bytes=2_392_145),
        "MicroLens-50k_likes_and_views.txt": File(rows=19_220, bytes=386_787),
    },
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    people, items = job.number("users"), job.number("items")
    small = microlens.write(job.scratch, items=items, **job.few(4_000, 60_000))
    pairs, sequences, likes, titles = (path.name for path in small)
    yield job.lengthen(titles, rb'(?P<more>)"\r\n$', header=1)
    form = form_of(small[2], rb"^\d+\t(?P<likes>\d+)\t(?P<views>\d+)\n")
    views = (job.rng("views").lognormal(14.5, 1.2, items) + 40).astype(np.int64)
    counts = {"likes": digits(views // 30), "views": digits(views)}
    yield write_blocks(job.folder / likes, b"", [bytes_of(form.fill(np.arange(items), counts))])

    seen = log(
        job.seeds("pairs"), groups=people, members=items, rows=job.number("rows"), least=5, most=218, regular=(0.17, 11)
    )
    everyone = (0, people)
    user, item = seen.draw(rng := seen.dice(everyone), everyone)
    form = form_of(small[0], rb"^(?P<user>\d+),(?P<item>\d+),(?P<time>\d+)\n", header=1)
    stamp = seen.times(rng, everyone, user, microlens.PERIOD) * 1000 + np.arange(len(user)) % 1000
    fields = {"user": digits(user + 1), "item": digits(item + 1), "time": digits(stamp)}
    yield write_blocks(job.folder / pairs, form.header, [bytes_of(form.fill(np.zeros(len(user), np.int64), fields))])

    form = form_of(small[1], rb"^(?P<user>\d+)\t(?P<items>[^\n]*)\n")
    numbers = digits(np.arange(1, items + 1))
    fields = {"user": digits(np.arange(1, people + 1)), "items": joined(numbers, user, item, people, b" ")}
    yield write_blocks(job.folder / sequences, b"", [bytes_of(form.fill(np.zeros(people, np.int64), fields))])
