"""The k best of many scores, exactly and in a fixed order: the inner loop of full ranking."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from itdr_hf.models.recommenders.interactions import Floats, Ints

SAMPLE = 16


def top_k(scores: Floats, k: int) -> tuple[Ints, Floats]:
    """Return the k best columns of each row and their scores, best first, equals by column.

    A column of score −inf is never among them; where a row runs short, the rest is −1 at −inf.
    """
    rows, columns = _candidates(scores, k)
    values = scores[rows, columns]
    order = np.lexsort((columns, -values, rows))
    rows, columns, values = rows[order], columns[order], values[order]

    places = np.arange(len(rows)) - np.searchsorted(rows, rows)
    best = places < k
    items = np.full((len(scores), k), -1, dtype=np.int64)
    top = np.full((len(scores), k), -np.inf, dtype=np.float32)
    items[rows[best], places[best]] = columns[best]
    top[rows[best], places[best]] = values[best]
    return items, top


def _candidates(scores: Floats, k: int) -> tuple[Ints, Ints]:
    """Return the places (row, column) that reach a bound which at least k of their row reach: few more than k."""
    reaching = scores >= _bounds(scores, k)[:, None]
    rows, columns = np.divmod(np.flatnonzero(reaching), max(scores.shape[1], 1))
    finite = scores[rows, columns] > -np.inf
    return rows[finite], columns[finite]


def _bounds(scores: Floats, k: int) -> Floats:
    """Return per row a number that at least k of its scores reach, or −inf.

    Columns fall into groups; the k-th largest of the groups' maxima is reached by the maxima of k groups. That
    reads the scores once, in long strides, where a partial sort of every row takes several times as long.
    """
    groups = k * SAMPLE
    depth = scores.shape[1] // groups
    if depth < 2:
        return np.full(len(scores), -np.inf, dtype=np.float32)
    step, item = scores.strides
    maxima = as_strided(scores, (len(scores), depth, groups), (step, groups * item, item), writeable=False).max(axis=1)
    return np.partition(maxima, groups - k, axis=1)[:, groups - k]
