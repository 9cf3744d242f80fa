"""Losses of the learned recommenders, each a mean over the rows of a batch."""

from __future__ import annotations

from typing import TypeAlias

import torch

Tensor: TypeAlias = torch.Tensor


def bpr(positive: Tensor, negative: Tensor) -> Tensor:
    """Return −mean log σ(positive − negative) over pairs of scores (Rendle et al. 2009, section 4)."""
    return torch.nn.functional.softplus(negative - positive).mean()


def info_nce(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Contrast two views (n × d): −mean log of a row's cosine with itself against all rows of the other view.

    Cosines are divided by `temperature` before the softmax (Wu et al. 2021, eq. 10).
    """
    first, second = torch.nn.functional.normalize(first), torch.nn.functional.normalize(second)
    similarities = first @ second.T / temperature
    return torch.nn.functional.cross_entropy(similarities, torch.arange(len(first)))


def squared_norm(*vectors: Tensor) -> Tensor:
    """Return half the squared length of a row, all vectors of a row taken together, as a mean over rows."""
    return sum((rows.square().sum() for rows in vectors), torch.zeros(())) / (2 * max(len(vectors[0]), 1))
