"""A dataset folder made of another one's examples: an experiment's sample, with the ledger to say where it is from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.cell import BuiltCell, Step
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.shards import BATCH, write_cell, written
from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

LEFT_OUT = "left out by the experiment"
TOTAL = "examples"  # the last step of an account


def write_experiment(
    out: Path, of: Path, ds: Mapping[str, datasets.Dataset], cells: Mapping[str, Mapping[str, Sequence[int]]]
) -> Dataset:
    """Write cells, each of some rows of the splits of `ds`, into a new folder with a ledger and a card.

    Raises UsageError for a cell that the folder `of` does not have.
    """
    original = Dataset.open(of).as_built()
    if missing := sorted(set(cells) - set(original.cells)):
        raise UsageError(f"{of}: no cell {', '.join(missing)}; want the folder that the examples are from; name that")
    made = Dataset(out, family=original.ledger.family)
    out.mkdir(parents=True, exist_ok=True)
    with made.locked():
        made.save(version=original.version, own=original.ledger.own)
        for name in original.in_order(cells):
            made.record(_write(out, original.cells[name], ds, cells[name]))
    write_card(made)
    return made


def _write(
    out: Path, cell: BuiltCell, ds: Mapping[str, datasets.Dataset], places: Mapping[str, Sequence[int]]
) -> BuiltCell:
    """Write a cell's files; return its entry: that of the cell they are from, with what changed."""
    counts = {split: len(places.get(split, ())) for split in SPLITS}

    def batches(split: str) -> Iterator[pa.RecordBatch]:
        if counts[split]:
            chosen = ds[split].select(sorted(places[split])).select_columns(list(cell.shape.names)).with_format("arrow")
            for part in chosen.iter(BATCH):
                yield from part.cast(cell.shape.schema).to_batches()

    facts = written(write_cell(out / cell.name, counts, batches, shape=cell.shape))
    total = sum(counts.values())
    return replace(
        cell,
        key=hashlib.sha256(f"{cell.key}|{facts.content}".encode()).hexdigest(),
        content=facts.content,
        counts=counts,
        steps=_accounted(cell.steps, total),
        players=(),  # they played other examples
        written_by=facts.written_by,
        masked=facts.masked,
        files=facts.files,
    )


def _accounted(steps: Sequence[Step], total: int) -> list[Step]:
    """Return an account that ends at `total` examples."""
    before = [step for step in steps if step.what != TOTAL]
    had = sum(step.rows for step in steps if step.what == TOTAL)
    return [*before, Step(what=LEFT_OUT, rows=total - had), Step(what=TOTAL, rows=total)]
