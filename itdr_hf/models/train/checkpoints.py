"""Checkpoints of a run that was stopped: which is whole, and whether it is of this run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.provenance import differing
from itdr_hf.runtime.files import write_atomically


def last_checkpoint(folder: Path) -> Path | None:
    """Return the last checkpoint that is whole: the trainer writes its state file after everything else."""
    whole = [path for path in folder.glob("checkpoint-*") if _reads(path / "trainer_state.json")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def check_same_run(checkpoints: Path, facts: Mapping[str, Any]) -> None:
    """Raise UsageError unless checkpoints are of this recipe, content, base, prompts, number and kind of devices.

    All of these decide the weights or the order of the examples: with another, some would be skipped, others repeated.
    """
    note = checkpoints / "run.json"
    known = json.loads(json.dumps(_decisive(facts)))
    if note.is_file():
        have = json.loads(note.read_text(encoding="utf-8"))
        if found := [f"{name} {a!r} (now {b!r})" for name, a, b in differing(have, known)]:
            raise UsageError(
                f"{checkpoints}: of a run with another {', '.join(found)}; want the same to go on; "
                "remove it, or choose another --output"
            )
    write_atomically(note, json.dumps(known, indent=1))


def _decisive(facts: Mapping[str, Any]) -> dict[str, Any]:
    machine = {name: facts["machine"][name] for name in ("devices", "kind")}
    known = {**facts["recipe"], "content": facts["dataset"]["content"], **machine}
    known |= {"begun": facts["begun"]} if "begun" in facts else {}
    return {**known, "base": facts["model"]["revision"], "prompt": facts["prompt"], "packages": facts["packages"]}


def _reads(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
