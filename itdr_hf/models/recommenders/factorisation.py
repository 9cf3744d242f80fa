"""BiasMF and NCF: recommenders that score a user and an item from their own vectors.

BiasMF   u · v + b_v. The bias of a user cancels in BPR and in a ranking, so there is none (Koren et al. 2009).
NCF      u · v plus a network over another pair of vectors (NeuMF, He et al. 2017), here under BPR.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.losses import Tensor, bpr, squared_norm
from itdr_hf.models.recommenders.network import array
from itdr_hf.models.recommenders.sampling import PairSampler
from itdr_hf.models.recommenders.scorers import DotScorer, TowerScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.vectors import item_vectors, table, user_vectors


class BiasMF:
    """Matrix factorisation with item biases; items known by their text have none, so that unseen ones are equal."""

    def __init__(self, train: Interactions, features: Features, settings: Settings, rng: np.random.Generator) -> None:
        self.settings, self.pairs = settings, PairSampler(train, rng)
        self.users = user_vectors(train.user_count, settings.dim, features)
        self.items = item_vectors(train.item_count, settings.dim, features)
        self.bias = torch.zeros(train.item_count, 1, requires_grad=features.item_texts is None)
        self.parameters = {**self.users.parameters, **self.items.parameters}
        if self.bias.requires_grad:
            self.parameters["bias"] = self.bias

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        for batch in self.pairs.epoch(self.settings.batch):
            users, positives, negatives = (
                self.users(batch.users),
                self.items(batch.positives),
                self.items(batch.negatives),
            )
            liked = (users * positives).sum(dim=1) + self._bias(batch.positives)
            other = (users * negatives).sum(dim=1) + self._bias(batch.negatives)
            yield bpr(liked, other) + self.settings.l2 * squared_norm(users, positives, negatives)

    def scorer(self) -> DotScorer:
        """Return the vectors with the bias as one more column, which every user has as 1."""
        with torch.no_grad():
            users, items = self.users(), self.items()
            return DotScorer(
                user_vectors=array(torch.cat([users, torch.ones(len(users), 1)], dim=1)),
                item_vectors=array(torch.cat([items, self.bias], dim=1)),
            )

    def _bias(self, items: Tensor) -> Tensor:
        return torch.nn.functional.embedding(items, self.bias).squeeze(1)


class NCF:
    """NeuMF: a weighted product of vectors, plus a network of layers d/2 and d/4 over other vectors."""

    def __init__(self, train: Interactions, features: Features, settings: Settings, rng: np.random.Generator) -> None:
        self.settings, self.pairs = settings, PairSampler(train, rng)
        dim, hidden, middle = settings.dim, max(1, settings.dim // 2), max(1, settings.dim // 4)
        self.users = user_vectors(train.user_count, dim, features)
        self.items = item_vectors(train.item_count, dim, features)
        self.tower_users = user_vectors(train.user_count, dim, features, "tower_user")
        self.tower_items = item_vectors(train.item_count, dim, features, "tower_item")
        self.layers = {
            "user_layer": table(hidden, dim),
            "item_layer": table(hidden, dim),
            "hidden_bias": torch.zeros(hidden, requires_grad=True),
            "middle": table(middle, hidden),
            "middle_bias": torch.zeros(middle, requires_grad=True),
            "last": table(1, middle),
            "product": torch.ones(dim, requires_grad=True),
        }
        sides = (self.users, self.items, self.tower_users, self.tower_items)
        self.parameters = {**{k: v for side in sides for k, v in side.parameters.items()}, **self.layers}

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        for batch in self.pairs.epoch(self.settings.batch):
            users, tower_users = self.users(batch.users), self.tower_users(batch.users)
            liked, other = (self._score(users, tower_users, items) for items in (batch.positives, batch.negatives))
            start = squared_norm(users, tower_users, self.items(batch.positives), self.items(batch.negatives))
            yield bpr(liked, other) + self.settings.l2 * start

    def scorer(self) -> TowerScorer:
        """Return the vectors and the network, its first layer applied to either side."""
        layers = self.layers
        with torch.no_grad():
            return TowerScorer(
                user_vectors=array(self.users() * layers["product"]),
                item_vectors=array(self.items()),
                user_hidden=array(self.tower_users() @ layers["user_layer"].T + layers["hidden_bias"]),
                item_hidden=array((self.tower_items() @ layers["item_layer"].T).T),
                middle=array(layers["middle"]),
                middle_bias=array(layers["middle_bias"]),
                last=array(layers["last"][0]),
            )

    def _score(self, users: Tensor, tower_users: Tensor, items: Tensor) -> Tensor:
        layers = self.layers
        product = (users * layers["product"] * self.items(items)).sum(dim=1)
        first = tower_users @ layers["user_layer"].T + self.tower_items(items) @ layers["item_layer"].T
        middle = torch.relu(torch.relu(first + layers["hidden_bias"]) @ layers["middle"].T + layers["middle_bias"])
        return product + (middle @ layers["last"].T).squeeze(1)
