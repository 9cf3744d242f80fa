"""Open an engine by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from itdr_hf.errors import unknown
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.runtime.engine import Engine

ENGINES = ("duckdb", "spark")


@contextmanager
def open_engine(
    name: str = "duckdb", *, memory_limit: str | None = None, master: str | None = None
) -> Iterator[Engine]:
    """Open an engine by name for the duration of a `with` block; `master` is the address of a Spark master.

    Raises UsageError for a name that is not in ENGINES, and if Spark is not installed or does not start.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    with open_duckdb(memory_limit=memory_limit) as engine:
        if name == "duckdb":
            yield engine
            return
        from itdr_hf.runtime.spark_engine import open_spark

        with open_spark(engine, memory_limit=memory_limit, master=master) as spark:
            yield spark
