"""What a fitted recommender is: arrays that score items for users. Scoring needs numpy alone.

DotScorer         user vector · item vector: popularity, BiasMF, LightGCN, SGL, SimGCL, SASRec
TowerScorer       a product and a small network over each pair: NCF
NeighbourScorer   similarities of an item to the items of a history: item-kNN
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol, TypeAlias, TypeVar

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Floats, Ints

COLUMNS = 2_500  # items at once: their layers stay near the processor
S = TypeVar("S", bound="Arrays")


class Scorer(Protocol):
    """Anything that scores: `score_users` fills (users × all items), `score_pairs` one number per pair."""

    def score_users(self, users: Ints) -> Floats: ...

    def score_pairs(self, users: Ints, items: Ints) -> Floats: ...


class Arrays:
    """Turn a dataclass of arrays into a dict and back, for checkpoints; the host is a dataclass."""

    kind: ClassVar[str]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_arrays(cls: type[S], arrays: Mapping[str, np.ndarray]) -> S:
        """Build the scorer from its arrays; UsageError where one is missing."""
        wanted = [field.name for field in fields(cls)]  # type: ignore[arg-type]
        if missing := [name for name in wanted if name not in arrays]:
            raise UsageError(f"{cls.kind} scorer: no array {missing[0]!r}; want {', '.join(wanted)}: save it again")
        return cls(**{name: arrays[name] for name in wanted})


@dataclass(frozen=True, kw_only=True, eq=False)
class DotScorer(Arrays):
    """Inner products of user_vectors (users × d) and item_vectors (items × d), float32."""

    kind: ClassVar[str] = "dot"
    user_vectors: Floats
    item_vectors: Floats

    def score_users(self, users: Ints) -> Floats:
        """Return the scores of all items, users × items."""
        scores: Floats = self.user_vectors[users] @ self.item_vectors.T
        return scores

    def score_pairs(self, users: Ints, items: Ints) -> Floats:
        """Return one score per pair."""
        scores: Floats = np.einsum("nd,nd->n", self.user_vectors[users], self.item_vectors[items])
        return scores


@dataclass(frozen=True, kw_only=True, eq=False)
class TowerScorer(Arrays):
    """u · v + w · relu(M relu(a_u + b_v) + c): a product and a network of two hidden layers over each pair.

    The network's first layer is linear in user and item apart, so its halves a (users × h) and b (h × items)
    are computed once; per pair remain two small layers (NeuMF, He et al. 2017, section 3.4).
    """

    kind: ClassVar[str] = "tower"
    user_vectors: Floats
    item_vectors: Floats
    user_hidden: Floats
    item_hidden: Floats
    middle: Floats
    middle_bias: Floats
    last: Floats

    def score_users(self, users: Ints) -> Floats:
        """Return the scores of all items, users × items.

        relu(a + b) is max(b, −a) + a, and what a adds behind it is one number per user and unit: the sum over each pair
        is left out, and a pair costs two maxima and two small products.
        """
        scores: Floats = self.user_vectors[users] @ self.item_vectors.T
        first = self.user_hidden[users]
        second = first @ self.middle.T + self.middle_bias
        scores += (second @ self.last)[:, None]
        for start in range(0, scores.shape[1], COLUMNS):
            piece = slice(start, start + COLUMNS)
            items = np.ascontiguousarray(self.item_hidden[:, piece])
            hidden, middle = np.empty_like(items), np.empty((len(self.middle), items.shape[1]), items.dtype)
            for row, (least, lower) in enumerate(zip(-first[:, :, None], -second[:, :, None], strict=True)):
                np.maximum(items, least, out=hidden)
                np.maximum(np.matmul(self.middle, hidden, out=middle), lower, out=middle)
                scores[row, piece] += self.last @ middle
        return scores

    def score_pairs(self, users: Ints, items: Ints) -> Floats:
        """Return one score per pair."""
        product = np.einsum("nd,nd->n", self.user_vectors[users], self.item_vectors[items])
        scores: Floats = product + self._network(self.user_hidden[users].T + self.item_hidden[:, items])
        return scores

    def _network(self, hidden: Floats) -> Floats:
        """Return the network's output for first-layer sums (h × pairs), which are overwritten."""
        np.maximum(hidden, 0, out=hidden)
        middle = self.middle @ hidden
        middle += self.middle_bias[:, None]
        np.maximum(middle, 0, out=middle)
        output: Floats = self.last @ middle
        return output


@dataclass(frozen=True, kw_only=True, eq=False)
class NeighbourScorer(Arrays):
    """Σ over a user's items of their similarity to an item, plus `prior`, which orders what is equal.

    User u has history_items[history_starts[u]:history_starts[u + 1]]; item i has neighbours (items × k, −1
    where there are fewer) of similarities (items × k).
    """

    kind: ClassVar[str] = "neighbours"
    history_starts: Ints
    history_items: Ints
    neighbours: Ints
    similarities: Floats
    prior: Floats

    def score_users(self, users: Ints) -> Floats:
        """Return the scores of all items, users × items."""
        return (
            np.stack([self._score(int(user)) for user in users])
            if len(users)
            else np.zeros((0, len(self.prior)), np.float32)
        )

    def score_pairs(self, users: Ints, items: Ints) -> Floats:
        """Return one score per pair."""
        people, places = np.unique(users, return_inverse=True)
        scores = np.empty(len(users), dtype=np.float32)
        for place, user in enumerate(people):
            scores[places == place] = self._score(int(user))[items[places == place]]
        return scores

    def _score(self, user: int) -> Floats:
        history = self.history_items[self.history_starts[user] : self.history_starts[user + 1]]
        near, weights = self.neighbours[history].ravel(), self.similarities[history].ravel()
        sums = np.bincount(near[near >= 0], weights=weights[near >= 0], minlength=len(self.prior))
        scores: Floats = sums.astype(np.float32) + self.prior
        return scores


FittedScorer: TypeAlias = DotScorer | TowerScorer | NeighbourScorer
SCORERS: dict[str, type[FittedScorer]] = {scorer.kind: scorer for scorer in (DotScorer, TowerScorer, NeighbourScorer)}
