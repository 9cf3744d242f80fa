"""Batches of (user, item, item the user does not have), drawn anew each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Bools, Interactions, Ints
from itdr_hf.models.recommenders.losses import Tensor


class Batch(NamedTuple):
    """Codes of one batch, int64 of equal length."""

    users: Tensor
    positives: Tensor
    negatives: Tensor


class PairSampler:
    """Training pairs in random order, each with one uniform negative.

    Negatives come from the items of the training set: an item held back for a zero-shot test is never pushed
    down. A user who has all of these is left out, with nothing to compare; UsageError where every user is.
    """

    def __init__(self, train: Interactions, rng: np.random.Generator) -> None:
        self.rng, self.item_count = rng, train.item_count
        self.codes = np.unique(train.codes)
        users, items = np.divmod(self.codes, max(train.item_count, 1))
        self.pool = np.unique(items)
        self.comparable = np.bincount(users, minlength=train.user_count) < len(self.pool)
        if not self.comparable[users].any():
            raise UsageError(f"training: every user has all {len(self.pool)} items; want items to draw as negatives")
        self.users, self.positives = users[self.comparable[users]], items[self.comparable[users]]

    def epoch(self, size: int) -> Iterator[Batch]:
        """Yield all pairs once, `size` at a time; the last batch may be smaller."""
        order = self.rng.permutation(len(self.users))
        negatives = self.negatives(self.users)
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            yield Batch(*(torch.from_numpy(column[chosen]) for column in (self.users, self.positives, negatives)))

    def negatives(self, users: Ints) -> Ints:
        """Draw one item for each (comparable) user, uniformly among the pool's items that the user does not have."""
        drawn = self.pool[self.rng.integers(len(self.pool), size=len(users))]
        again = np.flatnonzero(self._taken(users, drawn))
        while again.size:
            drawn[again] = self.pool[self.rng.integers(len(self.pool), size=len(again))]
            again = again[self._taken(users[again], drawn[again])]
        return drawn

    def _taken(self, users: Ints, items: Ints) -> Bools:
        codes = users * self.item_count + items
        places = np.searchsorted(self.codes, codes)
        taken: Bools = self.codes[np.minimum(places, len(self.codes) - 1)] == codes
        return taken
