"""Figures of cells, subtasks and composites, each with its bootstrap interval; paired comparison of two systems.

Cells of one source draw the same users in the same replicate, so that a figure over several cells (a subtask's
score, pUII) has an interval of its own, and two systems differ replicate by replicate.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from itdr_hf import catalogue
from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Comparison, cluster_sums, compared, interval, replicate_sums
from itdr_hf.metrics.sample import Floats, Sample
from itdr_hf.metrics.signature import signature
from itdr_hf.score.averages import averages
from itdr_hf.score.measured import TOTALS, CellScore, Measured, Poolable, Resampling, SystemScore
from itdr_hf.score.parsed import CellAnswers
from itdr_hf.score.rules import NUMBERS, concerned, samples
from itdr_hf.tasks.family import Composites, Figure
from itdr_hf.tasks.reading import READER_VERSION, reader_signature
from itdr_hf.tasks.task import AnswerKind


def score_system(
    name: str,
    answers: Sequence[CellAnswers],
    *,
    reading: str = "lenient",
    resampling: Resampling | None = None,
    without: Collection[str] = (),
) -> SystemScore:
    """Score a system's answers; totals named in `without` are left out."""
    how = resampling or Resampling()
    universes = _universes(answers)
    cells = {}
    for cell in answers:
        cells[cell.config] = _score_cell(cell, reading, universes[_stream(cell)], how)
    totals = {total: figure for total, figure in _totals(cells, reading).items() if total not in without}
    return SystemScore(name=name, reading=reading, cells=cells, totals=totals, averages=averages(cells))


def compare_systems(first: SystemScore, second: SystemScore) -> dict[tuple[str, str], Comparison]:
    """First minus second, by (config, metric). Raises UsageError when they are not of the same cells and sizes."""
    ours, theirs = _all_figures(first), _all_figures(second)
    if {key: figure.n for key, figure in ours.items()} != {key: figure.n for key, figure in theirs.items()}:
        raise UsageError(f"{first.name} and {second.name}: scored on different examples; want the same for both")
    return {key: _difference(figure, theirs[key]) for key, figure in ours.items()}


def _difference(first: Measured, second: Measured) -> Comparison:
    with np.errstate(invalid="ignore"):  # two perfect lg RMSE: −∞ less −∞ is nan
        draws = first.draws - second.draws
    value = first.interval.value - second.interval.value
    return compared(value, draws, clusters=first.interval.clusters)


def _score_cell(cell: CellAnswers, reading: str, universe: Sequence[str], how: Resampling) -> CellScore:
    made = samples(cell, reading)
    listed = list(made.values())
    sums = cluster_sums(listed, cell.clusters, universe)
    drawn = replicate_sums(listed, sums, seed=how.seed, stream=_stream(cell), replicates=how.replicates)
    clusters = frozenset(cell.clusters)
    pairs = zip(made.items(), drawn, strict=True)
    figures = {metric: _figure(cell, sample, totals, len(clusters), reading) for (metric, sample), totals in pairs}
    return CellScore(
        config=cell.config,
        task=cell.cell.task.id,
        source=cell.cell.source.id,
        n=len(cell.examples),
        clusters=clusters,
        parsed={kind: cell.parsed(kind) for kind in cell.read},
        faults={kind: cell.faults(kind) for kind in cell.read},
        figures=figures,
    )


def _figure(cell: CellAnswers, sample: Sample, drawn: Floats, clusters: int, reading: str) -> Poolable:
    draws = sample.estimate(drawn)
    return Poolable(
        config=cell.config,
        metric=sample.metric,
        n=concerned(cell, sample.metric),
        interval=interval(sample.value, draws, clusters=clusters),
        signature=signed(sample.metric, reading, cell.cell.task.answer),
        draws=draws,
        sums=sample.rows.sum(axis=0),
        drawn=drawn,
        estimate=sample.estimate,
    )


def signed(metric: str, reading: str, kind: AnswerKind | None = None) -> str:
    """Return a metric's signature and how the answers were read: by all steps for a kind, else by the reader's name."""
    made_of = {name: choices for c in _composites() for name, choices in c.definitions.items()}
    of = f"{metric}|{made_of.get(metric, '')}"
    numbers = "RMSE" in of or any("RMSE" in made_of[task] for c in _composites() for task in c.parts.get(metric, ()))
    reader = reader_signature(kind) if kind else f"reader:{READER_VERSION}"
    return "|".join([signature(metric, made_of), f"read:{reading}", reader, *([NUMBERS] if numbers else [])])


def lower_is_better(metric: str) -> bool:
    """Return whether less of a metric or of a score that spans cells is better."""
    return metric.startswith(("RMSE", "seconds")) or any(
        metric in composites.lower_is_better for composites in _composites()
    )


def tasks_of(total: str) -> frozenset[str]:
    """Return the tasks that a task score or a composite is made of."""
    return frozenset(task for composites in _composites() for task in composites.parts.get(total, ()))


def left_out_totals(tasks: Collection[str]) -> frozenset[str]:
    """Return the composites of several tasks, texts among them, that rest on one of some tasks.

    A sum with such a part would look like that of a paper and mean something else.
    """
    names = (total for composites in _composites() for total in composites.parts)
    found = (total for total in names if len(tasks_of(total)) > 1 and not tasks_of(total).isdisjoint(tasks))
    return frozenset(total for total in found if any(catalogue.task(task).answer == "text" for task in tasks_of(total)))


def _composites() -> list[Composites]:
    families = map(catalogue.family, catalogue.families())
    return [family.composites for family in families if family.composites]


def _totals(cells: Mapping[str, CellScore], reading: str) -> dict[str, Measured]:
    """Task scores and composites of every family, those for which all that they need is there."""
    totals: dict[str, Measured] = {}
    for composites in _composites():
        totals |= _totals_of(composites, cells, reading)
    return totals


def _totals_of(composites: Composites, cells: Mapping[str, CellScore], reading: str) -> dict[str, Measured]:
    tasks = {task for parts in composites.parts.values() for task in parts}
    measured = [f for cell in cells.values() for f in cell.figures.values() if cell.task in tasks and f.n]
    if not measured:
        return {}
    figures = [
        Figure(
            subtask=cells[f.config].task,
            source=cells[f.config].source,
            metric=f.metric,
            value=f.interval.value,
            n=f.n,
        )
        for f in measured
    ]
    exact = composites.replicates(figures, np.array([[figure.value for figure in figures]]))
    drawn = composites.replicates(figures, np.column_stack([f.draws for f in measured]))
    totals = {}
    for name, values in exact.items():
        if not math.isnan(values[0]):
            members = [cell for cell in cells.values() if cell.task in composites.parts[name]]
            clusters = len(frozenset().union(*(cell.clusters for cell in members)))
            totals[name] = Measured(
                config=TOTALS,
                metric=name,
                n=sum(cell.n for cell in members),
                interval=interval(float(values[0]), drawn[name], clusters=clusters),
                signature=signed(name, reading),
                draws=drawn[name],
            )
    return totals


def _all_figures(system: SystemScore) -> dict[tuple[str, str], Measured]:
    figures = {(f.config, f.metric): f for cell in system.cells.values() for f in cell.figures.values()}
    return figures | {(TOTALS, name): figure for name, figure in system.totals.items()}


def _universes(answers: Sequence[CellAnswers]) -> dict[str, list[str]]:
    """Stream -> every cluster that a cell of it has, in one order whatever the order of the cells."""
    members: dict[str, set[str]] = {}
    for cell in answers:
        members.setdefault(_stream(cell), set()).update(cell.clusters)
    return {stream: sorted(found) for stream, found in members.items()}


def _stream(cell: CellAnswers) -> str:
    """Cells of one source share their users; those whose examples are of items share nothing."""
    return cell.cell.source.id if cell.cell.task.subject == "user" else cell.config
