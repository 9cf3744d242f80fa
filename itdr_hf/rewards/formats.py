"""Reward how an answer is written, whatever it says: 1 where it can be read, else 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from itdr_hf.rewards.contents import Rewards
from itdr_hf.rewards.rows import read_answers, rows_by_cell


def readable(completions: Sequence[Any], **columns: Any) -> Rewards:
    """Reward an answer with 1 if its lenient reading has no fault; the mean is `parsed_lenient` of `itdr score`."""
    return _without_fault(completions, columns, strict=False)


def written_as_asked(completions: Sequence[Any], **columns: Any) -> Rewards:
    """Reward an answer with 1 if its strict reading has no fault; the mean is `parsed_strict` of `itdr score`."""
    return _without_fault(completions, columns, strict=True)


def _without_fault(completions: Sequence[Any], columns: dict[str, Any], *, strict: bool) -> Rewards:
    made: Rewards = [None] * len(completions)
    for rows in rows_by_cell(completions, columns):
        if rows.cell.task.answer != "none":
            for place, answer in zip(rows.places, read_answers(rows, strict=strict), strict=True):
                made[place] = float(answer.fault is None)
    return made
