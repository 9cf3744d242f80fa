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

    def __matmul__(self, vectors: Tensor) -> Tensor:
        """Multiply with dense vectors (nodes × d); differentiable in the vectors."""
        return _Product.apply(self, vectors)

    def product(self, vectors: Tensor) -> Tensor:
        """Multiply outside autograd: a weighted sum of bags, whose kernel fetches rows ahead of their use."""
        return torch.nn.functional.embedding_bag(
            self.columns, vectors, self.starts, mode="sum", per_sample_weights=self.weights, include_last_offset=True
        )


class _Product(torch.autograd.Function):  # type: ignore[misc]
    """A @ x for a symmetric A: forward and backward are the same product."""

    @staticmethod
    def forward(context: Any, adjacency: Adjacency, vectors: Tensor) -> Tensor:
        context.adjacency = adjacency
        return adjacency.product(vectors)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[None, Tensor]:
        return None, context.adjacency @ gradient.contiguous()


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


class _MeanOfLayers(torch.autograd.Function):  # type: ignore[misc]
    """A polynomial of a symmetric A times x: forward and backward are the same, without a graph of their steps."""

    @staticmethod
    def forward(context: Any, adjacency: Adjacency, vectors: Tensor, layers: int) -> Tensor:
        context.adjacency, context.layers = adjacency, layers
        total, current = vectors.clone(), vectors
        for _ in range(layers):
            current = adjacency.product(current)
            total += current
        return total.div_(layers + 1)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        return None, mean_of_layers(context.adjacency, gradient.contiguous(), context.layers), None


def mean_of_layers(adjacency: Adjacency, vectors: Tensor, layers: int) -> Tensor:
    """Return (x + A x + … + A^layers x) / (layers + 1), LightGCN's final vectors (eq. 4); differentiable in x."""
    mean: Tensor = _MeanOfLayers.apply(adjacency, vectors, layers)
    return mean
