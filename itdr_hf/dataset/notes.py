"""Unpublished notes in a dataset folder: hidden JSON files that are caches, recomputed if they cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.runtime.files import write_atomically

AUDIT = ".audit.json"  # the last audit, and the content it is for; shown on the card
DRAWN = ".pictures.json"  # the content that the card's pictures show
TIMINGS = ".timings.json"  # cell -> seconds and peak memory of the run that built it
STAMPS = ".files.json"  # size and time of each published file when its sha256 was last verified


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


def read_timings(folder: Path) -> dict[str, dict[str, float]]:
    """Return the seconds and peak memory of building each cell, as far as they are readable."""
    return {cell: timing for cell, timing in read_note(folder, TIMINGS).items() if isinstance(timing, dict)}


def note_timing(folder: Path, cell: str, timing: Mapping[str, float]) -> None:
    """Record the seconds and peak memory of building a cell."""
    write_note(folder, TIMINGS, {**read_timings(folder), cell: dict(timing)})
