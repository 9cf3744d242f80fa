"""A reward model: an adapter with a score on top of the base, trained on pairs of a better and a worse answer.

The loss is −log σ(score of the better − score of the worse), by TRL's RewardTrainer. Pairs are tokenised here, as the
other stages do it: none is cut or dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import DTYPES, TrainRecipe
from itdr_hf.models.train.turns import conversation_pieces

CENTRED = 0.01  # weight of the squared sum of both scores, which keeps them around 0


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs as tokens, prompt included, and what was counted on the way: pairs of each cell and kind, the longest."""

    chosen: list[list[int]] = field(repr=False)
    rejected: list[list[int]] = field(repr=False)
    cells: Mapping[str, int]
    kinds: Mapping[str, int]

    @property
    def summary(self) -> str:
        """The pairs in one line."""
        return f"{len(self.chosen):,} pairs, longest {self.longest}"

    @property
    def longest(self) -> int:
        """The most tokens of a prompt with either answer."""
        return max(map(len, [*self.chosen, *self.rejected]))

    @property
    def facts(self) -> dict[str, Any]:
        """What recipe.json keeps of them."""
        counts = {"examples": len(self.chosen), "cells": dict(self.cells), "kinds": dict(self.kinds)}
        tokens = sum(map(len, [*self.chosen, *self.rejected]))
        return {**counts, "tokens": tokens, "longest": self.longest, "cut": 0}

    def columns(self) -> dict[str, list[list[int]]]:
        """Return the columns as RewardTrainer takes them."""
        return {"chosen_ids": self.chosen, "rejected_ids": self.rejected}


def encode_pairs(
    mix: Mapping[str, Sequence[Mapping[str, Any]]], tokenizer: Any, recipe: TrainRecipe, room: int
) -> Pairs:
    """Tokens of all pairs. Raises UsageError for rows that are none, and where one is longer than the model takes."""
    kinds: dict[str, int] = {}
    sides: dict[str, list[list[int]]] = {"chosen": [], "rejected": []}
    for name, rows in mix.items():
        for row in rows:
            if "chosen" not in row:
                raise UsageError(
                    f"{name}: no pairs of answers; want a better and a worse one; choose a reward-* config"
                )
            for side, made in sides.items():
                made.append(_tokens(row, side, tokenizer))
            kinds[row["rejected_kind"]] = kinds.get(row["rejected_kind"], 0) + 1
    pairs = Pairs(**sides, cells={name: len(rows) for name, rows in mix.items()}, kinds=kinds)
    most = min(recipe.max_length, room)
    if pairs.longest > most:
        raise UsageError(
            f"pairs of up to {pairs.longest:,} tokens; want at most {most:,}; raise --max-length, take a base with more "
            "context, or build with fewer --neighbours or a shorter --history"
        )
    return pairs


def load_scorer(recipe: TrainRecipe) -> tuple[Any, Any]:
    """Return tokenizer and base with a new score on top, drawn by the recipe's seed. Raises ModelError."""
    transformers, torch = extra("transformers"), extra("torch")
    transformers.set_seed(recipe.seed)  # the score is drawn here, before the trainer takes the seed
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(recipe.model, revision=recipe.revision)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            recipe.model, revision=recipe.revision, num_labels=1, dtype=getattr(torch, DTYPES[recipe.precision])
        )
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(f"{recipe.model}: {reason}; want a Hub id or a folder with config.json and weights") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id, model.config.use_cache = tokenizer.pad_token_id, False
    return tokenizer, model


def make_reward_trainer(
    model: Any, tokenizer: Any, data: Mapping[str, Pairs], recipe: TrainRecipe, arguments: Mapping[str, Any]
) -> Any:
    """Return TRL's trainer on pairs that are tokens already."""
    import datasets

    trl, peft = extra("trl"), extra("peft")
    sets = {split: datasets.Dataset.from_dict(pairs.columns()) for split, pairs in data.items()}
    return trl.RewardTrainer(
        model=model,
        args=trl.RewardConfig(**arguments, center_rewards_coefficient=CENTRED),
        train_dataset=sets["train"],
        eval_dataset=sets.get("validation"),
        processing_class=tokenizer,
        peft_config=peft.LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules=recipe.targets if recipe.targets == "all-linear" else recipe.targets.split(","),
            task_type="SEQ_CLS",
            modules_to_save=["score"],
        ),
    )


def load_reward(base: str | Path, adapter: Path) -> tuple[Any, Any]:
    """Return tokenizer and reward model, the adapter merged into its base, as trainers of the next stage take it."""
    transformers, peft = extra("transformers"), extra("peft")
    tokenizer = transformers.AutoTokenizer.from_pretrained(adapter)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(base, num_labels=1)
    merged = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload()
    merged.config.pad_token_id = tokenizer.pad_token_id
    return tokenizer, merged.eval()


def _tokens(row: Mapping[str, Any], side: str, tokenizer: Any) -> list[int]:
    messages = [*row["prompt"], *row[side]]
    pieces = conversation_pieces({"messages": messages, "loss": [False] * len(messages)}, tokenizer)
    return [token for piece in pieces for token in piece.tokens]
