"""The ledger of a dataset folder: what was read, left out and made, from which files, with which versions.

`ledger.json` is part of a release: the same raw files, recipe and packages give the same bytes. It contains its own
digest, by which readers detect edits. Facts that differ from run to run (time, memory) are in `.timings.json`, which is
not published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from itdr_hf.dataset.cell import FAMILY, BuiltCell, read_cell
from itdr_hf.errors import UsageError

LEDGER = "ledger.json"
FORMAT = 2  # format 1, without format, digest, task and source, can still be read
PACKAGES = ("itdr-hf", "datasets", "duckdb", "ibis-framework", "pyarrow")
WANTED = "want the ledger that `itdr build` wrote"

Origins = Callable[[str], tuple[str, str]]  # cell name -> task and source, for old entries without them


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A parsed ledger: cells by name in catalogue order, and the descriptions of custom sources.

    `family` is the family of its cells, `version` the version of the data, `releases` the version and changes of each
    release that was published, newest first. `edited` describes a wrong digest, '' if it
    is right.
    """

    family: str = FAMILY
    version: str
    packages: Mapping[str, str] = field(default_factory=dict)
    cells: Mapping[str, BuiltCell] = field(default_factory=dict)
    not_built: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    releases: tuple[Mapping[str, str], ...] = ()
    edited: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON document with its digest; equal ledgers give equal documents."""
        cells = {name: cell.as_dict() for name, cell in self.cells.items()}
        files = {f"{n}/{file}": asdict(facts) for n, cell in self.cells.items() for file, facts in cell.files.items()}
        document: dict[str, Any] = {"dataset": self.family, "format": FORMAT, "version": self.version}
        document |= {"packages": dict(self.packages)}
        document |= {"cells": cells, "not_built": dict(self.not_built), "files": files}
        document |= {"own": dict(self.own)} if self.own else {}
        return sealed(document | ({"releases": [dict(row) for row in self.releases]} if self.releases else {}))


def parse_ledger(path: Path, text: str, origins: Origins) -> Ledger:
    """Parse the text of a ledger. Raises UsageError if it is damaged, or newer than this package."""
    document = _document(path, text)
    try:
        return Ledger(
            family=str(document.get("dataset", FAMILY)),
            version=_version(document["version"]),
            packages=dict(document.get("packages", {})),
            cells={name: read_cell(name, entry, _origin(name, entry, origins)) for name, entry in _cells(document)},
            not_built=dict(document.get("not_built", {})),
            own=dict(document.get("own", {})),
            releases=tuple(dict(row) for row in document.get("releases", ())),
            edited=edited(document),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__} {error}"
        raise UsageError(f"{path}: {reason}; {WANTED}; get it again, or build into a new folder") from error


def ledger_text(ledger: Ledger) -> str:
    """Return a ledger as the text of its file."""
    return json.dumps(ledger.as_dict(), indent=1, ensure_ascii=False)


def packages() -> dict[str, str]:
    """Return the installed versions of the packages that the result of a build depends on."""
    return {name: version(name) for name in PACKAGES}


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ledger's document with its digest."""
    return {**document, "digest": digest_of(document)}


def digest_of(document: Mapping[str, Any]) -> str:
    """Return the sha256 of a ledger's content except the digest, independent of the order and spacing of its JSON."""
    content = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def edited(document: Mapping[str, Any]) -> str:
    """Return how a ledger differs from the one that was written, '' if it does not; old ledgers have no digest."""
    if "format" not in document and "digest" not in document and not _later(document):
        return ""
    found, wanted = digest_of(document), str(document.get("digest", "none"))
    return "" if found == wanted else f"changed since it was written (digest {found[:12]}…, want {wanted[:12]}…)"


def read_file_list(path: Path) -> tuple[str, dict[str, tuple[str, int]], str]:
    """Return the version of a release, (sha256, size) of each file by path, and the result of `edited`.

    Raises KeyError, TypeError, ValueError or AttributeError for a file that is not a ledger.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    listed = {name: (str(entry["sha256"]), int(entry["size"])) for name, entry in document["files"].items()}
    return str(document["version"]), {n: e for n, e in listed.items() if n != LEDGER}, edited(document)


def _document(path: Path, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}; {WANTED}; get it again, or build into a new folder") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: JSON that is not a ledger; {WANTED}; get it again, or build into a new folder")
    found = document.get("format", 1)
    if type(found) is not int or not 1 <= found <= FORMAT:
        raise UsageError(f"{path}: format {found!r}; want {FORMAT} or older; upgrade itdr-hf")
    return document


def _version(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"version {value!r}")
    return value


def _cells(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(document.get("cells", {}).items())


def _later(document: Mapping[str, Any]) -> bool:
    """Return whether entries have what format 1 had not, so that a ledger without format and digest has lost them."""
    cells = document.get("cells")
    return isinstance(cells, Mapping) and any(isinstance(e, Mapping) and "task" in e for e in cells.values())


def _origin(name: str, entry: Mapping[str, Any], origins: Origins) -> tuple[str, str]:
    return ("", "") if "task" in entry and "source" in entry else origins(name)
