"""Neighbours by the vectors of a LightGCN, as the paper has them, kept where builds look for them.

LightGCN is fitted on the train part of the two periods alone, for a fixed number of epochs and without a look at what
comes later; users are near whose vectors have a high cosine, and items likewise. Up to EXACT_UP_TO of them are compared
all with all, beyond that through an index whose recall is measured. The same number of threads gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.approximate import nearest_indexed
from itdr_hf.models.recommenders.interactions import Floats, Interactions
from itdr_hf.models.recommenders.recommender import fit
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.tables.cache import ensure_tables
from itdr_hf.tasks.planning.context import PlanContext
from itdr_hf.tasks.planning.neighbours import COUNT, SIDES, Log, Side, given_path, write_neighbours
from itdr_hf.tasks.planning.similarity import Nearest, nearest_dense

if TYPE_CHECKING:
    from itdr_hf.build.prepare import Settings as BuildSettings
    from itdr_hf.tasks.task import Cell

BY = "lightgcn"
EXACT_UP_TO = 200_000  # users, or items
FEWEST, ENOUGH = 700, 4_000  # steps: batches are smaller where there would be fewer, larger where there would be more
LARGEST = 8_192  # pairs of a batch
SETTINGS = Settings(dim=64, layers=2, learning_rate=5e-3, batch=2048, epochs=30)


def near_key(settings: Settings = SETTINGS, *, exact: bool = False) -> str:
    """Return the name by which a recipe tells how neighbours are found: lightgcn-<8 hex digits>."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise UsageError(
            "neighbours: torch is not installed; want the extra [recommend] for --neighbours-by lightgcn; "
            "pip install 'itdr-hf[recommend]', or leave it out"
        ) from error
    facts = {**asdict(settings), "exact": exact, "threads": torch.get_num_threads(), "torch": torch.__version__}
    facts |= {"fewest": FEWEST, "enough": ENOUGH, "largest": LARGEST}
    return f"{BY}-{hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]}"


def keep_neighbours(
    plan: PlanContext, settings: Settings = SETTINGS, *, exact: bool = False, progress: OnProgress = ignore
) -> dict[Side, Path]:
    """Fit, search and write the neighbours of both sides, unless they are there; `plan.recipe.near` names them.

    `exact` compares all with all, however many there are. Raises UsageError without torch, or without faiss where it is
    needed.
    """
    made: dict[Side, Path] = {side: given_path(plan, side) for side in SIDES}
    if all(path.is_file() for path in made.values()):
        return made
    fitted: dict[str, DotScorer] = {}

    def vectors(log: Log, domain: str) -> DotScorer:
        if domain not in fitted:
            fitted[domain] = _fit(log, settings, progress)
        return fitted[domain]

    for side, path in made.items():
        if not path.is_file():
            write_neighbours(plan, side, path, BY, _finder(side, vectors, exact))
    return made


def keep_for(cells: Sequence[Cell], changes: Mapping[str, Any], settings: BuildSettings) -> None:
    """Keep the neighbours for a build of these cells with changed recipes, source by source. Raises as `keep_neighbours`."""
    done = set()
    for cell in cells:
        recipe = cell.recipe(**changes)
        if recipe.neighbours and (cell.source.id, recipe.snapshots) not in done:
            done.add((cell.source.id, recipe.snapshots))
            with settings.open_engine() as engine:
                tables = ensure_tables(
                    cell.source, settings.raw, engine=engine.reader, cache=settings.cache, bad=settings.bad,
                    progress=settings.progress,
                )  # fmt: skip
                plan = PlanContext(engine=engine, tables=tables, recipe=recipe)
                keep_neighbours(plan, progress=settings.progress)


def _fit(log: Log, settings: Settings, progress: OnProgress) -> DotScorer:
    users, items = log.pairs
    train = Interactions(users=users, items=items, user_count=len(log.users), item_count=len(log.items))
    scorer = fit("lightgcn", train, settings=_sized(settings, len(train)), progress=progress).scorer
    assert isinstance(scorer, DotScorer)
    return scorer


def _sized(settings: Settings, pairs: int) -> Settings:
    """Return the settings with a batch that suits this many pairs.

    Every step goes through the whole graph, so that many small ones cost a large log much and teach little. The
    learning rate grows with the root of a batch, as is usual with Adam.
    """
    seen = pairs * settings.epochs
    batch = max(64, min(settings.batch, seen // FEWEST), min(LARGEST, seen // ENOUGH))
    rate = settings.learning_rate * max(1.0, batch / settings.batch) ** 0.5
    return settings.changed(batch=batch, learning_rate=rate)


def _finder(
    side: Side, vectors: Callable[[Log, str], DotScorer], exact: bool
) -> Callable[[Log, str], tuple[Nearest, str]]:
    def find(log: Log, domain: str) -> tuple[Nearest, str]:
        scorer = vectors(log, domain)
        rows = _unit(scorer.user_vectors if side == "user" else scorer.item_vectors)
        if exact or len(rows) <= EXACT_UP_TO:
            return nearest_dense(rows, rows, COUNT, np.arange(len(rows))), "exact"
        found = nearest_indexed(rows, COUNT)
        return found.nearest, found.facts

    return find


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)
