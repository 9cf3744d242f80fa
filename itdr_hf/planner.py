"""The engines that plans run on: what a plan asks of one, and how one is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from itdr_hf.engine import Done, Engine, Job, Record, open_engine
from itdr_hf.errors import unknown

if TYPE_CHECKING:
    import ibis.expr.types as ir

ENGINES = ("duckdb", "spark")


class Planner(Protocol):
    """What a plan needs of an engine: `Engine`, or `spark.SparkEngine`."""

    name: ClassVar[str]  # one of ENGINES
    apart: ClassVar[bool]  # whether it has executors of its own

    @property
    def signature(self) -> str:
        """What the ledger says planned a cell."""

    @property
    def reader(self) -> Engine:
        """The engine that reads raw files."""

    def parquet(self, path: Path) -> ir.Table:
        """The rows of a Parquet file, or of a folder of them, as an expression."""

    def numbered(self, path: Path, name: str) -> ir.Table:
        """As `parquet`, of one file, with the number of each row in it, from 0, under this name."""

    def table(self, records: Sequence[Record]) -> ir.Table:
        """A few records, of the same names and types, as an expression."""

    def fetch(self, query: ir.Table) -> list[Record]:
        """The rows of an expression that has few."""

    def write(self, query: ir.Table, path: Path, *, row_group_size: int = ...) -> int:
        """Write the rows of an expression, in its order, to a Parquet file or a folder of them; returns how many."""

    def keep(self, query: ir.Table) -> ir.Table:
        """Compute an expression once; what is built on it reads the result."""

    def planning(self, cell: str) -> AbstractContextManager[None]:
        """A `with` block in which a cell is planned: what is kept in it is freed at its end."""

    def beside(self, count: int) -> AbstractContextManager[Sequence[Planner]]:
        """Up to so many further engines, for plans that run at the same time."""

    def interrupt(self) -> None:
        """Stop what another thread runs on it."""

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """What `work`, a function of a module, gives for each job, done on the executors if there are any."""


@contextmanager
def open_planner(
    name: str = "duckdb", *, memory_limit: str | None = None, master: str | None = None
) -> Iterator[Planner]:
    """The engine of plans that is called so, for the length of a `with` block; `master` is Spark's.

    Raises UsageError for a name that is not in ENGINES, and where Spark is not installed or does not start.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    with open_engine(memory_limit=memory_limit) as engine:
        if name == "duckdb":
            yield engine
            return
        from itdr_hf.spark import open_spark

        with open_spark(engine, memory_limit=memory_limit, master=master) as spark:
            yield spark
