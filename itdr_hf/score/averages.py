"""A task's metric over all its cells: macro, each cell alike, and micro, each example alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from itdr_hf.metrics.bootstrap import interval
from itdr_hf.metrics.sample import Floats
from itdr_hf.score.measured import CellScore, Measured, Poolable

WAYS = {"macro": "over:cells-alike", "micro": "over:examples-alike"}  # what a signature says of each


def averages(cells: Mapping[str, CellScore]) -> dict[str, dict[str, Measured]]:
    """Return 'tkr (macro)' and 'tkr (micro)' -> metric -> figure, for each metric that several cells of a task have."""
    made: dict[str, dict[str, Measured]] = {}
    for task, metric, found in _shared(cells):
        clusters = len(frozenset().union(*(cells[figure.config].clusters for figure in found)))
        for way, (value, draws) in {"macro": _macro(found), "micro": _micro(found)}.items():
            config = f"{task} ({way})"
            made.setdefault(config, {})[metric] = Measured(
                config=config,
                metric=metric,
                n=sum(figure.n for figure in found),
                interval=interval(value, draws, clusters=clusters),
                signature=f"{found[0].signature}|{WAYS[way]}",
                draws=draws,
            )
    return made


def _shared(cells: Mapping[str, CellScore]) -> Iterator[tuple[str, str, Sequence[Poolable]]]:
    """Give each task and metric that several cells have, with their figures."""
    by_task: dict[tuple[str, str], list[Poolable]] = {}
    for cell in cells.values():
        for metric, figure in cell.figures.items():
            by_task.setdefault((cell.task, metric), []).extend([figure] if figure.n else [])
    for (task, metric), found in sorted(by_task.items(), key=lambda item: item[0][0]):
        if len(found) > 1:
            yield task, metric, found


def _macro(found: Sequence[Poolable]) -> tuple[float, Floats]:
    draws: Floats = np.mean([figure.draws for figure in found], axis=0)
    return float(np.mean([figure.interval.value for figure in found])), draws


def _micro(found: Sequence[Poolable]) -> tuple[float, Floats]:
    estimate = found[0].estimate
    value = float(estimate(np.sum([figure.sums for figure in found], axis=0)))
    return value, estimate(np.sum([figure.drawn for figure in found], axis=0))
