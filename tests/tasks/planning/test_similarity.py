"""Nearest rows against the plain way: all cosines, sorted."""

from __future__ import annotations

import numpy as np
import pytest

from itdr_hf.tasks.planning.similarity import nearest_dense, nearest_sparse, sparse_rows


@pytest.mark.parametrize("weighted", [False, True])
def test_sparse_rows_find_the_highest_cosines_and_ties_go_to_the_lower_row(weighted):
    rng = np.random.default_rng(3)
    matrix = (rng.random((250, 60)) < 0.06).astype(float)
    matrix *= rng.random(matrix.shape) if weighted else 1
    row, column = np.nonzero(matrix)
    rows = sparse_rows(row, column, *matrix.shape, matrix[row, column] if weighted else None)
    found = nearest_sparse(rows, rows, 5, np.arange(250))
    lengths = np.linalg.norm(matrix, axis=1)
    cosine = np.round(matrix @ matrix.T / np.maximum(np.outer(lengths, lengths), 1e-30), 12)
    np.fill_diagonal(cosine, 0)
    for query in range(250):
        best = [n for n in np.lexsort((np.arange(250), -cosine[query]))[:5] if cosine[query, n] > 0]
        assert found.rows[query][found.rows[query] >= 0].tolist() == best
        assert np.allclose(found.scores[query][: len(best)], cosine[query, best])


@pytest.mark.parametrize("rows", [3, 700, 4096, 9001])
def test_dense_rows_find_the_same_in_blocks_as_all_at_once(rows):
    rng = np.random.default_rng(rows)
    vectors = rng.standard_normal((rows, 16)).astype(np.float32)
    vectors[rows // 2] = vectors[0]  # a tie
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = min(rows, 300)
    found = nearest_dense(vectors[:queries], vectors, 5, np.arange(queries))
    scores = np.round((vectors[:queries] @ vectors.T).astype(np.float64), 6)
    scores[np.arange(queries), np.arange(queries)] = -9
    for query in range(queries):
        best = np.lexsort((np.arange(rows), -scores[query]))[: min(5, rows - 1)]
        assert found.rows[query][found.rows[query] >= 0].tolist() == best.tolist()


def test_dense_rows_that_come_nearer_and_nearer_are_found_though_each_block_is_better_than_the_last():
    angles = np.linspace(1.5, 0, 9001)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = nearest_dense(np.tile(vectors[-1:], (30, 1)), vectors, 3, np.full(30, 9000))
    assert (found.rows == found.rows[0]).all()
    wanted = np.lexsort((np.arange(9000), -np.round((vectors[:-1] @ vectors[-1]).astype(np.float64), 6)))[:3]
    assert found.rows[0].tolist() == wanted.tolist()


def test_a_row_without_anything_in_common_has_no_neighbour():
    rows = sparse_rows(np.array([0, 1, 2]), np.array([0, 0, 1]), 3, 2)
    assert nearest_sparse(rows, rows, 2, np.arange(3)).rows.tolist() == [[1, -1], [0, -1], [-1, -1]]
