"""How fast recommenders train and rank, as ratios of processor time in one process on one simulated log.

An epoch is its first step, with the set-up, and the median of later ones times their number; the steps of the models take turns, so that a
busy moment hits all alike. The bare ranking is the matrix product and torch's top-k of the same size. PyG's LightGCN
is measured where torch_geometric is installed, on a log the size of the real slice of MovieLens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from itdr_hf.models.recommenders import Features, Interactions, Settings, rank
from itdr_hf.models.recommenders.recommender import network
from itdr_hf.models.recommenders.scorers import DotScorer, FittedScorer

MODELS = ("biasmf", "ncf", "lightgcn", "sgl", "simgcl")
RANKED = ("biasmf", "lightgcn", "ncf")
USERS_RANKED, AT_ONCE, K = 2048, 256, 20
SLICE = {"pairs": 72_198, "users": 610, "items": 3_650}
ROUNDS = 3


def measure(pairs: int, users: int, items: int, steps: int = 10) -> dict[str, float]:
    """Return the ratios by name; the peak memory is that of the process. Needs torch."""
    import torch

    torch.set_num_threads(1)
    log = simulated_log(pairs, users, items)
    epochs, scorers = _epochs(log, Settings(dim=32, batch=4096, learning_rate=1e-3, contrast=0.01), steps)
    found = {
        f"epoch {one} / {other}": epochs[one] / epochs[other]
        for one, other in (("lightgcn", "biasmf"), ("sgl", "lightgcn"), ("simgcl", "lightgcn"))
    }
    found |= _rankings(log, scorers)
    if find_spec("torch_geometric"):
        found["epoch lightgcn / PyG's"] = _beside_pyg(simulated_log(**SLICE))
    return found


def simulated_log(pairs: int, users: int, items: int, seed: int = 0) -> Interactions:
    """Return random pairs, some items far more popular than others."""
    rng = np.random.default_rng(seed)
    places = np.minimum((items * rng.random(pairs) ** 2.5).astype(np.int64), items - 1)
    return Interactions(
        users=rng.integers(users, size=pairs),
        items=rng.permutation(items)[places],
        user_count=users,
        item_count=items,
    )


def _epochs(log: Interactions, settings: Settings, steps: int) -> tuple[dict[str, float], dict[str, FittedScorer]]:
    """Return the processor seconds of an epoch of each model, and the scorers after a few steps."""
    import torch

    networks: dict[str, Any] = {}
    for name in MODELS:
        torch.manual_seed(0)
        networks[name] = network(name)(log, Features(), settings, np.random.default_rng(0))
    stepping = {name: _steps(networks[name]) for name in MODELS}
    first = {name: next(stepping[name]) for name in MODELS}
    later: dict[str, list[float]] = {name: [] for name in MODELS}
    for _ in range(steps):
        for name in MODELS:
            later[name].append(next(stepping[name]))
    count = -(-len(np.unique(log.codes)) // settings.batch)
    epochs = {name: first[name] + (count - 1) * float(np.median(later[name])) for name in MODELS}
    return epochs, {name: networks[name].scorer() for name in RANKED}


def _steps(trained: Any) -> Iterator[float]:
    """Train without end, yielding the processor seconds of each step; the first of an epoch includes its set-up."""
    import torch

    optimiser = torch.optim.Adam(list(trained.parameters.values()), lr=1e-3)
    while True:
        losses = trained.losses()
        started = time.process_time()
        for loss in losses:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            yield time.process_time() - started
            started = time.process_time()


def _rankings(log: Interactions, scorers: dict[str, FittedScorer]) -> dict[str, float]:
    """Return the time of a full ranking of each scorer over that of the bare product and top-k."""
    import torch

    users = np.arange(min(USERS_RANKED, log.user_count))
    plain = scorers["lightgcn"]
    assert isinstance(plain, DotScorer)
    left, right = torch.from_numpy(plain.user_vectors[users]), torch.from_numpy(plain.item_vectors).T

    def bare() -> None:
        for start in range(0, len(users), AT_ONCE):
            (left[start : start + AT_ONCE] @ right).topk(min(K, log.item_count))

    jobs: dict[str, Callable[[], object]] = {"bare": bare}
    for name, scorer in scorers.items():
        jobs[name] = lambda scorer=scorer: rank(scorer, users, seen=(log,), k=K)  # type: ignore[misc]
    best = _quickest(jobs)
    return {f"ranking {name} / bare": best[name] / best["bare"] for name in scorers}


def _quickest(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Run all jobs in turn, after one round that does not count; of each the quickest counts."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(ROUNDS + 1):
        for name, job in jobs.items():
            started = time.process_time()
            job()
            if number:
                found[name].append(time.process_time() - started)
    return {name: max(min(times), 1e-9) for name, times in found.items()}


def _beside_pyg(log: Interactions) -> float:
    """Return the time of a step of our LightGCN over one of PyG's, on the same batches' size."""
    import torch
    from torch_geometric.nn.models import LightGCN

    settings = Settings()
    ours = _steps(network("lightgcn")(log, Features(), settings, np.random.default_rng(0)))
    theirs = LightGCN(log.user_count + log.item_count, settings.dim, settings.layers)
    optimiser = torch.optim.Adam(theirs.parameters(), lr=settings.learning_rate)
    users, items = torch.from_numpy(log.users), torch.from_numpy(log.items) + log.user_count
    edges = torch.stack([torch.cat([users, items]), torch.cat([items, users])])
    rng = np.random.default_rng(0)

    def step() -> None:
        chosen = torch.from_numpy(rng.integers(len(log), size=settings.batch))
        other = torch.from_numpy(rng.integers(log.item_count, size=settings.batch)) + log.user_count
        pairs = torch.cat([torch.stack([users[chosen], items[chosen]]), torch.stack([users[chosen], other])], 1)
        optimiser.zero_grad()
        scores = theirs(edges, pairs)
        half = settings.batch
        theirs.recommendation_loss(scores[:half], scores[half:], node_id=pairs.unique(), lambda_reg=1e-7).backward()
        optimiser.step()

    best = _quickest({"ours": lambda: next(ours), "theirs": step})
    return best["ours"] / best["theirs"]
