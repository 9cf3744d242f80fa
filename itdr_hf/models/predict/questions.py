"""What is asked: the rows of a dataset folder, without their answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.prompts import to_prompt_completion


@dataclass(frozen=True, kw_only=True)
class Question:
    """One example as a model may see it: `output` and `targets` are not here, so nothing can peek at them."""

    id: str
    config: str
    subtask: str
    source: str
    domain: str
    instruction: str
    input: str
    history: list[str]
    history_ratings: list[float]
    candidates: list[str]
    target_names: list[str]
    shots: tuple[Mapping[str, str], ...] = ()  # solved examples that stand before it

    @property
    def row(self) -> dict[str, str]:
        """The columns that the prompt functions read; the answer is empty."""
        return {"instruction": self.instruction, "input": self.input, "output": ""}

    @property
    def prompt_hash(self) -> str:
        """16 hex digits of the sha256 of the prompt without its shots: which question an answer answers."""
        return hash_of(self.row)


COLUMNS = [field.name for field in fields(Question) if field.name not in ("config", "shots")]


def hash_of(row: dict[str, str]) -> str:
    """`Question.prompt_hash` of a row's instruction and input."""
    return hashlib.sha256(to_prompt_completion(row)["prompt"].encode("utf-8", "replace")).hexdigest()[:16]


def read_questions(
    folder: Dataset | Path, configs: Iterable[str] | None = None, split: str = "test", limit: int | None = None
) -> list[Question]:
    """Return the questions of the cells of a dataset folder, at most `limit` of each, in the folder's order.

    `configs` are config names, unions or patterns. Raises UsageError when none of them is in the folder.
    """
    dataset, questions = opened(folder), []
    for name in dataset.select(configs, split):
        rows = islice(dataset.rows(name, split, COLUMNS), limit)
        questions += [Question(config=name, **row) for row in rows]
    return questions


def most_tokens(task: str, asked: int | None) -> int:
    """Return how long an answer may be, in tokens."""
    return asked or catalogue.task(task).max_answer_tokens
