"""Adapter folders made by hand, as `itdr train` leaves them."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

from itdr_hf.models.train.recipe import TrainRecipe


def write_adapter(folder: Path, *, base: str = "org/base", **config: Any) -> Path:
    """An adapter folder as `itdr train` leaves it, with weights of nothing but noughts."""
    folder.mkdir(parents=True)
    names = [f"base_model.model.model.layers.0.self_attn.q_proj.lora_{side}.weight" for side in "AB"]
    header = {
        name: {"dtype": "F32", "shape": [4], "data_offsets": [16 * n, 16 * n + 16]} for n, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(32))
    known = {"base_model_name_or_path": base, "peft_type": "LORA", "r": 8, "bias": "none", "modules_to_save": None}
    (folder / "adapter_config.json").write_text(json.dumps({**known, **config}))
    (folder / "recipe.json").write_text(json.dumps(recipe_facts()))
    return folder


def recipe_facts() -> dict[str, Any]:
    """What recipe.json of a run holds, in short."""
    content = hashlib.sha256(b"cell").hexdigest()
    data = {
        "examples": 40,
        "cells": {"rp-movielens32m": 40},
        "tokens": 4000,
        "answer_tokens": 80,
        "longest": 120,
        "cut": 0,
    }
    return {
        "recipe": TrainRecipe(model="org/base", configs=("rp-movielens32m",)).as_dict(),
        "dataset": {
            "name": "itdr",
            "version": "1.0.0",
            "content": content,
            "simulated": True,
            "cells": {"rp-movielens32m": {"content": content, "simulated": True}},
        },
        "prompt": {"form": "plain", "hash": "0123456789abcdef"},
        "data": {"train": data},
        "model": {"id": "org/base", "revision": "abc123", "on_hub": True, "parameters": 1000},
        "packages": {"trl": "1.16.0"},
        "machine": {"devices": 1, "device": "cpu, 1 threads", "python": "3.11"},
        "results": {
            "steps": 10,
            "trained_parameters": 64,
            "loss": [[1, 3.0]],
            "validation_loss": [[10, 2.5]],
            "seconds": 1.0,
        },
        "command": "itdr train itdr --model org/base --output adapter",
    }
