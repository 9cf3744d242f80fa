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
STAGES = ("sft", "reward", "refine")
METHODS = ("rloo", "grpo", "dpo")


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
    stage: Literal["sft", "reward", "refine"] = "sft"  # learn answers; which of two is better; better answers
    start: str | None = None  # an adapter of the same base, whose weights the run begins with
    method: Literal["rloo", "grpo", "dpo"] = "rloo"  # refine: by a learned reward, or (dpo) by the pairs themselves
    reward: str | None = None  # refine: the adapter of a reward model
    generations: int = 4  # refine: answers drawn to each prompt
    answer_tokens: int = 100  # refine: of a drawn answer, at most
    temperature: float = 0.9  # refine: of the draw, with `top_p`
    top_p: float = 0.9
    beta: float = 0.05  # refine: weight of the divergence from the model as it was at the beginning

    def __post_init__(self) -> None:
        for name in ("epochs", "learning_rate", "max_length", "batch", "accumulation", "rank", "alpha", "evaluations"):
            if not getattr(self, name) > 0:
                raise UsageError(f"recipe: {name} {getattr(self, name)}; want a number above 0; change it")
        if self.precision not in ("bf16", "fp16", "fp32"):
            raise unknown("precision", self.precision, ("bf16", "fp16", "fp32"))
        if self.stage not in STAGES:
            raise unknown("stage", self.stage, STAGES)
        self._check_refinement()
        for name, weight in self.weights.items():
            if not weight >= 0:
                raise UsageError(
                    f"recipe: weight {weight} of {name}; want 0 or more, 1 being each example once an epoch"
                )

    def _check_refinement(self) -> None:
        if self.method not in METHODS:
            raise unknown("method", self.method, METHODS)
        for name, least in (("generations", 2), ("answer_tokens", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"recipe: {name} {getattr(self, name)}; want {least} or more; change it")
        if not (self.temperature > 0 and 0 < self.top_p <= 1 and self.beta >= 0):
            raise UsageError(
                f"recipe: temperature {self.temperature}, top_p {self.top_p}, beta {self.beta}; want a temperature above "
                "0, top_p above 0 and at most 1, beta of 0 or more; change them"
            )
        whole = self.batch * self.accumulation % self.generations == 0
        if self.stage == "refine" and self.method != "dpo" and not whole:
            raise UsageError(
                f"recipe: batch {self.batch} × {self.accumulation} is no multiple of {self.generations} generations; "
                "want all answers to a prompt in one step; change one of them"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as in recipe.json: the base by its Hub id if it has one, adapters in folders by their names."""
        names = {"model": self.base_id or self.model, "start": _name_of(self.start), "reward": _name_of(self.reward)}
        return {**asdict(self), **names, "configs": list(self.configs), "weights": dict(self.weights)}

    @property
    def summary(self) -> str:
        """The recipe in one line."""
        kind = "QLoRA" if self.quantised else "LoRA"
        steps = f"batch {self.batch} × {self.accumulation}, {self.precision}{', packed' if self.packing else ''}"
        said = (
            f"{kind} rank {self.rank} alpha {self.alpha} on {self.targets}, learning rate {self.learning_rate:g} "
            f"{self.scheduler}, {self.epochs:g} epochs, {steps}, at most {self.max_length} tokens, seed {self.seed}"
        )
        begin = f"; begun with the adapter {_name_of(self.start)}" if self.start else ""
        return f"{said}{begin}{self._refinement}"

    @property
    def _refinement(self) -> str:
        """How answers are refined, in words; "" for another stage."""
        if self.stage != "refine":
            return ""
        if self.method == "dpo":
            return f"; DPO on pairs, beta {self.beta:g}"
        return (
            f"; {self.method.upper()} on the learned reward {_name_of(self.reward)}, {self.generations} answers of up to "
            f"{self.answer_tokens} tokens to a prompt at temperature {self.temperature:g}, top-p {self.top_p:g}, "
            f"beta {self.beta:g}"
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

# The stages of RecLM (arXiv 2412.19302) as its code sets them, HKUDS/RecLM@b9a4072. It merges each adapter into the base
# of the next stage; here a stage goes on with the adapter of the one before, so all have the rank of the first, where
# the code has rank 4 for reward and refinement. Where it names no schedule, that of transformers stands.
_RECLM = TrainRecipe(
    model="meta-llama/Llama-2-7b-chat-hf", configs=("profile-*",), learning_rate=2e-4, scheduler="linear", epochs=3,
    batch=4, accumulation=2, dropout=0.1, quantised=True,
)  # fmt: skip
RECLM = {
    "reclm-distil": _RECLM,
    "reclm-dialogue": replace(_RECLM, configs=("dialogue-*",), learning_rate=5e-5, batch=1, accumulation=8),
    "reclm-reward": replace(_RECLM, configs=("reward-*",), stage="reward", learning_rate=1.41e-5, max_length=2048),
    "reclm-refine": replace(
        _RECLM, configs=("reward-*",), stage="refine", learning_rate=1e-5, epochs=1, batch=1, accumulation=8,
        dropout=0.05, max_length=2048,
    ),
}  # fmt: skip

PRESETS = {**PAPER, **RECLM, **OURS, "tiny": TINY}


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


def _name_of(adapter: str | None) -> str | None:
    """Return an adapter's Hub id, or the name of its folder, which says nothing of where it lies."""
    return Path(adapter).resolve().name if adapter and Path(adapter).is_dir() else adapter


def _check_names(given: Iterable[str], where: str) -> None:
    have = [f.name for f in fields(TrainRecipe)]
    for name in given:
        if name not in have:
            raise UsageError(f"{where}: no setting {name!r}; have: {', '.join(have)}")
