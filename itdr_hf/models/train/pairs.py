"""Pairs of a better and a worse answer to an instruction: what preference trainers learn from.

Without answers of a model the better one is the truth, and the worse one what the prompt offers instead: a ranking with
its negatives before its positives, a negative in place of the item to choose. Where a dataset was built with
`--negative-sampling shown`, the negatives are what the user was offered and did not take.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from itdr_hf.prompts import prompt
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.task import Cell

KINDS = {"shown": "impression"}  # negative sampling of a build -> kind of the rejected answer, else "negative"


class Pair(NamedTuple):
    """Two answers to one prompt; `kind` says how the worse one was made."""

    chosen: str
    rejected: str
    kind: str


PairOf = Callable[[Cell, Mapping[str, Any]], Pair | None]  # None: a row of which no pair can be made


def from_negatives(negative_sampling: str = "uniform") -> PairOf:
    """Return what makes the pair of a ranking or a choice from its candidates; of other answers there is none."""

    def pair(cell: Cell, row: Mapping[str, Any]) -> Pair | None:
        worse = _worse(row) if cell.task.answer in ("ranking", "choice") else None
        return Pair(row["output"], worse, KINDS.get(negative_sampling, "negative")) if worse else None

    return pair


def as_preference(row: Mapping[str, Any], pair: Pair) -> dict[str, Any]:
    """Return an instruction with its pair as a row of the shape PREFERENCE, without who wrote it."""
    asked = prompt(row["instruction"], row["input"])
    turns = {"prompt": ("user", asked), "chosen": ("assistant", pair.chosen), "rejected": ("assistant", pair.rejected)}
    return {
        "id": row["id"],
        "task": row["subtask"],
        "source": row["source"],
        **{name: [{"role": role, "content": text}] for name, (role, text) in turns.items()},
        "rejected_kind": pair.kind,
    }


def _worse(row: Mapping[str, Any]) -> str | None:
    """Return the worst ranking, or a negative chosen by the hash of the id; None for a prompt without candidates."""
    positives = row["targets"]
    negatives = [title for title in row["candidates"] if title not in positives]
    if not negatives or not set(positives) <= set(row["candidates"]):
        return None
    if row["output"].startswith("1. ") and len(row["output"].splitlines()) > 1:
        return numbered([*negatives, *positives])
    place = int.from_bytes(hashlib.sha256(row["id"].encode()).digest()[:8], "big")
    return str(negatives[place % len(negatives)])
