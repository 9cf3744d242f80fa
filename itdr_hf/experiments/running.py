"""Run the steps of a plan: what was made of the same inputs is kept, what a kill left is gone on with."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.experiments.plan import Plan
from itdr_hf.experiments.steps import Step, TrainStep, key
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

NOTES = ".steps"  # the folder with what each step was made of


def run(plan: Plan, progress: OnProgress = ignore) -> dict[str, str]:
    """Run the steps that are not done for the same inputs; return title -> "done" or "kept".

    A step whose inputs are others now is done again from the beginning, one that was stopped goes on. Raises the
    errors of the step that fails; what is done stays done.
    """
    found: dict[str, str] = {}
    for number, step in enumerate(plan.steps):
        progress(Progress("steps", number, len(plan.steps), detail=step.title))
        found[step.title] = run_step(step, plan.options.out, progress)
    progress(Progress("steps", len(plan.steps), len(plan.steps)))
    return found


def run_step(step: Step, home: Path, progress: OnProgress = ignore) -> str:
    """Run one step unless it is done; return "done" or "kept". The folder `home` keeps what steps were made of."""
    note = _note(step, home)
    known, now = _read(note), key(step)
    if known.get("done") and known.get("key") == now and step.output.exists() and step.inputs():
        return "kept"
    made_elsewhere = not known and isinstance(step, TrainStep) and step.made()
    if not made_elsewhere:
        if known and known.get("key") != now:
            step.clear()
        write_atomically(note, json.dumps({"key": now, "done": False}))
        step.run(progress)
        _free_memory()
    write_atomically(note, json.dumps({"key": now, "done": True, "inputs": step.inputs()}, indent=1, default=str))
    return "kept" if made_elsewhere else "done"


def _note(step: Step, home: Path) -> Path:
    place = step.output.resolve()
    inside = place.relative_to(home.resolve()) if place.is_relative_to(home.resolve()) else Path(place.name)
    return home / NOTES / f"{'--'.join(inside.parts)}.json"


def _read(note: Path) -> Mapping[str, Any]:
    """Return what is known of a step; nothing for a note that is not there or was cut."""
    try:
        return dict(json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _free_memory() -> None:
    """Let go of the models of a step, on a GPU too."""
    gc.collect()
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
