"""The graph of users and items, and its product with their vectors.

Nodes are the users 0 … U − 1, then the items U … U + I − 1. The normalised adjacency A has 1 / √(d_u d_i) where
u has i, and is symmetric, so that the gradient of A x is A times the incoming gradient (LightGCN, He et al.
2020, eq. 3, 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from itdr_hf.models.recommenders.interactions import Bools, Interactions
from itdr_hf.models.recommenders.losses import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Adjacency:
    """A sparse symmetric matrix by rows: row r has columns[starts[r]:starts[r + 1]] and as many weights."""

    starts: Tensor
    columns: Tensor
    weights: Tensor

    def product(self, vectors: Tensor) -> Tensor:
        """Multiply with dense vectors (nodes × d), outside autograd.

        A weighted sum of bags, whose kernel fetches rows ahead of their use.
        """
        return torch.nn.functional.embedding_bag(
            self.columns, vectors, self.starts, mode="sum", per_sample_weights=self.weights, include_last_offset=True
        )


class Graph:
    """The distinct pairs of a training set, sorted once, of which views keep a part."""

    def __init__(self, train: Interactions) -> None:
        codes = np.unique(train.codes)
        self.users, self.items = np.divmod(codes, max(train.item_count, 1))
        self.user_count, self.item_count = train.user_count, train.item_count
        self.by_item = np.argsort(self.items, kind="stable")

    def adjacency(self, kept: Bools | None = None) -> Adjacency:
        """Return the normalised adjacency of all pairs, or of those that a mask keeps, with their own degrees."""
        chosen = np.ones(len(self.users), dtype=np.bool_) if kept is None else kept
        users, items = self.users[chosen], self.items[chosen]
        back = self.by_item[chosen[self.by_item]]
        degrees = np.bincount(users, minlength=self.user_count), np.bincount(items, minlength=self.item_count)
        root = [np.sqrt(np.maximum(side, 1)) for side in degrees]
        columns = np.concatenate([items + self.user_count, self.users[back]])
        weights = 1 / np.concatenate(
            [root[0][users] * root[1][items], root[0][self.users[back]] * root[1][self.items[back]]]
        )
        return Adjacency(
            starts=torch.from_numpy(np.concatenate([[0], np.cumsum(np.concatenate(degrees))]).astype(np.int32)),
            columns=torch.from_numpy(columns.astype(np.int32)),
            weights=torch.from_numpy(weights.astype(np.float32)),
        )

    def view(self, keep: float, rng: np.random.Generator) -> Adjacency:
        """Return the adjacency of a random share of the pairs (SGL's edge dropout)."""
        return self.adjacency(rng.random(len(self.users), dtype=np.float32) < keep)


def layers_of(adjacency: Adjacency, vectors: Tensor, count: int) -> list[Tensor]:
    """Return x, A x, …, A^count x, outside autograd: the vectors of each layer."""
    layers = [vectors.detach()]
    for _ in range(count):
        layers.append(adjacency.product(layers[-1]))
    return layers


def mean_of_layers(
    adjacency: Adjacency, vectors: Tensor, layers: list[Tensor], nodes: Tensor, *, first: int = 0
) -> tuple[Tensor, Tensor]:
    """Return some rows of the mean of layers from `first` on, and of x, given all layers of x.

    From 0 on this is LightGCN's mean (eq. 4). Both are differentiable in x; a node may be there more than once.
    """
    found: tuple[Tensor, Tensor] = _MeanOfLayers.apply(adjacency, vectors, layers, nodes, first)
    return found


class _MeanOfLayers(torch.autograd.Function):  # type: ignore[misc]
    """Rows of a polynomial of a symmetric A times x, and of x, without a graph of the steps between.

    The gradient g of the rows goes back by Horner's rule, g + A (g + A (g + …)): a sum over the few rows in each step.
    """

    @staticmethod
    def forward(
        context: Any, adjacency: Adjacency, vectors: Tensor, layers: list[Tensor], nodes: Tensor, first: int
    ) -> tuple[Tensor, Tensor]:
        context.adjacency, context.first, context.depth = adjacency, first, len(layers) - 1
        context.save_for_backward(nodes)
        context.size = len(vectors)
        total = layers[first].index_select(0, nodes)
        for layer in layers[first + 1 :]:
            total += layer.index_select(0, nodes)
        return total.div_(len(layers) - first), vectors.index_select(0, nodes)

    @staticmethod
    def backward(context: Any, of_mean: Tensor, of_start: Tensor) -> tuple[None, Tensor, None, None, None]:
        (nodes,) = context.saved_tensors
        part = of_mean / (context.depth + 1 - context.first)
        total = torch.zeros(context.size, part.shape[1], dtype=part.dtype).index_add_(0, nodes, part)
        for layer in reversed(range(context.depth)):
            total = context.adjacency.product(total)
            total = total.index_add_(0, nodes, part) if layer >= context.first else total
        return None, total.index_add_(0, nodes, of_start), None, None, None
