"""Comparisons: baselines on the same examples, and the paper's figures for the same cell.

The paper scored its own sample of each release (at most 250 examples a cell), so its rows show the size of
things, not a difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.predict.predictions import Completion
from itdr_hf.models.predict.questions import COLUMNS, Question
from itdr_hf.models.recommenders.baselines import BASELINES, Baseline
from itdr_hf.score.measured import TOTALS
from itdr_hf.score.parsed import CellAnswers, RawAnswer, read_answers
from itdr_hf.tasks.family import Published

PLAIN = ("no-ft", "ft")  # the paper's variants that are neither a part of the data nor a part left out
TWICE = {("random", "text")}  # of texts chance is template-copy


def answer_baselines(
    dataset: Dataset, answers: Sequence[CellAnswers], without: Collection[str] = ()
) -> Iterator[tuple[str, list[CellAnswers]]]:
    """Give every baseline's name, but for some, and its answers to the examples of the cells that it takes."""
    for name in (name for name in BASELINES if name not in without):
        baseline = Baseline(name=name, dataset=dataset)
        taken = [cell for cell in answers if baseline.takes(cell.cell.task.id)]
        given = [_answers_of(baseline, cell) for cell in taken if (name, cell.cell.task.answer) not in TWICE]
        if given:
            yield name, given


def paper_rows(config: str, variants: Sequence[str] = PLAIN) -> dict[str, dict[str, float]]:
    """'model variant' -> metric -> the published figure of a cell, or for TOTALS what they come to.

    Empty for a cell that is not the paper's. TOTALS are recomputed from the cells' figures.
    """
    rows: dict[str, dict[str, float]] = {}
    for paper in _papers():
        rows |= _totals(paper, variants) if config == TOTALS else _figures(paper, config, variants)
    return rows


def published_cells() -> set[str]:
    """Return the cells for which a paper has figures."""
    return {cell for paper in _papers() for cell in paper.cells()}


def _papers() -> list[Published]:
    return [paper for name in catalogue.families() if (paper := catalogue.family(name).published)]


def _totals(paper: Published, variants: Sequence[str]) -> dict[str, dict[str, float]]:
    columns = dict.fromkeys((r.model, r.variant) for r in paper.results() if r.variant in variants)
    return {f"{model} {variant}": dict(paper.totals(model, variant)) for model, variant in columns}


def _figures(paper: Published, config: str, variants: Sequence[str]) -> dict[str, dict[str, float]]:
    rows: dict[str, dict[str, float]] = {}
    for result in paper.results(config) if config in paper.cells() else ():
        if result.variant in variants:
            rows.setdefault(f"{result.model} {result.variant}", {})[result.metric] = result.value
    return rows


def _answers_of(baseline: Baseline, cell: CellAnswers) -> CellAnswers:
    said: list[RawAnswer] = []

    def keep(question: Question, answered: Completion) -> None:
        said.append(RawAnswer(answered.text, answered.finish_reason))

    rows = [asdict(example) for example in cell.examples]
    questions = [Question(config=cell.config, **{name: row[name] for name in COLUMNS}) for row in rows]
    baseline.answer(questions, keep)
    return read_answers(cell.cell, cell.examples, said)
