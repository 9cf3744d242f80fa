"""The options of a run: which model on which data, with which recipe, written where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError, unknown
from itdr_hf.experiments.declaration import WAYS
from itdr_hf.models.train.recipe import TrainRecipe, changed, preset, preset_of, read_recipe

# The settings of a recipe that are options of `itdr train`; others are set in a file.
SETTINGS = (
    "limit", "max_length", "allow_cut", "epochs", "learning_rate", "batch", "accumulation", "packing", "plain",
    "gradient_checkpointing", "evaluations", "eval_limit", "rank", "alpha", "precision", "quantised", "revision", "base_id",
    "answer_tokens",
)  # fmt: skip
BASELINE = "baseline:"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a run. `folder` is a built dataset; without it one is built from `raw`.

    `models` are Hub ids, folders, `baseline:NAME`, or with `endpoint` names that the server knows. `settings` change
    the recipe that `preset`, `recipe` (a file) or else the paper gives. Of the data: `configs` are the only cells,
    `num_examples` the size of a cell that is built here, `sampled` the share of a cell, `by` the way to split. `source` and `profiles` are for experiments of recommenders.
    """

    models: tuple[str, ...]
    out: Path
    folder: Path | None = None
    raw: Path | None = None
    configs: tuple[str, ...] = ()
    num_examples: int | None = None
    sampled: float = 0.2
    by: str = "user"
    arms: tuple[str, ...] | None = None
    seeds: int | None = None
    ways: tuple[str, ...] = ()
    endpoint: str | None = None
    preset: str | None = None
    recipe: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "auto"
    max_tokens: int | None = None
    batch_tokens: int = 16_384
    replicates: int = 1000
    source: str | None = None
    profiles: Path | None = None

    def __post_init__(self) -> None:
        if self.folder is None and self.raw is None:
            raise UsageError("experiment: no data; want --folder, a built dataset, or --raw, the raw releases")
        if self.seeds is not None and self.seeds < 1:
            raise UsageError(f"experiment: {self.seeds} seeds; want 1 or more; change --seeds")
        if self.preset and self.recipe:
            raise UsageError("experiment: --preset and --recipe; want one of them; leave one out")
        for way in self.ways:
            if way not in WAYS:
                raise unknown("way", way, WAYS)
        if not 0 < self.sampled <= 1:
            raise UsageError(f"experiment: --sampled {self.sampled}; want a share above 0 and at most 1; change it")

    def train_recipe(self, model: str, seed: int, own: str = "") -> TrainRecipe:
        """Return the recipe of a model and a seed; `own` is the preset of a stage that has one, where none is given."""
        if self.recipe:
            found, content = read_recipe(self.recipe)
            if content:
                raise UsageError(f"{self.recipe}: the recipe of a run, with its data; want settings alone; copy those")
        else:
            found = preset(self.preset or own) if self.preset or own else preset_of(model)
        return changed(found, {**self.settings, "model": model, "seed": seed})


def is_baseline(model: str) -> bool:
    """Return whether a system is a baseline, which has no adapter."""
    return model.startswith(BASELINE)


def read_settings(given: Iterable[str]) -> dict[str, Any]:
    """Read NAME=VALUE changes of a recipe, as `learning_rate=4e-3`. Raises UsageError for what is no option of train."""
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in SETTINGS or not equals:
            have = ", ".join(SETTINGS)
            raise UsageError(f"setting {text!r}: want NAME=VALUE with one of {have}; others are set in a --recipe file")
        found[name] = _value(text, value)
        if found[name] is False and name != "gradient_checkpointing":
            raise UsageError(f"setting {text!r}: false is what it is by default; leave it out")
    return found


def _value(text: str, value: str) -> Any:
    """Read a value as JSON, else as the text it is; a number in quotes is refused by the recipe."""
    try:
        read = json.loads(value)
    except ValueError:
        return value
    if isinstance(read, dict | list) or read is None:
        raise UsageError(f"setting {text!r}: want a number, a word, true or false; change it")
    return read
