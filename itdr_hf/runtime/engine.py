"""The engines that plans run on: what a plan asks of one, and how one is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    import ibis.expr.types as ir

Job = TypeVar("Job")
Record = dict[str, Any]  # column -> value
Done = dict[str, Any]  # plain values, as in JSON


class RawReader(Protocol):
    """What reading raw files needs of an engine: Ibis and SQL on an embedded DuckDB."""

    @property
    def ibis(self) -> Any:
        """The Ibis backend."""

    @property
    def spill(self) -> Path:
        """The folder of what does not fit into memory."""

    @property
    def sql(self) -> Any:
        """The raw DuckDB connection."""

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a few records, of the same names and types, as an expression."""

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of an expression that has few."""

    def write(self, query: ir.Table | str, path: Path, **options: str | int) -> int:
        """Write the rows of a query to a Parquet file; returns how many."""

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once; what is built on it reads the result."""

    def interrupt(self) -> None:
        """Stop what another thread runs on it."""

    def progress(self) -> float:
        """How far the running query is, in per cent; -1 where it is not known."""

    def remove_function(self, name: str) -> None:
        """Remove a function that SQL was given."""

    def value(self, query: str) -> Any:
        """Return the one value of a query."""


class Engine(Protocol):
    """What a plan needs of an engine: `DuckDBEngine` or `SparkEngine`."""

    name: ClassVar[str]  # one of ENGINES
    distributed: ClassVar[bool]  # whether it has executors of its own

    @property
    def signature(self) -> str:
        """What the ledger says planned a cell."""

    @property
    def reader(self) -> RawReader:
        """The engine that reads raw files."""

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""

    def numbered(self, path: Path, name: str) -> ir.Table:
        """As `parquet`, of one file, with the number of each row in it, from 0, under this name."""

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a few records, of the same names and types, as an expression."""

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of an expression that has few."""

    def write(self, query: ir.Table, path: Path, *, row_group_size: int = ...) -> int:
        """Write the rows of an expression, in its order, to a Parquet file or a folder of them; returns how many."""

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once; what is built on it reads the result."""

    def planning(self, cell: str) -> AbstractContextManager[None]:
        """Return a `with` block in which a cell is planned: what is kept in it is freed at its end."""

    def beside(self, count: int) -> AbstractContextManager[Sequence[Engine]]:
        """Up to so many further engines, for plans that run at the same time."""

    def interrupt(self) -> None:
        """Stop what another thread runs on it."""

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """Return what `work`, a function of a module, gives for each job, done on the executors if there are any."""
