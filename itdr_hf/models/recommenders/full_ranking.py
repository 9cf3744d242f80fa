"""Full ranking: every item of a catalogue ranked for every user, what the user has masked; and its metrics.

Users come in blocks, so memory does not grow with their number. Only users with a test item count. In the
zero-shot setting the catalogue is the items that training never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Interval, intervals
from itdr_hf.metrics.ranking import hit_rate, ndcg
from itdr_hf.metrics.sample import Sample, mean_sample
from itdr_hf.models.recommenders.interactions import Bools, Floats, Interactions, Ints
from itdr_hf.models.recommenders.scorers import Scorer
from itdr_hf.models.recommenders.top_k import top_k

Values = NDArray[np.float64]

BLOCK = 256
KS = (20, 40)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """The best items of some users: users (n), items and scores (n × k), −1 at −inf where a list runs short."""

    users: Ints
    items: Ints
    scores: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class RankingScores:
    """Metrics of one ranking: users (n), and per metric one value per user (n)."""

    users: Ints
    samples: dict[str, Sample]

    def value(self, metric: str) -> float:
        """Return the mean over users; nan without users."""
        return self.samples[metric].value

    def intervals(self, *, seed: int = 0) -> dict[str, Interval]:
        """Return each metric with its bootstrap interval over users."""
        found = intervals(list(self.samples.values()), seed=seed, stream="full ranking")
        return dict(zip(self.samples, found, strict=True))


def rank(
    scorer: Scorer,
    users: Ints,
    *,
    seen: Sequence[Interactions] = (),
    catalogue: Bools | None = None,
    k: int = max(KS),
    block: int = BLOCK,
) -> Ranking:
    """Rank all items for users, without those that `seen` has of the user nor those outside `catalogue`.

    `catalogue` is a mask of items, None for all. Equal scores are in order of item code. Raises UsageError for a
    k below 1 and for scores that are not numbers.
    """
    if k < 1:
        raise UsageError(f"full ranking: k is {k}; want 1 or more")
    items = np.empty((len(users), k), dtype=np.int64)
    scores = np.empty((len(users), k), dtype=np.float32)
    for start in range(0, len(users), block):
        part = slice(start, start + block)
        items[part], scores[part] = top_k(_masked(scorer, users[part], seen, catalogue), k)
    return Ranking(users=users, items=items, scores=scores)


def evaluate(ranking: Ranking, test: Interactions, *, ks: Sequence[int] = KS) -> RankingScores:
    """Return Recall, NDCG, HR and MRR at each k, over the ranking's users that have a test item.

    UsageError where the lists are shorter than the largest k.
    """
    if max(ks) > ranking.items.shape[1]:
        raise UsageError(f"full ranking: lists of {ranking.items.shape[1]}; want k up to {max(ks)}: rank with that k")
    positives = test.histories.lengths[ranking.users]
    counted = positives > 0
    hits = hits_in(ranking, test)[counted]
    columns = {name: column for k in ks for name, column in _at(hits, positives[counted], k).items()}
    samples = {name: mean_sample(name, column) for name, column in columns.items()}
    return RankingScores(users=ranking.users[counted], samples=samples)


def hits_in(ranking: Ranking, test: Interactions) -> Bools:
    """Return whether each ranked item is a test item of its user (n × k)."""
    found = test.contains(np.repeat(ranking.users, ranking.items.shape[1]), ranking.items.ravel())
    return (found & (ranking.items.ravel() >= 0)).reshape(ranking.items.shape)


def recall(hits: Bools, positives: Ints, k: int) -> Values:
    """Recall@k of each list: test items among the first k, divided by all test items of the user. Range 0 to 1."""
    found: Values = hits[:, :k].sum(axis=1) / positives
    return found


def reciprocal_rank(hits: Bools, k: int) -> Values:
    """MRR@k of each list: 1 / place of the first test item among the first k, 0 without one."""
    top = hits[:, :k]
    first = top.argmax(axis=1)
    return np.where(top.any(axis=1), 1 / (first + 1), 0.0)


def _at(hits: Bools, positives: Ints, k: int) -> dict[str, Values]:
    return {
        f"Recall@{k}": recall(hits, positives, k),
        f"NDCG@{k}": ndcg(hits, positives, k),
        f"HR@{k}": hit_rate(hits, k),
        f"MRR@{k}": reciprocal_rank(hits, k),
    }


def _masked(scorer: Scorer, users: Ints, seen: Sequence[Interactions], catalogue: Bools | None) -> Floats:
    """Return the scores of a block of users, −inf where an item is not to be ranked."""
    scores = scorer.score_users(users)
    if np.isnan(scores).any():
        raise UsageError("full ranking: a score that is not a number; want numbers: train with a lower learning_rate")
    for interactions in seen:
        scores[interactions.histories.flat(users)] = -np.inf
    if catalogue is not None:
        scores[:, ~catalogue] = -np.inf
    return scores
