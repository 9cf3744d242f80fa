"""Scores by template: what each earns in a setting, the best by validation, the mean over all and their spread.

The paper of InstructRec reports, of every setting, the template that is best on its validation split. A best one is
only named where the system's answers to that split are at hand: chosen on the test split itself, it would be too good.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from itdr_hf.metrics.bootstrap import Interval
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import CellAnswers
from itdr_hf.score.scoring import score_system
from itdr_hf.tasks.templates import setting_of


@dataclass(frozen=True, kw_only=True)
class TemplateFigures:
    """One template: its examples, metric -> figure, and the figure on validation that it is chosen by (else nan)."""

    template: str
    n: int
    figures: Mapping[str, Interval]
    on_validation: float = math.nan


@dataclass(frozen=True, kw_only=True)
class TemplateScores:
    """The templates of one setting of a cell; `chosen_by` is the metric on validation, "" without answers to it."""

    config: str
    setting: str
    rows: Sequence[TemplateFigures]
    chosen_by: str = ""

    @property
    def best(self) -> TemplateFigures | None:
        """The template that is best on validation; of equals the first; None without validation."""
        known = [row for row in self.rows if not math.isnan(row.on_validation)]
        return max(known, key=lambda row: row.on_validation, default=None)

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over templates, each counting alike."""
        return fmean(row.figures[metric].value for row in self.rows)

    def spread(self, metric: str) -> float:
        """Return the standard deviation of a metric over templates."""
        return pstdev(row.figures[metric].value for row in self.rows)


def template_scores(
    answers: Sequence[CellAnswers],
    validation: Sequence[CellAnswers] = (),
    *,
    reading: str = "lenient",
    resampling: Resampling | None = None,
) -> list[TemplateScores]:
    """Return the scores by template of every setting that has several, in the order of the cells.

    A template is known by its kind, such as A7/P1-I0-T3; its wordings count as one.
    """
    how = resampling or Resampling()
    checked = {cell.config: cell for cell in validation}
    return [found for cell in answers for found in _settings(cell, checked.get(cell.config), reading, how)]


def _settings(
    cell: CellAnswers, validation: CellAnswers | None, reading: str, how: Resampling
) -> Iterator[TemplateScores]:
    """Yield the settings of a cell that have several templates."""
    kinds = sorted(
        {_kind(example.template) for example in cell.examples if setting_of(example.template)}, key=_by_number
    )
    metrics = cell.cell.task.metrics
    for setting in sorted({setting_of(kind) for kind in kinds}):
        mine = [kind for kind in kinds if setting_of(kind) == setting]
        if len(mine) < 2:
            continue
        rows = []
        for kind in mine:
            figures = _figures(_only(cell, kind), metrics, reading, how)
            chosen = _only(validation, kind) if validation else None
            value = math.nan
            if chosen and chosen.examples:
                value = _figures(chosen, metrics, reading, Resampling(replicates=1))[metrics[-1]].value
            n = sum(_kind(example.template) == kind for example in cell.examples)
            rows.append(TemplateFigures(template=kind, n=n, figures=figures, on_validation=value))
        yield TemplateScores(
            config=cell.config, setting=setting, rows=rows, chosen_by=metrics[-1] if validation else ""
        )


def _kind(template: str) -> str:
    return template.partition(":")[0]


def _by_number(kind: str) -> tuple[int, str]:
    """Put A10 behind A9."""
    return len(kind.partition("/")[0]), kind


def _only(cell: CellAnswers, kind: str) -> CellAnswers:
    """Return the examples of one template, and their answers."""
    places = [place for place, example in enumerate(cell.examples) if _kind(example.template) == kind]
    read = {reading: [given[place] for place in places] for reading, given in cell.read.items()}
    return CellAnswers(cell=cell.cell, examples=[cell.examples[place] for place in places], read=read)


def _figures(cell: CellAnswers, metrics: Sequence[str], reading: str, how: Resampling) -> dict[str, Interval]:
    score = score_system("", [cell], reading=reading, resampling=how)
    found = score.cells[cell.config].figures
    return {metric: found[metric].interval for metric in metrics}
