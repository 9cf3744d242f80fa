"""verl's own dataset class and reward manager on an export, on a CPU; for an environment in which verl is installed: `make verl`.

python tests/verl_check.py <folder of `itdr export --format verl`> <folder or id of a model>
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any


def settings(folder: Path) -> Any:
    """verl's config with the settings of grpo.sh; a setting that verl does not have is its error."""
    import verl
    from hydra import compose, initialize_config_dir

    words = shlex.split((folder / "grpo.sh").read_text().split("main_ppo", 1)[1].replace("\\\n", " "))
    with initialize_config_dir(str(Path(verl.__file__).parent / "trainer/config"), version_base=None):
        return compose("ppo_trainer", overrides=[word for word in words if word not in ("$@", "\n")])


def check_verl(folder: Path, model: Path | str) -> dict[str, float]:
    """Read the train split and reward its first rows; return rows, and the mean score of right answers and of silence."""
    import torch
    from transformers import AutoTokenizer
    from verl import DataProto
    from verl.trainer.ppo.reward import load_reward_manager
    from verl.utils.dataset.rl_dataset import RLHFDataset

    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = tokenizer.chat_template or "{% for m in messages %}{{ m.content }}\n{% endfor %}"
    config = settings(folder)
    dataset = RLHFDataset(config.data.train_files, tokenizer, config.data)
    manager = load_reward_manager(config, tokenizer)
    silent = []
    for place in range(len(dataset)):
        row = dataset[place]
        ids = tokenizer("nothing to say", return_tensors="pt")["input_ids"]
        batch = {"responses": ids, "attention_mask": torch.ones_like(ids), "prompts": ids}
        others = {name: [row[name]] for name in ("data_source", "reward_model", "extra_info")}
        data = DataProto.from_single_dict(batch | {name: as_objects(value) for name, value in others.items()})
        made = asyncio.run(run(manager, data))
        assert 0 <= made["reward_extra_info"]["content"] <= 1, made
        silent.append(made["reward_score"])
    return {"rows": len(dataset), "silence": sum(silent) / len(silent)}


async def run(manager: Any, data: Any) -> Any:
    manager.loop = asyncio.get_running_loop()
    return await manager.run_single(data)


def as_objects(values: list[Any]) -> Any:
    import numpy as np

    return np.fromiter(values, dtype=object, count=len(values))


if __name__ == "__main__":
    import os

    given = Path(sys.argv[2]).resolve() if Path(sys.argv[2]).is_dir() else sys.argv[2]
    os.chdir(sys.argv[1])
    print(check_verl(Path(), given))
