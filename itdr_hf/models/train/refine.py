"""Refine a tuned model by a learned reward: answers are drawn, scored, and made likelier or less likely.

`rloo` stands where RecLM has PPO, which TRL dropped in 1.13: both raise a learned reward by the policy gradient while the
divergence from the model as it was is held down. RLOO measures an answer by the other answers to its prompt and not by a
value network, so there is no second network to train. `grpo` also divides by the spread of these rewards. `dpo` draws
nothing and needs no reward model: it learns from the pairs themselves.
https://huggingface.co/docs/trl/rloo_trainer
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.adapters import open_adapter
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.reward import check_pairs, load_reward, pair_tokens
from itdr_hf.models.train.start import begun
from itdr_hf.models.train.turns import conversation_text

CUT = 1.0  # is taken from the reward of an answer that does not end, as PPO's trainers did (`missing_eos_penalty`)
SCORED_TOGETHER = 16  # answers
NOT_DRAWN = ("max_length",)  # arguments that the trainers which draw answers do not have


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """Pairs as TRL reads them, texts for a plain base and turns for a chat model, and what was counted on the way."""

    rows: list[dict[str, Any]] = field(repr=False)
    cells: Mapping[str, int]
    tokens: int
    longest: int

    @property
    def summary(self) -> str:
        """The prompts in one line."""
        return f"{len(self.rows):,} prompts, longest {self.longest}"

    @property
    def facts(self) -> dict[str, Any]:
        """What recipe.json keeps of them."""
        counts = {"examples": len(self.rows), "cells": dict(self.cells), "tokens": self.tokens}
        return {**counts, "longest": self.longest, "cut": 0, "unknown": 0}


def encode_prompts(
    mix: Mapping[str, Sequence[Mapping[str, Any]]], tokenizer: Any, recipe: TrainRecipe, room: int
) -> Prompts:
    """Return all pairs. Raises UsageError for rows that are none, and where there is no room for prompt and answer."""
    drawn = recipe.method != "dpo"
    rows, lengths = [], []
    for name, found in mix.items():
        for row in found:
            check_pairs(name, row)
            rows.append(_row(row, tokenizer))
            sides = [pair_tokens(row, side, tokenizer) for side in ("chosen", "rejected")]
            asked = len(tokenizer(conversation_text(row["prompt"], tokenizer))["input_ids"])
            lengths.append(asked + recipe.answer_tokens if drawn else max(map(len, sides)))
    most = min(recipe.max_length, room)
    if max(lengths) > most:
        raise UsageError(
            f"prompts and answers of up to {max(lengths):,} tokens; want at most {most:,}; raise --max-length, take a base "
            "with more context, or build with fewer --neighbours or a shorter --history"
        )
    return Prompts(rows=rows, cells={n: len(r) for n, r in mix.items()}, tokens=sum(lengths), longest=max(lengths))


class LearnedReward:
    """A reward model as TRL asks it: prompt and answer in the very tokens that the reward model was trained on."""

    def __init__(self, recipe: TrainRecipe) -> None:
        if not recipe.reward:
            raise UsageError(
                f"recipe: {recipe.method} without a reward model; want the adapter of a run with --stage reward; "
                "give it with --reward, or choose --method dpo"
            )
        self.tokenizer, self.model = load_reward(recipe.model, open_adapter(recipe.reward).folder, recipe)
        self.__name__ = "learned"

    def __call__(
        self, *, completions: Sequence[Any], completion_ids: Sequence[Sequence[int]], asked: Sequence[Any], **more: Any
    ) -> list[float]:
        """Return the score of each answer; CUT less of one that was not ended."""
        texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        rows = [
            {"prompt": a, "answer": [{"role": "assistant", "content": t}]} for a, t in zip(asked, texts, strict=True)
        ]
        ended = [self.tokenizer.eos_token_id in ids for ids in completion_ids]
        scores = self.scores([pair_tokens(row, "answer", self.tokenizer) for row in rows])
        return [score - (0.0 if whole else CUT) for score, whole in zip(scores, ended, strict=True)]

    def scores(self, rows: Sequence[list[int]]) -> list[float]:
        """Return the score of each row of tokens."""
        torch = extra("torch")
        found: list[float] = []
        pad = self.tokenizer.pad_token_id
        for start in range(0, len(rows), SCORED_TOGETHER):
            part = rows[start : start + SCORED_TOGETHER]
            width = max(map(len, part))
            device = self.model.device
            ids = torch.tensor([row + [pad] * (width - len(row)) for row in part], device=device)
            mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in part], device=device)
            with torch.inference_mode():
                found += self.model(input_ids=ids, attention_mask=mask).logits[:, 0].tolist()
        return found


def distinct(*, completions: Sequence[Any], asked: Sequence[Any], **more: Any) -> list[float]:
    """Return 1 for an answer that no other prompt of the step got too, 0 for one that another did.

    It is logged and has no weight: where it falls while the reward rises, everybody is given the same answer.
    """
    texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
    prompts: dict[str, set[str]] = {}
    for text, turns in zip(texts, asked, strict=True):
        prompts.setdefault(text, set()).add(turns[-1]["content"])
    return [float(len(prompts[text]) == 1) for text in texts]


def make_refiner(
    model: Any, tokenizer: Any, data: Mapping[str, Prompts], recipe: TrainRecipe, arguments: Mapping[str, Any]
) -> Any:
    """Return TRL's trainer of the recipe's method."""
    import datasets

    trl = extra("trl")
    sets = {split: datasets.Dataset.from_list(prompts.rows) for split, prompts in data.items()}
    model, lora = begun(model, recipe)
    given = {
        "model": model, "train_dataset": sets["train"], "eval_dataset": sets.get("validation"),
        "processing_class": tokenizer, **lora,
    }  # fmt: skip
    if recipe.method == "dpo":
        return trl.DPOTrainer(args=trl.DPOConfig(**arguments, beta=recipe.beta), **given)
    trainer, config = {"rloo": (trl.RLOOTrainer, trl.RLOOConfig), "grpo": (trl.GRPOTrainer, trl.GRPOConfig)}[
        recipe.method
    ]
    drawn = {
        "num_generations": recipe.generations, "max_completion_length": recipe.answer_tokens,
        "temperature": recipe.temperature, "top_p": recipe.top_p, "beta": recipe.beta, "reward_weights": [1.0, 0.0],
        "per_device_eval_batch_size": recipe.generations * max(1, 8 // recipe.generations),
    }  # fmt: skip
    kept = {name: value for name, value in arguments.items() if name not in NOT_DRAWN}
    made = trainer(args=config(**{**kept, **drawn}), reward_funcs=[LearnedReward(recipe), distinct], **given)
    made.reward_funcs[0].model.to(made.accelerator.device)
    return made


def rewards_of(history: Sequence[Mapping[str, Any]], method: str) -> dict[str, Any]:
    """Return the rewards of a run by step: of drawn answers with their divergence and how many differ, in training and validation."""
    if method == "dpo":
        names = {"margin": "eval_rewards/margins", "accuracy": "eval_rewards/accuracies"}
        return {"validation": [_logged(entry, names) for entry in history if "eval_rewards/margins" in entry]}
    train = {"reward": "reward", "kl": "kl", "distinct": "rewards/distinct/mean"}
    held_out = {name: f"eval_{key}" for name, key in train.items()}
    return {
        "train": [_logged(entry, train) for entry in history if "reward" in entry],
        "validation": [_logged(entry, held_out) for entry in history if "eval_reward" in entry],
    }


def _logged(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {name: round(entry[key], 4) for name, key in names.items() if entry.get(key) is not None}
    return {"step": entry["step"], **found}


def _row(row: Mapping[str, Any], tokenizer: Any) -> dict[str, Any]:
    """Return a pair as texts, which a plain base reads as they are, or as turns, which the trainer puts in the template."""
    asked = [dict(turn) for turn in row["prompt"]]
    if tokenizer.chat_template:
        sides = {side: [dict(turn) for turn in row[side]] for side in ("chosen", "rejected")}
        return {"prompt": asked, **sides, "asked": asked}
    texts = {side: row[side][0]["content"] for side in ("chosen", "rejected")}
    return {"prompt": conversation_text(row["prompt"], tokenizer), **texts, "asked": asked}
