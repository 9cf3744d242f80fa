"""Write and read the Parquet files of a cell, and collect the facts about them for the ledger."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf.dataset.cell import ShardFacts
from itdr_hf.errors import UsageError
from itdr_hf.records import INSTRUCTION, SPLITS, Shape
from itdr_hf.runtime.engine import Done
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.hashing import hash_file
from itdr_hf.runtime.privacy import MARKS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SHARD_ROWS = 500_000
Batches = Callable[[str], "Iterator[pa.RecordBatch]"]  # split -> its batches
LISTED = ("sha256", "size", "rows", "bytes")  # facts of each file that are in the ledger
Files = dict[str, Done]  # file name -> facts: LISTED, and the counts `masked` and `written_by`


@dataclass(frozen=True, kw_only=True)
class _Counts:
    """Counts made while a shard is written."""

    masked: Counter[str]  # masks of personal data in the prompts, by kind
    written_by: Counter[str]  # answers by author

    def add(self, part: pa.RecordBatch) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        writers = part.column("reference_by")
        for prompts in map(part.column, set(part.schema.names) & {"input", "messages", "prompt"}):
            texts = (
                prompts if pa.types.is_string(prompts.type) else pc.struct_field(pc.list_flatten(prompts), "content")
            )
            texts = texts.filter(pc.match_substring(texts, "["))  # hardly any: four looks at these few
            self.masked.update({mark: pc.sum(pc.count_substring(texts, f"[{mark}]")).as_py() or 0 for mark in MARKS})
        self.written_by.update({row["values"]: row["counts"] for row in writers.value_counts().to_pylist()})


def write_cell(
    folder: Path,
    counts: Mapping[str, int],
    batches: Batches,
    before: Callable[[], object] = lambda: None,
    shape: Shape = INSTRUCTION,
) -> Files:
    """Write the shards of a cell in order, and return their facts. `before` is passed to `new_folder`."""
    files: Files = {}
    with new_folder(folder, locked=True, before=before) as draft:
        for split in SPLITS:
            paths = [draft / part.name for part in planned(split, counts[split])]
            written = _write_shards(batches(split), paths, shape)
            files |= {path.name: facts for path, facts in zip(paths, written, strict=True)}
    return files


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A planned file of a split: its name, and the range of the split's examples in it."""

    name: str
    start: int
    stop: int


def planned(split: str, count: int) -> list[Planned]:
    """Return the files for `count` examples, SHARD_ROWS each. An empty split has one file without rows."""
    shards = max(1, -(-count // SHARD_ROWS))
    return [
        Planned(
            name=f"{split}-{n:05d}-of-{shards:05d}.parquet",
            start=n * SHARD_ROWS,
            stop=min((n + 1) * SHARD_ROWS, count),
        )
        for n in range(shards)
    ]


def _write_shards(batches: Iterator[pa.RecordBatch], paths: Sequence[Path], shape: Shape) -> list[Done]:
    """Write the shards in order, SHARD_ROWS rows each, and return the facts of each.

    An empty split becomes a file without rows.
    """
    import pyarrow.parquet as pq

    facts, pending = [], next(batches, None)
    for path in paths:
        room, counts = SHARD_ROWS, _Counts(masked=Counter(), written_by=Counter())
        with pq.ParquetWriter(path, shape.schema, compression="zstd") as writer:
            while pending is not None and room:
                part = pending.slice(0, room)
                writer.write_batch(part)
                counts.add(part)
                room -= part.num_rows
                rest = pending.slice(part.num_rows)
                pending = rest if rest.num_rows else next(batches, None)
        facts.append({**_facts(path), "masked": dict(counts.masked), "written_by": dict(counts.written_by)})
    return facts


def _facts(path: Path) -> Done:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    uncompressed = sum(group.total_byte_size for group in groups)
    return {"sha256": hash_file(path), "size": path.stat().st_size, "rows": metadata.num_rows, "bytes": uncompressed}


@dataclass(frozen=True, kw_only=True)
class Written:
    """The facts about a cell's files that are recorded in the ledger."""

    content: str  # a hash of all files
    files: Mapping[str, ShardFacts]
    written_by: Mapping[str, int]
    masked: Mapping[str, int]


def written(files: Files) -> Written:
    """Sum up the facts of a cell's files, without zero counts."""
    digests = "".join(files[name]["sha256"] for name in sorted(files))
    return Written(
        content=hashlib.sha256(digests.encode()).hexdigest(),
        files={name: ShardFacts(**{fact: facts[fact] for fact in LISTED}) for name, facts in files.items()},
        written_by=_summed(files, "written_by"),
        masked=_summed(files, "masked"),
    )


def _summed(files: Files, what: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for facts in files.values():
        total.update(facts[what])
    return {name: count for name, count in sorted(total.items()) if count}


BATCH = 8_192  # rows read at a time


def shards(folder: Path, config: str, split: str) -> list[Path]:
    """Return the paths of a split's Parquet files in a cell, in order."""
    return sorted((folder / config).glob(f"{split}-*.parquet"))


def open_shard(path: Path) -> pq.ParquetFile:
    """Open a Parquet file of a dataset folder. Raises UsageError, naming it, if it is damaged or not Parquet."""
    import pyarrow.parquet as pq

    with damage_named(path):
        return pq.ParquetFile(path)


def count_rows(path: Path) -> int:
    """Return the number of examples in a file. Raises UsageError as `open_shard` does."""
    return int(open_shard(path).metadata.num_rows)


def read_batches(path: Path, columns: Iterable[str], size: int = BATCH) -> Iterator[pa.RecordBatch]:
    """Yield the given columns of a file, at most `size` rows at a time.

    Raises UsageError, naming the file, if it is damaged or lacks a column.
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


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn pyarrow's error about an unreadable file into a UsageError that names the file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise UsageError(
            f"{path.parent.name}/{path.name}: {' '.join(str(error).split()).rstrip('.')}; "
            "want the complete Parquet file; build the cell again"
        ) from error
