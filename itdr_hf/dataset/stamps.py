"""Detect damaged files of a built dataset, quickly by size and time, or thoroughly by hash.

The time of a file is recorded when its content was last verified. A file with another time is hashed: a copied file is
recorded again, a damaged one is detected.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.dataset.cell import BuiltCell, ShardFacts
from itdr_hf.dataset.notes import STAMPS, read_note, update_note
from itdr_hf.runtime.hashing import hash_file

Stamp = dict[str, Any]


def damage(folder: Path, cell: BuiltCell, *, verify: bool = False) -> str:
    """Return which file of a cell differs from the ledger, '' for none; `verify` hashes all of them.

    Files whose hash is right are recorded, so that the next check is fast.
    """
    noted = read_note(folder, STAMPS)
    stamps: dict[str, Stamp] = {}
    for name, facts in cell.files.items():
        place = f"{cell.name}/{name}"
        found = _stamp(folder / place, facts)
        if found is None:
            return f"{place} is missing or has another size"
        if (verify or noted.get(place) != found) and hash_file(folder / place) != facts.sha256:
            return f"{place} has different content"
        stamps[place] = found
    if any(noted.get(place) != stamp for place, stamp in stamps.items()):
        update_note(folder, STAMPS, lambda note: {**note, **stamps})
    return ""


def note_written(folder: Path, cell: str, files: Mapping[str, ShardFacts]) -> None:
    """Record the files of a cell that has just been written."""
    found = {f"{cell}/{name}": _stamp(folder / cell / name, facts) for name, facts in files.items()}
    update_note(
        folder, STAMPS, lambda note: {p: stamp for p, stamp in note.items() if not p.startswith(f"{cell}/")} | found
    )


def _stamp(path: Path, facts: ShardFacts) -> Stamp | None:
    """Return size, time and hash of a file; None if it is missing or has another size."""
    try:
        stat = path.stat()
    except OSError:
        return None
    if stat.st_size != facts.size:
        return None
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": facts.sha256}
