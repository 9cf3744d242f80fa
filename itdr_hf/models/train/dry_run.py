"""What a run would take, without running it: steps and tokens counted, a few passes measured.

The first pass is over the longest examples, which take the most memory; the time is that of a token in the passes after
it, times the tokens of the run, so that a few short or long examples do not decide it.
"""

from __future__ import annotations

import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.sft import prepare
from itdr_hf.models.train.watching import token_count
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.runtime.progress import duration as in_words

PASSES, LONG_ENOUGH = 8, 20.0  # passes that are measured, at most; seconds after which they are enough
OPTIMISER_BYTES = 8  # of a trained parameter: Adam's two moments in 32 bits


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A run that was not made: examples and tokens of an epoch, optimiser steps, seconds and peak memory.

    `seconds` is with validation, without loading and checkpoints; `memory_bytes` the peak of a pass over the longest
    examples (of the process on a CPU) with the optimiser's state.
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
        progress(Progress("measuring", detail="a few passes"))
        cost = _measured(run.trainer, batches)
    data, machine = run.facts["data"]["train"], run.facts["machine"]
    steps = math.ceil(math.ceil(len(batches) / recipe.accumulation) * recipe.epochs)
    checked = run.facts["data"].get("validation", {}).get("tokens", 0) * recipe.evaluations / machine["devices"]
    units = data["tokens"] / machine["devices"] if cost.by_token else len(batches)
    training = cost.training * units * recipe.epochs
    trained = sum(p.numel() for p in run.trainer.model.parameters() if p.requires_grad)
    return Estimate(
        **{name: data[name] for name in ("examples", "tokens", "longest", "cut", "unknown")},
        steps=steps,
        seconds_a_step=training / steps,
        seconds=training + cost.checking * checked,
        memory_bytes=_peak() + OPTIMISER_BYTES * trained,
        trained_parameters=trained,
        device=machine["device"],
    )


class Cost(NamedTuple):
    """Seconds of training and of validation, by token; by batch where a batch holds prompts that are yet to be answered."""

    training: float
    checking: float
    by_token: bool


def _measured(trainer: Any, batches: Any) -> Cost:
    """Return what a few passes cost, after one over the longest examples."""
    model = trainer.accelerator.prepare(trainer.model)
    trainer.current_gradient_accumulation_steps = trainer.args.gradient_accumulation_steps  # set by a run
    _pass(trainer, model, _longest(trainer) or next(iter(batches)))
    trained = checked = 0.0
    sizes: list[float] = []
    for batch in islice(batches, PASSES):
        trained += _timed(partial(_pass, trainer, model, batch))
        sizes.append(float(token_count(batch)))
        if sizes[-1] and trainer.eval_dataset is not None:
            checked += _timed(partial(trainer.prediction_step, model, dict(batch), True))
        if trained > LONG_ENOUGH:
            break
    by_token = all(sizes)
    units = sum(sizes) if by_token else len(sizes)
    return Cost(trained / units, checked / units, by_token)


def _pass(trainer: Any, model: Any, batch: Any) -> None:
    trainer.training_step(model.train(), dict(batch) if isinstance(batch, Mapping) else batch)
    model.zero_grad()


def _longest(trainer: Any) -> Any:
    """Return a batch of the longest examples; None where the rows are not tokens."""
    rows = trainer.train_dataset
    if "input_ids" not in (getattr(rows, "column_names", None) or ()):
        return None
    lengths = [len(ids) for ids in rows["input_ids"]]
    places = sorted(range(len(lengths)), key=lambda place: -lengths[place])[: trainer.args.per_device_train_batch_size]
    return trainer._prepare_inputs(trainer.data_collator([rows[place] for place in places]))


def _timed(call: Callable[[], object]) -> float:
    """Return the seconds of a call, with what it leaves to the device."""
    started = time.perf_counter()
    call()
    if extra("torch").cuda.is_available():
        extra("torch").cuda.synchronize()
    return time.perf_counter() - started


def _peak() -> int:
    torch = extra("torch")
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
