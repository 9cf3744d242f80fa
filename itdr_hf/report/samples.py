"""Whole examples for the page: the first of every split of every cell, which are a random draw, packed small.

A block is a JSON list of examples, gzipped, in base64: nothing in it can end the element that holds it, and the
browser unpacks only the block that is looked at.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.shards import count_rows
from itdr_hf.records import SPLITS
from itdr_hf.runtime.progress import OnProgress, each, ignore

FIELDS = ("id", "domain", "instruction", "input", "output", "candidates", "targets", "target_names")
ABOUT = ("user", "template", "reference_by")
DEFAULT = 100  # examples of a split of a cell
MOST_BYTES = 8_000_000  # of all blocks together


@dataclass(frozen=True, kw_only=True)
class Block:
    """Examples of a split of a cell: how many are here, and of how many."""

    cell: str
    split: str
    count: int
    of: int
    packed: str


def blocks(
    dataset: Dataset,
    cells: Sequence[str],
    *,
    most: int = DEFAULT,
    room: int = MOST_BYTES,
    progress: OnProgress = ignore,
) -> list[Block]:
    """Return the blocks of all cells, in order; each has at most its part of `room` bytes, or one example."""
    part = room // max(1, len(cells) * len(SPLITS))
    made = []
    for cell in each("examples", cells, progress):
        made += [_block(dataset, cell, split, most, part) for split in SPLITS]
    return made


def _block(dataset: Dataset, cell: str, split: str, most: int, room: int) -> Block:
    rows = list(islice(dataset.rows(cell, split, [*FIELDS, *ABOUT], most), most))
    while len(text := pack(rows)) > room and len(rows) > 1:
        rows = rows[: max(1, min(len(rows) - 1, len(rows) * room // len(text)))]
    of = sum(map(count_rows, dataset.paths(cell, split)))
    return Block(cell=cell, split=split, count=len(rows), of=of, packed=text)


def pack(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as base64 of gzipped JSON, the same text for the same rows."""
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()
