"""Other people's trainers: how each takes the data, its config with our recipe, and its command.

LLaMA-Factory 0.9.5 and TRL 1.16 were run on their exports, axolotl 0.21 and ms-swift 4.6 only read. Where a
trainer drops long rows without a word, the export's page says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from itdr_hf.prompts import to_alpaca, to_messages, to_prompt_completion
from itdr_hf.train.recipe import TrainRecipe

Shape = Callable[[Mapping[str, str]], Mapping[str, Any]]

# LLaMA-Factory's template of a model, by what its id begins with; the others get "default".
TEMPLATES = {"zai-org/glm-4-9b": "glm4", "Qwen/Qwen2.5": "qwen", "meta-llama/Llama-3": "llama3"}


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """One format: a line of data for a plain base and for a chat model, files beside the data, the command."""

    title: str
    plain: Shape
    chat: Shape
    files: Callable[[TrainRecipe, bool], Mapping[str, str]]
    command: str
    note: str


def messages_plain(row: Mapping[str, str]) -> dict[str, Any]:
    """Turns whose prompt ends in the line break that a base without a chat template is asked with."""
    pair = to_prompt_completion(row)
    turns = [{"role": "user", "content": pair["prompt"]}, {"role": "assistant", "content": pair["completion"]}]
    return {"messages": turns}


def prompt_completion_turns(row: Mapping[str, str]) -> dict[str, Any]:
    """TRL's conversational form: the user's turn as prompt, the assistant's as completion."""
    asked, answer = to_messages(row)["messages"]
    return {"prompt": [asked], "completion": [answer]}


def template_of(model: str) -> str:
    """LLaMA-Factory's name for the template of a model."""
    return next((name for begin, name in TEMPLATES.items() if model.startswith(begin)), "default")


def _llama_factory(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    columns = {"prompt": "instruction", "query": "input", "response": "output"}
    info = {f"itdr_{s}": {"file_name": f"{s}.jsonl", "columns": columns} for s in ("train", "validation", "test")}
    config = {
        "model_name_or_path": recipe.model,
        **({"model_revision": recipe.revision} if recipe.revision else {}),
        "stage": "sft",
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
        "template": template_of(recipe.model),
        "cutoff_len": recipe.max_length,
        **({"neat_packing": True} if recipe.packing else {}),
        **_steps(recipe),
        "warmup_ratio": recipe.warmup,
        "output_dir": "adapter",
        "report_to": "none",
        "plot_loss": True,
    }
    return {"sft.yaml": _yaml(config), "data/dataset_info.json": json.dumps(info, indent=1)}


def _trl(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    config = {
        "model_name_or_path": recipe.model,
        **({"model_revision": recipe.revision} if recipe.revision else {}),
        "dtype": "bfloat16" if recipe.precision == "bf16" else "auto",
        "dataset_name": "./data",
        "dataset_train_split": "train",
        "dataset_test_split": "validation",
        "completion_only_loss": True,
        "use_peft": True,
        "lora_r": recipe.rank,
        "lora_alpha": recipe.alpha,
        "lora_dropout": recipe.dropout,
        "lora_target_modules": recipe.targets if recipe.targets == "all-linear" else recipe.targets.split(","),
        **({"load_in_4bit": True} if recipe.quantised else {}),
        "max_length": recipe.max_length,
        "packing": recipe.packing,
        **_steps(recipe),
        "warmup_steps": recipe.warmup,
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "output_dir": "adapter",
        "report_to": "none",
    }
    return {"sft.yaml": _yaml(config)}


def _axolotl(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
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
        **({"lora_target_linear": True} if recipe.targets == "all-linear" else {"lora_target_modules": recipe.targets.split(",")}),
        "datasets": sets["train"],
        "test_datasets": sets["validation"],
        **({"chat_template": "tokenizer_default"} if chat else {}),
        "train_on_inputs": False,
        "sequence_len": recipe.max_length,
        "excess_length_strategy": "truncate" if recipe.allow_cut else "raise",
        "sample_packing": recipe.packing,
        "micro_batch_size": recipe.batch,
        "gradient_accumulation_steps": recipe.accumulation,
        "num_epochs": recipe.epochs,
        "learning_rate": recipe.learning_rate,
        "lr_scheduler": recipe.scheduler,
        "warmup_ratio": recipe.warmup,
        "optimizer": "adamw_torch",
        "bf16": recipe.precision == "bf16",
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "evals_per_epoch": 2,
        "saves_per_epoch": 2,
        "seed": recipe.seed,
        "output_dir": "adapter",
    }
    return {"sft.yaml": _yaml(config)}


def _swift(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
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
        **{k: str(v).lower() if isinstance(v, bool) else v for k, v in _steps(recipe).items() if k not in ("bf16", "fp16")},
        "warmup_ratio": recipe.warmup,
        "output_dir": "adapter",
        "report_to": "none",
    }
    lines = " \\\n".join(f"    --{name} {value}" for name, value in flags.items())
    return {"sft.sh": f"#!/bin/sh\nset -eu\nswift sft \\\n{lines}\n"}


def _steps(recipe: TrainRecipe) -> dict[str, Any]:
    """The settings that three trainers call by the names of transformers."""
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


def _yaml(config: Mapping[str, Any]) -> str:
    """YAML in which every reader finds numbers: PyYAML writes 1e-4 as 0.0001, which all agree on."""
    import yaml

    return str(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))


def _nothing(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    return {}


LOAD = "python -c 'import datasets; print(datasets.load_dataset(\"json\", data_dir=\"data\"))'"
TRAINERS = {
    "llama-factory": Trainer(
        title="LLaMA-Factory",
        plain=to_alpaca,
        chat=to_alpaca,
        files=_llama_factory,
        command="llamafactory-cli train sft.yaml",
        note="The paper's trainer. It joins instruction and input with a line break, as we do, and puts the model's "
        "template around them; the paper names none, so `template` is the model's own. Ask the tuned model through "
        "the same template. Rows beyond `cutoff_len` are cut without a word. It needs an environment of its own.",
    ),
    "trl": Trainer(
        title="TRL",
        plain=to_prompt_completion,
        chat=prompt_completion_turns,
        files=_trl,
        command="trl sft --config sft.yaml",
        note="The loss is on the completion. Rows whose completion lies beyond `max_length` are dropped without a "
        "word: compare the number of rows it reports.",
    ),
    "axolotl": Trainer(
        title="axolotl",
        plain=to_prompt_completion,
        chat=to_messages,
        files=_axolotl,
        command="axolotl train sft.yaml",
        note="A row beyond `sequence_len` is an error here (`excess_length_strategy: raise`); axolotl's default "
        "drops it without a word. It needs an environment of its own.",
    ),
    "ms-swift": Trainer(
        title="ms-swift",
        plain=messages_plain,
        chat=to_messages,
        files=_swift,
        command="sh sft.sh",
        note="Rows beyond `--max_length` are deleted without a word: compare the number of rows it reports. It needs "
        "an environment of its own.",
    ),
    "messages": Trainer(
        title="chat messages",
        plain=to_messages,
        chat=to_messages,
        files=_nothing,
        command=LOAD,
        note="A user's and an assistant's turn a line, for whatever takes messages.",
    ),
    "jsonl": Trainer(
        title="JSON lines",
        plain=to_alpaca,
        chat=to_alpaca,
        files=_nothing,
        command=LOAD,
        note="instruction, input and output as flat strings, which every version of every reader takes.",
    ),
}
