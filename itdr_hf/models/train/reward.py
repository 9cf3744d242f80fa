"""A reward model: an adapter with a score on top of the base, trained on pairs of a better and a worse answer.

The loss is −log σ(score of the better − score of the worse), by TRL's RewardTrainer. Pairs are tokenised here, as the
other stages do it: none is cut or dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.adapters import open_adapter, put_on
from itdr_hf.models.pretrained import SAFELY, attempt, extra, fit_padding, load_config, load_tokenizer
from itdr_hf.models.train.recipe import DTYPES, TrainRecipe
from itdr_hf.models.train.start import SCORE, begun
from itdr_hf.models.train.turns import conversation_pieces
from itdr_hf.models.weights import tensor_names

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
        return {**counts, "tokens": tokens, "longest": self.longest, "cut": 0, "unknown": 0}

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
            check_pairs(name, row)
            for side, made in sides.items():
                made.append(pair_tokens(row, side, tokenizer))
            kinds[row["rejected_kind"]] = kinds.get(row["rejected_kind"], 0) + 1
    pairs = Pairs(**sides, cells={name: len(rows) for name, rows in mix.items()}, kinds=kinds)
    most = min(recipe.max_length, room)
    if pairs.longest > most:
        raise UsageError(
            f"pairs of up to {pairs.longest:,} tokens; want at most {most:,}; raise --max-length, take a base with more "
            "context, or build with fewer --neighbours or a shorter --history"
        )
    return pairs


def check_pairs(name: str, row: Mapping[str, Any]) -> None:
    """Raise UsageError for a row that is no pair."""
    if "chosen" not in row:
        raise UsageError(f"{name}: no pairs of answers; want a better and a worse one; choose a reward-* config")


def load_scorer(recipe: TrainRecipe) -> tuple[Any, Any]:
    """Return tokenizer and base with a new score on top, drawn by the recipe's seed. Raises ModelError."""
    extra("transformers").set_seed(recipe.seed)  # the score is drawn here, before the trainer takes the seed
    tokenizer, model = load_tokenizer(recipe.model, revision=recipe.revision), _with_score(recipe.model, recipe)
    return _fitted(tokenizer, model, recipe)


def make_reward_trainer(
    model: Any, tokenizer: Any, data: Mapping[str, Pairs], recipe: TrainRecipe, arguments: Mapping[str, Any]
) -> Any:
    """Return TRL's trainer on pairs that are tokens already."""
    import datasets

    trl = extra("trl")
    sets = {split: datasets.Dataset.from_dict(pairs.columns()) for split, pairs in data.items()}
    model, lora = begun(model, recipe, scores=True)
    return trl.RewardTrainer(
        model=model,
        args=trl.RewardConfig(**arguments, center_rewards_coefficient=CENTRED),
        train_dataset=sets["train"],
        eval_dataset=sets.get("validation"),
        processing_class=tokenizer,
        **lora,
    )


def load_reward(base: str, adapter: Path, recipe: TrainRecipe) -> tuple[Any, Any]:
    """Return tokenizer and reward model, the adapter merged into its base. Raises ModelError."""
    if not any(SCORE in name for name in tensor_names(adapter / "adapter_model.safetensors")):
        raise UsageError(f"{adapter.name}: no score among its weights; want the adapter of a run with --stage reward")
    tokenizer, model = _fitted(load_tokenizer(str(adapter)), _with_score(base, recipe), recipe)
    return tokenizer, put_on(model, open_adapter(str(adapter))).merge_and_unload().eval()


def pair_tokens(row: Mapping[str, Any], side: str, tokenizer: Any) -> list[int]:
    """Return the prompt of a row with one of its answers as tokens, end included."""
    messages = [*row["prompt"], *row[side]]
    pieces = conversation_pieces({"messages": messages, "loss": [False] * len(messages)}, tokenizer)
    return [token for piece in pieces for token in piece.tokens]


def _with_score(base: str, recipe: TrainRecipe) -> Any:
    transformers, torch = extra("transformers"), extra("torch")
    load_config(base, revision=recipe.revision)  # an adapter, or a folder without weights, is refused here
    return attempt(
        base,
        lambda: transformers.AutoModelForSequenceClassification.from_pretrained(
            base,
            revision=recipe.revision,
            num_labels=1,
            dtype=getattr(torch, DTYPES[recipe.precision]),
            use_safetensors=True,
            **SAFELY,
        ),
    )


def _fitted(tokenizer: Any, model: Any, recipe: TrainRecipe) -> tuple[Any, Any]:
    """Return both with one padding token, behind which the score is not read."""
    if recipe.plain:
        tokenizer.chat_template = None
    fit_padding(tokenizer, model)
    model.config.pad_token_id, model.config.use_cache = tokenizer.pad_token_id, False
    return tokenizer, model
