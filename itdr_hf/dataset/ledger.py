"""The ledger beside a dataset folder: what was read, left out and made, from which files, by which versions.

`ledger.json` is part of a release: the same raw files, recipe and packages give the same bytes. What differs
from run to run (time, memory) is in `.timings.json`, which is not published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.catalogue import Catalogue
from itdr_hf.errors import UsageError
from itdr_hf.runtime.files import write_atomically
from itdr_hf.sources.own import recalled

LEDGER = "ledger.json"
TIMINGS = ".timings.json"
PACKAGES = ("itdr-hf", "datasets", "duckdb", "ibis-framework", "pyarrow")


def read_ledger(folder: Path) -> dict[str, Any]:
    """The ledger of a dataset folder, or an empty one. The sources of one's own that it speaks of are known then.

    Raises UsageError for a damaged one.
    """
    path = folder / LEDGER
    if path.is_file():
        try:
            ledger: dict[str, Any] = json.loads(path.read_text())
        except ValueError as error:
            raise UsageError(
                f"{path}: {error}; want the ledger that `itdr build` wrote; get it again, or remove it and build again"
            ) from error
        recall_sources(ledger)
        return ledger
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


def recall_sources(ledger: Mapping[str, Any]) -> None:
    """Register the ledger's custom sources that are not known, with the cells that it has of them."""
    catalogue._current[0] = catalogue_of(ledger)


def catalogue_of(ledger: Mapping[str, Any]) -> Catalogue:
    """Return the current catalogue with the ledger's custom sources that it does not know, and their cells."""
    known = catalogue.current()
    for source_id, description in ledger.get("own", {}).items():
        if not (known.own(source_id) and known.source(source_id).layouts):  # not one that was registered
            cells = {name: cell for name, cell in ledger["cells"].items() if known.source_of(name) == source_id}
            sizes = {known.task_of(name): sum(cell["counts"].values()) for name, cell in cells.items()}
            kept = {task: size for task, size in sizes.items() if task in known.task_ids()}
            known = known.with_source(recalled(description), tasks=kept)
    return known


def published_ledger(folder: Path) -> dict[str, Any]:
    """The ledger of a dataset folder that has been built. Raises UsageError for any other folder."""
    ledger = read_ledger(folder)
    if not ledger["cells"]:
        raise UsageError(f"{folder}: no {LEDGER} with cells; want a dataset folder; make one with `itdr build`")
    return ledger


def read_timings(folder: Path) -> dict[str, Any]:
    """Cell -> seconds and peak memory of the run that built it."""
    path = folder / TIMINGS
    return json.loads(path.read_text()) if path.is_file() else {}


def note_timing(folder: Path, cell: str, timing: dict[str, Any]) -> None:
    """Remember what building a cell took."""
    write_atomically(folder / TIMINGS, json.dumps({**read_timings(folder), cell: timing}, indent=1))
