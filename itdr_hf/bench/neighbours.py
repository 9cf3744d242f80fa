"""How long the nearest of many vectors take: exactly, beside the bare matrix products, and through an index.

Vectors of a mixture of clusters, as those of users are. The exact search is timed on a sample of queries among all, which
takes as long a query as all of them; the bare products are of the same blocks, into the same memory, with nothing looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np

from itdr_hf.models.recommenders.interactions import Floats
from itdr_hf.tasks.planning.similarity import QUERIES, ROWS, nearest_dense

CLUSTERS, SPREAD = 400, 0.6
NEAREST = 5
ROUNDS = 3


def measure(users: int, dim: int, queries: int) -> dict[str, float]:
    """Return the exact search's processor time as a multiple of the bare products', the quickest of a few rounds."""
    vectors = simulated_vectors(users, dim)
    asked = np.arange(0, users, max(1, users // queries))[:queries]
    rows = vectors[asked]
    turns = [_seconds(lambda: _bare(rows, vectors)) for _ in range(ROUNDS)]
    exact = [_seconds(lambda: nearest_dense(rows, vectors, NEAREST, asked)) for _ in range(ROUNDS)]
    return {"exact / bare products": min(exact) / min(turns)}


def measure_index(users: int, dim: int) -> dict[str, float]:
    """Return the recall of the index and its processor seconds for all vectors. Needs faiss."""
    from itdr_hf.models.recommenders.approximate import nearest_indexed

    vectors = simulated_vectors(users, dim)
    started = time.process_time()
    found = nearest_indexed(vectors, NEAREST)
    return {"recall": found.recall, "probes": float(found.probes), "cpu seconds": time.process_time() - started}


def has_index() -> bool:
    """Return whether faiss is installed."""
    return find_spec("faiss") is not None


def simulated_vectors(users: int, dim: int, seed: int = 0) -> Floats:
    """Return unit vectors around the centres of clusters."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((CLUSTERS, dim), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    found = centres[rng.integers(CLUSTERS, size=users)]
    for start in range(0, users, 100_000):
        part = found[start : start + 100_000]
        part += rng.standard_normal(part.shape, dtype=np.float32) * (SPREAD / dim**0.5)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return found


def _bare(queries: Floats, among: Floats) -> None:
    room = np.empty((ROWS, QUERIES), np.float32)
    for first in range(0, len(queries), QUERIES):
        asked = queries[first : first + QUERIES].T
        for start in range(0, len(among), ROWS):
            part = among[start : start + ROWS]
            np.matmul(part, asked, out=room[: len(part), : asked.shape[1]])


def _seconds(job: Callable[[], object]) -> float:
    started = time.process_time()
    job()
    return time.process_time() - started
