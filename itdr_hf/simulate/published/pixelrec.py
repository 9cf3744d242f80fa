"""PixelRec 50K at its published size: its own simulator's, with longer descriptions."""

from collections.abc import Iterator
from pathlib import Path

from itdr_hf.simulate import pixelrec
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.job import Job

FIGURES = Figures(
    rows=989_494,
    users=50_000,
    items=82_865,
    files={
        "interaction.csv": File(rows=989_494, bytes=28_124_439),
        "item_info.csv": File(rows=82_865, bytes=24_973_166),
    },
)


def write(job: Job) -> Iterator[Path]:
    """Write the release, and yield each file."""
    pixelrec.write(job.scratch, **job.whole())
    yield job.move("interaction.csv")
    yield job.lengthen("item_info.csv", rb"\.(?P<more>)\n$", header=1)
