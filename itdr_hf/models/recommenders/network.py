"""What training asks of a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.losses import Tensor
from itdr_hf.models.recommenders.scorers import FittedScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.vectors import Parameters


class Network(Protocol):
    """Parameters, the losses of an epoch one batch at a time, and the scorer they make at any moment."""

    parameters: Parameters

    def losses(self) -> Iterator[Tensor]: ...

    def scorer(self) -> FittedScorer: ...


class MakeNetwork(Protocol):
    """Build a network for a training set; every draw comes from torch's global generator or from `rng`."""

    def __call__(
        self, train: Interactions, features: Features, settings: Settings, rng: np.random.Generator
    ) -> Network: ...


def array(tensor: Tensor) -> np.ndarray:
    """Copy a tensor's values into an array."""
    values: np.ndarray = tensor.detach().contiguous().numpy().copy()
    return values
