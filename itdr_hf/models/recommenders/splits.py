"""Train, validation and test: by chance within each user, by each user's last items, or by points in time.

Every split works on distinct pairs, each at its earliest time, so that no pair is on two sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Bools, Interactions, Ints

SEED = 421
TRAIN, VALIDATION, TEST = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three disjoint sets of interactions over one numbering of users and items."""

    train: Interactions
    validation: Interactions
    test: Interactions

    @property
    def seen(self) -> tuple[Interactions, Interactions]:
        """Train and validation: what a test ranking masks."""
        return self.train, self.validation

    @property
    def unseen_items(self) -> Bools:
        """A mask of the items without any train or validation pair: the zero-shot catalogue."""
        unseen: Bools = (self.train.item_degrees + self.validation.item_degrees) == 0
        return unseen


def split_by_user(interactions: Interactions, *, held_out: float = 0.1, seed: int = SEED) -> Split:
    """Hold out a random share of each user's pairs for validation and the same for test.

    Each is round(share · n) pairs, at least 1 of a user with 3 pairs or more; users with fewer are all train.
    """
    if not 0 < held_out < 0.5:
        raise UsageError(f"split by user: held_out {held_out}; want between 0 and 0.5, such as 0.1")
    pairs = interactions.distinct()
    chance = np.random.default_rng(seed).random(len(pairs))
    places, sizes = _places(pairs.users, np.lexsort((chance, pairs.users)))
    apart = np.where(sizes >= 3, np.maximum(1, np.rint(held_out * sizes)), 0)
    return _split(pairs, np.select([places < apart, places < 2 * apart], [TEST, VALIDATION], TRAIN))


def split_leave_last(interactions: Interactions) -> Split:
    """Hold out each user's last item for test and the one before for validation; under 3 pairs, all are train.

    Raises UsageError for interactions without times.
    """
    pairs = interactions.distinct()
    order = np.lexsort((_times(pairs, "split by last items"), pairs.users))
    places, sizes = _places(pairs.users, order)
    from_last = np.where(sizes >= 3, sizes - 1 - places, len(pairs))
    return _split(pairs, np.select([from_last == 0, from_last == 1], [TEST, VALIDATION], TRAIN))


def split_by_snapshots(
    interactions: Interactions,
    *,
    first: tuple[int, int],
    second: tuple[int, int],
    held_out: float = 0.1,
    seed: int = SEED,
) -> Split:
    """Train on one span of time and test on another, over users of both (RecLM appendix 6.1).

    Spans are [start, end) in the unit of `times`. A random share of the train pairs is held out for validation,
    which RecLM does not have. Test pairs that the train span has too are dropped.
    """
    if first[1] > second[0]:
        raise UsageError(
            f"split by snapshots: train until {first[1]}, test from {second[0]}; want spans that do not overlap"
        )
    times = _times(interactions, "split by snapshots")
    early, late = (interactions.take((a <= times) & (times < b)).distinct() for a, b in (first, second))
    both = np.intersect1d(early.users, late.users)
    early, late = (span.take(np.isin(span.users, both)) for span in (early, late))
    chosen = np.random.default_rng(seed).random(len(early)) < held_out
    test = late.take(~early.contains(late.users, late.items))
    return Split(train=early.take(~chosen), validation=early.take(chosen), test=test)


def _split(pairs: Interactions, sides: Ints) -> Split:
    train, validation, test = (pairs.take(sides == side) for side in (TRAIN, VALIDATION, TEST))
    return Split(train=train, validation=validation, test=test)


def _places(users: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Return each pair's place among its user's pairs, in an order sorted by user, and how many those are."""
    ordered = users[order]
    starts = np.searchsorted(ordered, ordered)
    places = np.empty(len(users), dtype=np.int64)
    places[order] = np.arange(len(users)) - starts
    return places, np.bincount(users, minlength=int(users.max(initial=-1)) + 1)[users]


def _times(pairs: Interactions, what: str) -> Ints:
    if pairs.times is None:
        raise UsageError(f"{what}: interactions without times; want times, or split_by_user()")
    return pairs.times
