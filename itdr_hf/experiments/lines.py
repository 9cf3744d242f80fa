"""The figures of an experiment: a line for every metric of every cell of every arm, next to the paper's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from itdr_hf.experiments.declaration import Experiment
from itdr_hf.tasks.family import Result


class Line(NamedTuple):
    """One metric of one cell (or over cells) of one arm: ours, chance and the paper's, and how the arm changes it.

    `n` examples are behind it, of whose answers the share `read` could be read; `chance` is a random draw on the same.
    `difference` is ours minus the paper's; `change` ours minus that of the arm it is compared with, on the same
    examples, `paper_change` the same of the published figures. None where there is none.
    """

    arm: str
    system: str
    way: str
    split: str  # how the sample was split, where it was: user or example
    config: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    read: float | None
    seeds: str  # the value of each, where there are several
    chance: float | None
    chance_low: float | None
    chance_high: float | None
    paper_model: str
    paper: float | None
    printed: float | None  # as the paper's table of scores over cells has it
    difference: float | None
    change: float | None
    change_low: float | None
    change_high: float | None
    paper_change: float | None
    doubted: bool  # simulated data or references by rule: no difference to the paper is taken


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything that was measured of an experiment, and everything that the paper has of it.

    `leaks` has, by sample and cell, the share of validation and test answers that train shows or asks for.
    """

    experiment: Experiment
    lines: Sequence[Line]
    published: Sequence[tuple[str, Result]]  # arm, figure
    notes: Sequence[str]
    leaks: Mapping[str, Mapping[str, float]]

    @property
    def systems(self) -> list[tuple[str, str]]:
        """The systems and the ways in which they were asked."""
        return list(dict.fromkeys((line.system, line.way) for line in self.lines))

    def of(self, system: str, way: str) -> list[Line]:
        """Return the lines of one system, asked in one way."""
        return [line for line in self.lines if (line.system, line.way) == (system, way)]
