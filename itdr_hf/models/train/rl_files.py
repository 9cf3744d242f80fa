"""The configs of trainers that reward answers, with `itdr_hf.rewards` in them."""

from __future__ import annotations

from shlex import quote

from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.trainer_files import as_yaml, steps, trl_base

GENERATIONS = 8  # answers of a prompt, among which rewards are compared
SLOWER = 0.1  # of the recipe's learning rate
FORMAT_WEIGHT = 0.1  # of the reward for an answer that is written as asked
ANSWER_TOKENS = 512
REWARD = '''"""What verl asks for a score; `itdr_hf` must be installed where it runs. Own sources: call use_sources_of first."""

from itdr_hf.rewards.verl import compute_score  # noqa: F401
'''


def trl_grpo_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """grpo.yaml for `trl grpo`; the rewards are functions that it imports."""
    config = {
        **trl_base(recipe),
        **steps(recipe),
        "reward_funcs": ["itdr_hf.rewards.content", "itdr_hf.rewards.written_as_asked"],
        "reward_weights": [1.0, FORMAT_WEIGHT],
        "num_generations": GENERATIONS,
        "per_device_train_batch_size": GENERATIONS,
        "max_completion_length": ANSWER_TOKENS,
        "learning_rate": recipe.learning_rate * SLOWER,
        "beta": 0.0,
        "eval_strategy": "no",
        "log_completions": False,
    }
    return {"grpo.yaml": as_yaml({name: value for name, value in config.items() if name != "eval_steps"})}


def verl_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """grpo.sh, which calls verl's trainer, and reward.py, in which it finds `compute_score`."""
    lora = {
        "actor_rollout_ref.model.lora_rank": recipe.rank,
        "actor_rollout_ref.model.lora_alpha": recipe.alpha,
        "actor_rollout_ref.model.target_modules": recipe.targets
        if recipe.targets == "all-linear"
        else f"[{recipe.targets}]",
    }
    settings = {
        "algorithm.adv_estimator": "grpo",
        "data.train_files": "data/train.parquet",
        "data.val_files": "data/validation.parquet",
        "data.train_batch_size": 128,
        "data.max_prompt_length": recipe.max_length,
        "data.max_response_length": ANSWER_TOKENS,
        "data.filter_overlong_prompts": "True",
        "data.truncation": "error",
        "actor_rollout_ref.model.path": recipe.model,
        **lora,
        "actor_rollout_ref.actor.optim.lr": f"{recipe.learning_rate * SLOWER:g}",
        "actor_rollout_ref.actor.ppo_mini_batch_size": 64,
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": recipe.batch,
        "actor_rollout_ref.rollout.name": "vllm",
        "actor_rollout_ref.rollout.n": GENERATIONS,
        "actor_rollout_ref.rollout.load_format": "safetensors",
        "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu": recipe.batch,
        "reward.custom_reward_function.path": "reward.py",
        "reward.custom_reward_function.name": "compute_score",
        "+reward.custom_reward_function.reward_kwargs.format_weight": FORMAT_WEIGHT,
        "trainer.total_epochs": max(1, round(recipe.epochs)),
        "trainer.logger": "[console]",
        "trainer.project_name": "itdr",
        "trainer.experiment_name": "grpo",
        "trainer.default_local_dir": "checkpoints",
    }
    lines = " \\\n".join(f"    {quote(f'{name}={value}')}" for name, value in settings.items())
    script = f'#!/bin/sh\nset -eu\npython3 -m verl.trainer.main_ppo \\\n{lines} \\\n    "$@"\n'
    return {"grpo.sh": script, "reward.py": REWARD}
