"""Bootstrap: percentile intervals over users, and the paired comparison of two systems.

Users are drawn with replacement, each with all its examples (Field and Welsh 2007, cluster bootstrap); where
every example is its own user this is Efron's bootstrap (doi:10.1214/aos/1176344552). A draw is a vector of
counts, so a replicate is one row of a matrix product with the summed statistics of each user.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from itdr_hf.errors import UsageError
from itdr_hf.metrics.sample import Floats, Sample

Ints = NDArray[np.int64]

REPLICATES = 1000
LEVEL = 0.95
DRAWS_AT_ONCE = 1 << 21


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value and its percentile interval; nan to nan without examples, of no width with one user."""

    value: float
    low: float
    high: float
    level: float
    replicates: int
    clusters: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """First system minus second on the same examples, and the two-sided p of no difference.

    `floor` is the least p that this many replicates can show.
    """

    difference: float
    low: float
    high: float
    p: float
    floor: float
    level: float
    replicates: int
    clusters: int

    @property
    def at_floor(self) -> bool:
        """Whether p is the least that the replicates can show: the true one may be less."""
        return self.p <= self.floor


def intervals(
    samples: Sequence[Sample],
    users: Sequence[str] | None = None,
    *,
    seed: int,
    stream: str = "",
    replicates: int = REPLICATES,
    level: float = LEVEL,
) -> list[Interval]:
    """Return the interval of each sample, all over the same examples and from the same draws.

    `users` has one key per example; an empty key, and None for all, makes each example its own user. Equal
    seed and stream give equal intervals, whatever the order of the examples (up to floating-point rounding).
    """
    sums = cluster_sums(samples, users)
    table = replicate(samples, sums, seed=seed, stream=stream, replicates=replicates)
    return [
        interval(sample.value, column, clusters=len(sums), level=level)
        for sample, column in zip(samples, table.T, strict=True)
    ]


def interval(value: float, draws: Floats, *, clusters: int, level: float = LEVEL) -> Interval:
    """Return the interval of a value from its replicates; replicates without a value (0 / 0) are left out."""
    low, high = _percentiles(value, draws, level)
    return Interval(value=value, low=low, high=high, level=level, replicates=len(draws), clusters=clusters)


def compare(
    first: Sample,
    second: Sample,
    users: Sequence[str] | None = None,
    *,
    seed: int,
    stream: str = "",
    replicates: int = REPLICATES,
    level: float = LEVEL,
) -> Comparison:
    """Two systems on the same examples, in the same order, resampled together.

    p = 2 · min(share of replicates ≤ 0, share ≥ 0), a share being (count + 1) / (replicates + 1) and p at
    most 1 (Davison and Hinkley 1997, section 4.2); nan without examples.
    """
    if len(first) != len(second):
        raise UsageError(f"{first.metric}: {len(first)} examples, {len(second)}; want the same examples")
    sums = cluster_sums([first, second], users)
    table = replicate([first, second], sums, seed=seed, stream=stream, replicates=replicates)
    return compared(first.value - second.value, table[:, 0] - table[:, 1], clusters=len(sums), level=level)


def compared(difference: float, draws: Floats, *, clusters: int, level: float = LEVEL) -> Comparison:
    """Return the comparison of a difference from its replicates, as `compare` makes it."""
    low, high = _percentiles(difference, draws, level)
    p, floor = (math.nan, math.nan) if math.isnan(difference) else _two_sided(draws)
    return Comparison(
        difference=difference,
        low=low,
        high=high,
        p=p,
        floor=floor,
        level=level,
        replicates=len(draws),
        clusters=clusters,
    )


def holm(ps: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in their order; nan stays and does not count.

    The step-down procedure of Holm (1979): the k-th smallest of m is multiplied by m - k + 1, no corrected one is
    below that of a smaller p, and none is above 1. It holds whatever the tests depend on.
    """
    order = sorted((k for k, p in enumerate(ps) if not math.isnan(p)), key=lambda k: ps[k])
    corrected, largest = list(ps), 0.0
    for place, k in enumerate(order):
        largest = max(largest, min(1.0, ps[k] * (len(order) - place)))
        corrected[k] = largest
    return corrected


def cluster_sums(
    samples: Sequence[Sample], users: Sequence[str] | None = None, universe: Sequence[str] | None = None
) -> Floats:
    """Return the statistics of all samples side by side, summed per user (users × statistics).

    Rows follow sorted user keys, or `universe` when given: cells of one source over the same universe, seed
    and stream share their draws, as a figure that spans cells (pUII) needs.
    """
    lengths = {len(sample) for sample in samples}
    if users is not None:
        lengths.add(len(users))
    if len(lengths) > 1:
        raise UsageError(f"samples and users of {sorted(lengths)} examples; want one number for all")
    stacked = np.hstack([sample.rows for sample in samples]) if samples else np.zeros((0, 0))
    if users is None and universe is None:
        return stacked
    codes, count = _codes(users or [], universe)
    columns = [np.bincount(codes, weights=column, minlength=count) for column in stacked.T]
    return np.column_stack(columns) if columns else np.zeros((count, 0))


def replicate(
    samples: Sequence[Sample], sums: Floats, *, seed: int, stream: str = "", replicates: int = REPLICATES
) -> Floats:
    """Return the value of each sample in each replicate (replicates × samples), from their `cluster_sums`."""
    drawn = replicate_sums(samples, sums, seed=seed, stream=stream, replicates=replicates)
    columns = [sample.estimate(totals) for sample, totals in zip(samples, drawn, strict=True)]
    return np.column_stack(columns) if columns else np.zeros((replicates, 0))


def replicate_sums(
    samples: Sequence[Sample], sums: Floats, *, seed: int, stream: str = "", replicates: int = REPLICATES
) -> list[Floats]:
    """Return the summed statistics of each sample in each replicate (replicates × statistics, for each sample)."""
    drawn = draw(len(sums), seed=seed, stream=stream, replicates=replicates)
    totals = np.vstack([counts @ sums for counts in drawn])
    edges = np.cumsum([0, *(sample.rows.shape[1] for sample in samples)])
    return [totals[:, start:stop] for start, stop in pairwise(edges)]


def draw(clusters: int, *, seed: int, stream: str = "", replicates: int = REPLICATES) -> Iterator[Floats]:
    """How often each cluster is drawn (some replicates × clusters), in chunks of bounded memory."""
    if replicates < 1:
        raise UsageError(f"{replicates} bootstrap replicates; want 1 or more")
    if not clusters:
        yield np.zeros((replicates, 0))
        return
    words = np.frombuffer(hashlib.sha256(stream.encode()).digest(), dtype="<u4")
    rng = np.random.default_rng([seed, *words.tolist()])
    step = max(1, DRAWS_AT_ONCE // clusters)
    for start in range(0, replicates, step):
        size = min(step, replicates - start)
        picks = rng.integers(clusters, size=(size, clusters)) + clusters * np.arange(size)[:, None]
        counts = np.bincount(picks.ravel(), minlength=size * clusters)
        yield counts.reshape(size, clusters).astype(np.float64)


def _codes(users: Sequence[str], universe: Sequence[str] | None) -> tuple[Ints, int]:
    """Each example's row in the table of users."""
    if universe is None:
        keys = [user or f"\0{place}" for place, user in enumerate(users)]  # no user: its own cluster
        known = {key: code for code, key in enumerate(sorted(set(keys)))}
    else:
        keys, known = list(users), {key: code for code, key in enumerate(dict.fromkeys(universe))}
        if stray := [key for key in keys if key not in known]:
            raise UsageError(f"user {stray[0]!r} is not among the {len(known)} of the universe; want every user")
    return np.fromiter((known[key] for key in keys), np.int64, len(keys)), len(known)


def _percentiles(value: float, draws: Floats, level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        raise UsageError(f"interval level {level}; want one between 0 and 1, such as 0.95")
    defined = draws[~np.isnan(draws)]
    if math.isnan(value) or not defined.size:
        return math.nan, math.nan
    tail = (1 - level) / 2
    with np.errstate(invalid="ignore"):  # between two infinite replicates (lg of a perfect RMSE)
        low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _two_sided(draws: Floats) -> tuple[float, float]:
    """Return p and the least that it can be, with no replicate on one side of nought."""
    defined = draws[~np.isnan(draws)]
    shares = [(int(side.sum()) + 1) / (len(defined) + 1) for side in (defined <= 0, defined >= 0)]
    return min(1.0, 2 * min(shares)), min(1.0, 2 / (len(defined) + 1))
