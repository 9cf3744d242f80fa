"""LightGCN, SGL and SimGCL: vectors averaged over the graph of users and items, plain or with contrasted views.

Each takes a step with gradients through the whole graph, so the products with the adjacency are what costs.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.losses import Tensor, bpr, info_nce, squared_norm
from itdr_hf.models.recommenders.network import array
from itdr_hf.models.recommenders.propagation import Graph, mean_of_layers
from itdr_hf.models.recommenders.sampling import Batch, PairSampler
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.vectors import item_vectors, user_vectors


class LightGCN:
    """Starting vectors averaged with their propagations, under BPR (He et al. 2020)."""

    def __init__(self, train: Interactions, features: Features, settings: Settings, rng: np.random.Generator) -> None:
        self.settings, self.rng, self.pairs = settings, rng, PairSampler(train, rng)
        self.user_count = train.user_count
        self.users = user_vectors(train.user_count, settings.dim, features)
        self.items = item_vectors(train.item_count, settings.dim, features)
        self.parameters = {**self.users.parameters, **self.items.parameters}
        self.graph = Graph(train)
        self.adjacency = self.graph.adjacency()

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        for batch in self.pairs.epoch(self.settings.batch):
            start = self.start()
            yield self.ranking_loss(batch, start, self.final(start))

    def scorer(self) -> DotScorer:
        """Return the final vectors."""
        with torch.no_grad():
            final = self.final(self.start())
        return DotScorer(user_vectors=array(final[: self.user_count]), item_vectors=array(final[self.user_count :]))

    def start(self) -> Tensor:
        """Return the starting vectors of all nodes (nodes × dim)."""
        return torch.cat([self.users(), self.items()])

    def final(self, start: Tensor) -> Tensor:
        """Return the vectors that are scored (nodes × dim)."""
        return mean_of_layers(self.adjacency, start, self.settings.layers)

    def ranking_loss(self, batch: Batch, start: Tensor, final: Tensor) -> Tensor:
        """Return BPR over the final vectors, with the starting vectors of the batch kept short."""
        nodes = (batch.users, batch.positives + self.user_count, batch.negatives + self.user_count)
        users, liked, other = (_rows(final, codes) for codes in nodes)
        loss = bpr((users * liked).sum(dim=1), (users * other).sum(dim=1))
        return loss + self.settings.l2 * squared_norm(*(_rows(start, codes) for codes in nodes))

    def contrastive_loss(self, batch: Batch, first: Tensor, second: Tensor) -> Tensor:
        """Contrast two views over the batch's distinct users, and over its liked items, each capped at random."""
        sides = (batch.users, batch.positives + self.user_count)
        chosen = [self._capped(torch.unique(codes)) for codes in sides]
        parts = [info_nce(_rows(first, c), _rows(second, c), self.settings.temperature) for c in chosen]
        return self.settings.contrast * (parts[0] + parts[1])

    def _capped(self, nodes: Tensor) -> Tensor:
        if len(nodes) <= self.settings.contrast_rows:
            return nodes
        return nodes[torch.from_numpy(self.rng.permutation(len(nodes))[: self.settings.contrast_rows])]


class SGL(LightGCN):
    """LightGCN, contrasting two graphs an epoch that each keep a random share of the pairs (Wu et al. 2021)."""

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        views = [self.graph.view(self.settings.keep, self.rng) for _ in range(2)]
        for batch in self.pairs.epoch(self.settings.batch):
            start = self.start()
            first, second = (mean_of_layers(view, start, self.settings.layers) for view in views)
            yield self.ranking_loss(batch, start, self.final(start)) + self.contrastive_loss(batch, first, second)


class SimGCL(LightGCN):
    """LightGCN without the starting vectors in the mean, contrasting two noisy propagations (Yu et al. 2022)."""

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        for batch in self.pairs.epoch(self.settings.batch):
            start = self.start()
            layers = self._layers(start)
            final = _mean(layers)
            first, second = (final + self._noise(layers) for _ in range(2))
            yield self.ranking_loss(batch, start, final) + self.contrastive_loss(batch, first, second)

    def final(self, start: Tensor) -> Tensor:
        """Return the mean of the propagations A x, A² x, … (nodes × dim)."""
        return _mean(self._layers(start))

    def _layers(self, start: Tensor) -> list[Tensor]:
        layers = [self.adjacency @ start]
        for _ in range(self.settings.layers - 1):
            layers.append(self.adjacency @ layers[-1])
        return layers

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _noise(self, layers: list[Tensor]) -> Tensor:
        """Return what noise adds to the mean of a view.

        A view propagates h_l = A h_{l−1} + n_l. Noise carries no gradient and A is linear, so the view is the
        plain mean plus the mean of m_l = A m_{l−1} + n_l: the products that need gradients are done once for all.
        """
        carried = torch.zeros_like(layers[0])
        total = torch.zeros_like(layers[0])
        for depth, layer in enumerate(layers):
            propagated = self.adjacency.product(carried) if depth else carried
            carried = propagated + self._draw(layer + propagated)
            total += carried
        return total / len(layers)

    def _draw(self, vectors: Tensor) -> Tensor:
        """Draw noise of the set length into the orthant of each vector (eq. 7)."""
        drawn = torch.rand(vectors.shape)
        length = torch.linalg.vector_norm(drawn, dim=1, keepdim=True)
        return torch.copysign(drawn * (self.settings.noise / length), vectors)


def _mean(layers: list[Tensor]) -> Tensor:
    return torch.stack(layers).mean(dim=0) if len(layers) > 2 else sum(layers, torch.zeros(())) / len(layers)


def _rows(matrix: Tensor, codes: Tensor) -> Tensor:
    return torch.nn.functional.embedding(codes, matrix)
