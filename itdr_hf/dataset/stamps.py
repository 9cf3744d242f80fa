"""Whether the published files are still those that were written: by size and time at once, or by their hash.

The time of a file is noted when its content was last known to be right. A file of another time is hashed: one that was
copied is noted again, one that was damaged is found, wherever the damage lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.dataset.cell import BuiltCell, ShardFacts
from itdr_hf.dataset.notes import STAMPS, read_note, write_note
from itdr_hf.runtime.hashing import hash_file

Stamp = dict[str, Any]


def damage(folder: Path, cell: BuiltCell, *, verify: bool = False) -> str:
    """Say which file of a cell is not as the ledger lists it, '' if all are; `verify` hashes every one of them.

    Files whose hash is right are noted, so that the next look costs nothing.
    """
    noted = read_note(folder, STAMPS)
    stamps: dict[str, Stamp] = {}
    for name, facts in cell.files.items():
        place = f"{cell.name}/{name}"
        found = _stamp(folder / place, facts)
        if found is None:
            return f"{place} is missing or of another size"
        if (verify or noted.get(place) != found) and hash_file(folder / place) != facts.sha256:
            return f"{place} has another content"
        stamps[place] = found
    if any(noted.get(place) != stamp for place, stamp in stamps.items()):
        write_note(folder, STAMPS, {**noted, **stamps})
    return ""


def note_written(folder: Path, cell: str, files: Mapping[str, ShardFacts]) -> None:
    """Note the files of a cell as they were just written."""
    found = {f"{cell}/{name}": _stamp(folder / cell / name, facts) for name, facts in files.items()}
    kept = {place: stamp for place, stamp in read_note(folder, STAMPS).items() if not place.startswith(f"{cell}/")}
    write_note(folder, STAMPS, {**kept, **found})


def _stamp(path: Path, facts: ShardFacts) -> Stamp | None:
    """Size, time and hash of a file; None where it is missing or of another size."""
    try:
        seen = path.stat()
    except OSError:
        return None
    if seen.st_size != facts.size:
        return None
    return {"size": seen.st_size, "mtime_ns": seen.st_mtime_ns, "sha256": facts.sha256}
