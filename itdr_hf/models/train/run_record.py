"""What recipe.json says of a run besides its recipe: the base, the packages, the machine, the losses."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.models.pretrained import best_device, extra, revision_of
from itdr_hf.models.provenance import installed
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.refine import rewards_of

PACKAGES = ("itdr-hf", "torch", "transformers", "peft", "trl", "accelerate", "datasets", "bitsandbytes")


def is_first() -> bool:
    """Whether this is the one process of a run on several devices that speaks and writes."""
    return os.environ.get("RANK", "0") == "0"


def run_facts(recipe: TrainRecipe, model: Any) -> dict[str, Any]:
    """Return the base and its revision (of a folder: a hash of its content), the packages, the machine."""
    torch = extra("torch")
    local = Path(recipe.model).is_dir()
    cuda = torch.cuda.is_available()
    return {
        "model": {
            "id": recipe.base_id or (Path(recipe.model).name if local else recipe.model),
            "revision": revision_of(recipe.model, model),
            "on_hub": not local,
            "parameters": model.num_parameters(),
        },
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "machine": {
            "devices": int(os.environ.get("WORLD_SIZE", "1")),
            "kind": best_device(),
            "device": torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads",
            "python": platform.python_version(),
        },
    }


def record(trainer: Any, facts: Mapping[str, Any], *, seconds: float, resumed: bool, command: str) -> dict[str, Any]:
    """Return the facts of a run with its results: losses by step, steps, trained parameters, time."""
    history = trainer.state.log_history
    curve = [[entry["step"], round(entry["loss"], 4)] for entry in history if "loss" in entry]
    checked = [[entry["step"], round(entry["eval_loss"], 4)] for entry in history if "eval_loss" in entry]
    right = [[entry["step"], round(entry["eval_accuracy"], 4)] for entry in history if "eval_accuracy" in entry]
    trained = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    refined = facts["recipe"]["stage"] == "refine"
    return {
        **facts,
        "results": {
            "steps": trainer.state.global_step,
            "trained_parameters": trained,
            "loss": curve,
            "validation_loss": checked,
            **({"validation_accuracy": right} if right else {}),  # of a reward model: pairs in the right order
            **({"rewards": rewards_of(history, facts["recipe"]["method"])} if refined else {}),
            "seconds": round(seconds, 1),  # of this process; a resumed run has had more
            "resumed": resumed,
        },
        "command": command,
    }
