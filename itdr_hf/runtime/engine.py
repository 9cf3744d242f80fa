"""The protocols of the engines that plans run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    import ibis.expr.types as ir

Job = TypeVar("Job")
Record = dict[str, Any]  # column -> value
Done = dict[str, Any]  # result of a job: plain values, as in JSON


class RawReader(Protocol):
    """The engine interface that reading raw files needs: Ibis and SQL on an embedded DuckDB."""

    @property
    def ibis(self) -> Any:
        """The Ibis backend."""

    @property
    def spill(self) -> Path:
        """The folder for data that does not fit into memory."""

    @property
    def sql(self) -> Any:
        """The raw DuckDB connection."""

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a small number of records, all with the same names and types, as an expression."""

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of a small expression as records."""

    def write(self, query: ir.Table | str, path: Path, **options: str | int) -> int:
        """Write the rows of a query to a Parquet file and return their number."""

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once; later expressions built on it read the result."""

    def interrupt(self) -> None:
        """Stop the query that another thread is running on this engine."""

    def progress(self) -> float:
        """Return the progress of the running query, from 0 to 1; 0 where it is unknown."""

    def remove_function(self, name: str) -> None:
        """Unregister a Python function that was registered for SQL."""

    def value(self, query: str) -> Any:
        """Return the only value of a query with one row and one column."""


class Engine(Protocol):
    """The engine interface that plans need: `DuckDBEngine` or `SparkEngine`."""

    name: ClassVar[str]  # one of ENGINES
    distributed: ClassVar[bool]  # whether it runs work on executors

    @property
    def signature(self) -> str:
        """The engine's name as recorded in the ledger."""

    @property
    def reader(self) -> RawReader:
        """The engine that reads raw files."""

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""

    def numbered(self, path: Path, name: str) -> ir.Table:
        """Return the rows of one Parquet file with their row number, from 0, in a column called `name`."""

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a small number of records, all with the same names and types, as an expression."""

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of a small expression as records."""

    def write(self, query: ir.Table, path: Path, *, row_group_size: int = ...) -> int:
        """Write the rows of an expression, in order, to a Parquet file or a folder of them; return their number."""

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once; later expressions built on it read the result."""

    def planning(self, cell: str) -> AbstractContextManager[None]:
        """Return a context in which a cell is planned; tables materialised in it are freed when it ends."""

    def siblings(self, count: int) -> AbstractContextManager[Sequence[Engine]]:
        """Return a context that provides up to `count` further engines, for plans that run at the same time."""

    def interrupt(self) -> None:
        """Stop the query that another thread is running on this engine."""

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """Return the result of `work` (a module-level function) for each job, run on the executors if there are any."""
