"""Pairs from the answers of models: of several answers to one prompt, the best and the worst by the content reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Predictions, read_predictions
from itdr_hf.models.predict.questions import hash_of
from itdr_hf.models.train.pairs import Pair, PairOf
from itdr_hf.rewards.contents import content
from itdr_hf.tasks.task import Cell

KIND = "answer"  # of the worse one: an answer of a model


def best_and_worst(files: Sequence[Path]) -> PairOf:
    """Return what makes a pair of the answers of predictions files to an example; of one file, next to the reference.

    An example without two answers that differ in reward gives no pair. Raises UsageError for a file that answers
    another build of the dataset.
    """
    found = [read_predictions(path) for path in files]

    def pair(cell: Cell, row: Mapping[str, Any]) -> Pair | None:
        texts = [text for path, one in zip(files, found, strict=True) if (text := _answer(path, one, row)) is not None]
        if len(files) == 1 and texts:
            texts.append(row["output"])
        names = {"subtask": row["subtask"], "source": row["source"], "input": row["input"]}
        read_with = ("instruction", "history", "candidates", "targets", "target_names", "template")
        columns: dict[str, Any] = {name: [value] * len(texts) for name, value in names.items()}
        columns |= {name: [row[name]] * len(texts) for name in read_with}
        rewarded = [(reward, text) for reward, text in zip(content(texts, **columns), texts, strict=True)]
        known = [(reward, text) for reward, text in rewarded if reward is not None]
        if len(known) < 2:
            return None
        best, worst = max(known, key=lambda one: one[0]), min(known, key=lambda one: one[0])
        return Pair(best[1], worst[1], KIND) if best[0] > worst[0] else None

    return pair


def _answer(path: Path, file: Predictions, row: Mapping[str, Any]) -> str | None:
    """Return the answer of a file to an example; None if it has none or was refused."""
    given = file.rows.get(row["id"])
    if given is None or given.finish_reason == "refused":
        return None
    asked = hash_of({"instruction": row["instruction"], "input": row["input"], "output": ""})
    if given.prompt_hash != asked:
        raise UsageError(
            f"{path}: {row['id']} was asked with another prompt; want answers to this build of the dataset; predict again"
        )
    return given.text
