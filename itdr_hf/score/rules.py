"""From answers to metrics: what an answer that cannot be read counts as. Nothing is left out.

    a ranking     what could be read of it, each candidate at its first place; the rest are misses
    a choice      a miss
    a number      the farthest end of the scale from the truth, so that silence never pays; the scale of an
                  attribute runs from its least to its greatest value in the cell (all splits)
    a category    wrong
    a text        an empty text; one that was cut off counts as it stands

Read strictly, an answer with any fault counts as if nothing could be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.metrics.accuracy import accuracy_sample
from itdr_hf.metrics.ranking import ranking_samples, relevance_matrix
from itdr_hf.metrics.rating import rmse_sample
from itdr_hf.metrics.sample import Sample
from itdr_hf.records import SPLITS, Example
from itdr_hf.score.parsed import CellAnswers
from itdr_hf.tasks.reading.faults import ParsedAnswer
from itdr_hf.tasks.task import Cell
from itdr_hf.tasks.templates import setting_of

NUMBERS = "unreadable:farthest-end-of-scale"  # what the signature of an RMSE says besides the metric's own
Ranges = Mapping[str, tuple[float, float]]


def samples(cell: CellAnswers, reading: str, ranges: Ranges) -> dict[str, Sample]:
    """Each metric of a cell over all its examples (rows of nought where a metric does not concern one)."""
    family = cell.cell.task.metrics
    answers = [_as_counted(answer, reading) for answer in cell.read[reading]]
    if "ACC" in family:
        return _attributes(cell, answers, ranges)
    if family == ("RMSE",):
        return {"RMSE": _rating(cell, answers)}
    if "BLEU-1" in family:
        from itdr_hf.metrics.text import text_samples

        texts = [answer.values[0] if answer.values else "" for answer in answers]
        return text_samples(texts, [example.targets[0] for example in cell.examples])
    hits, positives = relevance_matrix(
        [answer.values for answer in answers],
        [example.targets for example in cell.examples],
        [example.candidates for example in cell.examples],
    )
    whole = ranking_samples(hits, positives, family)
    return whole | _by_setting(cell.examples, whole)


def concerned(cell: CellAnswers, metric: str) -> int:
    """How many examples a metric of the cell is over."""
    _, _, name = metric.removesuffix(")").partition("(")
    if in_setting := sum(setting_of(example.template) == name for example in cell.examples if name):
        return in_setting
    return sum(name in example.target_names for example in cell.examples) if name else len(cell.examples)


def _by_setting(examples: Sequence[Example], whole: Mapping[str, Sample]) -> dict[str, Sample]:
    """Return each metric of each setting, such as H@1(P1-I1-T3), where templates name their setting."""
    settings = [setting_of(example.template) for example in examples]
    made = {}
    for name in sorted({setting for setting in settings if setting}):
        places = [place for place, setting in enumerate(settings) if setting == name]
        for metric, sample in whole.items():
            part = replace(sample, metric=f"{metric}({name})", rows=sample.rows[places])
            made[part.metric] = _spread(part, places, len(examples))
    return made


def ranges_of(folder: Dataset | Path, config: str) -> Ranges:
    """Return the least and greatest value of each numeric attribute of a cell, over its splits."""
    dataset = opened(folder)
    numeric = _numeric(dataset.cell(config))
    values: dict[str, list[float]] = {}
    for split in SPLITS if numeric else ():
        for row in dataset.rows(config, split, ["target_names", "targets"]):
            for name, value in zip(row["target_names"], row["targets"], strict=True):
                if name in numeric:
                    values.setdefault(name, []).append(float(value))
    return {name: (min(found), max(found)) for name, found in values.items()}


def _as_counted(answer: ParsedAnswer, reading: str) -> ParsedAnswer:
    return ParsedAnswer((), answer.fault) if reading == "strict" and answer.fault else answer


def _rating(cell: CellAnswers, answers: Sequence[ParsedAnswer]) -> Sample:
    scale = cell.cell.source.scale
    assert scale is not None
    truth = [float(example.targets[0]) for example in cell.examples]
    given = [answer.values[0] if answer.values and not answer.fault else "" for answer in answers]
    return rmse_sample([_number(*pair, scale.low, scale.high) for pair in zip(given, truth, strict=True)], truth)


def _attributes(cell: CellAnswers, answers: Sequence[ParsedAnswer], ranges: Ranges) -> dict[str, Sample]:
    numeric = _numeric(cell.cell)
    made: dict[str, Sample] = {}
    for name in _names(cell.examples):
        places = [place for place, example in enumerate(cell.examples) if name in example.target_names]
        at = [cell.examples[place].target_names.index(name) for place in places]
        truth = [cell.examples[place].targets[k] for place, k in zip(places, at, strict=True)]
        given = [answers[place].values[k] if answers[place].values else "" for place, k in zip(places, at, strict=True)]
        if name in numeric:
            exact = [float(value) for value in truth]
            guess = [_number(*pair, *ranges[name]) for pair in zip(given, exact, strict=True)]
            sample = rmse_sample(guess, exact, f"RMSE({name})")
        else:
            sample = accuracy_sample([value or None for value in given], truth, f"ACC({name})")
        made[sample.metric] = _spread(sample, places, len(cell.examples))
    return made


def _number(given: str, truth: float, low: float, high: float) -> float:
    value = float(given) if given else float("nan")
    return value if low <= value <= high else low if truth - low > high - truth else high


def _spread(sample: Sample, places: Sequence[int], length: int) -> Sample:
    """Return a sample over some examples as one over all: a row of nought adds nothing to any sum."""
    rows = np.zeros((length, sample.rows.shape[1]))
    rows[list(places)] = sample.rows
    return replace(sample, rows=rows)


def _names(examples: Sequence[Example]) -> list[str]:
    return sorted({name for example in examples for name in example.target_names})


def _numeric(cell: Cell) -> set[str]:
    """Return the numeric attributes that a cell asks for: none, unless it is one of attribute prediction."""
    asked = cell.source.user_attributes if cell.task.answer == "attributes" else ()
    return {attribute.name for attribute in asked if attribute.kind == "number"}
