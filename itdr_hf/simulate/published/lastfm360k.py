"""Last.FM 360K at its published size: most played first."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import lastfm1k, lastfm360k, world
from itdr_hf.simulate.codes import HEX, uuids
from itdr_hf.simulate.published.columns import codes_of, digits
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job
from itdr_hf.simulate.published.lines import Fields, form_of
from itdr_hf.simulate.world import IntArray

FIGURES = Figures(
    rows=17_559_530,
    users=358_868,
    items=292_365,
    files={
        "usersha1-artmbid-artname-plays.tsv": File(rows=17_559_530),
        "usersha1-profile.tsv": File(rows=359_347),
    },
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    small = lastfm360k.write(job.scratch, items=5_000, **job.few(4_000, 100_000))
    plays, profile = (path.name for path in small)
    people, artists = job.number("users"), job.number("items")
    listed = job.file(profile).rows or people
    ids = codes_of(np.arange(listed), 40, HEX)
    ids = ids.take(pc.sort_indices(ids))
    form = form_of(small[1], rb"^(?P<user>[0-9a-f]{40})\t")
    yield job.fill(profile, form, listed, lambda rng, rows: {"user": ids.take(pa.array(rows))})

    rng = job.rng("artists")
    names = [name.lower() for name in lastfm1k.artists(rng, world.items(rng, artists, len(lastfm1k.GENRES)))]
    items = pa.array(
        [f"{code}\t{name}".encode() for code, name in zip(uuids(rng, artists), names, strict=True)], pa.binary()
    )
    form = form_of(small[0], rb"^(?P<user>[0-9a-f]{40})\t(?P<item>[^\t]+\t[^\t]+)\t(?P<plays>\d+)\n")
    heard = log(job.seeds("plays"), groups=people, members=artists, rows=job.number("rows"), spread=0.5)

    def fields(
        rng: np.random.Generator, part: tuple[int, int], group: IntArray, item: IntArray
    ) -> tuple[IntArray, Fields]:
        count = np.maximum(np.exp(4 + 1.1 * rng.normal(size=len(group))), 1).astype(np.int64)
        count = count[np.lexsort((-count, group))]
        return np.arange(len(group)), {"user": ids.take(pa.array(group)), "item": items.take(pa.array(item)), "plays": digits(count)}  # fmt: skip

    yield job.write_log(plays, form, heard, fields)
