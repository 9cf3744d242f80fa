"""Exports: every format's lines hold the prompts that are trained here, and its config the paper's recipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from itdr_hf.dataset import Dataset
from itdr_hf.errors import OutputError, UsageError
from itdr_hf.models.train.data import mixed_rows
from itdr_hf.models.train.export import export
from itdr_hf.models.train.recipe import PAPER, TrainRecipe
from itdr_hf.models.train.trainers import TRAINERS
from itdr_hf.prompts import prompt, to_prompt_completion

CONFIG = "uap-movielens1m"
SUPERVISED = [name for name, trainer in TRAINERS.items() if trainer.learns == "answers" and not trainer.write]


def lines(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "data" / f"{split}.jsonl").read_text().splitlines()]


def asked_and_answered(line: dict[str, Any]) -> tuple[str, str]:
    """The prompt and the answer of a line in any of the formats."""
    if "conversations" in line:
        asked, answered = line["conversations"]
        assert (asked["train"], answered["train"]) == (False, True)
        return asked["value"], answered["value"]
    if "messages" in line:
        user, assistant = line["messages"]
        return user["content"], assistant["content"]
    if "prompt" in line and isinstance(line["prompt"], list):
        return line["prompt"][0]["content"], line["completion"][0]["content"]
    if "prompt" in line:
        return line["prompt"], line["completion"]
    return prompt(line["instruction"], line["input"]), line["output"]


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("form", SUPERVISED)
def test_every_format_holds_every_example_with_our_prompt(itdr: Path, tmp_path: Path, form: str, chat: bool):
    made = export(itdr, tmp_path / "out", form, configs=[CONFIG], chat=chat)
    rows = {row["id"]: row for row in mixed_rows(itdr, "train", TrainRecipe(model="x", configs=(CONFIG,)))[CONFIG]}
    found = {line["id"]: asked_and_answered(line) for line in lines(tmp_path / "out")}
    assert found.keys() == rows.keys() and made.counts["train"] == len(rows)
    for name, (asked, answered) in found.items():
        pair = to_prompt_completion(rows[name])
        assert asked.rstrip("\n") == pair["prompt"].rstrip("\n") and answered == pair["completion"]
    assert made.command in (tmp_path / "out" / "README.md").read_text()
    first = Dataset.open(itdr).example(CONFIG, "test", 0)
    assert asked_and_answered(lines(tmp_path / "out", "test")[0])[1] == first["output"]


@pytest.mark.parametrize("form", ["trl", "axolotl", "ms-swift"])
def test_a_plain_base_gets_the_line_break_before_the_answer(itdr: Path, tmp_path: Path, form: str):
    export(itdr, tmp_path / "out", form, configs=[CONFIG], chat=False)
    assert all(asked_and_answered(line)[0].endswith("\n") for line in lines(tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "template"), [("glm-4-9b", "glm4"), ("qwen2.5-7b", "qwen"), ("llama-3.2-3b", "llama3")]
)
def test_the_llama_factory_export_is_the_papers_set_up(itdr: Path, tmp_path: Path, name: str, template: str):
    export(itdr, tmp_path / "out", "llama-factory", configs=[CONFIG], recipe=PAPER[name])
    config = yaml.safe_load((tmp_path / "out" / "sft.yaml").read_text())
    wanted = {"stage": "sft", "finetuning_type": "lora", "learning_rate": 1e-4, "lr_scheduler_type": "cosine"}
    wanted |= {
        "num_train_epochs": 2.0,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "bf16": True,
    }
    wanted |= {"model_name_or_path": PAPER[name].model, "template": template}
    assert {key: config[key] for key in wanted} == wanted
    info = json.loads((tmp_path / "out" / "data" / "dataset_info.json").read_text())
    for use in ("dataset", "eval_dataset"):
        entry = info[config[use]]
        assert (tmp_path / "out" / config["dataset_dir"] / entry["file_name"]).is_file()
        assert set(entry["columns"].values()) <= lines(tmp_path / "out")[0].keys()


def test_the_yaml_of_a_config_has_no_aliases_and_numbers_everyone_reads(itdr: Path, tmp_path: Path):
    for form in ("trl", "axolotl", "llama-factory"):
        export(itdr, tmp_path / form, form, configs=[CONFIG])
        text = (tmp_path / form / "sft.yaml").read_text()
        assert "&id" not in text and "learning_rate: 0.0001\n" in text


@pytest.mark.parametrize(
    ("model", "chat"),
    [
        (PAPER["qwen2.5-7b-instruct"].model, True),
        ("google/gemma-3-4b-it", True),
        (PAPER["llama-3.2-3b"].model, False),
        ("org/Itemised-4B", False),
    ],
)
def test_a_model_that_is_called_one_is_exported_for_its_chat_template(
    itdr: Path, tmp_path: Path, model: str, chat: bool
):
    export(itdr, tmp_path / "out", "axolotl", configs=[CONFIG], recipe=TrainRecipe(model=model, limit=2))
    config = yaml.safe_load((tmp_path / "out" / "sft.yaml").read_text())
    assert (config["datasets"][0]["type"] == "chat_template") is ("messages" in lines(tmp_path / "out")[0]) is chat


def test_limits_and_weights_hold_for_training_alone(itdr: Path, tmp_path: Path):
    recipe = TrainRecipe(model="x", limit=10, weights={"rp": 0.5})
    counts = export(itdr, tmp_path / "out", "jsonl", configs=["rp", "uap"], recipe=recipe).counts
    whole = export(itdr, tmp_path / "all", "jsonl", configs=["rp", "uap"]).counts
    assert counts["train"] == 15 and counts["test"] == whole["test"] and whole["train"] > 15


def test_an_export_replaces_its_like_and_nothing_else(itdr: Path, tmp_path: Path):
    export(itdr, tmp_path / "out", "jsonl", configs=[CONFIG])
    export(itdr, tmp_path / "out", "trl", configs=[CONFIG])
    assert (tmp_path / "out" / "sft.yaml").is_file() and not list(tmp_path.glob(".out.*"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(OutputError, match="no export of ours"):
        export(itdr, tmp_path / "mine", "trl", configs=[CONFIG])
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


def test_a_failed_export_leaves_the_old_one(itdr: Path, tmp_path: Path):
    export(itdr, tmp_path / "out", "jsonl", configs=[CONFIG])
    with pytest.raises(UsageError, match="no config"):
        export(itdr, tmp_path / "out", "trl", configs=["tkr"])
    assert json.loads((tmp_path / "out" / "export.json").read_text())["format"] == "jsonl"
    with pytest.raises(UsageError, match="no format 'parrot'; have: llama-factory, trl"):
        export(itdr, tmp_path / "out", "parrot")


def test_the_export_for_trl_trains_with_trls_own_command(itdr: Path, base: Path, tmp_path: Path):
    """The others want environments of their own."""
    recipe = TrainRecipe(model=str(base), limit=8, precision="fp32", epochs=1)
    export(itdr, tmp_path / "out", "trl", configs=[CONFIG], recipe=recipe)
    with (tmp_path / "out" / "sft.yaml").open("a") as config:
        config.write("use_cpu: true\n")
    command = [str(Path(sys.executable).with_name("trl")), "sft", "--config", "sft.yaml"]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    adapter = json.loads((tmp_path / "out/adapter/adapter_config.json").read_text())
    assert (adapter["r"], adapter["lora_alpha"], len(adapter["target_modules"]) >= 7) == (8, 16, True)
