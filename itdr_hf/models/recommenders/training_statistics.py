"""What baselines know: the training split of a cell, and of its source's other cells who had which item."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from itdr_hf.dataset.folder import Dataset, opened

COLUMNS = ["subtask", "domain", "history", "candidates", "targets", "target_names", "user", "output"]


class Knowledge:
    """The training split of one cell; nothing else of the folder is ever read."""

    def __init__(self, folder: Dataset | Path, config: str) -> None:
        self.dataset, self.config = opened(folder), config

    @cached_property
    def mean(self) -> float:
        """RP: the mean training rating."""
        ratings = [float(row["targets"][0]) for row in self._rows]
        return sum(ratings) / len(ratings) if ratings else math.nan

    @cached_property
    def values(self) -> dict[str, list[str]]:
        """UAP: attribute -> its training values, one per example that has it."""
        known: dict[str, list[str]] = {}
        for row in self._rows:
            for name, value in zip(row["target_names"], row["targets"], strict=True):
                known.setdefault(name, []).append(value)
        return known

    def typical(self, name: str, numeric: bool) -> str:
        """UAP: the mean of a numeric attribute, else the most frequent value (the first by name of equals)."""
        values = self.values.get(name, [])
        if not values:
            return ""
        if numeric:
            return f"{sum(map(float, values)) / len(values):.4f}"
        return min(Counter(values).items(), key=lambda pair: (-pair[1], pair[0]))[0]

    @cached_property
    def texts(self) -> list[str]:
        """IR, TUI: the training texts."""
        return [row["output"] for row in self._rows]

    @cached_property
    def usual_length(self) -> int:
        """IR, TUI: the median number of words of a training text."""
        return int(median([len(text.split()) for text in self.texts] or [0]))

    def popularity(self, title: str) -> int:
        """How many training users have an item."""
        return len(self._users.get(title, ()))

    def cosine(self, title: str, other: str) -> float:
        """Users that have both items, over the geometric mean of those that have either."""
        ours, theirs = self._users.get(title), self._users.get(other)
        return len(ours & theirs) / math.sqrt(len(ours) * len(theirs)) if ours and theirs else 0.0

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        return self._read(self.config)

    @cached_property
    def _users(self) -> dict[str, set[str]]:
        """Item -> the training users that have it, in any ranking or rating cell of the source."""
        source_of, users = self.dataset.source_of, dict[str, set[str]]()
        for config in self.dataset.select(None, "train"):
            if source_of(config) != source_of(self.config):
                continue
            answer = self.dataset.cell(config).task.answer
            for row in self._read(config):
                for title in _had(row, answer):
                    users.setdefault(title, set()).add(row["user"])
        return users

    def _read(self, config: str) -> list[dict[str, Any]]:
        return list(self.dataset.rows(config, "train", COLUMNS))


def _had(row: dict[str, Any], answer: str) -> list[str]:
    """Return the items that an example shows its user to have."""
    if answer in ("ranking", "choice"):
        return [*row["history"], *row["targets"]]
    if answer == "number":
        return [*row["history"], *row["candidates"]]
    return row["history"] if row["user"] else []
