"""Train a network: Adam, a seed for every draw, and an end once validation stops getting better.

Only the training set and a judge over validation reach this module; there is no way in for a test set. Equal
seeds give equal bytes at one number of threads; other numbers of threads add in another order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from itdr_hf.errors import ModelError
from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.network import MakeNetwork, Network
from itdr_hf.models.recommenders.scorers import FittedScorer, Scorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.runtime.progress import OnProgress, Progress

Judge = Callable[[Scorer], float]


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the training pairs; `seconds` are of training alone, `validation` is nan without a judge."""

    number: int
    loss: float
    steps: int
    seconds: float
    validation: float


def train_network(
    make: MakeNetwork,
    train: Interactions,
    features: Features,
    settings: Settings,
    judge: Judge | None,
    progress: OnProgress,
) -> tuple[FittedScorer, list[Epoch]]:
    """Return the scorer of the best epoch by `judge`, or of the last without one, and all epochs.

    Raises ModelError when the loss is no longer a number. The global torch generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = make(train, features, settings, np.random.default_rng(settings.seed))
        return _train(network, settings, judge, progress)


def _train(
    network: Network, settings: Settings, judge: Judge | None, progress: OnProgress
) -> tuple[FittedScorer, list[Epoch]]:
    optimiser = torch.optim.Adam(list(network.parameters.values()), lr=settings.learning_rate)
    epochs: list[Epoch] = []
    best, best_number = None, 0
    for number in range(1, settings.epochs + 1):
        loss, steps, seconds = _epoch(network, optimiser)
        if judge is None:
            epochs.append(Epoch(number=number, loss=loss, steps=steps, seconds=seconds, validation=math.nan))
        else:
            scorer = network.scorer()
            epochs.append(Epoch(number=number, loss=loss, steps=steps, seconds=seconds, validation=judge(scorer)))
            if best is None or epochs[-1].validation > epochs[best_number - 1].validation:
                best, best_number = scorer, number
        progress(Progress("training", number, settings.epochs, "epochs", f"loss {loss:.4f}"))
        if judge is not None and number - best_number >= settings.patience:
            break
    return best or network.scorer(), epochs


def _epoch(network: Network, optimiser: torch.optim.Adam) -> tuple[float, int, float]:
    """Take a step per batch; return the mean loss, the number of steps and the seconds."""
    begin, total, steps = time.perf_counter(), 0.0, 0
    for loss in network.losses():
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total, steps = total + float(loss.detach()), steps + 1
    if not math.isfinite(total):
        raise ModelError(f"training: a loss of {total}; want a number: lower learning_rate or contrast")
    return total / max(steps, 1), steps, time.perf_counter() - begin
