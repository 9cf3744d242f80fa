"""Reading a dataset folder: the Parquet files of its cells, each named when it is damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH = 8_192  # rows read at a time


def shards(folder: Path, config: str, split: str) -> list[Path]:
    """The Parquet files of one split of one cell, in order."""
    return sorted((folder / config).glob(f"{split}-*.parquet"))


def open_shard(path: Path) -> pq.ParquetFile:
    """A Parquet file of a dataset folder. Raises UsageError, naming it, when it is damaged or none."""
    import pyarrow.parquet as pq

    with damage_named(path):
        return pq.ParquetFile(path)


def count_rows(path: Path) -> int:
    """How many examples a file holds. Raises UsageError as `open_shard`."""
    return int(open_shard(path).metadata.num_rows)


def read_batches(path: Path, columns: Iterable[str], size: int = BATCH) -> Iterator[pa.RecordBatch]:
    """These columns of a file's examples, at most `size` rows at a time.

    Raises UsageError, naming the file, when it is damaged or lacks a column.
    """
    file, columns = open_shard(path), list(columns)
    if missing := sorted(set(columns) - set(file.schema_arrow.names)):
        raise UsageError(
            f"{path.parent.name}/{path.name}: no column {', '.join(missing)}; want the one schema; build the cell again"
        )
    batches = file.iter_batches(size, columns=columns)
    while True:
        with damage_named(path):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def read_rows(
    folder: Path, config: str, split: str, columns: Iterable[str], size: int = BATCH
) -> Iterator[dict[str, Any]]:
    """These columns of the examples of a split of a cell, one by one. Raises UsageError as `read_batches`."""
    for path in shards(folder, config, split):
        for batch in read_batches(path, columns, size):
            yield from batch.to_pylist()


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what pyarrow says of a file that it cannot read into a UsageError that names the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"{path.parent.name}/{path.name}: {' '.join(str(error).split()).rstrip('.')}; "
            "want the whole Parquet file that was built; build the cell again"
        ) from error
