"""What is remembered beside a dataset folder and not published: a cache each, made again when it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.runtime.files import write_atomically

AUDIT = ".audit.json"  # the last audit, and the content it is of; the card shows it
DRAWN = ".pictures.json"  # the content that the card's pictures are of
TIMINGS = ".timings.json"  # cell -> seconds and peak memory of the run that built it
STAMPS = ".files.json"  # size and time of each published file when its sha256 was last known to be right


def read_note(folder: Path, name: str) -> dict[str, Any]:
    """Read a note; {} where there is none, or none that can be read."""
    try:
        note = json.loads((folder / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def write_note(folder: Path, name: str, note: Mapping[str, Any]) -> None:
    """Write a note in the place of the one before."""
    write_atomically(folder / name, json.dumps(note, indent=1, ensure_ascii=False))


def read_timings(folder: Path) -> dict[str, dict[str, float]]:
    """Cell -> what building it took, as far as that can be read."""
    return {cell: timing for cell, timing in read_note(folder, TIMINGS).items() if isinstance(timing, dict)}


def note_timing(folder: Path, cell: str, timing: Mapping[str, float]) -> None:
    """Remember what building a cell took."""
    write_note(folder, TIMINGS, {**read_timings(folder), cell: dict(timing)})
