"""Ranking: N@10, H@1 and P@5 over a relevance matrix (lists × positions), relevance 1 for a positive.

Paper section 4.2.2; NDCG after Järvelin and Kekäläinen, doi:10.1145/582415.582418. Generated lists repeat
items and invent some: `relevance` settles what counts before any formula sees the list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike, NDArray

from itdr_hf.errors import UsageError
from itdr_hf.metrics.sample import Floats, Sample, mean_sample

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def relevance(ranked: Iterable[str], targets: Collection[str], candidates: Collection[str] | None = None) -> list[bool]:
    """Return for each place of a ranked list whether it holds a target, best place first.

    Every place keeps its rank: one that is empty, repeats an item or names none of `candidates` is a miss.
    Places that the list does not reach are misses too, so the result may be short or empty.
    """
    left = set(targets) if candidates is None else set(targets) & set(candidates)
    left.discard("")
    hits = []
    for item in ranked:
        hits.append(item in left)
        left.discard(item)
    return hits


def relevance_matrix(
    ranked: Sequence[Iterable[str]],
    targets: Sequence[Collection[str]],
    candidates: Sequence[Collection[str]] | None = None,
) -> tuple[Bools, Ints]:
    """`relevance` of many lists: hits (lists × longest list) and the number of positives of each list."""
    _same_count("targets", len(targets), len(ranked))
    _same_count("candidates", len(ranked) if candidates is None else len(candidates), len(ranked))
    allowed: Iterable[Collection[str] | None] = [None] * len(ranked) if candidates is None else candidates
    rows = [relevance(*row) for row in zip(ranked, targets, allowed, strict=True)]
    return hit_matrix(rows), np.fromiter((len(set(wanted)) for wanted in targets), np.int64, len(targets))


def hit_matrix(rows: Sequence[Sequence[bool]]) -> Bools:
    """Return lists of unequal length as one matrix; the places a list does not reach are misses."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    hits = np.zeros((len(rows), int(lengths.max(initial=0))), dtype=np.bool_)
    flat = np.fromiter(chain.from_iterable(rows), np.bool_, int(lengths.sum()))
    hits[np.arange(hits.shape[1]) < lengths[:, None]] = flat
    return hits


def ndcg(hits: ArrayLike, positives: ArrayLike, k: int = 10) -> Floats:
    """N@k of each list: Σ hit_i / log2(i + 1) over the first k, divided by the same sum of an ideal list.

    The ideal list holds min(positives, k) hits at the top, `positives` being how many there truly are (one
    number or one per list), found or not. Range 0 to 1. An empty list, and one without positives, is 0.
    """
    matrix = _matrix(hits)
    wanted = np.broadcast_to(np.asarray(positives, dtype=np.int64), len(matrix))
    _refuse_surplus(matrix, wanted)
    discount = 1.0 / np.log2(np.arange(2, _depth(k) + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(wanted, k)]
    top = matrix[:, :k]
    gain = np.cumsum(top * discount[: top.shape[1]], axis=1)  # cumsum, as in `ideal`: a perfect list is 1.0
    score = np.zeros(len(matrix))
    if top.shape[1]:
        np.divide(gain[:, -1], ideal, out=score, where=ideal > 0)
    return score


def hit_rate(hits: ArrayLike, k: int = 1) -> Floats:
    """H@k of each list: 1 if any of the first k is a positive, else 0. An empty list is 0."""
    found: Bools = np.any(_matrix(hits)[:, : _depth(k)], axis=1)
    return found.astype(np.float64)


def precision(hits: ArrayLike, k: int = 5) -> Floats:
    """P@k of each list: positives among the first k, divided by k however short the list. Range 0 to 1."""
    found: Floats = _matrix(hits)[:, : _depth(k)].sum(axis=1) / k
    return found


def ranking_samples(
    hits: ArrayLike, positives: ArrayLike, metrics: Iterable[str] = ("N@10", "H@1", "P@5")
) -> dict[str, Sample]:
    """Return metrics named N@k, H@k or P@k, each the mean over lists (nan without lists), ready for `bootstrap`."""
    matrix = _matrix(hits)
    return {metric: mean_sample(metric, _column(metric, matrix, positives)) for metric in metrics}


def _column(metric: str, matrix: Bools, positives: ArrayLike) -> Floats:
    name, _, k = metric.partition("@")
    if name == "N":
        return ndcg(matrix, positives, int(k))
    return (hit_rate if name == "H" else precision)(matrix, int(k))


def _matrix(hits: ArrayLike) -> Bools:
    matrix = np.asarray(hits, dtype=np.bool_)
    if matrix.ndim == 1 and not matrix.size:
        return matrix.reshape(0, 0)
    if matrix.ndim != 2:
        raise UsageError(f"hits of shape {matrix.shape}; want lists × positions: make them with hit_matrix()")
    return matrix


def _depth(k: int) -> int:
    if k < 1:
        raise UsageError(f"k is {k}; want 1 or more")
    return k


def _refuse_surplus(matrix: Bools, positives: Ints) -> None:
    """More hits than positives is a repeated item, which would lift NDCG above 1."""
    surplus = np.flatnonzero(matrix.sum(axis=1) > positives)
    if surplus.size:
        row = int(surplus[0])
        raise UsageError(
            f"list {row}: {int(matrix[row].sum())} hits, {int(positives[row])} positives; "
            "want no more hits than positives: drop repeats with relevance()"
        )


def _same_count(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise UsageError(f"{what}: {found} lists; want {wanted}, one per ranked list")
