"""LightGCN, SGL and SimGCL: vectors averaged over the graph of users and items, plain or with contrasted views.

Each takes a step with gradients through the whole graph, so the products with the adjacency are what costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch

from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.losses import Tensor, bpr, info_nce, squared_norm
from itdr_hf.models.recommenders.network import array
from itdr_hf.models.recommenders.propagation import Adjacency, Graph, layers_of, mean_of_layers
from itdr_hf.models.recommenders.sampling import Batch, PairSampler
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.vectors import item_vectors, user_vectors


class LightGCN:
    """Starting vectors averaged with their propagations, under BPR (He et al. 2020)."""

    first: ClassVar[int] = 0  # layer of the mean

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
            yield self.ranking_loss(*self.mean(self.adjacency, self.start(), self.nodes(batch)))

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
        return self.mean(self.adjacency, start, torch.arange(len(start)))[0]

    def mean(
        self, adjacency: Adjacency, start: Tensor, nodes: Tensor, layers: list[Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the mean of some nodes' layers, and their starting vectors; `layers` where they are known already."""
        layers = layers or layers_of(adjacency, start, self.settings.layers)
        return mean_of_layers(adjacency, start, layers, nodes, first=self.first)

    def nodes(self, batch: Batch) -> Tensor:
        """Return the nodes of a batch: its users, then the items they have, then the others."""
        return torch.cat([batch.users, batch.positives + self.user_count, batch.negatives + self.user_count])

    def ranking_loss(self, final: Tensor, start: Tensor) -> Tensor:
        """Return BPR over the final vectors of a batch's nodes, whose starting vectors are kept short."""
        users, liked, other = final.chunk(3)
        loss = bpr((users * liked).sum(dim=1), (users * other).sum(dim=1))
        return loss + self.settings.l2 * squared_norm(*start.chunk(3))

    def contrasted(self, batch: Batch) -> list[Tensor]:
        """Return which nodes two views are contrasted on: the batch's distinct users, and its liked items, each capped at random."""
        return [self._capped(torch.unique(codes)) for codes in (batch.users, batch.positives + self.user_count)]

    def contrastive_loss(self, nodes: Sequence[Tensor], first: Tensor, second: Tensor) -> Tensor:
        """Contrast two views, given their vectors of the nodes of either side."""
        sizes = [len(codes) for codes in nodes]
        sides = zip(first.split(sizes), second.split(sizes), strict=True)
        users, items = (info_nce(one, other, self.settings.temperature) for one, other in sides)
        return self.settings.contrast * (users + items)

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
            start, nodes = self.start(), self.contrasted(batch)
            first, second = (self.mean(view, start, torch.cat(nodes))[0] for view in views)
            loss = self.ranking_loss(*self.mean(self.adjacency, start, self.nodes(batch)))
            yield loss + self.contrastive_loss(nodes, first, second)


class SimGCL(LightGCN):
    """LightGCN without the starting vectors in the mean, contrasting two noisy propagations (Yu et al. 2022)."""

    first: ClassVar[int] = 1

    def losses(self) -> Iterator[Tensor]:
        """Yield the loss of each batch of an epoch."""
        for batch in self.pairs.epoch(self.settings.batch):
            start, ranked, nodes = self.start(), self.nodes(batch), self.contrasted(batch)
            layers, chosen = layers_of(self.adjacency, start, self.settings.layers), torch.cat(nodes)
            mean, own = self.mean(self.adjacency, start, torch.cat([ranked, chosen]), layers)
            final, plain = mean.split([len(ranked), len(chosen)])
            first, second = (plain + self._noise(layers, chosen) for _ in range(2))
            loss = self.ranking_loss(final, own[: len(ranked)])
            yield loss + self.contrastive_loss(nodes, first, second)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _noise(self, layers: list[Tensor], nodes: Tensor) -> Tensor:
        """Return what noise adds to the mean of some nodes in a view.

        A view propagates h_l = A h_{l−1} + n_l. Noise carries no gradient and A is linear, so the view is the
        plain mean plus the mean of m_l = A m_{l−1} + n_l: the products that need gradients are done once for all.
        What nobody propagates further, the last layer's, is drawn for these nodes alone.
        """
        total = torch.zeros(len(nodes), layers[0].shape[1])
        carried = None
        for depth, layer in enumerate(layers[1:], 1):
            came = None if carried is None else self.adjacency.product(carried)
            if depth == len(layers) - 1:
                layer, came = layer[nodes], None if came is None else came[nodes]
            carried = self._draw(layer) if came is None else came + self._draw(layer + came)
            total += carried if depth == len(layers) - 1 else carried[nodes]
        return total / (len(layers) - 1)

    def _draw(self, vectors: Tensor) -> Tensor:
        """Draw noise of the set length into the orthant of each vector (eq. 7)."""
        drawn = torch.rand(vectors.shape)
        drawn *= self.settings.noise / torch.linalg.vector_norm(drawn, dim=1, keepdim=True)
        return torch.copysign(drawn, vectors, out=drawn)
