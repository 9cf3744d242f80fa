"""Nearest rows by cosine, exact: of sparse rows through what they have in common, of dense rows in blocks.

Ties go to the lower row number; cosines are rounded before they are compared, so that equal ones are. What two sparse
rows with weights of 1 have in common is a whole number: their neighbours are the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Vectors = NDArray[np.float32]

CROWDED = 0.125  # candidates per row beyond which counting into a row of all is faster than sorting them
FINE, DECIMALS = 12, 6  # to which cosines of sparse and dense rows are rounded before they are compared
QUERIES, ROWS = 256, 4096  # a block of scores: 4 MB, which stays near the processor
LOWEST = -2.0  # below every cosine, and above what stands for a row itself
GROUPS = 64  # of a block's rows, of each of which the highest score is looked at first
WAITING = 16_384  # rows found that are put among the best at the latest


@dataclass(frozen=True, kw_only=True)
class Sparse:
    """Sparse rows: the columns of row r are `columns[starts[r]:starts[r + 1]]`; `weights`, if any, lie alike."""

    starts: Ints
    columns: Ints
    width: int
    weights: Floats | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.starts) - 1

    @cached_property
    def row_of(self) -> Ints:
        """The row that each entry is in."""
        return np.repeat(np.arange(self.rows), np.diff(self.starts))

    @cached_property
    def norms(self) -> Floats:
        """The length of each row."""
        squares = None if self.weights is None else self.weights**2
        return np.sqrt(np.bincount(self.row_of, squares, self.rows).astype(np.float64))

    @cached_property
    def turned(self) -> Sparse:
        """The transposed rows, each in ascending order."""
        order = np.argsort(self.columns, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.columns, minlength=self.width))])
        weights = None if self.weights is None else self.weights[order]
        return Sparse(starts=starts, columns=self.row_of[order], width=self.rows, weights=weights)


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """Of each query its nearest rows, the nearest first, and their cosines; -1 and 0 behind the last one."""

    rows: Ints
    scores: Floats


def sparse_rows(row: Ints, column: Ints, rows: int, width: int, weights: Floats | None = None) -> Sparse:
    """Return sparse rows from (row, column) pairs, each of which is there once, in any order."""
    order = np.lexsort((column, row))
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))])
    return Sparse(
        starts=starts, columns=column[order], width=width, weights=None if weights is None else weights[order]
    )


def nearest_sparse(queries: Sparse, among: Sparse, count: int, itself: Ints | None = None) -> Nearest:
    """Return the `count` rows of `among` with the highest cosine to each query; only rows that share a column.

    `itself[q]` is the row of `among` that query q is, and which is not its own neighbour; -1 for none.
    """
    found = Nearest(rows=np.full((queries.rows, count), -1), scores=np.zeros((queries.rows, count)))
    for query in range(queries.rows):
        rows, shared = _in_common(queries, query, among)
        if itself is not None:
            other = rows != itself[query]
            rows, shared = rows[other], shared[other]
        scores = np.round(shared / (queries.norms[query] * among.norms[rows]), FINE)
        best = _best(rows, scores, count)
        found.rows[query, : len(best)], found.scores[query, : len(best)] = rows[best], scores[best]
    return found


def nearest_dense(queries: Vectors, among: Vectors, count: int, itself: Ints | None = None) -> Nearest:
    """Return the same of unit vectors, exactly: only blocks of scores are in memory, whatever the number of rows.

    Of each block only the groups are looked at whose highest score reaches what was found so far.
    """
    found = Nearest(rows=np.full((len(queries), count), -1), scores=np.zeros((len(queries), count)))
    for start in range(0, len(queries), QUERIES):
        part = slice(start, start + QUERIES)
        mine = None if itself is None else itself[part]
        rows, scores = _nearest_of_block(queries[part], among, count, mine)
        found.rows[part], found.scores[part] = rows, scores
    return found


def _in_common(queries: Sparse, query: int, among: Sparse) -> tuple[Ints, Floats]:
    """Return the rows of `among` that share a column with a query, ascending, and the sum of products over these."""
    first, last = queries.starts[query], queries.starts[query + 1]
    columns, turned = queries.columns[first:last], among.turned
    if first == last:
        return np.empty(0, np.int64), np.empty(0)
    pieces = [turned.columns[a:b] for a, b in zip(turned.starts[columns], turned.starts[columns + 1], strict=True)]
    rows = np.concatenate(pieces)
    weights = None
    if queries.weights is not None and turned.weights is not None:
        mine = np.repeat(queries.weights[first:last], [len(piece) for piece in pieces])
        bounds = zip(turned.starts[columns], turned.starts[columns + 1], strict=True)
        weights = mine * np.concatenate([turned.weights[a:b] for a, b in bounds])
    if len(rows) > CROWDED * among.rows:
        sums = np.bincount(rows, weights, among.rows)
        there = np.flatnonzero(sums)
        return there, sums[there].astype(np.float64)
    there, place = np.unique(rows, return_inverse=True)
    return there, np.bincount(place, weights, len(there)).astype(np.float64)


def _best(rows: Ints, scores: Floats, count: int) -> Ints:
    """Where the highest scores are, the highest first; of equals the lower row."""
    few = np.arange(len(scores))
    if len(scores) > count:
        few = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    best: Ints = few[np.lexsort((rows[few], -scores[few]))][:count]
    return best


def _nearest_of_block(queries: Vectors, among: Vectors, count: int, itself: Ints | None) -> tuple[Ints, Floats]:
    """Return the nearest of a few queries.

    What is found is put among the best when the number of blocks has doubled, so that there are few such steps: until
    then the least of the best is lower than it could be, which lets no more through than the first half did.
    """
    rows = np.full((len(queries), count), -1)
    scores = np.full((len(queries), count), -np.inf)
    room = np.empty((ROWS, len(queries)), np.float32)  # written again and again: new memory costs as much as a product
    found: list[tuple[Ints, Ints, Floats]] = []  # query, row, score
    for number, start in enumerate(range(0, len(among), ROWS), 1):
        part = among[start : start + ROWS]
        block = np.matmul(
            part, queries.T, out=room[: len(part)]
        )  # a row of it for each of `part`, a column for a query
        if itself is not None:
            mine = np.flatnonzero((itself >= start) & (itself < start + ROWS))
            block[itself[mine] - start, mine] = -np.inf
        query, place = _promising(block, scores[:, -1], count)
        found.append((query, place + start, _rounded(block[place, query])))
        last = start + ROWS >= len(among)
        if last or number.bit_count() == 1 or sum(len(rows) for _, rows, _ in found) > WAITING:
            _take(rows, scores, *map(np.concatenate, zip(*found, strict=True)))
            found = []
    scores[rows < 0] = 0
    return rows, scores


def _promising(block: Vectors, least: Floats, count: int) -> tuple[Ints, Ints]:
    """Where a block's scores reach the least of those found so far, looked for only in groups that have one.

    Group g is every `GROUPS`th row from g on, and its highest scores take a fraction of computing them. At the first
    block, the highest scores of as many groups as neighbours are wanted stand for those found.
    """
    grouped = not len(block) % GROUPS  # not so the last block
    highest = np.maximum.reduce(block.reshape(-1, GROUPS, block.shape[1])) if grouped else block
    if np.isneginf(least).any() and len(highest) > count:
        least = np.maximum(least, np.partition(highest, -count, axis=0)[-count])
    floor = np.maximum(least - 2 * 10.0**-DECIMALS, LOWEST).astype(np.float32)
    if not grouped:
        rows, found = np.nonzero(block >= floor)
        return found, rows
    group, query = np.nonzero(highest >= floor)
    members = block.reshape(-1, GROUPS, block.shape[1])[:, group, query]
    place, inside = np.nonzero(members >= floor[query])
    return query[inside], place * GROUPS + group[inside]


def _rounded(scores: Vectors) -> Floats:
    found: Floats = scores.astype(np.float64)
    return found.round(DECIMALS)


def _take(rows: Ints, scores: Floats, query: Ints, place: Ints, score: Floats) -> None:
    """Put newly found rows among the best of their queries."""
    touched, who = np.unique(query, return_inverse=True)
    count = rows.shape[1]
    whose = np.concatenate([np.repeat(np.arange(len(touched)), count), who])
    candidate = np.concatenate([rows[touched].ravel(), place])
    value = np.concatenate([scores[touched].ravel(), score])
    order = np.lexsort((candidate, -value, whose))
    starts = np.searchsorted(whose[order], np.arange(len(touched)))
    kept = order[starts[:, None] + np.arange(count)]  # of each at least the `count` it had are there
    rows[touched], scores[touched] = candidate[kept], value[kept]
