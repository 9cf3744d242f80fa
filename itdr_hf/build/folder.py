"""Build the dataset folder: `<config>/<split>-00000-of-0000N.parquet`, README.md (the card) and ledger.json.

Plain `datasets` reads it locally, and from the Hub once pushed. A cell is replaced completely or not at all; one already
built from the same raw content, recipe and code is kept, so that a killed build resumes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.build.distributed import write_cell_distributed
from itdr_hf.build.estimate import Rate, estimate_cell, note_rate, read_rates
from itdr_hf.build.prepare import Prepared, Settings, identity, prepare, recipes, shortfall
from itdr_hf.catalogue import DEFAULT
from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.cell import BuiltCell, RawFile, ShardFacts, Step
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.ledger import LEDGER
from itdr_hf.dataset.notes import note_timing
from itdr_hf.dataset.shards import Batches, Files, write_cell, written
from itdr_hf.dataset.stamps import damage, note_written
from itdr_hf.errors import AbsentReleaseError, BuildError, ItdrError, MissingFileError, OutputError, RawDataError
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.files import full_disk_named, sweep
from itdr_hf.runtime.memory import peak as peak_memory
from itdr_hf.runtime.parallel import await_result, parallel
from itdr_hf.runtime.progress import Progress
from itdr_hf.runtime.spill import peak as peak_spilled
from itdr_hf.tasks.planning.negatives import NEVER_TOUCHED, OTHER_ITEMS
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import pyarrow as pa

LARGE_CELL = 50_000  # examples; for larger cells progress is reported, and one cell is planned at a time
NOTHING_THERE = "no raw release is there; want at least one; see `itdr sources`, or make some up with `itdr simulate`"
ABSENT = "its release was not there"
ANNOTATE_AGAIN = "; its references by a teacher are in the store: run `itdr annotate` again"
PARALLEL_PLANS = 2  # cells planned at the same time


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result for a cell: built, unchanged, or not built, with the reason; `absent`: nothing of its release is there."""

    cell: str
    state: str
    counts: Mapping[str, int]
    note: str = ""
    absent: bool = False


class CellsFailedError(BuildError):
    """Raised if requested cells could not be built; `outcomes` has the results of all cells."""

    def __init__(self, message: str, outcomes: Sequence[Outcome]) -> None:
        super().__init__(message)
        self.outcomes = outcomes


def build_folder(
    out: Path,
    settings: Settings,
    *,
    configs: Iterable[str] | None = None,
    family: str = DEFAULT,
    changes: Mapping[str, Any] | None = None,
    verify: bool = False,
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Build the cells of the given configs (default: all whose sources are present) into a dataset folder.

    A cell whose release is missing is reported and not built, which is an error only if it was requested by name or if
    no cell remains. A malformed release fails its own cells; the others are built before the error is raised. A cell
    whose files were damaged is built again; damage is detected by size and time, with `verify` by hash. Raises
    OutputError if `out` is not a dataset folder or not writable, UsageError if its ledger was edited.
    """
    _check_ours(out)
    known = settings.known
    cells = sorted(map(known.cell, known.select(configs, family)), key=_order)
    planned = recipes(cells, changes or {})
    dataset = Dataset(out, family=family, base=known)
    _check_family(dataset, family)

    outcomes: list[Outcome] = []
    with full_disk_named(out / LEDGER):
        out.parent.mkdir(parents=True, exist_ok=True)
    with dataset.locked(), settings.open_engine() as engine:
        out.mkdir(exist_ok=True)
        dataset.save(version=known.family(family).version)  # first, so that a killed build's folder is recognised
        sweep(out)
        build = _Build(dataset=dataset, settings=settings, engine=engine, verify=verify)
        for outcome in _build_cells(planned, build):
            outcomes.append(outcome)
            done(outcome)
        left_out = {o.cell: _kept_note(o, settings.raw) for o in outcomes if o.state == "not built"}
        dataset.save(not_built=left_out)
        if dataset.cells:
            write_card(dataset)

    order = {cell: place for place, cell in enumerate(known.select(configs, family))}
    outcomes.sort(key=lambda outcome: order[outcome.cell])
    if known.broken and not configs:
        raise CellsFailedError("\n".join(map(str, known.broken.values())), outcomes)
    _raise_failures(outcomes, set(configs or ()))
    return outcomes


def _kept_note(outcome: Outcome, raw: Path) -> str:
    """Return what the ledger keeps of why a cell was not built."""
    return ABSENT if outcome.absent else outcome.note.replace(f"{raw}/", "")


@dataclass(frozen=True, kw_only=True)
class _Build:
    """A build in progress: its folder, settings and engine, the damage found, by cell, and sources that cannot be read."""

    dataset: Dataset
    settings: Settings
    engine: Engine
    verify: bool
    damaged: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, RawDataError] = field(default_factory=dict)


def _order(cell: Cell) -> tuple[str, bool]:
    """Sort by source, then cells with written answers first: they render slowest, while others are planned."""
    return cell.source.id, cell.task.teacher is None


def _check_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: a file; want a folder to build into; choose another")
    if (out / LEDGER).is_file() or not out.is_dir():
        return
    if any(
        not path.name.startswith(f".{LEDGER}.") for path in out.iterdir()
    ):  # drafts of a ledger are a killed build's
        raise OutputError(
            f"{out}: contains files but no {LEDGER}; want an empty or new folder, or an existing dataset; choose another"
        )


def _check_family(dataset: Dataset, family: str) -> None:
    if dataset.cells and dataset.ledger.family != family:
        raise OutputError(
            f"{dataset.folder}: cells of the family {dataset.ledger.family}; want {family}; choose another folder"
        )


def _build_cells(cells: Sequence[tuple[Cell, Recipe]], build: _Build) -> Iterator[Outcome]:
    """Build cell by cell; while one is rendered and written in Python, the engine plans the next ones."""
    large = any(recipe.num_examples > LARGE_CELL for _, recipe in cells)  # a large plan may need all the memory
    with ThreadPoolExecutor(1) as writer, parallel(build.engine, 1 if large else PARALLEL_PLANS) as submit:
        plans = [submit(partial(_plan_or_why, cell, recipe, build)) for cell, recipe in cells]
        outcomes = [writer.submit(_finish_cell, plan, build) for plan in plans]
        try:
            for outcome in outcomes:
                yield await_result(outcome)
        finally:
            writer.shutdown(wait=False, cancel_futures=True)


def _plan_or_why(cell: Cell, recipe: Recipe, build: _Build, engine: Engine) -> Outcome | Prepared:
    return _caught(cell, partial(_plan_cell, cell, recipe, build, engine))


def _caught(cell: Cell, step: Callable[[], Outcome | Prepared]) -> Outcome | Prepared:
    """Return the result of a step, or the outcome of a cell that cannot be built."""
    try:
        return step()
    except (MissingFileError, BuildError) as error:
        note, absent = str(error).removeprefix(f"{cell.name}: "), isinstance(error, AbsentReleaseError)
        return Outcome(cell=cell.name, state="not built", counts={}, note=note, absent=absent)
    except OutputError:
        raise
    except ItdrError as error:
        return Outcome(cell=cell.name, state="failed", counts={}, note=str(error))


def _plan_cell(cell: Cell, recipe: Recipe, build: _Build, engine: Engine) -> Outcome | Prepared:
    built = build.dataset.cells.get(cell.name)
    if built and built.key == identity(cell, recipe, build.settings):
        damaged = damage(build.dataset.folder, built, verify=build.verify)
        if not damaged:
            return Outcome(cell=cell.name, state="unchanged", counts=built.counts)
        build.damaged[cell.name] = f"{damaged}: built again" + (ANNOTATE_AGAIN if built.teachers else "")
    prepared = _prepare(cell, recipe, build, engine)
    if not sum(prepared.rows.counts.values()):
        raise BuildError(f"{cell.name}: {_nothing_made(recipe, prepared)}")
    return prepared


def _nothing_made(recipe: Recipe, prepared: Prepared) -> str:
    """Say why a cell has no example, and what to do: where candidates ran out, fewer of them may do."""
    why = shortfall(recipe.num_examples, 0, prepared.rows)
    ran_out = any(step["what"] in (NEVER_TOUCHED, OTHER_ITEMS) for step in prepared.rows.steps)
    return f"{why}; want a larger release{', or fewer --negatives' if ran_out else ''}"


def _prepare(cell: Cell, recipe: Recipe, build: _Build, engine: Engine) -> Prepared:
    """Prepare a cell; a release that could not be read for one cell is not read again for the next."""
    if error := build.unreadable.get(cell.source.id):
        raise error
    try:
        return prepare(cell, recipe, build.settings, engine)
    except RawDataError as error:
        build.unreadable[cell.source.id] = error
        raise


def _finish_cell(plan: Future[Outcome | Prepared], build: _Build) -> Outcome:
    planned = plan.result()
    if isinstance(planned, Outcome):
        return planned
    outcome = _caught(planned.cell, partial(_write_planned, planned, build))
    assert isinstance(outcome, Outcome)
    return outcome


def _write_planned(prepared: Prepared, build: _Build) -> Outcome:
    started = time.monotonic()
    cell, counts = prepared.cell, prepared.rows.counts
    folder = build.dataset.folder / cell.name
    remove = partial(build.dataset.remove, cell.name)  # before the files are replaced, so that no entry is ever wrong
    if build.engine.distributed:
        files = write_cell_distributed(folder, counts, prepared.jobs, build.engine.spread, cell.task.shape, remove)
    else:
        files = write_cell(folder, counts, _counted(prepared, build.settings), remove, cell.task.shape)
    _record(prepared, build, files, prepared.seconds + time.monotonic() - started)
    note = "\n".join(filter(None, (build.damaged.get(cell.name), prepared.note)))
    return Outcome(cell=cell.name, state="built", counts=counts, note=note)


def _counted(prepared: Prepared, settings: Settings) -> Batches:
    """Return a function for the batches of a split that reports progress if the cell is large."""
    total, done = sum(prepared.rows.counts.values()), 0

    def batches(split: str) -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in prepared.batches(split, settings.num_proc):
            yield batch
            done += batch.num_rows
            if total > LARGE_CELL:
                settings.progress(Progress(prepared.cell.name, done, total, "examples"))

    return batches


def _record(prepared: Prepared, build: _Build, files: Files, seconds: float) -> None:
    """Record a cell in the ledger, and note the time and memory that building it took."""
    cell, tables, facts = prepared.cell, prepared.tables, written(files)
    entry = BuiltCell(
        name=cell.name,
        task=cell.task.id,
        source=cell.source.id,
        family=cell.family,
        shape_name=cell.task.shape.name,
        key=identity(cell, prepared.recipe, build.settings, tables),
        content=facts.content,
        counts=dict(prepared.rows.counts),
        recipe={k: v for k, v in asdict(prepared.recipe).items() if k != "salt"},
        simulated=tables.release.simulated,
        layout=tables.record["layout"],
        raw=[RawFile(**file) for file in tables.record["files"]],
        unread=tables.release.left_alone(),
        tables=[Step(**step) for step in tables.record["steps"]],
        steps=[Step(**step) for step in prepared.rows.steps],
        players=prepared.rows.players,
        derived=prepared.rows.derived,
        engine=build.engine.signature,
        written_by=facts.written_by,
        masked=facts.masked,
        files=facts.files,
    )
    note_written(build.dataset.folder, cell.name, facts.files)
    build.dataset.record(entry)
    peak = peak_memory() // 10**6
    _note_rate(prepared, build.settings, facts.files, seconds - prepared.reading, peak)
    timing = {"tables_seconds": tables.record["seconds"], "cell_seconds": round(seconds, 2), "peak_memory_mb": peak}
    note_timing(build.dataset.folder, cell.name, timing)


def _note_rate(
    prepared: Prepared, settings: Settings, files: Mapping[str, ShardFacts], seconds: float, peak: int
) -> None:
    """Keep what a cell took, and next to it what would have been estimated of the rates before: for the next dry run."""
    tables, rates = prepared.tables, read_rates(settings)
    size = tables.release.size()
    said = estimate_cell(prepared.cell, prepared.recipe, size, False, rates)
    rate = Rate(
        raw_bytes=size,
        tables_seconds=float(tables.record["seconds"]),
        cell_seconds=seconds,
        examples=sum(prepared.rows.counts.values()),
        asked=prepared.recipe.num_examples,
        bytes=sum(file.size for file in files.values()),
        peak_memory_mb=peak,
        tables_bytes=sum(path.stat().st_size for path in tables.folder.glob("*.parquet")),
        spilled_bytes=peak_spilled(),
        estimated_seconds=said.cell_seconds if rates else None,
        seconds=seconds,
    )
    note_rate(settings, prepared.cell.name, rate)


def _raise_failures(outcomes: Sequence[Outcome], configs: Set[str]) -> None:
    failed = {o.note: None for o in outcomes if o.state == "failed"}
    failed |= {o.note: None for o in outcomes if o.state == "not built" and o.cell in configs}
    if failed:
        raise CellsFailedError("\n".join(failed), outcomes)
    if not any(o.state in ("built", "unchanged") for o in outcomes):
        notes = dict.fromkeys(o.note for o in outcomes if not o.absent)
        raise CellsFailedError("nothing was built:\n" + "\n".join(notes or [NOTHING_THERE]), outcomes)
