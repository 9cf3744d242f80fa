"""How long prompts and answers are: a picture of every cell's distribution, in characters on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from itdr_hf.dataset.folder import Dataset
from itdr_hf.records import SPLITS
from itdr_hf.report.drawing import Area, Box, Drawing, Shape, Words
from itdr_hf.report.flow import paint
from itdr_hf.runtime.progress import OnProgress, each, ignore

if TYPE_CHECKING:
    from itdr_hf.dataset.statistics import CellStatistics

FIELDS = {"input": "prompt, characters", "output": "answer, characters"}
STEPS = 24  # classes of a decade
WIDTH, ROW, HEAD, FOOT = 960.0, 21.0, 26.0, 24.0
PANELS = {"input": (170.0, 380.0), "output": (576.0, 376.0)}  # field -> where its panel begins, how wide it is

Shares = Mapping[int, float]  # class -> share of the examples; class k holds lengths from 10^(k/STEPS) on


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The lengths of a field of a cell of a task: shares by class, and the median."""

    task: str
    shares: Shares
    median: int


def distributions(
    dataset: Dataset, made: Sequence[CellStatistics], progress: OnProgress = ignore
) -> dict[str, dict[str, Distribution]]:
    """Cell -> field -> its distribution; the medians are those of the statistics."""
    found = {}
    of_cell = {s.cell: s for s in made}
    for cell in each("lengths", list(of_cell), progress):
        s = of_cell[cell]
        counts = _counts(dataset, s.cell)
        found[s.cell] = {
            field: Distribution(task=s.task, shares=shares, median=s.lengths[field]["characters"].median)
            for field, shares in counts.items()
        }
    return found


def length_picture(found: Mapping[str, Mapping[str, Distribution]]) -> Drawing:
    """Return a row for each cell, prompts on the left, answers on the right; a line marks the median."""
    shapes: list[Shape] = []
    for row, cell in enumerate(found):
        floor_of = HEAD + (row + 1) * ROW
        shapes.append(Words(x=2, y=floor_of - 5, text=cell, size=12))
        shapes.append(Box(x=0, y=floor_of, width=WIDTH, height=0.5, paint="rule"))
    for field, (left, width) in PANELS.items():
        shapes += _panel(field, left, width, {cell: fields[field] for cell, fields in found.items()})
    middle = {cell: f"{f['input'].median:,} and {f['output'].median:,}" for cell, f in found.items()}
    said = "; ".join(f"{cell} {medians}" for cell, medians in middle.items())
    return Drawing(
        width=WIDTH,
        height=HEAD + len(found) * ROW + FOOT,
        title="Lengths of prompts and answers, by config",
        says=f"Medians in characters, prompt and answer: {said}.",
        shapes=shapes,
    )


def _counts(dataset: Dataset, cell: str) -> dict[str, dict[int, float]]:
    import numpy as np
    import pyarrow.compute as pc

    lengths: dict[str, list[np.ndarray]] = {field: [] for field in FIELDS}
    for split in SPLITS:
        for batch in dataset.batches(cell, split, FIELDS):
            for field in FIELDS:
                lengths[field].append(pc.utf8_length(batch.column(field)).to_numpy(zero_copy_only=False))
    shares = {}
    for field, parts in lengths.items():
        whole = np.concatenate(parts) if parts else np.zeros(0)
        classes = np.floor(STEPS * np.log10(np.maximum(whole, 1)) + 1e-9).astype(int)
        values, counts = np.unique(classes, return_counts=True)
        shares[field] = {int(v): float(n) / len(whole) for v, n in zip(values, counts, strict=True)}
    return shares


def _panel(field: str, left: float, width: float, rows: Mapping[str, Distribution]) -> Iterator[Shape]:
    """Yield an axis of whole decades and, for each cell, its outline."""
    classes = [k for found in rows.values() for k in found.shares] or [0]
    first = floor(min(classes) / STEPS)
    last = max(ceil((max(classes) + 1) / STEPS), first + 1)
    scale = width / (last - first)
    foot = HEAD + len(rows) * ROW
    yield Words(x=left, y=14, text=FIELDS[field], paint="dim", size=12, heavy=True)
    for decade in range(first, last + 1):
        x = left + (decade - first) * scale
        anchor = "start" if decade == first else "end" if decade == last else "middle"
        yield Box(x=x, y=HEAD, width=0.5, height=foot - HEAD, paint="rule")
        yield Words(x=x, y=foot + 15, text=f"{10**decade:,}", paint="dim", size=11, anchor=anchor)
    for row, (cell, found) in enumerate(rows.items()):
        base = HEAD + (row + 1) * ROW

        def across(k: float) -> float:
            return left + (k / STEPS - first) * scale

        tip = f"{cell}, {FIELDS[field]}: median {found.median:,}"
        yield from _outline(found.shares, base, across, paint(found.task), tip)
        x = left + (log10(max(found.median, 1)) - first) * scale
        yield Box(x=x - 0.75, y=base - ROW + 4, width=1.5, height=ROW - 4, paint="ink", tip=tip)


def _outline(shares: Shares, base: float, across: Callable[[float], float], colour: str, tip: str) -> Iterator[Shape]:
    """Yield steps as high as the shares, the highest filling the row; neighbouring classes in one outline."""
    most = max(shares.values(), default=1.0)
    points: list[tuple[float, float]] = []
    for k in range(min(shares, default=0), max(shares, default=0) + 1):
        top = base - (ROW - 4) * shares.get(k, 0.0) / most
        points += [(across(k), top), (across(k + 1), top)]
    if points:
        yield Area(points=[(points[0][0], base), *points, (points[-1][0], base)], paint=colour, tip=tip)
