"""Every setting of a training run. Defaults are the paper's (section 4.2.3): LoRA, learning rate 1e-4, cosine,
2 epochs, batch 1 with 8 accumulated, bf16.

Where the paper is silent LLaMA-Factory's defaults stand, since the paper used it: rank 8, alpha 16, no dropout,
all linear layers, no warm-up. Its eight GPUs make 64 examples a step; on one GPU the same setting makes 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from itdr_hf.errors import UsageError, unknown

DTYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}
STAGES = ("sft", "reward")


@dataclass(frozen=True, kw_only=True)
class TrainRecipe:
    """What is trained on what, and how; together with the dataset's content it reproduces a run."""

    model: str  # a Hub id, or a folder
    revision: str | None = None
    base_id: str | None = None  # the Hub id of the base, where `model` is a folder
    configs: tuple[str, ...] = ("all",)
    weights: Mapping[str, float] = field(default_factory=dict)  # config or pattern -> how often its examples are seen
    limit: int | None = None  # training examples of a cell, at most
    eval_limit: int = 100  # validation examples of a cell, at most; 0: no validation loss
    evaluations: int = 4  # how often the validation loss is taken, and a checkpoint
    max_length: int = 4096  # tokens of prompt and answer
    allow_cut: bool = False  # a longer example loses the beginning of its prompt, instead of being an error
    epochs: float = 2.0
    learning_rate: float = 1e-4
    scheduler: str = "cosine"
    warmup: float = 0.0  # share of the steps
    batch: int = 1
    accumulation: int = 8
    precision: Literal["bf16", "fp16", "fp32"] = "bf16"
    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    targets: str = "all-linear"  # or names of layers, with commas
    quantised: bool = False  # QLoRA: the base in 4 bits (nf4)
    packing: bool = False
    plain: bool = False  # without the chat template of the base
    gradient_checkpointing: bool = True
    seed: int = 0
    stage: Literal["sft", "reward"] = "sft"  # answers are learnt, or which of two answers is the better one

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate", "max_length", "batch", "accumulation", "rank", "alpha", "evaluations"):
            if not getattr(self, name) > 0:
                raise UsageError(f"recipe: {name} {getattr(self, name)}; want a number above 0; change it")
        if self.precision not in ("bf16", "fp16", "fp32"):
            raise unknown("precision", self.precision, ("bf16", "fp16", "fp32"))
        if self.stage not in STAGES:
            raise unknown("stage", self.stage, STAGES)
        for name, weight in self.weights.items():
            if not weight >= 0:
                raise UsageError(
                    f"recipe: weight {weight} of {name}; want 0 or more, 1 being each example once an epoch"
                )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in recipe.json: the base by its Hub id, if it has one, and not by a folder's path."""
        model = self.base_id or self.model
        return {**asdict(self), "model": model, "configs": list(self.configs), "weights": dict(self.weights)}

    @property
    def summary(self) -> str:
        """The recipe in one line."""
        kind = "QLoRA" if self.quantised else "LoRA"
        steps = f"batch {self.batch} × {self.accumulation}, {self.precision}{', packed' if self.packing else ''}"
        return (
            f"{kind} rank {self.rank} alpha {self.alpha} on {self.targets}, learning rate {self.learning_rate:g} "
            f"{self.scheduler}, {self.epochs:g} epochs, {steps}, at most {self.max_length} tokens, seed {self.seed}"
        )


PAPER = {
    "glm-4-9b": TrainRecipe(model="zai-org/glm-4-9b-hf"),
    "qwen2.5-7b": TrainRecipe(model="Qwen/Qwen2.5-7B"),
    "qwen2.5-7b-instruct": TrainRecipe(model="Qwen/Qwen2.5-7B-Instruct"),
    "llama-3.2-3b": TrainRecipe(model="meta-llama/Llama-3.2-3B"),
}

# Ours: the paper of InstructRec names its base and 512 tokens, and no other setting. Values near those of LC-Rec by some
# of its authors (128 examples a step, cosine, warm-up), with LoRA at 1e-4 in place of all weights at 5e-5.
INSTRUCTREC = TrainRecipe(
    model="google/flan-t5-xl",
    max_length=512,
    allow_cut=True,
    epochs=3.0,
    warmup=0.03,
    batch=8,
    accumulation=16,
)
OURS = {
    "flan-t5-xl": INSTRUCTREC,
    "instructrec-llama-3.2-3b": replace(INSTRUCTREC, model="meta-llama/Llama-3.2-3B", max_length=1024),
    "instructrec-qwen2.5-7b": replace(INSTRUCTREC, model="Qwen/Qwen2.5-7B", max_length=1024, batch=4, accumulation=32),
}

# For the small base of `tiny.py`: the paper's recipe with a rank and a learning rate that fit a model of less
# than a million parameters, which LoRA of rank 8 at 1e-4 hardly moves in so few steps.
TINY = TrainRecipe(
    model="base",
    limit=1600,
    max_length=1024,
    learning_rate=4e-3,
    warmup=0.05,
    batch=8,
    accumulation=1,
    rank=16,
    alpha=32,
    precision="fp32",
    gradient_checkpointing=False,
    evaluations=2,
)

PRESETS = {**PAPER, **OURS, "tiny": TINY}


def preset(name: str) -> TrainRecipe:
    """Return a recipe that is ready made. Raises UsageError for an unknown name."""
    if name not in PRESETS:
        raise unknown("preset", name, PRESETS)
    return PRESETS[name]


def preset_of(model: str) -> TrainRecipe:
    """Return the recipe of a model: the preset that is for it, the paper's before ours, else the paper's settings."""
    known = (*PAPER.values(), *OURS.values())
    return next((recipe for recipe in known if recipe.model == model), TrainRecipe(model=model))


def changed(recipe: TrainRecipe, changes: Mapping[str, Any]) -> TrainRecipe:
    """Return a recipe with some fields changed; None leaves a field alone."""
    given = {name: value for name, value in changes.items() if value is not None}
    _check_names(given, "recipe")
    if "configs" in given:
        given["configs"] = tuple(given["configs"])
    return replace(recipe, **given)


def read_weights(given: Iterable[str] | None) -> dict[str, float] | None:
    """Weights as they are typed, 'nir=0.5'; None for none. Raises UsageError."""
    if given is None:
        return None
    weights = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            weights[name] = float(value)
        except ValueError as error:
            raise UsageError(f"--weight {text}: want config=number, such as nir=0.5; change it") from error
    return weights


def read_recipe(path: Path) -> tuple[TrainRecipe, Mapping[str, str]]:
    """Return the recipe of a file, YAML or JSON, and the content hash of each cell where it is of a run (else nothing).

    Raises UsageError when it is not a recipe.
    """
    import yaml

    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML
    except (OSError, ValueError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())[:200]
        raise UsageError(f"{path}: {said}; want a recipe in YAML or JSON; see `itdr train --help`") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path}: {type(found).__name__}; want fields of a recipe, such as model: …")
    cells = found["dataset"]["cells"] if "recipe" in found else {}
    settings = found.get("recipe", found)
    _check_names(settings, str(path))
    if "model" not in settings:
        raise UsageError(f"{path}: no model; want model: a Hub id or a folder; add it")
    settings["learning_rate"] = float(
        settings.get("learning_rate", TrainRecipe.learning_rate)
    )  # YAML reads 1e-4 as text
    settings["configs"] = tuple(settings.get("configs", ("all",)))
    return TrainRecipe(**settings), {name: cell["content"] for name, cell in cells.items()}


def _check_names(given: Iterable[str], where: str) -> None:
    have = [f.name for f in fields(TrainRecipe)]
    for name in given:
        if name not in have:
            raise UsageError(f"{where}: no setting {name!r}; have: {', '.join(have)}")
