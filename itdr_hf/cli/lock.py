"""lock: record the hashes of local raw releases, or of those of a published dataset; compare a rebuilt dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from itdr_hf.cli import completion

if TYPE_CHECKING:
    from itdr_hf.dataset.ledger import Ledger


def lock(
    raw: Annotated[Path, typer.Argument(help="Folder of the raw releases.", envvar="ITDR_RAW")] = Path("raw"),
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; may be given again.", autocompletion=completion.sources)
    ] = None,
    published: Annotated[
        str | None, typer.Option("--from", help="Use the hashes of this dataset: a folder, or someone/itdr@v2.0.0.")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Another Hub than the default.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Cache folder; default: $ITDR_CACHE or the user's.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write the sha256 of every raw file to RAW/itdr.lock; `itdr build --locked` then accepts no others."""
    from itdr_hf.raw.lock import LOCK, read_lock
    from itdr_hf.runtime.terminal import print_json

    held = read_lock(raw)
    found = _of_ledger(published_ledger(published, endpoint)) if published else _of_files(raw, source or (), cache)
    held.releases.update({name: files for name, files in found.items() if not source or name in source})
    held.save()
    if json:
        return print_json(held.releases)
    print(
        f"{sum(map(len, found.values())):,} files of {len(found)} releases in {raw / LOCK}\n\nitdr build --raw {raw} --locked"
    )


def _of_files(raw: Path, sources: list[str] | tuple[()], cache: Path | None) -> dict[str, dict[str, str]]:
    """Hash the local releases. Raises MissingFileError for a requested one that is missing."""
    from itdr_hf.catalogue import current
    from itdr_hf.errors import MissingFileError
    from itdr_hf.runtime.progress import each
    from itdr_hf.runtime.terminal import show_progress
    from itdr_hf.tables.cache import locate

    known, found = current().with_found(raw), {}
    with show_progress("hashing") as progress:
        for name in each("hashing", list(sources or known.source_ids()), progress):
            try:
                place = locate(known.source(name), raw, cache=cache)
            except MissingFileError:
                if sources:
                    raise
                continue
            found[name] = {file["name"]: file["sha256"] for file in place.files}
    return found


def _of_ledger(ledger: Ledger) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for cell in ledger.cells.values():
        found.setdefault(cell.source, {}).update({file.name: file.sha256 for file in cell.raw})
    return found


def check_locked(raw: Path, sources: set[str], cache: Path | None) -> None:
    """Check the releases of some sources against the lock. Raises RawDataError for other bytes, or without a lock."""
    from itdr_hf.catalogue import current
    from itdr_hf.errors import MissingFileError
    from itdr_hf.raw.lock import read_lock
    from itdr_hf.tables.cache import locate

    known, held = current().with_found(raw), read_lock(raw)
    for name in sorted(sources):
        try:
            place = locate(known.source(name), raw, cache=cache)
        except MissingFileError:  # the build reports it
            continue
        held.check(name, place.files)


def published_ledger(place: str, endpoint: str | None = None) -> Ledger:
    """Return the ledger of a dataset folder, or of a release on the Hub, such as someone/itdr@v2.0.0."""
    from itdr_hf import hub
    from itdr_hf.dataset.folder import Dataset
    from itdr_hf.dataset.ledger import LEDGER
    from itdr_hf.hub.retry import ask

    if Path(place).is_dir():
        return Dataset.open(Path(place)).ledger
    repo_id, _, revision = place.partition("@")
    api = hub.connect(endpoint=endpoint)

    def get() -> str:
        return api.hf_hub_download(repo_id, LEDGER, repo_type="dataset", revision=revision or "main")

    return Dataset.open(Path(ask(api, f"{place}: {LEDGER}", get, hub.RetryPolicy())).parent).ledger


def print_rebuilt(folder: Path, against: str, endpoint: str | None, json: bool) -> bool:
    """Print how a rebuilt dataset compares with a published one; return whether all of its cells are the same."""
    from dataclasses import asdict

    from itdr_hf.dataset.folder import Dataset
    from itdr_hf.dataset.rebuilt import compare
    from itdr_hf.runtime.terminal import print_json

    cells = compare(Dataset.open(folder).ledger, published_ledger(against, endpoint))
    built = [cell for cell in cells if cell.state != "not built here"]
    same = sum(cell.state == "same" for cell in built)
    if json:
        print_json({"folder": str(folder), "against": against, "same": same, "cells": [asdict(cell) for cell in cells]})
    else:
        print("\n".join(str(cell) for cell in built if cell.state != "same") or f"all as in {against}")
        missing = len(cells) - len(built)
        print(f"\n{same} of {len(built)} cells are the same" + (f"; {missing} more are published" if missing else ""))
    return bool(built) and same == len(built)
