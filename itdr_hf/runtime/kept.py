"""What is kept in the cache: notes and folders that count as none where they cannot be read, or were changed since.

A note has a digest; a folder has a note, record.json, with size and time of its files. A copy of the cache has other
times and is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.runtime.files import write_atomically

RECORD = "record.json"


def write_kept(path: Path, note: Mapping[str, Any]) -> None:
    """Write a note with its digest."""
    write_atomically(path, json.dumps({"note": note, "digest": _digest(note)}, indent=1))


def read_kept(path: Path) -> dict[str, Any] | None:
    """Return a note; None if it is not there, cannot be read or is not as it was written."""
    try:
        document = json.loads(path.read_bytes())
        note = document["note"]
        return dict(note) if document["digest"] == _digest(note) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a folder that is complete."""
    files = {path.name: _stamp(path) for path in sorted(folder.iterdir()) if path.is_file()}
    write_kept(folder / RECORD, {"record": record, "files": files})


def read_record(folder: Path) -> dict[str, Any] | None:
    """Return the record of a folder; None if it has none, or if one of its files is gone or not as it was written."""
    kept = read_kept(folder / RECORD)
    if kept is None or any(_stamp(folder / name) != stamp for name, stamp in kept["files"].items()):
        return None
    return dict(kept["record"])


def _stamp(path: Path) -> list[int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _digest(note: Any) -> str:
    return hashlib.sha256(json.dumps(note, sort_keys=True).encode()).hexdigest()
