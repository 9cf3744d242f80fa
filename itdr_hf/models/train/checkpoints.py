"""Checkpoints of a run that was stopped: which is whole, and whether it is of this run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.train.recipe import differences
from itdr_hf.runtime.files import write_atomically


def last_checkpoint(folder: Path) -> Path | None:
    """Return the last checkpoint that is whole: the trainer writes its state file after everything else."""
    whole = [path for path in folder.glob("checkpoint-*") if _reads(path / "trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def check_same_run(checkpoints: Path, facts: Mapping[str, Any]) -> None:
    """Checkpoints belong to one recipe on one content: with another they would resume to neither. Raises UsageError."""
    note = checkpoints / "run.json"
    known = {"recipe": facts["recipe"], "content": facts["dataset"]["content"]}
    if note.is_file():
        have = json.loads(note.read_text(encoding="utf-8"))
        other = differences(have["recipe"], known["recipe"]) or ("data" if have["content"] != known["content"] else "")
        if other:
            raise UsageError(
                f"{checkpoints}: of a run with another {other}; want the same to go on; remove it, or choose another --output"
            )
    write_atomically(note, json.dumps(known, indent=1))


def _reads(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
