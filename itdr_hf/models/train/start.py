"""Where training begins: with new LoRA layers, or with those of an adapter that another stage has trained.

A chain of stages so stays one adapter of one base: nothing is merged, and each stage's adapter is asked, served and
published like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.adapters import OpenedAdapter, open_adapter, other_base, put_on
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train.recipe import TrainRecipe

SCORE = "score"  # the layer of a reward model that is new, and trained whole


def lora_config(recipe: TrainRecipe, kind: str = "CAUSAL_LM") -> Any:
    """Return the LoRA layers of a recipe for a kind of model, as PEFT names it: CAUSAL_LM, SEQ_2_SEQ_LM, SEQ_CLS."""
    return extra("peft").LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=recipe.targets if recipe.targets == "all-linear" else recipe.targets.split(","),
        task_type=kind,
        modules_to_save=[SCORE] if kind == "SEQ_CLS" else None,
    )


def begun(model: Any, recipe: TrainRecipe, *, scores: bool = False) -> tuple[Any, dict[str, Any]]:
    """Return what a trainer takes: the model and its new LoRA layers, or the model with those of the recipe's `start`.

    Raises ModelError for an adapter of another base, UsageError for one of another rank.
    """
    config = lora_config(recipe, "SEQ_CLS" if scores else "CAUSAL_LM")
    if recipe.start is None:
        return model, {"peft_config": config}
    adapter = open_adapter(recipe.start)
    _check_shape(adapter, recipe)
    if not scores:
        return put_on(model, adapter, trainable=True), {}
    return _with_weights(extra("peft").get_peft_model(model, config), adapter), {}


def start_facts(recipe: TrainRecipe, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides where a run begins: the content of the adapters that it reads.

    Raises UsageError for one that was tuned on another base than this.
    """
    named = {"start": recipe.start, "reward": recipe.reward if recipe.stage == "refine" else None}
    opened = {role: open_adapter(name) for role, name in named.items() if name}
    for adapter in opened.values():
        if other := other_base(adapter, str(base["id"]), str(base["revision"])):
            raise UsageError(f"{other}; want adapters of one base; check --model, --start and --reward")
    return {role: {"name": adapter.name, "content": adapter.content} for role, adapter in opened.items()}


def _check_shape(adapter: OpenedAdapter, recipe: TrainRecipe) -> None:
    config = extra("peft").LoraConfig.from_pretrained(str(adapter.folder))
    if (config.r, config.lora_alpha) != (recipe.rank, recipe.alpha):
        raise UsageError(
            f"{adapter.name}: rank {config.r} and alpha {config.lora_alpha}; want {recipe.rank} and {recipe.alpha} as in "
            "the recipe, which goes on with its weights; change --rank and --alpha"
        )


def _with_weights(model: Any, adapter: OpenedAdapter) -> Any:
    """Return a reward model whose LoRA layers have the weights of a language model's adapter, all of them."""
    peft, torch = extra("peft"), extra("safetensors.torch")
    held = torch.load_file(str(adapter.folder / "adapter_model.safetensors"))
    held = {name: tensor for name, tensor in held.items() if "lora_" in name}
    new = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    if stray := sorted({name for name in new if "lora_" in name} ^ set(held)):
        raise UsageError(
            f"{adapter.name}: {stray[0]} is not in both of adapter and base ({len(stray)} such); want an adapter of this "
            "base with the same targets; check --start and --model"
        )
    peft.set_peft_model_state_dict(model, {**new, **held})
    return model
