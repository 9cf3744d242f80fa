"""From the store into the dataset folder: whatever is accepted becomes the reference, the rest stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.dataset.shards import Batches, damage_named, open_shard, write_cell, written
from itdr_hf.dataset.stamps import note_written
from itdr_hf.models.teacher.selection import Taught, standing, taught
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer

if TYPE_CHECKING:
    import pyarrow as pa


def write_references(folder: Dataset | Path, cell: str, writer: Writer, store: Store) -> dict[str, int]:
    """Put a writer's accepted answers into a cell, whole or not at all; who wrote its references now, and how many."""
    dataset = opened(folder)
    known = taught(dataset.cell(cell))
    notes = {
        "written": writer.signature(known.teacher),
        "at": urlsplit(writer.endpoint).hostname,
        "prompt": known.teacher.version,
        "form": "json" if writer.as_json(known.teacher) else "plain",
        "parameters": dict(writer.parameters),
        "tries": writer.tries,
    }
    with dataset.locked():
        before = dataset.cells[cell].teachers
        teachers = [*(t for t in before if t["written"] != notes["written"]), notes]
        return _rewrite(dataset, cell, partial(_batches, dataset, known, writer=writer, store=store), teachers)


def _rewrite(dataset: Dataset, name: str, batches: Batches, teachers: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Replace the examples of a built cell by as many others; who wrote them. Hold the folder's lock.

    The ledger's hashes and the card follow; a later build of the same recipe leaves it alone.
    """
    cell = dataset.cells[name]
    facts = written(write_cell(dataset.folder / name, cell.counts, batches))
    note_written(dataset.folder, name, facts.files)
    dataset.record(
        replace(cell, content=facts.content, written_by=facts.written_by, files=facts.files, teachers=teachers)
    )
    write_card(dataset)
    return dict(facts.written_by)


def _batches(dataset: Dataset, cell: Taught, split: str, writer: Writer, store: Store) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a split as they lie in its files, so that the files keep their layout."""
    for path in dataset.paths(cell.name, split):
        file = open_shard(path)
        for number in range(file.num_row_groups):
            with damage_named(path):
                rows = file.read_row_group(number)
            yield _with_references(rows, cell, writer, store)


def _with_references(rows: pa.Table, cell: Taught, writer: Writer, store: Store) -> pa.RecordBatch:
    import pyarrow as pa

    signature = writer.signature(cell.teacher)
    columns: dict[str, list[Any]] = {
        name: rows.column(name).to_pylist() for name in ("output", "targets", "reference_by")
    }
    for place, text in enumerate(rows.column("input").to_pylist()):
        said = standing(cell, text, writer, store).text
        if said is not None:
            columns["output"][place], columns["targets"][place] = said, [said]
            columns["reference_by"][place] = signature
    arrays = [
        pa.array(columns[f.name], f.type) if f.name in columns else rows.column(f.name).combine_chunks().cast(f.type)
        for f in rows.schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=rows.schema)
