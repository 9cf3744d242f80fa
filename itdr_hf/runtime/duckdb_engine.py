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
from itdr_hf.runtime.memory import budget, format_size
from itdr_hf.runtime.spill import spill_folder

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis import Schema

# Parquet options that halve the writing time: by default, most of it goes into dictionaries of values that are all distinct.
PARQUET = {"parquet_version": "V2", "dictionary_size_limit": 1000}
HEX_NUMBER = "CREATE MACRO hex_number(digits) AS ('0x' || digits)::BIGINT"  # for `sampling.whole`
# trim, which goes through all characters of a text, only where the first or the last one may be a blank of any kind.
TRIMMED = (
    "CREATE MACRO trimmed(words) AS CASE WHEN regexp_matches(words, '^[^!-~]') OR regexp_matches(words, '[^!-~]$') "
    "THEN trim(words) ELSE words END"
)


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
        """Return the rows of one Parquet file with their row number, from 0, in a column called `name`."""
        return self.ibis.read_parquet(str(path), file_row_number=True).rename({name: "file_row_number"})

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a small number of records, all with the same names and types, as an expression."""
        import pyarrow as pa

        name = f"records_{uuid.uuid4().hex}"
        self.sql.register(name, pa.Table.from_pylist(records))
        return self.ibis.table(name)

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of a small expression as records."""
        rows = self.sql.execute(self.ibis.compile(query)).fetchall()
        return [dict(zip(query.columns, row, strict=True)) for row in rows]

    def write(self, query: ir.Table | str, path: Path, **options: str | int) -> int:
        """Write an expression or a SELECT to a Parquet file, with DuckDB's options, and return the number of rows.

        Row order is kept only where the query sorts the rows or numbers them by position.
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
        """Set whether DuckDB keeps the row order; it is faster and needs less memory when it need not."""
        self.sql.execute(f"SET preserve_insertion_order = {str(kept).lower()}")
        try:
            yield
        finally:
            self.sql.execute("SET preserve_insertion_order = true")

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once, into the spill folder; later expressions built on it read the result.

        What is one of the engine's own tables already, is read from where it lies.
        """
        if any(query is table for table in self._tables.values()):
            return query
        path = self.spill / f"{uuid.uuid4().hex}.parquet"
        self.write(query, path)
        self._tables[path] = self._view(path, query.schema())
        return self._tables[path]

    def _view(self, path: Path, schema: Schema) -> ir.Table:
        """Return a Parquet file with a known schema as a table, without opening the file."""
        from ibis.expr.operations import DatabaseTable

        name = f"kept_{path.stem}"
        self.sql.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet({quote(path)})")
        return DatabaseTable(name=name, schema=schema, source=self.ibis).to_expr()

    @contextmanager
    def planning(self, cell: str) -> Iterator[None]:
        """Plan a cell in a `with` block; tables materialised inside it are freed when it ends."""
        try:
            yield
        finally:
            for path in self.spill.glob("*.parquet"):
                self._tables.pop(path, None)
                path.unlink()

    @contextmanager
    def siblings(self, count: int) -> Iterator[list[DuckDBEngine]]:
        """Provide `count` further engines on the same database for plans that run at once, each with a spill folder."""
        import ibis

        backends = [ibis.duckdb.from_connection(self.sql.cursor()) for _ in range(count)]
        folders = [self.spill / f"sibling-{uuid.uuid4().hex}" for _ in backends]
        for folder in folders:
            folder.mkdir()

        try:
            yield [DuckDBEngine(ibis=backend, spill=folder) for backend, folder in zip(backends, folders, strict=True)]
        finally:
            for backend in backends:
                backend.disconnect()

    def interrupt(self) -> None:
        """Stop the query that another thread is running, if there is one."""
        self.sql.interrupt()

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """Return the result of `work` for each job, computed in this process."""
        return list(map(work, jobs))

    def progress(self) -> float:
        """Return the progress of a query run by another thread, from 0 to 1; 0 if there is none or it is unknown."""
        return max(self.sql.query_progress(), 0.0) / 100  # type: ignore[no-any-return]

    def remove_function(self, name: str) -> None:
        """Unregister a Python function, unless the engine has failed."""
        import duckdb

        with suppress(duckdb.FatalException):
            self.sql.remove_function(name)

    def value(self, query: str) -> Any:
        """Return the only value of a query with one row and one column."""
        return self.sql.execute(query).fetchall()[0][0]


@contextmanager
def open_duckdb(*, memory_limit: str | None = None, threads: int | None = None) -> Iterator[DuckDBEngine]:
    """Open an engine for the duration of a `with` block; its spill folder is removed at the end.

    `memory_limit` is a size such as '4GB' and applies to the whole process (`memory.budget`); the default is a quarter
    of the machine's memory, at least 1 GB. Raises UsageError for a limit that is not a size or that is too small to
    start with, and BuildError for one that turns out to be too small.
    """
    import duckdb
    import ibis
    import numpy  # noqa: F401  else imported in the middle of a query, where Ctrl-C would look like a missing package

    with spill_folder() as spill:
        backend = ibis.duckdb.connect(temp_directory=str(spill))
        engine = DuckDBEngine(ibis=backend, spill=spill)
        try:
            room = budget(memory_limit, engine.value("SELECT current_setting('memory_limit')"))
            max_threads = threads or engine.value("SELECT current_setting('threads')")
            backend.con.execute(f"SET memory_limit = '{room.engine}B'; SET threads = {min(max_threads, room.threads)}")
            backend.con.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
            backend.con.execute(f"{HEX_NUMBER}; {TRIMMED}")
            yield engine
        except duckdb.OutOfMemoryException as error:
            raise BuildError(
                f"memory limit {format_size(room.limit)}: not enough, even with spilling to disk "
                f"({str(error).splitlines()[0]}); want more; run again with --memory-limit {format_size(2 * room.limit)}"
            ) from error
        except Exception as error:
            if interrupted(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            backend.disconnect()


def interrupted(error: Exception) -> bool:
    """Return whether an error is how the engine reports Ctrl-C, in a query or in a Python function called by one."""
    text = str(error).rstrip()
    return text.endswith(("Query interrupted", "\nKeyboardInterrupt"))


def identifier(name: str) -> str:
    """Return the name of a column or a table as SQL: whatever is in it, a name and nothing else."""
    return '"' + name.replace('"', '""') + '"'


def quote(text: str | Path) -> str:
    """Return the text as a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"
