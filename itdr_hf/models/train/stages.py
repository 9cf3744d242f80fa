"""Make the trainer of each stage, with the settings common to all: steps, and how often to log, validate and save."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.models.pretrained import attempt, extra
from itdr_hf.models.train import seq2seq
from itdr_hf.models.train.data import Encoded
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.refine import make_refiner
from itdr_hf.models.train.reward import make_reward_trainer
from itdr_hf.models.train.start import begun

SFT_ONLY = ("packing", "eval_packing", "dataset_kwargs")  # arguments that the other trainers do not have


def make_trainer(model: Any, tokenizer: Any, data: Mapping[str, Any], recipe: TrainRecipe, checkpoints: Path) -> Any:
    """Return the trainer of the recipe's stage, on data that its encoder has made: TRL's, or transformers' for encoder–decoders."""
    arguments = _arguments(recipe, checkpoints, data)
    if seq2seq.encodes(model):
        trainer = seq2seq.make_seq2seq_trainer(model, tokenizer, data, recipe, arguments)
    elif recipe.stage == "sft":
        trainer = _make_sft_trainer(model, tokenizer, data, recipe, arguments)
    else:
        arguments = {name: value for name, value in arguments.items() if name not in SFT_ONLY}
        make = make_reward_trainer if recipe.stage == "reward" else make_refiner
        trainer = make(model, tokenizer, data, recipe, arguments)
    _pace(trainer, recipe)
    return trainer


def _make_sft_trainer(
    model: Any, tokenizer: Any, data: Mapping[str, Encoded], recipe: TrainRecipe, arguments: Mapping[str, Any]
) -> Any:
    """TRL's trainer on tokens that are ready."""
    import datasets

    trl = extra("trl")
    _project_answers_alone()
    sets = {
        split: datasets.Dataset.from_dict({"input_ids": made.input_ids, "labels": made.labels})
        for split, made in data.items()
    }
    model, lora = begun(model, recipe)
    return attempt(
        recipe.model,
        lambda: trl.SFTTrainer(
            model=model,
            args=trl.SFTConfig(**arguments),
            train_dataset=sets["train"],
            eval_dataset=sets.get("validation"),
            processing_class=tokenizer,
            **lora,
        ),
        wanted=f"want a base that can be tuned so (targets: {recipe.targets}); change targets, or choose another base",
    )


def _project_answers_alone() -> None:
    """Have TRL compute logits for the tokens of answers only, on a CPU too: for prompts they cost a fourth of a step.

    TRL does so where it has kernels for the device, and elsewhere spares a compiler shapes that change, which is not in
    use here. Versions that decide it in another way stay as they are.
    """
    utils = extra("trl.trainer.utils")
    if hasattr(utils, "_use_triton"):
        utils._use_triton = lambda device: True


def _pace(trainer: Any, recipe: TrainRecipe) -> None:
    """How often to say the loss, to validate and to save: a checkpoint falls where a loss is said, so that the
    losses of a run that goes on are means over the same steps."""
    an_epoch = math.ceil(len(trainer.get_train_dataloader()) / recipe.accumulation)
    steps = max(1, math.ceil(an_epoch * recipe.epochs))
    trainer.args.logging_steps = said = max(1, steps // (10 * recipe.evaluations))
    trainer.args.eval_steps = trainer.args.save_steps = max(said, round(steps / recipe.evaluations / said) * said)


def _arguments(recipe: TrainRecipe, checkpoints: Path, data: Mapping[str, Any]) -> dict[str, Any]:
    cuda = extra("torch").cuda.is_available()
    return {
        "output_dir": str(checkpoints),
        "num_train_epochs": recipe.epochs,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler_type": recipe.scheduler,
        "warmup_steps": recipe.warmup,  # below 1 it is a share
        "per_device_train_batch_size": recipe.batch,
        "per_device_eval_batch_size": 8,
        "gradient_accumulation_steps": recipe.accumulation,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "bf16": recipe.precision == "bf16",
        "fp16": recipe.precision == "fp16",
        "use_cpu": not cuda,
        "max_length": recipe.max_length,
        "packing": recipe.packing,
        "eval_packing": False,
        "dataset_kwargs": {"skip_prepare_dataset": not recipe.packing},  # it would cut and drop in silence
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "eval_strategy": "steps" if "validation" in data else "no",
        "save_total_limit": 2,
        "logging_nan_inf_filter": False,  # it would show the mean of earlier losses in place of one that is no number
        "disable_tqdm": True,
        "report_to": "none",
    }
