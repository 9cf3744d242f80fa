"""Predictions beside their examples, each read strictly and leniently, with the faults counted.

Besides what a reading names (`tasks.reading.Fault`): `truncated` also stands for a faulty answer that ended at the
token limit, `refused` for a prompt that was not answered at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import MissingAnswersError, UsageError
from itdr_hf.models.predict.predictions import Prediction
from itdr_hf.models.predict.questions import hash_of
from itdr_hf.records import INSTRUCTION, Example
from itdr_hf.tasks.reading import Fault, ParsedAnswer
from itdr_hf.tasks.task import Cell

READINGS = ("lenient", "strict")


class RawAnswer(NamedTuple):
    """What of a prediction matters to its score."""

    text: str
    finish_reason: str


@dataclass(frozen=True, kw_only=True)
class CellAnswers:
    """The examples of one cell and what was answered, in one order; `read[reading]` is one Answer each."""

    cell: Cell
    examples: Sequence[Example]
    read: Mapping[str, Sequence[ParsedAnswer]]

    @property
    def config(self) -> str:
        """The name of the cell."""
        return self.cell.name

    @property
    def clusters(self) -> list[str]:
        """What is resampled: users, or the example itself where there is no user."""
        return [example.user or example.id for example in self.examples]

    def parsed(self, reading: str) -> float:
        """Share of the answers without a fault; nan without answers."""
        good = sum(answer.fault is None for answer in self.read[reading])
        return good / len(self.examples) if self.examples else float("nan")

    def faults(self, reading: str) -> dict[str, float]:
        """Fault -> its share of all answers, the most frequent first."""
        counted = Counter(answer.fault for answer in self.read[reading] if answer.fault)
        return {fault: count / len(self.examples) for fault, count in counted.most_common()}


def read_examples(folder: Dataset | Path, config: str, split: str) -> list[Example]:
    """All examples of a split of a cell of a dataset folder."""
    dataset = opened(folder)
    if not dataset.paths(config, split):
        raise UsageError(
            f"{dataset.folder}: no {split} split of {config}; want the folder that was asked; build it again"
        )
    return [Example(**row) for row in dataset.rows(config, split, INSTRUCTION.names)]


def check_predictions(
    examples: Sequence[Example], rows: Mapping[str, Prediction], config: str, partial: bool = False
) -> None:
    """Refuse predictions of another build of the dataset, and, unless `partial`, examples without one.

    A model is not scored on the questions it happened to get. Raises UsageError.
    """
    hashes = {example.id: hash_of(_prompt(example)) for example in examples}
    given = [p for p in rows.values() if p.config == config]
    stray = [p.id for p in given if hashes.get(p.id) != p.prompt_hash]
    if stray:
        raise UsageError(
            f"{config}: {len(stray)} predictions, {stray[0]} first, are of another build or split of the dataset; "
            "want the folder that was asked; predict again from this one"
        )
    if len(given) < len(examples) and not partial:
        raise MissingAnswersError(
            f"{config}: {len(given)} of {len(examples)} examples have a prediction; want all: run the same "
            "`itdr predict` again to go on, or score what there is with --partial"
        )


def read_answers(cell: Cell, examples: Sequence[Example], said: Sequence[RawAnswer]) -> CellAnswers:
    """Parse every answer, leniently and strictly."""
    read = {
        reading: [
            _with_ending(cell.parse(one.text, example, strict=reading == "strict"), one.finish_reason)
            for example, one in zip(examples, said, strict=True)
        ]
        for reading in READINGS
    }
    return CellAnswers(cell=cell, examples=examples, read=read)


def _prompt(example: Example) -> dict[str, str]:
    return {"instruction": example.instruction, "input": example.input, "output": ""}


def _with_ending(answer: ParsedAnswer, finish_reason: str) -> ParsedAnswer:
    if finish_reason == "refused":
        return ParsedAnswer((), Fault.REFUSED)
    return answer._replace(fault=Fault.TRUNCATED) if finish_reason == "length" and answer.fault else answer
