"""Last.FM 1K at its published size: newest plays first."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from itdr_hf.simulate import histories, lastfm1k, world
from itdr_hf.simulate.published.columns import column, times
from itdr_hf.simulate.published.draws import log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import ROWS, Job
from itdr_hf.simulate.published.lines import bytes_of, form_of, in_order, write_blocks

FIGURES = Figures(
    rows=19_150_868,
    users=992,
    items=None,
    files={
        "userid-timestamp-artid-artname-traid-traname.tsv": File(rows=19_150_868),
        "userid-profile.tsv": File(rows=992),
    },
    assumed={"items": 100_000},  # artists
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    people = job.number("users")
    plays = {"interactions": job.few(0, 240_000)["interactions"]}
    small = lastfm1k.write(job.scratch, **job.whole() | plays)
    yield job.move(small[1].name)
    form = form_of(small[0], rb"^(?P<user>user_\d+)\t(?P<time>[^\t]+)Z\t(?P<song>[^\n]+)\n")
    songs = pc.unique(column(small[0], rb"Z\t([^\n]+)\n"))
    name = small[0].name
    rng, rows = job.rng("plays"), job.number("rows")
    lengths = log(
        job.seeds("lengths"), groups=people, members=10, rows=rows, least=50, most=200_000, spread=1.2
    ).lengths
    weight = np.cumsum(world.popularities(rng, len(songs)))
    ids = pa.array([f"user_{n + 1:06d}".encode() for n in range(people)], pa.binary())

    def block(part: tuple[int, int]) -> memoryview:
        dice = np.random.default_rng([*job.seeds("plays"), part[0]])
        user = np.repeat(np.arange(*part), lengths[slice(*part)])
        stamp = dice.integers(*lastfm1k.PERIOD, len(user))
        stamp = stamp[np.lexsort((-stamp, user))]  # newest first
        song = np.searchsorted(weight / weight[-1], dice.random(len(user)))
        fields = {"user": ids.take(pa.array(user)), "time": times(stamp, b"T"), "song": songs.take(pa.array(song))}
        return bytes_of(form.fill(dice.integers(0, len(form), len(user)), fields))

    yield write_blocks(job.folder / name, b"", in_order(block, histories.user_chunks(lengths, ROWS // 2)))
