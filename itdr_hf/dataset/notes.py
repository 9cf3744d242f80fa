"""Unpublished notes in a dataset folder: hidden JSON files that are caches, recomputed if they cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from itdr_hf.runtime.files import write_atomically

AUDIT = ".audit.json"  # the last audit, and the content it is for; shown on the card
DRAWN = ".pictures.json"  # the content that the card's pictures show
TIMINGS = ".timings.json"  # cell -> seconds and peak memory of the run that built it
STAMPS = ".files.json"  # size and time of each published file when its sha256 was last verified
_UPDATING = Lock()  # cells are built and checked in several threads, and a note is one for all


def read_note(folder: Path, name: str) -> dict[str, Any]:
    """Read a note; return {} if it is missing or unreadable."""
    try:
        note = json.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(folder: Path, name: str, note: Mapping[str, Any]) -> None:
    """Write a note, replacing the previous one."""
    write_atomically(folder / name, json.dumps(note, indent=1, ensure_ascii=False))


def update_note(folder: Path, name: str, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
    """Replace a note by what `change` makes of it, one thread at a time."""
    with _UPDATING:
        write_note(folder, name, change(read_note(folder, name)))


def read_timings(folder: Path) -> dict[str, dict[str, float]]:
    """Return the seconds and peak memory of building each cell, as far as they are readable."""
    return _timings(read_note(folder, TIMINGS))


def note_timing(folder: Path, cell: str, timing: Mapping[str, float]) -> None:
    """Record the seconds and peak memory of building a cell."""
    update_note(folder, TIMINGS, lambda note: {**_timings(note), cell: dict(timing)})


def _timings(note: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {cell: timing for cell, timing in note.items() if isinstance(timing, dict)}
