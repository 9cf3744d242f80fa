"""Writing the Parquet files of a cell: shards, and the facts about them that the ledger keeps."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from itdr_hf.engine import Done
from itdr_hf.outputs import new_folder, sweep
from itdr_hf.records import SPLITS
from itdr_hf.texts import MARKS

if TYPE_CHECKING:
    import pyarrow as pa

    from itdr_hf.render import Job

SHARD_ROWS = 500_000
Batches = Callable[[str], "Iterator[pa.RecordBatch]"]  # of a split
LISTED = ("sha256", "size", "rows", "bytes")  # of each, in the ledger
Files = dict[str, Done]  # name -> facts: LISTED, and what of which there is how much: `masked`, `written_by`


@dataclass(frozen=True, kw_only=True)
class Shard:
    """A file to be written somewhere else, and the jobs that render what it holds."""

    path: Path
    jobs: list[Job]


@dataclass(frozen=True, kw_only=True)
class _Noted:
    """What is counted of a shard as it is written."""

    masked: Counter[str]  # what stands in the prompts in place of people's addresses
    written_by: Counter[str]  # who wrote the answers

    def add(self, part: pa.RecordBatch) -> None:
        import pyarrow.compute as pc

        prompts, writers = part.column("input"), part.column("reference_by")
        self.masked.update({mark: pc.sum(pc.count_substring(prompts, f"[{mark}]")).as_py() or 0 for mark in MARKS})
        self.written_by.update({row["values"]: row["counts"] for row in writers.value_counts().to_pylist()})


def write_cell(
    folder: Path, counts: Mapping[str, int], batches: Batches, before: Callable[[], object] = lambda: None
) -> Files:
    """Write the shards of a cell one after the other; what is known of them. `before` as in `new_folder`."""
    files: Files = {}
    with new_folder(folder, locked=True, before=before) as draft:
        for split in SPLITS:
            paths = [draft / name for name in _names(split, counts[split])]
            written = _write_shards(batches(split), paths)
            files |= {path.name: facts for path, facts in zip(paths, written, strict=True)}
    return files


def write_cell_apart(
    folder: Path,
    counts: Mapping[str, int],
    jobs: Callable[[str, int, int], list[Job]],
    spread: Callable[[Callable[[Shard], Done], Sequence[Shard]], list[Done]],
    before: Callable[[], object] = lambda: None,
) -> Files:
    """As `write_cell`, each shard wherever `spread` has it done; `jobs(split, start, stop)` render these examples."""
    with new_folder(folder, locked=True, before=before) as draft:
        shards = [
            Shard(path=draft / name, jobs=jobs(split, n * SHARD_ROWS, min((n + 1) * SHARD_ROWS, counts[split])))
            for split in SPLITS
            for n, name in enumerate(_names(split, counts[split]))
        ]
        facts = spread(write_shard, shards)
        sweep(draft)  # what tasks that were lost have left
    return {shard.path.name: fact for shard, fact in zip(shards, facts, strict=True)}


def write_shard(shard: Shard) -> Done:
    """Render and write one shard; what is known of it. Done again, it takes the place of the first."""
    from itdr_hf.render import render_job

    draft = shard.path.with_name(f".{shard.path.name}.{uuid4().hex[:8]}")
    [facts] = _write_shards(map(render_job, shard.jobs), [draft])
    draft.replace(shard.path)
    return facts


def _names(split: str, count: int) -> list[str]:
    shards = max(1, -(-count // SHARD_ROWS))
    return [f"{split}-{n:05d}-of-{shards:05d}.parquet" for n in range(shards)]


def _write_shards(batches: Iterator[pa.RecordBatch], paths: Sequence[Path]) -> list[Done]:
    """Fill the shards one after the other, SHARD_ROWS rows each; what is known of each.

    An empty split is a file without rows.
    """
    import pyarrow.parquet as pq

    from itdr_hf.render import SCHEMA

    facts, pending = [], next(batches, None)
    for path in paths:
        room, noted = SHARD_ROWS, _Noted(masked=Counter(), written_by=Counter())
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            while pending is not None and room:
                part = pending.slice(0, room)
                writer.write_batch(part)
                noted.add(part)
                room -= part.num_rows
                rest = pending.slice(part.num_rows)
                pending = rest if rest.num_rows else next(batches, None)
        facts.append({**_facts(path), "masked": dict(noted.masked), "written_by": dict(noted.written_by)})
    return facts


def _facts(path: Path) -> Done:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    uncompressed = sum(group.total_byte_size for group in groups)
    return {"sha256": digest, "size": path.stat().st_size, "rows": metadata.num_rows, "bytes": uncompressed}


def content(files: Mapping[str, Mapping[str, Any]]) -> str:
    return hashlib.sha256("".join(files[name]["sha256"] for name in sorted(files)).encode()).hexdigest()


def listed(files: Files) -> Files:
    """The files as the ledger lists them."""
    return {name: {fact: facts[fact] for fact in LISTED} for name, facts in files.items()}


def summed(files: Files, what: str) -> dict[str, int]:
    """`masked` or `written_by` of all files of a cell together; nothing that is nowhere."""
    total: Counter[str] = Counter()
    for facts in files.values():
        total.update(facts[what])
    return {name: count for name, count in sorted(total.items()) if count}
