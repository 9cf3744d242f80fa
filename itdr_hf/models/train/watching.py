"""What a training run reports while it runs: step, loss, tokens a second; and the validation in between."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from itdr_hf.models.pretrained import extra
from itdr_hf.runtime.progress import OnProgress, Progress


def report_steps(trainer: Any, progress: OnProgress) -> None:  # noqa: C901 - one callback, whose methods are counted in
    """Have a trainer report every step and its losses as they come, instead of printing every log."""
    transformers = extra("transformers")

    class Watch(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        loss: str
        tokens: tuple[float, float] | None  # when, and how many by then
        speed: str
        validated: int

        def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self.loss, self.tokens, self.speed, self.validated = "", None, "", 0
            self._report(state)

        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self._report(state)

        def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, Any], **others: Any) -> None:
            if "loss" in logs:
                self.loss = f"loss {float(logs['loss']):.4f}{_reward(logs, '')}"
            if "eval_loss" in logs:
                said = f"step {state.global_step:,}, loss {float(logs['eval_loss']):.4f}{_reward(logs, 'eval_')}"
                progress(Progress("validated", detail=said))
            if "loss" in logs and "num_tokens" in logs:
                self._measure(float(logs["num_tokens"]))
            self._report(state)

        def on_prediction_step(
            self, args: Any, state: Any, control: Any, eval_dataloader: Any = None, **others: Any
        ) -> None:
            self.validated += 1
            total = None if eval_dataloader is None else len(eval_dataloader)
            progress(Progress("validating", self.validated, total, "batches"))

        def on_evaluate(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            self.validated = 0

        def _measure(self, tokens: float) -> None:
            """Take the speed between two logs, which are what counts tokens."""
            now = time.monotonic()
            if self.tokens is not None and tokens > self.tokens[1]:
                self.speed = f"{(tokens - self.tokens[1]) / max(now - self.tokens[0], 1e-9):,.0f} tokens/s"
            self.tokens = now, tokens

        def _report(self, state: Any) -> None:
            facts = ", ".join(filter(None, (self.loss, self.speed)))
            progress(Progress("training", state.global_step, state.max_steps, "steps", facts))

    trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
    trainer.add_callback(Watch)


def _reward(logs: Mapping[str, Any], prefix: str) -> str:
    """Return what is logged of drawn answers, behind the loss: the learned reward, the divergence, how many differ."""
    names = {"reward": "reward", "KL": "kl", "distinct": "rewards/distinct/mean"}
    told = {shown: logs.get(f"{prefix}{key}") for shown, key in names.items()}
    return "".join(f", {shown} {value:.3f}" for shown, value in told.items() if value is not None)
