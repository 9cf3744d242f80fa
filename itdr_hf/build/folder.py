"""The dataset folder: `<config>/<split>-00000-of-0000N.parquet`, README.md (the card) and ledger.json.

Plain `datasets` reads it where it lies, and once pushed. A cell is replaced whole or not at all; what is
already there from the same raw content, recipe and code is left alone, so a killed build goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.build.distributed import write_cell_apart
from itdr_hf.build.prepare import Prepared, Settings, identity, prepare, recipes, shortfall
from itdr_hf.catalogue import DEFAULT
from itdr_hf.dataset.card import write_card
from itdr_hf.dataset.folder import lock
from itdr_hf.dataset.ledger import LEDGER, note_timing, read_ledger, write_ledger
from itdr_hf.dataset.shards import Batches, content, listed, summed, write_cell
from itdr_hf.errors import BuildError, ItdrError, MissingFileError, OutputError
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.files import full_disk_named, sweep
from itdr_hf.runtime.memory import peak as peak_memory
from itdr_hf.runtime.parallel import awaited, lanes
from itdr_hf.runtime.progress import Progress
from itdr_hf.sources.own import described
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import pyarrow as pa

MANY = 50_000  # examples from which on it is told how many are written, and one cell is planned at a time
AT_ONCE = 2  # cells that are planned at the same time


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a cell: built, unchanged, or not built and why."""

    cell: str
    state: str
    counts: Mapping[str, int]
    note: str = ""


class CellsFailedError(BuildError):
    """Cells that were asked for and could not be built; `outcomes` is what became of all."""

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
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Build the cells of the given configs (default: all whose sources are present) into a dataset folder.

    A cell whose release is absent is reported, not built; it is an error only if it was asked for by name or
    if nothing is left. A malformed release fails its own cells; the rest is built before the error is raised.
    Raises OutputError when `out` is not ours or cannot be written.
    """
    _check_ours(out)
    known = settings.known
    cells = sorted(map(known.cell, known.select(configs, family)), key=_turn)
    planned = recipes(cells, changes or {})
    outcomes: list[Outcome] = []
    with full_disk_named(out / LEDGER):
        out.parent.mkdir(parents=True, exist_ok=True)
    with lock(out), settings.open_engine() as engine:
        out.mkdir(exist_ok=True)
        write_ledger(out, read_ledger(out))  # first of all: what a killed build leaves is known for ours
        sweep(out)
        for outcome in _build_cells(planned, out, settings, engine):
            outcomes.append(outcome)
            done(outcome)
        ledger = read_ledger(out)
        ledger["not_built"] = {
            o.cell: o.note.replace(f"{settings.raw}/", "") for o in outcomes if o.state == "not built"
        }
        write_ledger(out, ledger)
        if ledger["cells"]:
            write_card(out, ledger)
    order = {cell: place for place, cell in enumerate(known.select(configs, family))}
    outcomes.sort(key=lambda outcome: order[outcome.cell])
    _raise_failures(outcomes, set(configs or ()), ledger)
    return outcomes


def _turn(cell: Cell) -> tuple[str, bool]:
    """By source; first the cells whose answers are written, which take longest to render: the others are planned then."""
    return cell.source.id, cell.task.teacher is None


def _check_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: a file; want a folder to build into; choose another")
    if (out / LEDGER).is_file() or not out.is_dir():
        return
    if any(not path.name.startswith(f".{LEDGER}.") for path in out.iterdir()):  # drafts of a ledger: a killed build's
        raise OutputError(
            f"{out}: holds files but no {LEDGER}; want an empty or new folder, or a dataset built before; choose another"
        )


def _build_cells(
    cells: Sequence[tuple[Cell, Recipe]], out: Path, settings: Settings, engine: Engine
) -> Iterator[Outcome]:
    """Cell by cell; while one is rendered and written, which is Python's work, the engine plans the next ones."""
    many = any(recipe.num_examples > MANY for _, recipe in cells)  # then one plan wants all the memory
    with ThreadPoolExecutor(1) as writer, lanes(engine, 1 if many else AT_ONCE) as submit:
        plans = [submit(partial(_plan_or_why, cell, recipe, out, settings)) for cell, recipe in cells]
        outcomes = [writer.submit(_finish_cell, plan, out, settings, engine) for plan in plans]
        try:
            for outcome in outcomes:
                yield awaited(outcome)
        finally:
            writer.shutdown(wait=False, cancel_futures=True)


def _plan_or_why(cell: Cell, recipe: Recipe, out: Path, settings: Settings, engine: Engine) -> Outcome | Prepared:
    return _caught(cell, partial(_plan_cell, cell, recipe, out, settings, engine))


def _caught(cell: Cell, step: Callable[[], Outcome | Prepared]) -> Outcome | Prepared:
    """What a step gives, or the outcome of a cell that cannot be built."""
    try:
        return step()
    except (MissingFileError, BuildError) as error:
        return Outcome(cell=cell.name, state="not built", counts={}, note=str(error).removeprefix(f"{cell.name}: "))
    except OutputError:
        raise
    except ItdrError as error:
        return Outcome(cell=cell.name, state="failed", counts={}, note=str(error))


def _plan_cell(cell: Cell, recipe: Recipe, out: Path, settings: Settings, engine: Engine) -> Outcome | Prepared:
    entry = read_ledger(out)["cells"].get(cell.name)
    known = entry and entry["key"] == identity(cell, recipe, settings)
    if known and _intact(out / cell.name, entry["files"]):
        return Outcome(cell=cell.name, state="unchanged", counts=entry["counts"])
    prepared = prepare(cell, recipe, settings, engine)
    if not sum(prepared.rows.counts.values()):
        raise BuildError(f"{cell.name}: {shortfall(recipe.num_examples, 0, prepared.rows)}; want a larger release")
    return prepared


def _finish_cell(plan: Future[Outcome | Prepared], out: Path, settings: Settings, engine: Engine) -> Outcome:
    planned = plan.result()
    if isinstance(planned, Outcome):
        return planned
    outcome = _caught(planned.cell, partial(_write_planned, planned, out, settings, engine))
    assert isinstance(outcome, Outcome)
    return outcome


def _write_planned(prepared: Prepared, out: Path, settings: Settings, engine: Engine) -> Outcome:
    started = time.monotonic()
    cell, recipe, counts = prepared.cell, prepared.recipe, prepared.rows.counts
    strike = partial(_strike, out, cell.name)
    if engine.distributed:
        files = write_cell_apart(out / cell.name, counts, prepared.jobs, engine.spread, strike)
    else:
        files = write_cell(out / cell.name, counts, _counted(prepared, settings), strike)
    key = identity(cell, recipe, settings)
    _enter(out, prepared, settings, engine.signature, key, files, prepared.seconds + time.monotonic() - started)
    return Outcome(cell=cell.name, state="built", counts=counts, note=prepared.note)


def _strike(out: Path, name: str) -> None:
    """Take a cell out of the ledger before other files take its place: whatever happens then, it says nothing false."""
    ledger = read_ledger(out)
    if ledger["cells"].pop(name, None):
        write_ledger(out, ledger)


def _counted(prepared: Prepared, settings: Settings) -> Batches:
    """The batches of a split, telling how many examples there are so far, where there are many."""
    total, done = sum(prepared.rows.counts.values()), 0

    def batches(split: str) -> Iterator[pa.RecordBatch]:
        nonlocal done
        for batch in prepared.batches(split, settings.num_proc):
            yield batch
            done += batch.num_rows
            if total > MANY:
                settings.progress(Progress(prepared.cell.name, done, total, "examples"))

    return batches


def _intact(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> bool:
    return all((folder / name).is_file() and (folder / name).stat().st_size == f["size"] for name, f in files.items())


def _enter(
    out: Path,
    prepared: Prepared,
    settings: Settings,
    engine: str,
    key: str,
    files: dict[str, dict[str, Any]],
    seconds: float,
) -> None:
    ledger, tables, source = read_ledger(out), prepared.tables, prepared.cell.source
    ledger["cells"][prepared.cell.name] = {
        "key": key,
        "content": content(files),
        "counts": dict(prepared.rows.counts),
        "recipe": {k: v for k, v in asdict(prepared.recipe).items() if k != "salt"},
        "simulated": tables.release.simulated,
        "layout": tables.record["layout"],
        "raw": tables.record["files"],
        "unread": tables.release.left_alone(),
        "tables": tables.record["steps"],
        "rows": prepared.rows.steps,
        "engine": engine,
        "written_by": summed(files, "written_by"),
        "masked": summed(files, "masked"),
        "files": listed(files),
    }
    if settings.known.own(source.id):
        ledger.setdefault("own", {})[source.id] = described(source)
    write_ledger(out, ledger)
    peak = peak_memory() // 10**6
    timing = {"tables_seconds": tables.record["seconds"], "cell_seconds": round(seconds, 2), "peak_memory_mb": peak}
    note_timing(out, prepared.cell.name, timing)


def _raise_failures(outcomes: Sequence[Outcome], configs: Set[str], ledger: Mapping[str, Any]) -> None:
    failed = {o.note: None for o in outcomes if o.state == "failed"}
    failed |= {o.note: None for o in outcomes if o.state == "not built" and o.cell in configs}
    if failed:
        raise CellsFailedError("\n".join(failed), outcomes)
    if not any(o.state in ("built", "unchanged") for o in outcomes):
        raise CellsFailedError("nothing was built:\n" + "\n".join(dict.fromkeys(o.note for o in outcomes)), outcomes)
