"""The configs of other people's trainers, with our settings under their names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from shlex import quote
from typing import Any

from itdr_hf.models.train.recipe import TrainRecipe

# LLaMA-Factory's template of a model, by what its id begins with; the others get "default".
TEMPLATES = {"zai-org/glm-4-9b": "glm4", "Qwen/Qwen2.5": "qwen", "meta-llama/Llama-3": "llama3"}


def template_of(model: str) -> str:
    """LLaMA-Factory's name for the template of a model."""
    return next((name for begin, name in TEMPLATES.items() if model.startswith(begin)), "default")


def llama_factory_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """sft.yaml for `llamafactory-cli train`, and dataset_info.json; `empty` puts nothing around a plain prompt."""
    plain = {"prompt": "prompt", "response": "completion"}
    columns = {"prompt": "instruction", "query": "input", "response": "output"} if chat else plain
    info = {f"itdr_{s}": {"file_name": f"{s}.jsonl", "columns": columns} for s in ("train", "validation", "test")}
    config = {
        **llama_factory_base(recipe, "sft"),
        "template": template_of(recipe.model) if chat else "empty",
        **({"neat_packing": True} if recipe.packing else {}),
        **steps(recipe),
        "warmup_ratio": recipe.warmup,
    }
    return {"sft.yaml": as_yaml(config), "data/dataset_info.json": json.dumps(info, indent=1)}


def llama_factory_base(recipe: TrainRecipe, stage: str) -> dict[str, Any]:
    """Return what the configs of LLaMA-Factory's stages have in common: model, adapter, data, output."""
    return {
        "model_name_or_path": recipe.model,
        **({"model_revision": recipe.revision} if recipe.revision else {}),
        "stage": stage,
        "do_train": True,
        "finetuning_type": "lora",
        "lora_rank": recipe.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": recipe.dropout,
        "lora_target": "all" if recipe.targets == "all-linear" else recipe.targets,
        **({"quantization_bit": 4} if recipe.quantised else {}),
        "dataset_dir": "data",
        "dataset": "itdr_train",
        "eval_dataset": "itdr_validation",
        "cutoff_len": recipe.max_length,
        "output_dir": "adapter",
        "report_to": "none",
        "plot_loss": True,
    }


def trl_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """sft.yaml for `trl sft --config`."""
    config = {
        **trl_base(recipe),
        "completion_only_loss": True,
        "max_length": recipe.max_length,
        "packing": recipe.packing,
        **steps(recipe),
    }
    return {"sft.yaml": as_yaml(config)}


def trl_base(recipe: TrainRecipe) -> dict[str, Any]:
    """Return what the configs of TRL's trainers have in common: model, adapter, data, output."""
    return {
        "model_name_or_path": recipe.model,
        **({"model_revision": recipe.revision} if recipe.revision else {}),
        "dtype": "bfloat16" if recipe.precision == "bf16" else "auto",
        "dataset_name": "./data",
        "dataset_train_split": "train",
        "dataset_test_split": "validation",
        "use_peft": True,
        "lora_r": recipe.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": recipe.dropout,
        "lora_target_modules": recipe.targets if recipe.targets == "all-linear" else recipe.targets.split(","),
        **({"load_in_4bit": True} if recipe.quantised else {}),
        "warmup_steps": recipe.warmup,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "output_dir": "adapter",
        "report_to": "none",
    }


def axolotl_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """sft.yaml for `axolotl train`."""
    own = {"field_instruction": "prompt", "field_output": "completion", "system_prompt": ""}
    form: Any = "chat_template" if chat else {**own, "format": "{instruction}", "no_input_format": "{instruction}"}
    sets = {
        split: [{"path": f"data/{split}.jsonl", "ds_type": "json", "split": "train", "type": form}]
        for split in ("train", "validation")
    }
    config = {
        "base_model": recipe.model,
        **({"revision_of_model": recipe.revision} if recipe.revision else {}),
        "adapter": "qlora" if recipe.quantised else "lora",
        "load_in_4bit": recipe.quantised,
        "lora_r": recipe.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": recipe.dropout,
        **(
            {"lora_target_linear": True}
            if recipe.targets == "all-linear"
            else {"lora_target_modules": recipe.targets.split(",")}
        ),
        "datasets": sets["train"],
        "test_datasets": sets["validation"],
        **({"chat_template": "tokenizer_default"} if chat else {}),
        "train_on_inputs": False,
        "sequence_len": recipe.max_length,
        "excess_length_strategy": "truncate" if recipe.allow_cut else "raise",
        "sample_packing": recipe.packing,
        "eval_sample_packing": False,
        "micro_batch_size": recipe.batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "num_epochs": recipe.epochs,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler": recipe.scheduler,
        "warmup_ratio": recipe.warmup,
        "optimizer": "adamw_torch",
        "bf16": recipe.precision == "bf16",
        "fp16": recipe.precision == "fp16",
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "evals_per_epoch": 2,
        "saves_per_epoch": 2,
        "seed": recipe.seed,
        "output_dir": "adapter",
    }
    return {"sft.yaml": as_yaml(config)}


def sharegpt_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """sft.yaml for `axolotl train`, which takes from each turn whether the loss falls on it."""
    import yaml

    config = yaml.safe_load(axolotl_files(recipe, True)["sft.yaml"])
    turns = {
        "field_messages": "conversations",
        "message_property_mappings": {"role": "from", "content": "value"},
        "message_field_training": "train",
        "roles_to_train": [],
        "train_on_eos": "turn",
    }
    for sets in (config["datasets"], config["test_datasets"]):
        sets[0].update(turns)
    return {"sft.yaml": as_yaml(config)}


def swift_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """sft.sh, which calls `swift sft`."""
    flags = {
        "model": recipe.model,
        **({"model_revision": recipe.revision} if recipe.revision else {}),
        "use_hf": "true",
        "use_chat_template": str(chat).lower(),
        "dataset": "data/train.jsonl",
        "val_dataset": "data/validation.jsonl",
        "tuner_type": "lora",
        "lora_rank": recipe.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": recipe.dropout,
        "target_modules": recipe.targets.replace(",", " "),
        **({"quant_method": "bnb", "quant_bits": 4} if recipe.quantised else {}),
        "max_length": recipe.max_length,
        "packing": str(recipe.packing).lower(),
        "torch_dtype": "bfloat16" if recipe.precision == "bf16" else "float32",
        **{
            k: str(v).lower() if isinstance(v, bool) else v
            for k, v in steps(recipe).items()
            if k not in ("bf16", "fp16")
        },
        "warmup_ratio": recipe.warmup,
        "output_dir": "adapter",
        "add_version": "false",
        "report_to": "none",
    }
    lines = " \\\n".join(f"    --{name} {quote(str(value))}" for name, value in flags.items())
    return {"sft.sh": f"#!/bin/sh\nset -eu\nswift sft \\\n{lines}\n"}


def steps(recipe: TrainRecipe) -> dict[str, Any]:
    """Return the settings that three trainers call by the names of transformers."""
    return {
        "per_device_train_batch_size": recipe.batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "learning_rate": recipe.learning_rate,
        "num_train_epochs": recipe.epochs,
        "lr_scheduler_type": recipe.scheduler,
        "bf16": recipe.precision == "bf16",
        "fp16": recipe.precision == "fp16",
        "eval_strategy": "steps",
        "eval_steps": 500,
        "save_steps": 500,
        "logging_steps": 10,
        "seed": recipe.seed,
    }


def as_yaml(config: Mapping[str, Any]) -> str:
    """YAML in which every reader finds numbers: PyYAML writes 1e-4 as 0.0001, which all agree on."""
    import yaml

    plain = json.loads(json.dumps(config))  # else what stands twice becomes an alias
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))
