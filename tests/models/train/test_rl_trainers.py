"""TRL's own commands on our exports, unchanged: thirty steps on a CPU, in which the reward rises. `make rl` runs them."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from drill import LONG

from itdr_hf.models.train.export import export
from itdr_hf.models.train.recipe import TINY, TrainRecipe, changed

pytestmark = pytest.mark.skipif(not LONG, reason="minutes: run `make rl`")
STEPS = 30
OPTIONS = f"--use_cpu true --max_steps {STEPS} --logging_steps 1 --save_strategy no --warmup_steps 0 --lr_scheduler_type constant"  # fmt: skip


@pytest.fixture(scope="module")
def begun(itdr: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base that has seen a few ratings after their prompts: two epochs, merged."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from itdr_hf.models.train.sft import train

    place = tmp_path_factory.mktemp("begun")
    quick = {"limit": 48, "batch": 4, "epochs": 2, "eval_limit": 0, "learning_rate": 0.01}
    recipe = changed(TINY, {"model": str(base), "base_id": "org/base", "configs": ["rp-movielens32m"], **quick})
    train(itdr, recipe, place / "adapter")
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), place / "adapter")
    model.merge_and_unload().save_pretrained(place / "merged")
    AutoTokenizer.from_pretrained(base).save_pretrained(place / "merged")
    return place / "merged"


def logged(folder: Path, command: str, name: str) -> list[float]:
    """A figure of each step of a trainer's command, run in the folder of an export."""
    trl = str(Path(sys.executable).with_name("trl"))
    done = subprocess.run([trl, *command.split()], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    logs = [ast.literal_eval(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = [float(log[name]) for log in logs if name in log]
    assert len(found) == STEPS, done.stdout[-2000:]
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def recipe_of(model: Path) -> TrainRecipe:
    return changed(TINY, {"model": str(model), "limit": 48})


def test_the_reward_rises_in_thirty_steps_of_grpo(itdr, begun, tmp_path):
    export(itdr, tmp_path / "out", "trl-grpo", configs=["rp"], recipe=recipe_of(begun), chat=False)
    fast = "--max_completion_length 6 --per_device_train_batch_size 32 --learning_rate 0.003"
    rewards = logged(tmp_path / "out", f"grpo --config grpo.yaml {OPTIONS} {fast}", "reward")
    print(f"GRPO: reward {mean(rewards[:10]):.3f} in the first ten steps, {mean(rewards[-10:]):.3f} in the last ten")
    assert mean(rewards[-10:]) > mean(rewards[:10]) + 0.02
    assert (tmp_path / "out/adapter/adapter_model.safetensors").is_file()


@pytest.mark.parametrize(("form", "command", "name"), [
    ("trl-preference", "dpo --config dpo.yaml", "rewards/margins"),
    ("trl-preference", "reward --config reward.yaml", "margin"),
    ("trl-kto", "kto --config kto.yaml", "rewards/margins"),
])  # fmt: skip
def test_the_margin_rises_in_thirty_steps_on_pairs(itdr, begun, tmp_path, form, command, name):
    export(itdr, tmp_path / "out", form, configs=["nir"], recipe=recipe_of(begun), chat=False)
    margins = logged(tmp_path / "out", f"{command} {OPTIONS} --learning_rate 0.003 --eval_strategy no", name)
    print(
        f"{command}: margin {mean(margins[:10]):.4f} in the first ten steps, {mean(margins[-10:]):.4f} in the last ten"
    )
    assert mean(margins[-10:]) > mean(margins[:10])
