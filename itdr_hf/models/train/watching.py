"""What a training run reports while it runs: step, loss, tokens a second; and the validation in between."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from itdr_hf.errors import ModelError
from itdr_hf.models.pretrained import extra
from itdr_hf.runtime.progress import OnProgress, Progress

EVERY = 1.0  # seconds between two looks at the loss, each of which waits for the device


class Meter:
    """What a trainer's own steps lose and read, between its logs, which may be hours apart.

    The loss is the mean over the steps since `reset`, the speed that since then; tokens are those of this process,
    without padding.
    """

    def __init__(self, trainer: Any) -> None:
        self._step = trainer.training_step
        trainer.training_step = self._measured
        self.lost: Any = 0.0
        self.steps, self.tokens, self.looked = 0, 0, float("-inf")
        self.begun = time.monotonic()

    def _measured(self, model: Any, inputs: Any, *others: Any, **more: Any) -> Any:
        loss = self._step(model, inputs, *others, **more)
        self.lost = self.lost + loss.detach()
        self.tokens = self.tokens + token_count(inputs)
        return loss

    def reset(self) -> None:
        """Begin a new mean, and a new speed."""
        self.lost, self.steps, self.tokens, self.begun = 0.0, 0, 0, time.monotonic()

    def said(self, world: int) -> tuple[str, str] | None:
        """Return loss and speed as text; None where the latest look was a moment ago."""
        now = time.monotonic()
        if not self.steps or now - self.looked < EVERY:
            return None
        self.looked = now
        tokens = int(self.tokens) * world
        speed = f"{tokens / max(now - self.begun, 1e-9):,.0f} tokens/s" if tokens else ""
        return f"loss {float(self.lost) / self.steps:.4f}", speed


def token_count(inputs: Any) -> Any:
    """Return the number of tokens of a batch without padding, as a tensor where it has a mask; 0 where it is no batch."""
    if not isinstance(inputs, Mapping) or "input_ids" not in inputs:
        return 0
    mask = inputs.get("attention_mask")
    return inputs["input_ids"].numel() if mask is None else mask.sum()


def report_steps(trainer: Any, progress: OnProgress) -> None:  # noqa: C901 - one callback, whose methods are counted in
    """Have a trainer report every step and its losses as they come, instead of printing every log."""
    transformers = extra("transformers")
    meter = Meter(trainer)

    class Watch(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        loss: str
        speed: str
        validated: int

        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self.loss, self.speed, self.validated = "", "", 0
            meter.reset()
            self._report(state)

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            meter.steps += 1
            if found := meter.said(args.world_size):
                self.loss, self.speed = found[0] + self._reward(), found[1]
            self._report(state)

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **others: Any) -> None:
            _check_losses(logs, state.global_step)
            if "loss" in logs:
                self.loss = f"loss {float(logs['loss']):.4f}{_reward(logs, '')}"
                meter.reset()
            if "eval_loss" in logs:
                said = f"step {state.global_step:,}, loss {float(logs['eval_loss']):.4f}{_reward(logs, 'eval_')}"
                progress(Progress("validated", detail=said))
            self._report(state)

        def on_prediction_step(
            self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **others: Any
        ) -> None:
            self.validated += 1
            total = None if eval_dataloader is None else len(eval_dataloader)
            progress(Progress("validating", self.validated, total, "batches"))

        def on_evaluate(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self.validated = 0

        def _reward(self) -> str:
            """Return what the latest log said of the reward, behind its loss."""
            _, comma, reward = self.loss.partition(", ")
            return comma + reward

        def _report(self, state: Any) -> None:
            facts = ", ".join(filter(None, (self.loss, self.speed)))
            progress(Progress("training", state.global_step, state.max_steps, "steps", facts))

    trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
    trainer.add_callback(Watch)


def _check_losses(logs: Mapping[str, Any], step: int) -> None:
    """Raise ModelError for a loss that is no number: whatever is trained from there on is none either."""
    for name in ("loss", "eval_loss"):
        if name in logs and not math.isfinite(float(logs[name])):
            raise ModelError(
                f"step {step}: {name} {logs[name]}; want a number; lower --learning-rate, train with --precision bf16 or "
                "fp32, or check the weights of the base"
            )


def _reward(logs: Mapping[str, Any], prefix: str) -> str:
    """Return what is logged of drawn answers, behind the loss: the learned reward, the divergence, how many differ."""
    names = {"reward": "reward", "KL": "kl", "distinct": "rewards/distinct/mean"}
    told = {shown: logs.get(f"{prefix}{key}") for shown, key in names.items()}
    return "".join(f", {shown} {value:.3f}" for shown, value in told.items() if value is not None)
