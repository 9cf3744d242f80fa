"""What a step depends on, as a short hash: files of models and adapters, and JSON-able facts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

ENDS = 1 << 20  # bytes at either end of a large file that count; weights that were trained again differ there


def digest(facts: Any) -> str:
    """Return 16 hex digits for JSON-able facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def identity(name: str | Path) -> str:
    """Return the name of a model on the Hub or of a baseline; of a folder a hash of its files."""
    folder = Path(name)
    if not folder.is_dir():
        return str(name)
    return digest({path.name: _ends(path) for path in sorted(folder.iterdir()) if path.is_file()})


def _ends(path: Path) -> list[object]:
    """Return size and hash of a file's beginning and end, which for a small file is all of it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        known = hashlib.sha256(file.read(ENDS))
        if size > ENDS:
            file.seek(max(ENDS, size - ENDS))
            known.update(file.read(ENDS))
    return [size, known.hexdigest()]
