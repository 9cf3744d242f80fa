"""Prepare one cell, from raw files to batches of examples, for both the builder and the dataset folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.build.rows import Rows, check, ensure_rows
from itdr_hf.catalogue import Catalogue, current
from itdr_hf.errors import UsageError
from itdr_hf.raw.malformed import BadRows, describe_skipped
from itdr_hf.raw.release import find_release
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.engines import open_engine
from itdr_hf.runtime.hashing import fingerprint, imported_by
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.tables.cache import Tables, ensure_tables, locate, readers
from itdr_hf.tables.losses import losses
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import pyarrow as pa

    from itdr_hf.build.render import Job

# The entry points of the code that turns tables into files, besides the task's module; the rest is imported by them.
MAKING = ("itdr_hf.build.rows", "itdr_hf.build.render", "itdr_hf.build.distributed")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Paths and resources of a build; none of these settings changes the examples."""

    raw: Path
    cache: Path | None = None
    bad: BadRows = field(default_factory=BadRows)
    memory_limit: str | None = None
    num_proc: int = 1
    engine: str = "duckdb"  # for planning: one of `engines.ENGINES`
    spark_master: str | None = None
    progress: OnProgress = ignore
    catalogue: Catalogue = field(default_factory=current)
    warn: Callable[[str], None] = logging.getLogger("itdr_hf").warning  # receives notes about the result

    @cached_property
    def known(self) -> Catalogue:
        """The catalogue with the custom sources found under `raw`. Raises the errors of `own_source`."""
        return self.catalogue.with_found(self.raw)

    def open_engine(self) -> AbstractContextManager[Engine]:
        """Return a context with the engine for planning."""
        return open_engine(self.engine, memory_limit=self.memory_limit, master=self.spark_master)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A cell whose rows are planned and can be rendered."""

    cell: Cell
    recipe: Recipe
    tables: Tables
    rows: Rows
    seconds: float = 0.0  # of planning, including reading the tables
    reading: float = 0.0  # of these, for the tables, or for finding them in the cache

    @property
    def note(self) -> str:
        """Notes about the result, '' for none: too few examples, skipped malformed rows."""
        wanted, made = self.recipe.num_examples, sum(self.rows.counts.values())
        short = shortfall(wanted, made, self.rows) if made < wanted else ""
        record = self.tables.record
        return "\n".join(filter(None, (short, *losses(record["steps"]), describe_skipped(record["skipped"]))))

    def batches(self, split: str, num_proc: int = 1) -> Iterator[pa.RecordBatch]:
        """Yield the examples of a split."""
        from itdr_hf.build.render import render

        return render(self.cell, self.recipe, self.rows, split, num_proc=num_proc)

    def jobs(self, split: str, start: int, stop: int) -> list[Job]:
        """Return the jobs that render examples start..stop of a split, in any process."""
        from itdr_hf.build.render import slices

        return slices(self.cell, self.recipe, self.rows, split, start, stop)


def recipes(cells: Sequence[Cell], changes: Mapping[str, Any]) -> list[tuple[Cell, Recipe]]:
    """Return each cell with its recipe, changed where possible.

    Raises UsageError for a change that applies to no cell, and for what `rows.check` refuses.
    """
    for name, value in changes.items():
        if value is not None and cells and all(name in cell.task.fixed for cell in cells):
            asked = ", ".join(dict.fromkeys(cell.task.id for cell in cells))
            raise UsageError(
                f"{name}={value}: it is always {getattr(cells[0].recipe(), name)} in {asked}; leave it out"
            )
    if domain := changes.get("domain"):
        _check_domain(cells, domain)
    planned = [(cell, cell.recipe(**changes)) for cell in cells]
    for cell, recipe in planned:
        check(cell, recipe)
    return planned


def _check_domain(cells: Sequence[Cell], domain: str) -> None:
    """Raise UsageError where a source has other domains, or no source has any; a source without domains is left as it is."""
    lacking = [cell.source for cell in cells if domain not in cell.source.domains]
    for source in lacking:
        if source.domains or len(lacking) == len(cells):
            have = f"have: {', '.join(source.domains)}; choose one" if source.domains else "it has none; leave it out"
            raise UsageError(f"domain={domain}: not a domain of {source.id}; {have}")


def prepare(cell: Cell, recipe: Recipe, settings: Settings, engine: Engine | None = None) -> Prepared:
    """Read the tables of a cell and plan its rows, using the caches.

    Raises MissingFileError, MalformedRowError, BuildError or OutputError.
    """
    if engine is None:
        with settings.open_engine() as engine:
            return prepare(cell, recipe, settings, engine)

    started = time.monotonic()
    tables = ensure_tables(
        cell.source,
        settings.raw,
        engine=engine.reader,
        cache=settings.cache,
        bad=settings.bad,
        progress=settings.progress,
    )
    reading = time.monotonic() - started
    settings.progress(Progress(f"{cell.name}: planning", detail=f"{recipe.num_examples:,} examples"))
    rows = ensure_rows(cell, recipe, tables, engine)
    seconds = time.monotonic() - started
    prepared = Prepared(cell=cell, recipe=recipe, tables=tables, rows=rows, seconds=seconds, reading=reading)
    if prepared.note:
        settings.warn(f"{cell.name}: {prepared.note}")
    return prepared


def shortfall(wanted: int, made: int, rows: Rows) -> str:
    """Return why a cell has fewer examples than requested."""
    counts = {step["what"]: step["rows"] for step in rows.steps}
    left_out = [
        f"{-n:,} {what}" for what, n in counts.items() if n < 0 and what not in ("not sampled", "spare, not needed")
    ]
    everyone = next(step["of"] for step in rows.steps if step["what"] == "eligible")
    return f"{wanted:,} requested, {made:,} made: {counts['eligible']:,} of {everyone:,} eligible" + (
        (left_out and f", left out: {', '.join(left_out)}") or ""
    )


def identity(cell: Cell, recipe: Recipe, settings: Settings, tables: Tables | None = None) -> str:
    """Return a hash of everything that the examples of a cell depend on: version, recipe, raw content, code.

    The raw content is that of the tables as they were read, or else as it is now. Raises MissingFileError if the release
    is missing.
    """
    read = (
        tables.fingerprint
        if tables
        else locate(cell.source, settings.raw, cache=settings.cache, bad=settings.bad).folder.name
    )
    source = {
        f.name: getattr(cell.source, f.name) for f in fields(cell.source) if f.name not in ("layouts", "downloads")
    }
    facts = [cell.version, cell.name, asdict(recipe), read, source]
    return fingerprint(facts, {cell.task.example.__module__, *cell.task.planned_by, *MAKING})


def made_by(cell: Cell, settings: Settings) -> list[str]:
    """Return every module that a cell's files depend on, from the readers of its release to the writer of the files.

    Raises MissingFileError if the release is missing.
    """
    release = find_release(cell.source, settings.raw)
    return imported_by({*readers(release), cell.task.example.__module__, *cell.task.planned_by, *MAKING})
