"""A built dataset as a folder: its cells, its lock, its examples."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock

from itdr_hf import catalogue
from itdr_hf.dataset.ledger import read_ledger
from itdr_hf.dataset.shards import read_batches, shards
from itdr_hf.errors import UsageError, unknown
from itdr_hf.records import INSTRUCTION, SPLITS


def lock(out: Path) -> FileLock:
    """What whoever changes a dataset folder holds."""
    return FileLock(out.parent / f".{out.name}.lock")


def cells_in(folder: Path, configs: Iterable[str] | None = None, split: str = "test") -> list[str]:
    """The cells of a dataset folder that are among `configs` (default: all), in catalogue order."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    read_ledger(folder)  # it may know of sources that are nobody else's
    have = [name for name in catalogue.cell_names() if shards(folder, name, split)]
    if not have:
        raise UsageError(f"{folder}: no cell with a {split} split; want a dataset folder; make one with `itdr build`")
    chosen = [name for name in catalogue.select(configs) if name in have]
    if not chosen:
        raise unknown("config in this folder", ", ".join(configs or ()), have)
    return chosen


def read_example(folder: Path, config: str, split: str, index: int) -> dict[str, Any]:
    """One row of a dataset folder. Raises UsageError when there is no such config, split or row."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    paths = shards(folder, config, split)
    if not paths:
        have = sorted(p.parent.name for p in folder.glob(f"*/{split}-00000-*.parquet"))
        raise UsageError(
            f"{folder}: no config {config!r}; have: {', '.join(have) or 'none'}; build it with `itdr build`"
        )
    at = index
    for batch in (batch for path in paths for batch in read_batches(path, INSTRUCTION)):
        if at < batch.num_rows:
            return batch.slice(at, 1).to_pylist()[0]  # type: ignore[no-any-return]
        at -= batch.num_rows
    raise UsageError(f"{config} {split}: {index - at} rows; want an index below that")
