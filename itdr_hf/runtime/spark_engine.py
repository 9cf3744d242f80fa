"""The Spark engine, for data that outgrows one machine: the same Ibis expressions, compiled to Spark SQL.

Raw files are read into tables by DuckDB on the driver; Spark plans, and its executors render and write the dataset's
files. Driver and executors must see the same folders under the same paths. See docs/guides/spark.md.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from itdr_hf.errors import BuildError, UsageError
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.runtime.engine import Done, Job, Record
from itdr_hf.runtime.files import full_disk_named
from itdr_hf.runtime.memory import size

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

JAVA = 17  # the oldest version that Spark 4 runs on
RENDERING = "rendering"  # the job description of work done by executors outside plans
HEX_NUMBER = """CREATE OR REPLACE TEMPORARY FUNCTION hex_number(digits STRING) RETURNS BIGINT
RETURN CAST(CONV(digits, 16, 10) AS BIGINT)"""  # for `sampling.whole`
PARTITIONS_PER_CORE = 4  # of a shuffle, unless configured otherwise; Spark merges small ones


@dataclass(kw_only=True)
class SparkEngine:
    """Run plans on Spark. The session starts on first use, so a fully cached build never starts one."""

    name: ClassVar[str] = "spark"
    distributed: ClassVar[bool] = True
    reader: DuckDBEngine
    master: str | None = None
    memory_limit: str | None = None
    _starting: Lock = field(default_factory=Lock)
    _tables: dict[Path, ir.Table] = field(default_factory=dict)
    _cached: list[Any] = field(default_factory=list)
    _owns_context: bool = False  # whether the context was started here and is to be stopped here

    @property
    def signature(self) -> str:
        return f"spark {version('pyspark')}"

    @property
    def session(self) -> Any:
        """A new Spark session, in the existing context or in one started now."""
        with self._starting:
            return self._session

    @cached_property
    def _session(self) -> Any:
        from pyspark import SparkContext

        self._owns_context = SparkContext._active_spark_context is None
        return _start(self.master, self.memory_limit)

    @cached_property
    def ibis(self) -> Any:
        """The Ibis backend, which compiles expressions and names tables; rows never pass through it."""
        session = self.session
        import ibis

        return ibis.pyspark.connect(session)

    def parquet(self, path: Path) -> ir.Table:
        """Return the rows of a Parquet file, or of a folder of them, as an expression."""
        if path not in self._tables:
            self._tables[path] = self.ibis.read_parquet(str(path.resolve()))
        return self._tables[path]

    def numbered(self, path: Path, name: str) -> ir.Table:
        """Return the rows of one Parquet file with their row number, from 0, in a column called `name`."""
        view = f"numbered_{uuid4().hex}"
        rows = self.session.read.parquet(str(path.resolve()))
        rows.selectExpr("*", f"_metadata.row_index AS {name}").createTempView(view)
        return self.ibis.table(view)

    def table(self, records: Sequence[Record]) -> ir.Table:
        """Return a small number of records, all with the same names and types, as an expression."""
        from pyspark.sql import Row

        name = f"records_{uuid4().hex}"
        self.session.createDataFrame([Row(**record) for record in records]).createTempView(name)
        return self.ibis.table(name)

    def collect(self, query: ir.Table) -> list[Record]:
        """Return the rows of a small expression as records."""
        return [row.asDict(recursive=True) for row in self._frame(query).collect()]

    def write(self, query: ir.Table, path: Path, *, row_group_size: int = 0) -> int:
        """Write the rows of an expression, in order, to a folder of Parquet files; return their number."""
        import pyarrow.parquet as pq

        writer = self._frame(query).write.mode("overwrite")
        if row_group_size:
            writer = writer.option("parquet.block.row.count.limit", row_group_size)
        with full_disk_named(path):
            writer.parquet(str(path.resolve()))
        return sum(pq.read_metadata(file).num_rows for file in path.glob("*.parquet"))

    def _frame(self, query: ir.Table) -> Any:
        return self.session.sql(self.ibis.compile(query))

    def materialise(self, query: ir.Table) -> ir.Table:
        """Compute an expression once, on the executors; later expressions built on it read the result."""
        cached = query.cache()
        self._cached.append(cached)
        return cached

    @contextmanager
    def planning(self, cell: str) -> Iterator[None]:
        """Plan a cell in a `with` block, under its name; tables materialised inside it are freed when it ends."""
        self.session.sparkContext.setJobDescription(cell)
        try:
            yield
        finally:
            while self._cached:
                self._cached.pop().release()

    @contextmanager
    def siblings(self, count: int) -> Iterator[list[SparkEngine]]:
        """Provide no further engines: the executors are busy with one plan."""
        yield []

    def interrupt(self) -> None:
        """Stop the jobs that another thread is waiting for."""
        self.session.sparkContext.cancelAllJobs()

    def spread(self, work: Callable[[Job], Done], jobs: Sequence[Job]) -> list[Done]:
        """Return the result of `work` for each job, one Spark task per job, run on the executors.

        Raises BuildError if the executors cannot import this package.
        """

        def working(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            for batch in batches:
                done = [json.dumps(work(jobs[number])) for number in batch.column("id").to_pylist()]
                yield pa.RecordBatch.from_arrays([batch.column("id"), pa.array(done, pa.string())], ["id", "done"])

        self.session.sparkContext.setJobDescription(RENDERING)
        numbers = self.session.range(0, len(jobs), 1, len(jobs))
        try:
            rows = numbers.mapInArrow(working, "id bigint, done string").collect()
        except Exception as error:
            raise _task_failed(error) from error
        return [json.loads(row.done) for row in sorted(rows)]

    def close(self) -> None:
        """Stop the context, if it was started here."""
        if self._owns_context:
            self._session.stop()


@contextmanager
def open_spark(
    reader: DuckDBEngine, *, master: str | None = None, memory_limit: str | None = None
) -> Iterator[SparkEngine]:
    """Open Spark for the duration of a `with` block. Raises UsageError without PySpark or a Java that it runs on."""
    if find_spec("pyspark") is None:
        raise UsageError("engine spark: pyspark is not installed; want the extra [spark]; pip install -e '.[spark]'")
    _check_java()
    engine = SparkEngine(reader=reader, master=master, memory_limit=memory_limit)
    try:
        yield engine
    finally:
        engine.close()


def _start(master: str | None, memory_limit: str | None) -> Any:
    from pyspark.sql import SparkSession

    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # pandas is not used
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # executors need a Python that has this package
    builder = SparkSession.builder.appName("itdr").config("spark.ui.showConsoleProgress", "false")
    builder = builder.master(master) if master else builder
    if memory_limit:
        memory = f"{size(memory_limit) // 2**20}m"
        builder = builder.config("spark.driver.memory", memory).config("spark.executor.memory", memory)

    try:
        session = builder.getOrCreate().newSession()
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(
            f"spark master {master or 'by default'}: {reason}; want a reachable Spark; check --master and its address"
        ) from error

    context = session.sparkContext
    context.setLogLevel("ERROR")
    if not context.getConf().contains("spark.sql.shuffle.partitions"):
        session.conf.set("spark.sql.shuffle.partitions", PARTITIONS_PER_CORE * context.defaultParallelism)
    session.sql(HEX_NUMBER)
    return session


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    if not java or not Path(java).is_file():
        raise UsageError(f"engine spark: no Java found; want Java {JAVA} or newer; install it, or set JAVA_HOME")
    output = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    if found and int(found[1]) < JAVA:
        raise UsageError(f"engine spark: {java} is Java {found[1]}; want {JAVA} or newer; set JAVA_HOME to one")


def _task_failed(error: Exception) -> Exception:
    text = str(error)
    if "No module named 'itdr_hf'" in text:
        return BuildError(
            "spark: an executor has no itdr_hf; want the package where the executors' Python is; install it there, "
            "or name that Python with PYSPARK_PYTHON"
        )
    return error
