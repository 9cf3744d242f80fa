"""Rows of a plan as Python sees them: an expression's result passes through a file beside the tables."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from itdr_hf.tasks.planning.context import PlanContext

BATCH_ROWS = 8_192  # in memory at a time


def read_table(plan: PlanContext, query: ir.Table) -> pa.Table:
    """Return the rows of an expression, all of them in memory."""
    import pyarrow.parquet as pq

    with _written(plan, query) as path:
        return pq.read_table(path)


def stream(plan: PlanContext, query: ir.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of an expression in its order."""
    import pyarrow.parquet as pq

    with _written(plan, query) as path:
        for file in sorted(path.glob("*.parquet")) if path.is_dir() else [path]:
            for batch in pq.ParquetFile(file).iter_batches(BATCH_ROWS):
                columns = [column.to_pylist() for column in batch.columns]
                yield from (dict(zip(batch.schema.names, values, strict=True)) for values in zip(*columns, strict=True))


@contextmanager
def _written(plan: PlanContext, query: ir.Table) -> Iterator[Path]:
    path = plan.tables.folder / f".between-{uuid.uuid4().hex}.parquet"
    try:
        plan.engine.write(query, path)
        yield path
    finally:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
