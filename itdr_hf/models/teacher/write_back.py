"""From the store into the dataset folder: whatever is accepted becomes the reference, the rest stays as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.folder import lock
from itdr_hf.dataset.ledger import read_ledger, write_ledger
from itdr_hf.dataset.shards import Batches, content, damage_named, listed, open_shard, shards, summed, write_cell
from itdr_hf.models.teacher.selection import standing, teacher_of
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer

if TYPE_CHECKING:
    import pyarrow as pa


def write_references(folder: Path, cell: str, writer: Writer, store: Store) -> dict[str, int]:
    """Put a writer's accepted answers into a cell, whole or not at all; who wrote its references now, and how many."""
    teacher = teacher_of(cell)
    notes = {
        "written": writer.signature(teacher),
        "at": urlsplit(writer.endpoint).hostname,
        "prompt": teacher.version,
        "form": "json" if writer.as_json(teacher) else "plain",
        "parameters": dict(writer.parameters),
        "tries": writer.tries,
    }
    with lock(folder):
        before = read_ledger(folder)["cells"][cell].get("teachers", [])
        teachers = [*(t for t in before if t["written"] != notes["written"]), notes]
        batches = partial(_batches, folder, cell, writer=writer, store=store)
        return _rewrite(folder, cell, batches, {"teachers": teachers})


def _rewrite(folder: Path, name: str, batches: Batches, notes: Mapping[str, Any]) -> dict[str, int]:
    """Replace the examples of a built cell by as many others; who wrote them. Hold the folder's `lock`.

    The ledger's hashes, the card and the cell's `notes` follow; a later build of the same recipe leaves it alone.
    """
    ledger = read_ledger(folder)
    entry = ledger["cells"][name]
    files = write_cell(folder / name, entry["counts"], batches)
    entry |= {"content": content(files), "written_by": summed(files, "written_by"), "files": listed(files), **notes}
    write_ledger(folder, ledger)
    write_card(folder, ledger)
    return entry["written_by"]  # type: ignore[no-any-return]


def _batches(folder: Path, cell: str, split: str, writer: Writer, store: Store) -> Iterator[pa.RecordBatch]:
    """The batches of a split as they lie in its files, so that the files keep their layout."""
    for path in shards(folder, cell, split):
        file = open_shard(path)
        for number in range(file.num_row_groups):
            with damage_named(path):
                rows = file.read_row_group(number)
            yield _with_references(rows, cell, writer, store)


def _with_references(rows: pa.Table, cell: str, writer: Writer, store: Store) -> pa.RecordBatch:
    import pyarrow as pa

    from itdr_hf.records import INSTRUCTION

    signature = writer.signature(teacher_of(cell))
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
        for f in INSTRUCTION.schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=INSTRUCTION.schema)
