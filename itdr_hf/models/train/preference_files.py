"""The configs of trainers that learn from pairs, with our settings under their names.

Where a recipe is one for answers, the learning rate is that of the method: a tenth of the recipe's for DPO and KTO, as
TRL advises for LoRA (1e-5 in place of 1e-4).
"""

from __future__ import annotations

import json
from typing import Any

from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.trainer_files import as_yaml, llama_factory_base, steps, template_of, trl_base

SLOWER = 0.1  # of the recipe's learning rate
BETA = 0.1  # weight of the distance from the base, in DPO and KTO


def trl_preference_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """dpo.yaml for `trl dpo`, and reward.yaml for `trl reward`, on the same lines."""
    base = trl_base(recipe) | {"max_length": recipe.max_length}
    dpo = {**base, **_slow(recipe), "beta": BETA, "loss_type": ["sigmoid"]}
    reward = {**base, **steps(recipe), "lora_task_type": "SEQ_CLS", "output_dir": "reward-model"}
    return {"dpo.yaml": as_yaml(dpo), "reward.yaml": as_yaml(reward)}


def trl_kto_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """kto.yaml for `trl kto`; every pair is two lines, so that neither side outweighs the other."""
    config = {**trl_base(recipe), **_slow(recipe), "max_length": recipe.max_length, "beta": BETA}
    return {"kto.yaml": as_yaml({**config, "per_device_train_batch_size": max(4, recipe.batch)})}


def llama_factory_ranking_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """dpo.yaml for `llamafactory-cli train`, and dataset_info.json with `ranking: true`."""
    columns = {"prompt": "instruction", "query": "input", "chosen": "chosen", "rejected": "rejected"}
    info = {
        f"itdr_{s}": {"file_name": f"{s}.jsonl", "ranking": True, "columns": columns}
        for s in ("train", "validation", "test")
    }
    config = {
        **llama_factory_base(recipe, "dpo"),
        "template": template_of(recipe.model) if chat else "empty",
        "pref_beta": BETA,
        "pref_loss": "sigmoid",
        **_slow(recipe),
        "warmup_ratio": recipe.warmup,
    }
    return {"dpo.yaml": as_yaml(config), "data/dataset_info.json": json.dumps(info, indent=1)}


def _slow(recipe: TrainRecipe) -> dict[str, Any]:
    return {**steps(recipe), "learning_rate": recipe.learning_rate * SLOWER}
