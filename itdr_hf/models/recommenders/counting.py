"""Recommenders that only count: popularity and item-kNN. They need no torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from itdr_hf.models.recommenders.interactions import Floats, Histories, Interactions, Ints
from itdr_hf.models.recommenders.scorers import DotScorer, NeighbourScorer
from itdr_hf.models.recommenders.top_k import top_k

NEIGHBOURS = 100
PAIRS_AT_ONCE = 1 << 23


def popularity(train: Interactions) -> DotScorer:
    """Score every item by its number of users; equals by code, lower first. Scores lie in (0, 1]."""
    return DotScorer(user_vectors=np.ones((train.user_count, 1), dtype=np.float32), item_vectors=_prior(train)[:, None])


def item_neighbours(train: Interactions, *, neighbours: int = NEIGHBOURS) -> NeighbourScorer:
    """Score items by cosine similarity to the user's items, |A ∩ B| / √(|A| |B|) over their users.

    Each item lends weight to its `neighbours` most similar items only; what nobody relates to the history
    follows by popularity. Time grows with the sum of squared history lengths.
    """
    histories = train.histories
    near = np.full((train.item_count, neighbours), -1, dtype=np.int64)
    similar = np.zeros((train.item_count, neighbours), dtype=np.float32)
    for items, rows in _cosines(train):
        ids, values = _nearest(rows, neighbours)
        near[items, : ids.shape[1]], similar[items, : ids.shape[1]] = ids, values
    return NeighbourScorer(
        history_starts=histories.starts,
        history_items=histories.items,
        neighbours=near,
        similarities=similar,
        prior=_prior(train) * np.float32(1e-6),
    )


def cosines_with(train: Interactions, shown: Histories, rows: Ints, items: Ints) -> Floats:
    """Return for each (row, item) the sum of the item's cosines to the items shown[row], over all of them."""
    owners = Histories.of(*_sorted_by_item(train), train.item_count)
    root = np.sqrt(np.maximum(owners.lengths, 1))
    order = np.argsort(rows, kind="stable")
    weights = np.zeros(train.user_count, dtype=np.float64)
    scores = np.empty(len(rows), dtype=np.float32)
    for pairs in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1) if len(rows) else []:
        history = shown[int(rows[pairs[0]])]
        for past in history:
            weights[owners[int(past)]] += 1 / root[past]
        scores[pairs] = [weights[owners[int(item)]].sum() / root[item] for item in items[pairs]]
        for past in history:
            weights[owners[int(past)]] = 0
    return scores


def _sorted_by_item(train: Interactions) -> tuple[Ints, Ints]:
    """Return the items and users of the distinct pairs, by item."""
    items, users = np.divmod(np.unique(train.items * train.user_count + train.users), max(train.user_count, 1))
    return items, users


def _prior(train: Interactions) -> Floats:
    """Return ranks by popularity scaled into (0, 1]: distinct numbers, so that no two items are equal."""
    order = np.lexsort((-np.arange(train.item_count), np.bincount(train.distinct().items, minlength=train.item_count)))
    prior = np.empty(train.item_count, dtype=np.float32)
    prior[order] = (np.arange(train.item_count) + 1) / max(train.item_count, 1)
    return prior


def _cosines(train: Interactions) -> Iterator[tuple[Ints, Floats]]:
    """Yield blocks of items with their cosine to every item (block × items), 0 to themselves."""
    histories = train.histories
    users = np.repeat(np.arange(train.user_count), histories.lengths)
    order = np.argsort(histories.items, kind="stable")
    item_users, owners = histories.items[order], users[order]
    degrees = np.bincount(histories.items, minlength=train.item_count)
    starts = np.concatenate([[0], np.cumsum(degrees)])
    root = np.sqrt(np.maximum(degrees, 1))

    size = max(1, PAIRS_AT_ONCE // max(train.item_count, 1))
    for first in range(0, train.item_count, size):
        block = np.arange(first, min(first + size, train.item_count))
        span = slice(starts[block[0]], starts[block[-1] + 1])
        counts = _together(histories, owners[span], item_users[span] - first, (len(block), train.item_count))
        cosines = counts / (root[block][:, None] * root)
        cosines[np.arange(len(block)), block] = 0
        yield block, cosines.astype(np.float32)


def _together(histories: Histories, owners: Ints, rows: Ints, shape: tuple[int, int]) -> Floats:
    """Count how often each row's item and every item have a user in common, a bounded number of pairs at a time."""
    counts = np.zeros(shape[0] * shape[1], dtype=np.int64)
    ends = np.cumsum(histories.lengths[owners])
    start = 0
    while start < len(owners):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + PAIRS_AT_ONCE, side="right")))
        places, items = histories.flat(owners[start:stop])
        counts += np.bincount(rows[start:stop][places] * shape[1] + items, minlength=len(counts))
        start = stop
    return counts.reshape(shape).astype(np.float32)


def _nearest(rows: Floats, count: int) -> tuple[Ints, Floats]:
    """Return the most similar items of each row, −1 at 0 where nothing is similar."""
    ids, values = top_k(np.where(rows > 0, rows, -np.inf).astype(np.float32), min(count, rows.shape[1]))
    return ids, np.where(ids >= 0, values, 0)
