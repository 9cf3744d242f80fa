"""The relational engine: Ibis on an embedded DuckDB with a memory limit and a spill folder.

Plans are Ibis expressions, so that another engine can run them (`engine.py`); raw files are read by DuckDB's own
readers (`raw/scan.py`). Nothing here depends on an engine's hash or random functions: sampling and ordering
use md5 of text keys (`tasks/planning/digest.py`), and every window orders by a total key.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from itdr_hf.errors import BuildError
from itdr_hf.runtime.engine import Done, Job, Record
from itdr_hf.runtime.files import full_disk_named
from itdr_hf.runtime.memory import budget, shown
from itdr_hf.runtime.spill import spill_folder

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis import Schema


# How tables are written: in half the time of the defaults, most of which goes into dictionaries of what is all different.
PARQUET = {"parquet_version": "V2", "dictionary_size_limit": 1000}


@dataclass(frozen=True, kw_only=True)
class DuckDBEngine:
    """An open engine. `ibis` is the Ibis backend, `sql` its raw DuckDB connection."""

    name: ClassVar[str] = "duckdb"
    distributed: ClassVar[bool] = False
    ibis: Any
    spill: Path
    _tables: dict[Path, ir.Table] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        return self.name

    @property
    def reader(self) -> DuckDBEngine:
        return self

    @property
    def sql(self) -> Any:
        return self.ibis.con

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""
        if path not in self._tables:
            self._tables[path] = self.ibis.read_parquet(f"{path}/*.parquet" if path.is_dir() else str(path))
        return self._tables[path]

    def numbered(self, path: Path, name: str) -> ir.Table:
        """As `parquet`, of one file, with the number of each row in it, from 0, under this name."""
        return self.ibis.read_parquet(str(path), file_row_number=True).rename({name: "file_row_number"})

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a few records, of the same names and types, as an expression."""
        import pyarrow as pa

        name = f"records_{uuid.uuid4().hex}"
        self.sql.register(name, pa.Table.from_pylist(records))
        return self.ibis.table(name)

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of an expression that has few."""
        rows = self.sql.execute(self.ibis.compile(query)).fetchall()
        return [dict(zip(query.columns, row, strict=True)) for row in rows]

    def write(self, query: ir.Table | str, path: Path, **options: str | int) -> int:
        """Write the rows of an expression or a SELECT to a Parquet file, with DuckDB's options; returns how many.

        They keep their order only where the query sorts them, or numbers them by where they stand.
        """
        with full_disk_named(path):
            if not isinstance(query, str):
                return self._copy(self.ibis.compile(query), path, options)
            with self._order_kept("OVER ()" in query):
                return self._copy(query, path, options)

    def _copy(self, query: str, path: Path, options: Record) -> int:
        listed = ["FORMAT parquet", *(f"{name} {value}" for name, value in {**PARQUET, **options}.items())]
        return int(self.value(f"COPY ({query}) TO {quote(path)} ({', '.join(listed)})"))

    @contextmanager
    def _order_kept(self, kept: bool) -> Iterator[None]:
        """DuckDB reads and writes files faster, and in less memory, when rows may change places."""
        self.sql.execute(f"SET preserve_insertion_order = {str(kept).lower()}")
        try:
            yield
        finally:
            self.sql.execute("SET preserve_insertion_order = true")

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once, into the spill folder; what is built on it reads the result."""
        path = self.spill / f"{uuid.uuid4().hex}.parquet"
        self.write(query, path)
        self._tables[path] = self._view(path, query.schema())
        return self._tables[path]

    def _view(self, path: Path, schema: Schema) -> ir.Table:
        """Return a Parquet file whose columns are known, so that nothing of it is looked at."""
        from ibis.expr.operations import DatabaseTable

        name = f"kept_{path.stem}"
        self.sql.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet({quote(path)})")
        return DatabaseTable(name=name, schema=schema, source=self.ibis).to_expr()

    @contextmanager
    def planning(self, cell: str) -> Iterator[None]:
        """Plan a cell in a `with` block: what is kept in it is freed at its end."""
        try:
            yield
        finally:
            for path in self.spill.glob("*.parquet"):
                self._tables.pop(path, None)
                path.unlink()

    @contextmanager
    def beside(self, count: int) -> Iterator[list[DuckDBEngine]]:
        """So many further engines on the same database, for plans that run at the same time, each with a spill folder."""
        import ibis

        backends = [ibis.duckdb.from_connection(self.sql.cursor()) for _ in range(count)]
        folders = [self.spill / f"beside-{uuid.uuid4().hex}" for _ in backends]
        for folder in folders:
            folder.mkdir()
        try:
            yield [DuckDBEngine(ibis=one, spill=folder) for one, folder in zip(backends, folders, strict=True)]
        finally:
            for one in backends:
                one.disconnect()

    def interrupt(self) -> None:
        """Stop the query that another thread runs, if there is one."""
        self.sql.interrupt()

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """Return what `work` gives for each job, here."""
        return list(map(work, jobs))

    def progress(self) -> float:
        """How far the query is that another thread runs, 0 to 1; 0 also where there is none or nobody knows."""
        return max(self.sql.query_progress(), 0.0) / 100  # type: ignore[no-any-return]

    def remove_function(self, name: str) -> None:
        """Take back a function of ours, if the engine has not broken down."""
        import duckdb

        with suppress(duckdb.FatalException):
            self.sql.remove_function(name)

    def value(self, query: str) -> Any:
        """Return the one value of a one-row query."""
        return self.sql.execute(query).fetchall()[0][0]


@contextmanager
def open_duckdb(*, memory_limit: str | None = None, threads: int | None = None) -> Iterator[DuckDBEngine]:
    """Open an engine for the length of a `with` block; its spill folder is removed at the end.

    `memory_limit` is a size such as '4GB' and holds for the whole process (`memory.budget`); the default is a quarter of
    the machine, 1 GB at least. Raises UsageError for a limit that is no size or too small for anything, and BuildError
    for one that turns out too small.
    """
    import duckdb
    import ibis
    import numpy  # noqa: F401  wanted in the middle of queries, where Ctrl-C in its import would pass for its absence

    with spill_folder() as spill:
        backend = ibis.duckdb.connect(temp_directory=str(spill))
        engine = DuckDBEngine(ibis=backend, spill=spill)
        try:
            room = budget(memory_limit, engine.value("SELECT current_setting('memory_limit')"))
            most = threads or engine.value("SELECT current_setting('threads')")
            backend.con.execute(f"SET memory_limit = '{room.engine}B'; SET threads = {min(most, room.threads)}")
            backend.con.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
            backend.con.execute("CREATE MACRO hex_number(digits) AS ('0x' || digits)::BIGINT")  # for `sampling.whole`
            yield engine
        except duckdb.OutOfMemoryException as error:
            raise BuildError(
                f"memory limit {shown(room.limit)}: not enough, though what can be is put on disk ({str(error).splitlines()[0]}); "
                f"want more; run again with --memory-limit {shown(2 * room.limit)}"
            ) from error
        except Exception as error:
            if interrupted(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            backend.disconnect()


def interrupted(error: Exception) -> bool:
    """Whether it is what the engine makes of Ctrl-C, in a query or in Python's work for one."""
    text = str(error).rstrip()
    return text.endswith(("Query interrupted", "\nKeyboardInterrupt"))


def identifier(name: str) -> str:
    """Return the name of a column or a table as SQL: whatever is in it, a name and nothing else."""
    return '"' + name.replace('"', '""') + '"'


def quote(text: str | Path) -> str:
    """Return a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"
