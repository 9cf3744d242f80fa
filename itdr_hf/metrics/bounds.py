"""What NDCG may be where one candidate is right: bounded by the hit rates of the same lists.

With one positive, N@k = Σ_i p_i / log2(i + 1) over ranks i ≤ k, p_i the share of lists that have it there, and H@k is
the sum of these shares. Between two hit rates that are known, the shares lie at the nearer rank at best and at the
farther at worst.
"""

from __future__ import annotations

import math
from collections.abc import Mapping


def ndcg_bounds(hits: Mapping[int, float], k: int, known: Mapping[int, float] = {}) -> tuple[float, float]:
    """Return the least and the greatest N@k that hit rates allow; `hits` maps depths, k among them, to H@depth.

    `known` maps depths before k to N@depth, from which it goes on.
    """
    low = high = below = 0.0
    first = 1
    for depth in sorted(depth for depth in hits if depth <= k):
        share = hits[depth] - below
        low += share / math.log2(depth + 1)
        high += share / math.log2(first + 1)
        below, first = hits[depth], depth + 1
        if depth < k and depth in known:
            low = high = known[depth]
    return low, high


def broken(figures: Mapping[str, float], slack: float = 5e-4) -> list[str]:
    """Return the N@k of a row of figures ('H@1', 'N@3' …) that its hit rates do not allow, beyond rounding."""
    hits = {int(name[2:]): value for name, value in figures.items() if name.startswith("H@")}
    known = {int(name[2:]): value for name, value in figures.items() if name.startswith("N@")}
    deep = [k for k in known if k in hits]
    return [f"N@{k}" for k in deep if not _within(known[k], ndcg_bounds(hits, k, known), slack)]


def _within(value: float, bounds: tuple[float, float], slack: float) -> bool:
    return bounds[0] - slack <= value <= bounds[1] + slack
