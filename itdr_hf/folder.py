"""The dataset folder: `<config>/<split>-00000-of-0000N.parquet`, README.md (the card) and ledger.json.

Plain `datasets` reads it where it lies, and once pushed. A cell is replaced whole or not at all; what is
already there from the same raw content, recipe and code is left alone, so a killed build goes on.
"""

from __future__ import annotations

import hashlib
import json
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from itdr_hf import card, catalogue
from itdr_hf.engine import Engine, open_engine
from itdr_hf.errors import BuildError, ItdrError, MissingFileError, OutputError
from itdr_hf.generation import Prepared, Settings, identity, prepare, shortfall
from itdr_hf.outputs import full_disk_named, new_folder, sweep, write_atomically
from itdr_hf.records import SPLITS, Cell, Recipe

if TYPE_CHECKING:
    import pyarrow as pa

LEDGER = "ledger.json"
SHARD_ROWS = 500_000
PACKAGES = ("itdr-hf", "datasets", "duckdb", "ibis-framework", "pyarrow")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a cell: built, unchanged, or not built and why."""

    cell: str
    state: str
    counts: Mapping[str, int]
    note: str = ""


def build_folder(
    out: Path,
    settings: Settings,
    *,
    configs: Iterable[str] | None = None,
    changes: Mapping[str, Any] | None = None,
    done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Build the cells of the given configs (default: all whose sources are present) into a dataset folder.

    A cell whose release is absent is reported, not built; it is an error only if it was asked for by name or
    if nothing is left. A malformed release fails its own cells; the rest is built before the error is raised.
    Raises OutputError when `out` is not ours or cannot be written.
    """
    _check_ours(out)
    cells = [catalogue.cell(name) for name in catalogue.select(configs)]
    outcomes: list[Outcome] = []
    with full_disk_named(out / LEDGER):
        out.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(out.parent / f".{out.name}.lock"), open_engine(memory_limit=settings.memory_limit) as engine:
        out.mkdir(exist_ok=True)
        sweep(out)
        for cell in sorted(cells, key=lambda c: c.source.id):
            outcome = _build_cell(cell, cell.recipe(**(changes or {})), out, settings, engine)
            outcomes.append(outcome)
            done(outcome)
        ledger = read_ledger(out)
        ledger["not_built"] = {o.cell: o.note for o in outcomes if o.state == "not built"}
        write_ledger(out, ledger)
        if ledger["cells"]:
            write_atomically(out / "README.md", card.dataset_card(out, ledger))
    order = catalogue.cell_names()
    outcomes.sort(key=lambda outcome: order.index(outcome.cell))
    _raise_failures(outcomes, configs, ledger)
    return outcomes


def read_ledger(folder: Path) -> dict[str, Any]:
    """The ledger of a dataset folder, or an empty one."""
    path = folder / LEDGER
    if path.is_file():
        return json.loads(path.read_text())  # type: ignore[no-any-return]
    return {
        "dataset": "itdr",
        "version": catalogue.DATA_VERSION,
        "packages": {},
        "cells": {},
        "not_built": {},
        "files": {},
    }


def write_ledger(folder: Path, ledger: dict[str, Any]) -> None:
    """Write the ledger, with every file's sha256, size and rows gathered under `files`."""
    order = {name: place for place, name in enumerate(catalogue.cell_names())}
    cells = dict(sorted(ledger["cells"].items(), key=lambda pair: order.get(pair[0], len(order))))
    files = {f"{name}/{file}": facts for name, cell in cells.items() for file, facts in cell["files"].items()}
    packages = {name: version(name) for name in PACKAGES}
    whole = {**ledger, "version": catalogue.DATA_VERSION, "packages": packages, "cells": cells, "files": files}
    write_atomically(folder / LEDGER, json.dumps(whole, indent=1, ensure_ascii=False))


def _check_ours(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: a file; want a folder to build into; choose another")
    if out.is_dir() and any(out.iterdir()) and not (out / LEDGER).is_file():
        raise OutputError(
            f"{out}: holds files but no {LEDGER}; want an empty or new folder, or a dataset built before; choose another"
        )


def _build_cell(cell: Cell, recipe: Recipe, out: Path, settings: Settings, engine: Engine) -> Outcome:
    try:
        key = identity(cell, recipe, settings)
        entry = read_ledger(out)["cells"].get(cell.name)
        if entry and entry["key"] == key and _intact(out / cell.name, entry["files"]):
            return Outcome(cell=cell.name, state="unchanged", counts=entry["counts"])
        started = time.monotonic()
        prepared = prepare(cell, recipe, settings, engine)
        if not sum(prepared.rows.counts.values()):
            raise BuildError(f"{cell.name}: {shortfall(recipe.num_examples, 0, prepared.rows)}; want a larger release")
        files = _write_cell(prepared, out / cell.name, settings)
        _enter(out, prepared, key, files, time.monotonic() - started)
    except (MissingFileError, BuildError) as error:
        return Outcome(cell=cell.name, state="not built", counts={}, note=str(error))
    except OutputError:
        raise
    except ItdrError as error:
        return Outcome(cell=cell.name, state="failed", counts={}, note=str(error))
    made = sum(prepared.rows.counts.values())
    note = shortfall(recipe.num_examples, made, prepared.rows) if made < recipe.num_examples else ""
    return Outcome(cell=cell.name, state="built", counts=prepared.rows.counts, note=note)


def _intact(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> bool:
    return all((folder / name).is_file() and (folder / name).stat().st_size == f["size"] for name, f in files.items())


def _write_cell(prepared: Prepared, folder: Path, settings: Settings) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    with new_folder(folder) as draft:
        for split in SPLITS:
            shards = max(1, -(-prepared.rows.counts[split] // SHARD_ROWS))
            names = [f"{split}-{n:05d}-of-{shards:05d}.parquet" for n in range(shards)]
            _write_shards(prepared.batches(split, settings.num_proc), [draft / name for name in names])
            files |= {name: _facts(draft / name) for name in names}
    return files


def _write_shards(batches: Iterator[pa.RecordBatch], paths: Sequence[Path]) -> None:
    """Fill the shards one after the other, SHARD_ROWS rows each; an empty split is a file without rows."""
    import pyarrow.parquet as pq

    from itdr_hf.render import SCHEMA

    pending = next(batches, None)
    for path in paths:
        room = SHARD_ROWS
        with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
            while pending is not None and room:
                part = pending.slice(0, room)
                writer.write_batch(part)
                room -= part.num_rows
                rest = pending.slice(part.num_rows)
                pending = rest if rest.num_rows else next(batches, None)


def _facts(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    uncompressed = sum(group.total_byte_size for group in groups)
    return {"sha256": digest, "size": path.stat().st_size, "rows": metadata.num_rows, "bytes": uncompressed}


def _written_by(paths: Iterable[Path]) -> dict[str, int]:
    """Who wrote the answers: `reference_by` -> how many."""
    import pyarrow.parquet as pq

    counts: Counter[str] = Counter()
    for path in paths:
        column = pq.read_table(path, columns=["reference_by"]).column(0)
        counts.update({row["values"]: row["counts"] for row in column.value_counts().to_pylist()})
    return dict(sorted(counts.items()))


def _enter(out: Path, prepared: Prepared, key: str, files: dict[str, dict[str, Any]], seconds: float) -> None:
    ledger, tables = read_ledger(out), prepared.tables
    content = hashlib.sha256("".join(files[name]["sha256"] for name in sorted(files)).encode()).hexdigest()
    ledger["cells"][prepared.cell.name] = {
        "key": key,
        "content": content,
        "counts": dict(prepared.rows.counts),
        "recipe": {k: v for k, v in asdict(prepared.recipe).items() if k != "salt"},
        "simulated": tables.release.simulated,
        "layout": tables.record["layout"],
        "raw": tables.record["files"],
        "tables": tables.record["steps"],
        "rows": prepared.rows.steps,
        "engine": "duckdb",
        "seconds": {"tables": tables.record["seconds"], "cell": round(seconds, 2)},
        "written_by": _written_by([out / prepared.cell.name / name for name in files]),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "files": files,
    }
    write_ledger(out, ledger)


def _raise_failures(outcomes: Sequence[Outcome], configs: Iterable[str] | None, ledger: Mapping[str, Any]) -> None:
    failed = {o.note: None for o in outcomes if o.state == "failed"}
    named = set(configs or ()) & set(catalogue.cell_names())
    failed |= {o.note: None for o in outcomes if o.state == "not built" and o.cell in named}
    if failed:
        raise BuildError("\n".join(failed))
    if not any(o.state in ("built", "unchanged") for o in outcomes):
        raise BuildError("nothing was built:\n" + "\n".join(dict.fromkeys(o.note for o in outcomes)))
