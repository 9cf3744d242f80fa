"""Fit a recommender by name, and keep it as a file: the one way in for every model of the package."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.recommenders.counting import item_neighbours, popularity
from itdr_hf.models.recommenders.full_ranking import evaluate, rank
from itdr_hf.models.recommenders.interactions import NO_FEATURES, Features, Interactions
from itdr_hf.models.recommenders.scorers import FittedScorer, Scorer
from itdr_hf.models.recommenders.settings import DEFAULTS, Settings
from itdr_hf.runtime.progress import OnProgress, ignore

if TYPE_CHECKING:
    from itdr_hf.models.recommenders.training import Epoch

COUNTING: dict[str, Callable[[Interactions], FittedScorer]] = {"popularity": popularity, "item-knn": item_neighbours}
NETWORKS = {
    "biasmf": "factorisation.BiasMF",
    "ncf": "factorisation.NCF",
    "lightgcn": "graph.LightGCN",
    "sgl": "graph.SGL",
    "simgcl": "graph.SimGCL",
    "sasrec": "sequential.SASRec",
}
RECOMMENDERS = (*COUNTING, *NETWORKS)
VALIDATION_K = 20
VALIDATION_USERS = 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A fitted recommender: what scores, how it was trained, and its epochs (none for those that count)."""

    name: str
    scorer: FittedScorer
    settings: Settings = field(default_factory=Settings)
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def best_epoch(self) -> Epoch | None:
        """The epoch the scorer is of: the best by validation, or the last; None for those that count."""
        if not self.epochs or math.isnan(self.epochs[0].validation):
            return self.epochs[-1] if self.epochs else None
        return max(self.epochs, key=lambda epoch: epoch.validation)

    @property
    def seconds_per_epoch(self) -> float:
        """The median seconds of training per epoch; nan for those that count."""
        return float(np.median([epoch.seconds for epoch in self.epochs])) if self.epochs else math.nan


def fit(
    name: str,
    train: Interactions,
    *,
    validation: Interactions | None = None,
    features: Features = NO_FEATURES,
    settings: Settings | None = None,
    progress: OnProgress = ignore,
) -> Fitted:
    """Fit one of RECOMMENDERS on `train`.

    With `validation`, the epoch of the best Recall@20 over all items not in train is kept and `patience` ends
    training. `progress` is called after each epoch. UsageError for an unknown name, for
    features that do not fit, and where torch is needed and not installed.
    """
    if name not in RECOMMENDERS:
        raise unknown("recommender", name, RECOMMENDERS)
    if not len(train):
        raise UsageError(f"{name}: no training interactions; want at least one")
    features.check(train)
    if name in COUNTING:
        return Fitted(name=name, scorer=COUNTING[name](train))
    chosen = settings or DEFAULTS[name]
    judge = None if validation is None or not len(validation) else _judge(train, validation, chosen.seed)
    scorer, epochs = _torch("training").train_network(network(name), train, features, chosen, judge, progress)
    return Fitted(name=name, scorer=scorer, settings=chosen, epochs=epochs)


def _judge(train: Interactions, validation: Interactions, seed: int) -> Callable[[Scorer], float]:
    """Return Recall@20 over validation as a function of a scorer, on at most 10,000 users."""
    users = np.unique(validation.users)
    if len(users) > VALIDATION_USERS:
        users = np.sort(np.random.default_rng(seed).choice(users, VALIDATION_USERS, replace=False))

    def judge(scorer: Scorer) -> float:
        ranking = rank(scorer, users, seen=(train,), k=VALIDATION_K)
        return evaluate(ranking, validation, ks=(VALIDATION_K,)).value(f"Recall@{VALIDATION_K}")

    return judge


def network(name: str) -> Any:
    """Return the class of a network by its name; UsageError where torch is not installed."""
    module, _, made = NETWORKS[name].partition(".")
    return getattr(_torch(module), made)


def _torch(module: str) -> Any:
    """Import a module of the package that needs torch."""
    try:
        return import_module(f"itdr_hf.models.recommenders.{module}")
    except ModuleNotFoundError as error:
        wanted = "the extra [recommend]; pip install 'itdr-hf[recommend]', or use popularity or item-knn"
        raise UsageError(f"recommenders: {error.name} is not installed; want {wanted}") from error
