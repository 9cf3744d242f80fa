"""What a run would take, without running it: steps and tokens counted, one forward and backward pass measured."""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.sft import prepare
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.runtime.progress import duration as in_words

OPTIMISER_BYTES = 8  # of a trained parameter: Adam's two moments in 32 bits


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A run that was not made: examples and tokens of an epoch, optimiser steps, seconds and peak memory.

    `seconds` is the measured pass times the number of passes, without validation and checkpoints; `memory_bytes` the
    peak of that pass (of the process on a CPU) with the optimiser's state.
    """

    examples: int
    tokens: int
    longest: int
    cut: int
    unknown: int
    steps: int
    seconds_a_step: float
    seconds: float
    memory_bytes: int
    trained_parameters: int
    device: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def sentence(self) -> str:
        """Return the estimate in two lines."""
        data = f"{self.examples:,} examples and {self.tokens:,} tokens an epoch, longest {self.longest}, cut {self.cut}"
        unknown = f", unknown to the tokenizer {self.unknown:,}" if self.unknown else ""
        cost = f"{self.steps:,} steps of {self.seconds_a_step:.2g} s, about {in_words(self.seconds)}"
        return f"{data}{unknown}\n{cost}, {self.memory_bytes / 2**30:.1f} GiB of memory on {self.device}"


def estimate(folder: Dataset | Path, recipe: TrainRecipe, *, progress: OnProgress = ignore) -> Estimate:
    """Return what a run would take; nothing is written. Raises whatever the run would raise before its first step."""
    with tempfile.TemporaryDirectory(prefix="itdr-") as place:
        run = prepare(folder, recipe, Path(place) / "x", progress=progress)
        batches = run.trainer.get_train_dataloader()
        seconds = _measured(run.trainer, batches)
    data, machine = run.facts["data"]["train"], run.facts["machine"]
    steps = math.ceil(math.ceil(len(batches) / recipe.accumulation) * recipe.epochs)
    trained = sum(p.numel() for p in run.trainer.model.parameters() if p.requires_grad)
    return Estimate(
        **{name: data[name] for name in ("examples", "tokens", "longest", "cut", "unknown")},
        steps=steps,
        seconds_a_step=seconds * recipe.accumulation,
        seconds=seconds * len(batches) * recipe.epochs,
        memory_bytes=_peak() + OPTIMISER_BYTES * trained,
        trained_parameters=trained,
        device=machine["device"],
    )


def _measured(trainer: Any, batches: Any) -> float:
    """Return the seconds of one forward and backward pass, after one that warms up."""
    model = trainer.accelerator.prepare(trainer.model)
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps  # set by a run
    batch, seconds = next(iter(batches)), 0.0
    for _ in range(2):
        started = time.perf_counter()
        trainer.training_step(model, dict(batch))
        if extra("torch").cuda.is_available():
            extra("torch").cuda.synchronize()
        seconds = time.perf_counter() - started
        model.zero_grad()
    return seconds


def _peak() -> int:
    torch = extra("torch")
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
