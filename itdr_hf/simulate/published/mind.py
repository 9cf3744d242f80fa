"""MIND small at its published size: everyone has the same history in all impressions of a part."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import mind
from itdr_hf.simulate.impressions import DAY, DAYS, impressions
from itdr_hf.simulate.published.columns import column, digits, joined
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import bytes_of, form_of, write_blocks
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=156_965 + 73_152,
    users=None,
    items=None,
    files={
        "MINDsmall_train/behaviors.tsv": File(rows=156_965, bytes=92_019_716),
        "MINDsmall_train/news.tsv": File(rows=51_282, bytes=41_202_121),
        "MINDsmall_dev/behaviors.tsv": File(rows=73_152, bytes=42_838_544),
        "MINDsmall_dev/news.tsv": File(rows=42_416, bytes=33_519_092),
    },
    assumed={"users": 94_000, "items": 65_000},  # 50,000 users and the news of each part are published
)
PERIODS: dict[str, dict[str, Any]] = {
    "train": {"begin": mind.TRAIN[0], "days": DAYS},
    "dev": {"begin": mind.DEV[0], "days": (1.0,)},
}


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = mind.write(job.scratch, items=job.number("items"), **job.few(6_000, 80_000))
    news, people = column(small[0], rb"([^\t]+)\t"), job.number("users")
    users = pc.binary_join_element_wise(b"U", digits(job.rng("users").permutation(4 * people)[:people]), b"")
    each = people * 50_000 // 94_000  # in each part, so that some are in both
    for part in PERIODS:
        place = f"MINDsmall_{part}"
        listed = job.file(f"{place}/news.tsv").rows or 0
        rows = slice(None, listed) if part == "train" else slice(len(news) - listed, None)
        here = users[:each] if part == "train" else users[people - each :]
        yield job.lengthen(
            f"{place}/news.tsv", rb"[^\t]\.(?P<more>)\thttps:", rows=rows, source="MINDsmall_train/news.tsv"
        )
        yield _write_behaviors(job, place, part, news[rows], here)


def _write_behaviors(job: Job, place: str, part: str, news: pa.Array, users: pa.Array) -> Path:
    """Write impressions: of everyone one or more, with the same history in each."""
    path, rng = f"{place}/behaviors.tsv", job.rng(f"behaviors/{part}")
    form = form_of(job.scratch / path, rb"^(?P<row>\d+)\t(?P<user>U\d+)\t(?P<time>[^\t]+)\t(?P<history>[^\t]*)\t(?P<shown>[^\n]+)\n")  # fmt: skip
    rows, row_bytes = job.file(path).rows or 0, job.file(path).row_bytes or 0.0
    past = log(
        job.seeds(f"history/{part}"), groups=len(users), members=len(news), rows=32 * len(users), spread=1.0, most=400
    )
    group, item = past.draw(rng, (0, len(users)))
    histories = joined(news, group, item, len(users), b" ")
    mean = sum(map(len, histories.to_pylist())) / len(users)
    offer = pc.mean(pc.binary_length(news)).as_py() + 3  # bytes: N138-0 and a blank
    seen = impressions(
        rng,
        users=len(users),
        news=len(news),
        rows=rows,
        offers=max((row_bytes - mean - 45) / offer, 4),
        **PERIODS[part],
    )
    marks = pa.array([b"-0", b"-1"], pa.binary()).take(pa.array(seen.clicked))
    names = pc.binary_join_element_wise(news.take(pa.array(seen.news)), marks, b"")
    lists = joined(names, seen.shown, np.arange(len(names)), rows, b" ")

    order = rng.permutation(rows)
    fields = {
        "row": digits(np.arange(1, rows + 1)), "user": users.take(pa.array(seen.user[order])),
        "time": _moments(seen.stamp[order]), "history": histories.take(pa.array(seen.user[order])),
        "shown": lists.take(pa.array(order)),
    }  # fmt: skip
    return write_blocks(job.folder / path, b"", [bytes_of(form.fill(rng.integers(0, len(form), rows), fields))])


def _moments(stamps: IntArray) -> pa.Array:
    """Return seconds as MIND writes them; each second of a day, and each day, is put into words once."""
    days, day = np.unique(stamps // DAY, return_inverse=True)
    date, clock = (
        pa.array([part.encode() for part in parts], pa.binary())
        for parts in zip(*(mind.moment(stamp).split(" ", 1) for stamp in [*(days * DAY), *range(DAY)]), strict=True)
    )
    return pc.binary_join_element_wise(date.take(pa.array(day)), clock.take(pa.array(stamps % DAY + len(days))), b" ")
