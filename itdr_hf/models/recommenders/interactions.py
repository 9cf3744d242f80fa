"""Who had what, as arrays: interactions, the features of users and items, and keys turned into codes.

Users and items are codes 0 … count − 1. The counts are those of the full tables, not of the pairs at hand, so
that train, validation and test share one numbering and an item never seen in training still has a code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from itdr_hf.errors import UsageError

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float32]
Strings: TypeAlias = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Interactions:
    """Pairs of user and item codes, each int64 of one length, with seconds since 1970 when they are known.

    Raises UsageError for arrays of different lengths and for codes outside the counts.
    """

    users: Ints
    items: Ints
    user_count: int
    item_count: int
    times: Ints | None = None

    def __post_init__(self) -> None:
        for name in ("users", "items", "times"):
            values = getattr(self, name)
            if values is not None:
                object.__setattr__(self, name, np.asarray(values, dtype=np.int64))
        _same_lengths(self)
        _codes_within("user", self.users, self.user_count)
        _codes_within("item", self.items, self.item_count)

    def __len__(self) -> int:
        return len(self.users)

    @cached_property
    def codes(self) -> Ints:
        """One number per pair, user · item_count + item."""
        return self.users * self.item_count + self.items

    @cached_property
    def histories(self) -> Histories:
        """The distinct items of each user, ascending."""
        codes = np.unique(self.codes)
        return Histories.of(codes // max(self.item_count, 1), codes % max(self.item_count, 1), self.user_count)

    @cached_property
    def sequences(self) -> Histories:
        """The items of each user, oldest first; pairs of equal time, and all without times, as they stand."""
        order = np.argsort(self.users, kind="stable") if self.times is None else np.lexsort((self.times, self.users))
        return Histories.of(self.users[order], self.items[order], self.user_count)

    @cached_property
    def item_degrees(self) -> Ints:
        """How many pairs each item has, one number per item of the full table."""
        return np.bincount(self.items, minlength=self.item_count)

    def take(self, chosen: Ints | Bools) -> Interactions:
        """Keep the pairs that an index or a mask chooses, in its order."""
        times = None if self.times is None else self.times[chosen]
        return replace(self, users=self.users[chosen], items=self.items[chosen], times=times)

    def distinct(self) -> Interactions:
        """Keep each pair once, at its earliest time, in the order of first appearance."""
        order = np.arange(len(self)) if self.times is None else np.argsort(self.times, kind="stable")
        first = order[np.unique(self.codes[order], return_index=True)[1]]
        return self.take(np.sort(first))

    def contains(self, users: Ints, items: Ints) -> Bools:
        """Return whether each pair of codes is among the interactions."""
        return np.isin(users * self.item_count + items, self.codes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Histories:
    """Lists of items, one per user: user u has items[starts[u]:starts[u + 1]]."""

    starts: Ints
    items: Ints

    @classmethod
    def of(cls, users: Ints, items: Ints, user_count: int) -> Histories:
        """Build the lists from pairs that are sorted by user."""
        return cls(starts=np.searchsorted(users, np.arange(user_count + 1)), items=items)

    def __getitem__(self, user: int) -> Ints:
        return self.items[self.starts[user] : self.starts[user + 1]]

    @property
    def lengths(self) -> Ints:
        """How many items each user has."""
        return np.diff(self.starts)

    def flat(self, users: Ints) -> tuple[Ints, Ints]:
        """Return the lists of some users end to end: the place of each one's user in `users`, and its item."""
        lengths = self.lengths[users]
        rows = np.repeat(np.arange(len(users)), lengths)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return rows, self.items[self.starts[users][rows] + offsets]


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Vectors beside the codes, float32 with one row per user or item: item texts, and profiles on either side.

    An item text takes the place of the item's own vector (RecLM section 2.2, eq. 1); a profile is joined to
    what its side has (eq. 2).
    """

    item_texts: Floats | None = None
    item_profiles: Floats | None = None
    user_profiles: Floats | None = None

    def without(self, *sides: str) -> Features:
        """Drop the profiles of the sides named, "user" or "item"."""
        return replace(self, **{f"{side}_profiles": None for side in sides})

    def check(self, interactions: Interactions) -> None:
        """Raise UsageError unless there is one finite row per user or item."""
        counts = {"item_texts": interactions.item_count, "item_profiles": interactions.item_count}
        for name, count in {**counts, "user_profiles": interactions.user_count}.items():
            rows = getattr(self, name)
            if rows is not None and (rows.ndim != 2 or len(rows) != count or not np.isfinite(rows).all()):
                raise UsageError(f"{name}: shape {rows.shape}; want {count} rows of finite numbers, one per code")


NO_FEATURES = Features()


def from_keys(
    users: Sequence[str] | Strings, items: Sequence[str] | Strings, times: ArrayLike | None = None
) -> tuple[Interactions, Strings, Strings]:
    """Turn keys into codes that follow the sorted keys: the interactions, the user keys and the item keys."""
    user_keys, user_codes = np.unique(np.asarray(users, dtype=np.str_), return_inverse=True)
    item_keys, item_codes = np.unique(np.asarray(items, dtype=np.str_), return_inverse=True)
    interactions = Interactions(
        users=user_codes,
        items=item_codes,
        user_count=len(user_keys),
        item_count=len(item_keys),
        times=None if times is None else np.asarray(times, dtype=np.int64),
    )
    return interactions, user_keys, item_keys


def _same_lengths(pairs: Interactions) -> None:
    lengths = {len(column) for column in (pairs.users, pairs.items, pairs.times) if column is not None}
    if len(lengths) > 1:
        raise UsageError(f"interactions: columns of {sorted(lengths)} values; want one length for users, items, times")


def _codes_within(kind: str, codes: Ints, count: int) -> None:
    if len(codes) and not (codes.min() >= 0 and codes.max() < count):
        raise UsageError(
            f"{kind} codes from {codes.min()} to {codes.max()}; want 0 to {count - 1}, for {count} {kind}s"
        )
