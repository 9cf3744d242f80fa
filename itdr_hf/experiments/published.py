"""The published column that stands next to an arm of a system: of the same model where there is one."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from itdr_hf import catalogue
from itdr_hf.experiments.declaration import Arm, Experiment
from itdr_hf.models.train.recipe import PAPER
from itdr_hf.score.measured import TOTALS
from itdr_hf.tasks.family import Figure, Result


@dataclass(frozen=True, kw_only=True)
class Column:
    """The published figures of one model in one variant: of cells, over the same cells as ours, and as printed."""

    model: str
    cells: Mapping[tuple[str, str], float] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    printed: Mapping[str, float] = field(default_factory=dict)

    def value(self, config: str, metric: str) -> float | None:
        """Return the figure of a cell, or of TOTALS what the published figures of the cells come to."""
        return self.totals.get(metric) if config == TOTALS else self.cells.get((config, metric))


def column_of(experiment: Experiment, arm: Arm, system: str, cells: Collection[str] = ()) -> Column:
    """Return the column for an arm: of the published model of that name, else of the experiment's, else of the first.

    Scores over cells are those of `cells`, which ours are over too; a printed one stands there when these are all.
    """
    figures = list(experiment.published(arm))
    models = list(dict.fromkeys(figure.model for figure in figures))
    model = match(system, models) or (experiment.paper_model if experiment.paper_model in models else "")
    model = model or next(iter(models), "")
    mine = [figure for figure in figures if figure.model == model]
    return Column(
        model=model,
        cells={(one.cell, one.metric): one.value for one in mine},
        totals=_totals(experiment, [one for one in mine if one.cell in cells]),
        printed=_printed(experiment, arm, model, cells),
    )


def match(system: str, models: list[str]) -> str:
    """Return the published model that a system is, by its name or its Hub id; '' if it is none of them."""
    known = {recipe.model.casefold(): name for name, recipe in PAPER.items()}
    names = {system.casefold(), system.rpartition("/")[2].casefold(), known.get(system.casefold(), "")}
    return next((model for model in models if model.casefold() in names), "")


def _totals(experiment: Experiment, results: Sequence[Result]) -> dict[str, float]:
    """Return what published figures of cells come to, weighed by the paper's test examples."""
    family = catalogue.family(experiment.family)
    if family.composites is None or family.published is None or not results:
        return {}
    sizes = family.published.test_sizes()
    figures = [
        Figure(
            subtask=catalogue.task_of(one.cell),
            source=catalogue.source_of(one.cell),
            metric=one.metric,
            value=one.value,
            n=sizes[one.cell],
        )
        for one in results
    ]
    found = family.composites.replicates(figures, np.array([[figure.value for figure in figures]]))
    return {name: float(values[0]) for name, values in found.items() if not math.isnan(values[0])}


def _printed(experiment: Experiment, arm: Arm, model: str, cells: Collection[str]) -> dict[str, float]:
    """Return the scores over cells as the paper prints them, of tasks of which all its cells are among these."""
    family = catalogue.family(experiment.family)
    if family.composites is None or family.published is None:
        return {}
    lacking = {catalogue.task_of(cell) for cell in family.published.cells() if cell not in cells}
    scores = [one for one in experiment.printed_scores(arm) if one.model == model]
    return {one.metric: one.value for one in scores if lacking.isdisjoint(family.composites.parts[one.metric])}
