"""Nearest vectors through an index, for numbers at which comparing all with all takes hours (extra [neighbours]).

FAISS parts the vectors into cells (IVF, Sivic and Zisserman 2003) and looks into the cells nearest to a query. How many it
looks into is raised until the neighbours of a sample are nearly those of the exact search; that share is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Floats, Ints
from itdr_hf.tasks.planning.similarity import DECIMALS, Nearest, nearest_dense

SAMPLE = 1000  # queries whose neighbours are looked for exactly too
WANTED = 0.99  # share of the exact neighbours of the sample that the index has to find
CELLS = 4  # times the square root of the number of vectors: cells of the index
SEEN = 64  # vectors a cell that its place is worked out from
AT_ONCE = 65_536  # queries
PROBES = (8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The neighbours of all vectors, and how they were found: cells of the index, cells looked into, measured recall."""

    nearest: Nearest
    cells: int
    probes: int
    recall: float

    @property
    def facts(self) -> str:
        """What the ledger says of it."""
        return f"faiss IVF, {self.cells} cells, {self.probes} probed, recall {self.recall:.4f} of {SAMPLE} sampled"


def nearest_indexed(vectors: Floats, count: int, *, seed: int = 0) -> Found:
    """Return the `count` nearest of each unit vector among the others.

    Ties go to the lower row, as far as the index finds it. Raises UsageError without faiss, and where no number of probes
    finds WANTED of the sample.
    """
    faiss = _faiss()
    faiss.omp_set_num_threads(1)  # the same bytes on any number of cores
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    cells = max(1, min(round(CELLS * len(rows) ** 0.5), len(rows) // 40))
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(rows.shape[1]), rows.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.max_points_per_centroid = seed + 1, SEEN
    index.train(rows)
    index.add(rows)
    sampled = np.sort(np.random.default_rng(seed).choice(len(rows), min(SAMPLE, len(rows)), replace=False))
    exact = nearest_dense(rows[sampled], rows, count, sampled)
    for probes in PROBES:
        index.nprobe = min(probes, cells)
        recall = _recall(_search(index, rows, sampled, count), exact)
        if recall >= WANTED or index.nprobe == cells:
            break
    if recall < WANTED:
        raise UsageError(
            f"neighbours: an index of {cells} cells finds {recall:.3f} of the nearest; want {WANTED}; search exactly"
        )
    everyone = np.arange(len(rows))
    return Found(nearest=_search(index, rows, everyone, count), cells=cells, probes=index.nprobe, recall=recall)


def _search(index: Any, rows: Floats, chosen: Ints, count: int) -> Nearest:
    """Return the nearest of chosen rows without themselves, the nearest first."""
    found = Nearest(rows=np.full((len(chosen), count), -1), scores=np.zeros((len(chosen), count)))
    for start in range(0, len(chosen), AT_ONCE):
        part = chosen[start : start + AT_ONCE]
        scores, near = index.search(rows[part], count + 2)  # itself, and one more of the same score
        values = np.where((near == part[:, None]) | (near < 0), -np.inf, scores.astype(np.float64).round(DECIMALS))
        order = np.lexsort((near, -values), axis=1)[:, :count]
        best = np.take_along_axis(values, order, axis=1)
        there = np.isfinite(best)
        found.rows[start : start + len(part)] = np.where(there, np.take_along_axis(near, order, axis=1), -1)
        found.scores[start : start + len(part)] = np.where(there, best, 0)
    return found


def _recall(found: Nearest, exact: Nearest) -> float:
    """Return the share of the exact neighbours that were found; one as near as the last of them counts as found."""
    good = total = 0
    for mine, scores, wanted, values in zip(found.rows, found.scores, exact.rows, exact.scores, strict=True):
        last = values[wanted >= 0].min() if (wanted >= 0).any() else 0.0
        total += int((wanted >= 0).sum())
        good += int((np.isin(mine, wanted) | (scores >= last))[mine >= 0].sum())
    return good / max(total, 1)


def _faiss() -> Any:
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise UsageError(
            "neighbours: faiss is not installed; want the extra [neighbours] for more than 200,000 users; "
            "pip install 'itdr-hf[neighbours]', or search exactly with --exact"
        ) from error
    return faiss
