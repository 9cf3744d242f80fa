"""Reward what an answer says. A row is concerned where `itdr score` reports the metric for its cell.

`reading` is "lenient" or "strict", as in `itdr score`; strictly read, an answer with any fault counts as if nothing could
be read. The mean of a reward over rows is the metric of these rows, except where a docstring says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from itdr_hf.errors import unknown
from itdr_hf.metrics.sample import Floats, Sample
from itdr_hf.rewards.rows import BATCHES, CellRows, read_answers, rows_by_cell
from itdr_hf.score.parsed import READINGS, CellAnswers
from itdr_hf.score.rules import samples

__all__ = [
    "attribute_accuracy",
    "attribute_closeness",
    "attribute_error",
    "bleu_1",
    "bleu_2",
    "content",
    "hit_at_1",
    "hit_at_3",
    "hit_at_5",
    "ndcg_at_3",
    "ndcg_at_5",
    "ndcg_at_10",
    "number_closeness",
    "number_error",
    "precision_at_5",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "yes_no",
]

Rewards = list[float | None]
LISTED = ("ranking", "choice")  # kinds of answer that name candidates
DEFAULT = {"ranking": "N@10", "choice": "H@1"}  # kind of answer -> the metric that `content` takes, if its task has it


def ndcg_at_10(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with N@10, 0 to 1."""
    return _metric("N@10", completions, reading, columns)


def ndcg_at_5(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with N@5, 0 to 1."""
    return _metric("N@5", completions, reading, columns)


def ndcg_at_3(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with N@3, 0 to 1."""
    return _metric("N@3", completions, reading, columns)


def hit_at_1(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a choice, or the first place of a ranking: 1 for a positive, else 0."""
    return _metric("H@1", completions, reading, columns)


def hit_at_3(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with 1 for a positive among the first three, else 0."""
    return _metric("H@3", completions, reading, columns)


def hit_at_5(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with 1 for a positive among the first five, else 0."""
    return _metric("H@5", completions, reading, columns)


def precision_at_5(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a ranking with the share of positives among the first five, 0 to 1."""
    return _metric("P@5", completions, reading, columns)


def number_error(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a number with minus its squared error, so that RMSE = √(−mean); a number that cannot be read is the worst."""
    return _each(_is_number, _errors, completions, reading, columns)


def number_closeness(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a number with 1 − |error| / width of its scale, 0 to 1: RMSE's error, bounded. The mean is no metric."""
    return _each(_is_number, _closeness, completions, reading, columns)


def attribute_accuracy(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward attributes with the share of right values among the categorical ones; None where none was asked for."""
    return _each(
        _has_attributes, lambda rows, read: _attributes(rows, read, {"ACC": _itself}), completions, reading, columns
    )


def attribute_closeness(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward numeric attributes with the mean of 1 − |error| / width of the scale; None where none was asked for."""
    return _each(
        _has_attributes, lambda rows, read: _attributes(rows, read, {"RMSE": _close}), completions, reading, columns
    )


def attribute_error(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward numeric attributes with minus the mean of their squared errors; None where none was asked for."""
    return _each(
        _has_attributes, lambda rows, read: _attributes(rows, read, {"RMSE": _negative}), completions, reading, columns
    )


def bleu_1(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a text with BLEU-1 of this text alone, 0 to 1; the mean is not that of a corpus. Needs the extra [eval]."""
    return _metric("BLEU-1", completions, reading, columns)


def bleu_2(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a text with BLEU-2 of this text alone, 0 to 1; the mean is not that of a corpus. Needs the extra [eval]."""
    return _metric("BLEU-2", completions, reading, columns)


def rouge_1(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a text with F of ROUGE-1, 0 to 1. Needs the extra [eval]."""
    return _metric("ROUGE-1", completions, reading, columns)


def rouge_2(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a text with F of ROUGE-2, 0 to 1. Needs the extra [eval]."""
    return _metric("ROUGE-2", completions, reading, columns)


def rouge_l(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a text with F of ROUGE-L, 0 to 1. Needs the extra [eval]."""
    return _metric("ROUGE-L", completions, reading, columns)


def yes_no(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward a yes or no with 1 if it is right, else 0."""
    return _each(lambda rows: rows.cell.task.answer == "yes-no", _right, completions, reading, columns)


def content(completions: Sequence[Any], *, reading: str = "lenient", **columns: Any) -> Rewards:
    """Reward an answer of any kind, 0 to 1: the one reward for a mix of tasks.

    A ranking with N@10 (with the task's first metric where it has no N@10), a choice with H@1, a number with its
    closeness, attributes with the mean of right and close values, a text with ROUGE-L, yes or no with 1 or 0. None for
    a task whose rows have no answer to be read.
    """
    return _each(lambda rows: rows.cell.task.answer != "none", _content, completions, reading, columns)


# How rewards are made of samples: a sample of a cell has a row of sums for each example.

Values = Sequence[float | None]
Form = Callable[[float, float], float]  # of a value and the width of its scale


def _metric(metric: str, completions: Sequence[Any], reading: str, columns: dict[str, Any]) -> Rewards:
    """Return a metric of each example alone, where it is one of its task."""
    return _each(
        lambda rows: metric in rows.cell.task.metrics,
        lambda rows, read: _alone(rows, read, metric),
        completions,
        reading,
        columns,
    )


def _each(
    concerns: Callable[[CellRows], bool],
    rewarded: Callable[[CellRows, str], Values],
    completions: Sequence[Any],
    reading: str,
    columns: dict[str, Any],
) -> Rewards:
    """Return what the rows of each cell are rewarded with, in the order of the batch."""
    if reading not in READINGS:
        raise unknown("reading", reading, READINGS)
    made: Rewards = [None] * len(completions)
    for rows in rows_by_cell(completions, columns):
        if concerns(rows):
            for place, value in zip(rows.places, rewarded(rows, reading), strict=True):
                made[place] = value
    return made


@lru_cache(maxsize=BATCHES)
def _measured(rows: CellRows, reading: str) -> Mapping[str, Sample]:
    """Return the samples of a cell's metrics, as `itdr score` makes them."""
    read = {reading: read_answers(rows, strict=reading == "strict")}
    return samples(CellAnswers(cell=rows.cell, examples=rows.examples, read=read), reading)


def _alone(rows: CellRows, reading: str, metric: str) -> Values:
    """Return a metric of each example alone; None for an instruction of the inverted forms, which lists no candidates."""
    sample = _measured(rows, reading)[metric]
    values = [float(value) for value in sample.estimate(sample.rows)]
    if rows.cell.task.answer not in LISTED:
        return values
    return [value if example.candidates else None for value, example in zip(values, rows.examples, strict=True)]


def _absolute_errors(rows: CellRows, reading: str) -> list[float]:
    sample = _measured(rows, reading)["RMSE"]
    return [math.sqrt(row[0]) for row in sample.rows.tolist()]


def _is_number(rows: CellRows) -> bool:
    return rows.cell.task.answer == "number"


def _has_attributes(rows: CellRows) -> bool:
    return rows.cell.task.answer == "attributes"


def _errors(rows: CellRows, reading: str) -> list[float]:
    return [-(error**2) for error in _absolute_errors(rows, reading)]


def _closeness(rows: CellRows, reading: str) -> list[float]:
    scale = rows.cell.source.scale
    assert scale is not None
    return [1 - error / (scale.high - scale.low) for error in _absolute_errors(rows, reading)]


def _attributes(rows: CellRows, reading: str, forms: Mapping[str, Form]) -> Values:
    """Return the mean over the attributes of each row of a form of their metrics, of those named in `forms`."""
    widths = {a.name: a.scale[1] - a.scale[0] for a in rows.cell.source.user_attributes if a.scale is not None}
    found: list[list[float]] = [[] for _ in rows.examples]
    for metric, sample in _measured(rows, reading).items():
        kind, _, name = metric.removesuffix(")").partition("(")
        if kind in forms:
            for place in _concerned(sample.rows):
                found[place].append(forms[kind](float(sample.rows[place, 0]), widths.get(name, 1.0)))
    return [sum(values) / len(values) if values else None for values in found]


def _itself(value: float, width: float) -> float:
    return value


def _negative(value: float, width: float) -> float:
    return -value


def _close(squared_error: float, width: float) -> float:
    return 1 - math.sqrt(squared_error) / width


def _concerned(rows: Floats) -> list[int]:
    return [place for place, count in enumerate(rows[:, 1]) if count]


def _right(rows: CellRows, reading: str) -> list[float]:
    pairs = zip(read_answers(rows, strict=reading == "strict"), rows.examples, strict=True)
    strict = reading == "strict"
    return [float(list(read.values) == example.targets and not (strict and read.fault)) for read, example in pairs]


def _content(rows: CellRows, reading: str) -> Values:
    kind = rows.cell.task.answer
    if kind == "number":
        return _closeness(rows, reading)
    if kind == "attributes":
        return _attributes(rows, reading, {"ACC": _itself, "RMSE": _close})
    if kind == "yes-no":
        return _right(rows, reading)
    if kind == "text":
        return _alone(rows, reading, "ROUGE-L")
    wanted, have = DEFAULT[kind], rows.cell.task.metrics
    return _alone(rows, reading, wanted if wanted in have else have[0])
