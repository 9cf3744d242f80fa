"""The published column that stands next to an arm of a system: of the same model where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from itdr_hf import catalogue
from itdr_hf.experiments.declaration import Arm, Experiment, Printed
from itdr_hf.models.train.recipe import PAPER
from itdr_hf.score.measured import TOTALS


@dataclass(frozen=True, kw_only=True)
class Column:
    """The published figures of one model in one variant: of cells, over cells, and as printed over cells."""

    model: str
    cells: Mapping[tuple[str, str], float] = field(default_factory=dict)
    totals: Mapping[str, float] = field(default_factory=dict)
    printed_scores: tuple[Printed, ...] = ()

    def value(self, config: str, metric: str) -> float | None:
        """Return the figure of a cell, or of TOTALS what the published figures of its cells come to."""
        return self.totals.get(metric) if config == TOTALS else self.cells.get((config, metric))

    def printed(self, metric: str) -> float | None:
        """Return a score over cells as the paper prints it, where it does."""
        return self._printed.get(metric)

    @cached_property
    def _printed(self) -> dict[str, float]:
        return {score.metric: score.value for score in self.printed_scores}


def column_of(experiment: Experiment, arm: Arm, system: str) -> Column:
    """Return the column for an arm: of the published model of that name, else of the experiment's, else of the first."""
    figures = list(experiment.published(arm))
    models = list(dict.fromkeys(figure.model for figure in figures))
    model = match(system, models) or (experiment.paper_model if experiment.paper_model in models else "")
    model = model or next(iter(models), "")
    paper = catalogue.family(experiment.family).published
    if not model:
        return Column(model="")
    return Column(
        model=model,
        cells={(one.cell, one.metric): one.value for one in figures if one.model == model},
        totals=dict(paper.totals(model, arm.variant)) if paper and not experiment.figures else {},
        printed_scores=tuple(score for score in experiment.printed_scores(arm) if score.model == model),
    )


def match(system: str, models: list[str]) -> str:
    """Return the published model that a system is, by its name or its Hub id; '' if it is none of them."""
    known = {recipe.model.casefold(): name for name, recipe in PAPER.items()}
    names = {system.casefold(), system.rpartition("/")[2].casefold(), known.get(system.casefold(), "")}
    return next((model for model in models if model.casefold() in names), "")
