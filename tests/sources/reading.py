"""What the tests of all sources look at: the hand-made rows, a table's rows, the steps that account for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from itdr_hf.tables.cache import Tables

RAW = Path(__file__).parents[1] / "releases"
Read = Callable[..., Tables]


def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    """The rows of a table in an order of their own: a table has none. Interactions have their texts."""
    found = pq.read_table(tables.path(name)).to_pylist()
    if name == "interactions" and tables.has("texts"):
        texts = pq.read_table(tables.path("texts"), columns=["text"])["text"].to_pylist()
        at = [row.pop("text_row") for row in found]
        found = [{**row, "text": None if n is None else texts[n]} for row, n in zip(found, at, strict=True)]
    return sorted(found, key=repr)


def steps(tables: Tables, table: str) -> dict[str, int]:
    """What became of a table's rows: step -> how many."""
    return {step["what"]: step["rows"] for step in tables.record["steps"] if step["table"] == table}
