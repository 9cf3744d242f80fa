"""What the tests of all sources look at: the hand-made rows, a table's rows, the steps that account for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from itdr_hf.tables import Tables

RAW = Path(__file__).parents[1] / "raw"
Read = Callable[..., Tables]


def rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    """The rows of a table in an order of their own: a table has none."""
    return sorted(pq.read_table(tables.path(name)).to_pylist(), key=repr)


def steps(tables: Tables, table: str) -> dict[str, int]:
    """What became of a table's rows: step -> how many."""
    return {step["what"]: step["rows"] for step in tables.record["steps"] if step["table"] == table}
