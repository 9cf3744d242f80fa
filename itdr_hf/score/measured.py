"""What a scoring gives: figures with their intervals, by cell, by task over its cells, and over several tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from itdr_hf.metrics.bootstrap import REPLICATES, Interval
from itdr_hf.metrics.sample import Floats

TOTALS = "all cells"  # the config of a figure that spans cells


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """How intervals are drawn."""

    seed: int = 0
    replicates: int = REPLICATES


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One figure: of a cell's metric, of a task over its cells, or of a composite (config TOTALS).

    n: the examples behind it. draws: its value in each replicate.
    """

    config: str
    metric: str
    n: int
    interval: Interval
    signature: str
    draws: Floats


@dataclass(frozen=True, kw_only=True)
class Poolable(Measured):
    """A cell's figure with what it is made of, so that cells can be pooled.

    sums: its statistics over all examples. drawn: the same in each replicate (replicates × statistics). estimate maps
    either to values.
    """

    sums: Floats
    drawn: Floats
    estimate: Callable[[Floats], Floats]


@dataclass(frozen=True, kw_only=True)
class CellScore:
    """One cell of one system: its figures, the share of answers read, and what was wrong with the others."""

    config: str
    task: str
    source: str
    n: int
    clusters: frozenset[str]
    parsed: Mapping[str, float]
    faults: Mapping[str, Mapping[str, float]]
    figures: Mapping[str, Poolable]


@dataclass(frozen=True, kw_only=True)
class SystemScore:
    """A system over its cells.

    averages: 'tkr (macro)' -> metric -> figure, of tasks with several cells. totals: the task scores and composites
    that its cells make up.
    """

    name: str
    reading: str
    cells: Mapping[str, CellScore]
    totals: Mapping[str, Measured]
    averages: Mapping[str, Mapping[str, Measured]] = field(default_factory=dict)
