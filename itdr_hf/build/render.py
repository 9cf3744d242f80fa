"""Render rows to examples: batches of the cell's schema, identical for any number of processes."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from itdr_hf.build.examples import fillers, make_examples
from itdr_hf.build.rows import Rows
from itdr_hf.errors import unknown
from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

BATCH = 8_192  # rows rendered at a time; part of the output's layout, so not configurable
CHUNK_ROWS = 1_024  # rows converted to Python values at a time, which fit into the processor's cache


@dataclass(frozen=True, kw_only=True)
class Job:
    """A slice of a cell's rows to be rendered, small enough to be sent to another process."""

    cell: Cell  # without its source's layouts and downloads
    recipe: Recipe
    parts: tuple[tuple[Path, int, int], ...]  # file, first row, end row (exclusive)


def render(cell: Cell, recipe: Recipe, rows: Rows, split: str, *, num_proc: int = 1) -> Iterator[pa.RecordBatch]:
    """Yield the examples of a split, in order, as batches with the schema of the cell's shape.

    Raises UsageError for an unknown split or template.
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    fillers(cell, recipe)  # a faulty template raises here, not in another process
    jobs = slices(cell, recipe, rows, split, 0, rows.counts[split])
    if num_proc <= 1 or len(jobs) <= 1:
        yield from map(render_job, jobs)
    else:  # spawned, since a fork would not copy the engine's threads properly
        with ProcessPoolExecutor(min(num_proc, len(jobs)), mp_context=get_context("spawn")) as pool:
            yield from _in_order(pool, jobs, ahead=2 * num_proc)


def _in_order(pool: Executor, jobs: Sequence[Job], ahead: int) -> Iterator[pa.RecordBatch]:
    """Yield the results of the jobs in order, with at most `ahead` waiting, so that memory stays constant."""
    submitted: deque[Future[pa.RecordBatch]] = deque()
    for job in jobs:
        submitted.append(pool.submit(render_job, job))
        if len(submitted) > ahead:
            yield submitted.popleft().result()
    while submitted:
        yield submitted.popleft().result()


def slices(cell: Cell, recipe: Recipe, rows: Rows, split: str, start: int, stop: int) -> list[Job]:
    """Return the jobs that render examples start..stop of a split: full batches, except at the ends."""
    order = sorted(SPLITS)  # the rows are sorted by the split's name
    first = sum(rows.counts[s] for s in order[: order.index(split)])
    edges = [start, *range(start - start % BATCH + BATCH, stop, BATCH), stop] if start < stop else []
    files = _files(rows.path)
    sent = replace(cell, source=replace(cell.source, layouts=(), downloads=()))
    return [Job(cell=sent, recipe=recipe, parts=_parts(files, first + a, first + b)) for a, b in pairwise(edges)]


def _files(path: Path) -> list[tuple[Path, int]]:
    """Return the files of a cell's rows, in order, each with its number of rows."""
    paths = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    return [(p, pq.read_metadata(p).num_rows) for p in paths]


def _parts(files: list[tuple[Path, int]], start: int, stop: int) -> tuple[tuple[Path, int, int], ...]:
    """Return the parts of the files that contain rows start..stop of all files together."""
    parts, seen = [], 0
    for path, rows in files:
        if seen + rows > start and seen < stop:
            parts.append((path, max(start - seen, 0), min(stop - seen, rows)))
        seen += rows
    return tuple(parts)


def render_job(job: Job) -> pa.RecordBatch:
    """Return the examples of one slice."""
    return examples(job.cell, job.recipe, pa.concat_tables([_slice(*part) for part in job.parts]))


def examples(cell: Cell, recipe: Recipe, rows: pa.Table) -> pa.RecordBatch:
    """Return the examples of at least one row of a cell's plan."""
    with _without_garbage_collection():
        return pa.concat_batches([
            make_examples(cell, recipe, rows.slice(start, CHUNK_ROWS)) for start in range(0, rows.num_rows, CHUNK_ROWS)
        ])  # fmt: skip


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable garbage collection in a `with` block: rendering makes no cycles, and searching for them takes an eighth."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _slice(path: Path, start: int, stop: int) -> pa.Table:
    """Return rows start..stop of a Parquet file, reading only the row groups that contain them."""
    file = pq.ParquetFile(path)
    groups, first, seen = [], None, 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        if seen + rows > start and seen < stop:
            groups.append(number)
            first = seen if first is None else first
        seen += rows
    return file.read_row_groups(groups).slice(start - (first or 0), stop - start)
