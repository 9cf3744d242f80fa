"""Paired differences between rankings of the same users, with p-values corrected for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Comparison, compare, holm
from itdr_hf.models.recommenders.full_ranking import RankingScores


@dataclass(frozen=True, kw_only=True)
class Difference:
    """First minus second in one metric, over the same users; `corrected_p` is Holm's over the whole table."""

    name: str
    metric: str
    comparison: Comparison
    corrected_p: float


def difference(name: str, metric: str, first: RankingScores, second: RankingScores, *, seed: int = 0) -> Difference:
    """Compare two rankings user by user, `corrected_p` still that of a single comparison.

    UsageError where they are not of the same users.
    """
    if not np.array_equal(first.users, second.users):
        raise UsageError(f"{name}: rankings of {len(first.users)} and {len(second.users)} users; want the same users")
    found = compare(first.samples[metric], second.samples[metric], seed=seed, stream="full ranking")
    return Difference(name=name, metric=metric, comparison=found, corrected_p=found.p)


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences of one table with Holm's correction over all of them."""
    values = holm([each.comparison.p for each in differences])
    return [replace(each, corrected_p=p) for each, p in zip(differences, values, strict=True)]
