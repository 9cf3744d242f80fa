"""Users that training never saw, from the items they are shown with.

A new user's vector is a linear function of the mean vector of their items: the one that, over the training users,
is nearest to the vectors that training gave them (least squares). Item-kNN needs no vector: it takes the items.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from itdr_hf.models.recommenders.interactions import Floats, Histories, Interactions, Ints
from itdr_hf.models.recommenders.scorers import DotScorer, FittedScorer, NeighbourScorer

FITTED_ON = 20_000  # training users that the linear function is fitted on, evenly among them


def fold_in(scorer: FittedScorer, train: Interactions, shown: Histories) -> FittedScorer:
    """Return the scorer with new users in place of those of training: user u has the items shown[u].

    A user without items is the average one.
    """
    if isinstance(scorer, NeighbourScorer):
        return replace(scorer, history_starts=shown.starts, history_items=shown.items)
    if isinstance(scorer, DotScorer):
        return replace(scorer, user_vectors=_folded(scorer.item_vectors, scorer.user_vectors, train, shown))
    items = np.concatenate([scorer.item_vectors, scorer.item_hidden.T], axis=1)
    users = np.concatenate([scorer.user_vectors, scorer.user_hidden], axis=1)
    folded, width = _folded(items, users, train, shown), scorer.user_vectors.shape[1]
    return replace(scorer, user_vectors=folded[:, :width], user_hidden=folded[:, width:])


def _folded(items: Floats, users: Floats, train: Interactions, shown: Histories) -> Floats:
    """Return the vectors of the users of `shown` (users × the width of `users`)."""
    known = np.flatnonzero(train.histories.lengths)
    chosen = known[:: max(1, len(known) // FITTED_ON)]
    means = mean_vectors(items, train.histories, chosen)
    function, *_ = np.linalg.lstsq(_with_one(means), users[chosen].astype(np.float64), rcond=None)
    new = mean_vectors(items, shown, np.arange(len(shown.lengths)))
    new[shown.lengths == 0] = means.mean(axis=0)
    return np.asarray(_with_one(new) @ function, dtype=np.float32)


def mean_vectors(items: Floats, histories: Histories, users: Ints) -> Floats:
    """Return the mean item vector of each user (users × width), zero without items."""
    sums = np.zeros((len(users), items.shape[1]), dtype=np.float32)
    for start in range(0, len(users), 1024):
        part = slice(start, start + 1024)
        rows, codes = histories.flat(users[part])
        np.add.at(sums[part], rows, items[codes])
    return np.asarray(sums / np.maximum(histories.lengths[users], 1)[:, None], dtype=np.float32)


def _with_one(vectors: Floats) -> Floats:
    return np.concatenate([vectors, np.ones((len(vectors), 1), dtype=vectors.dtype)], axis=1)
