"""Reward and refinement: what the learned reward reads, where runs begin, what they record, and that they go on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from killed import kill_after_first_checkpoint

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("trl", reason="needs the extra [train]")

import torch
from safetensors.torch import load_file

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.pretrained import load_tokenizer
from itdr_hf.models.train.recipe import PRESETS, TINY, TrainRecipe, changed
from itdr_hf.models.train.refine import CUT, LearnedReward, distinct
from itdr_hf.models.train.reward import pair_tokens
from itdr_hf.models.train.sft import train
from itdr_hf.models.train.turns import conversation_text
from itdr_hf.prompts import token_ids
from itdr_hf.simulate import simulate

WEIGHTS = "adapter_model.safetensors"
CELL = "reward-movielens32m"
CELLS = ("profile-movielens32m", CELL, "inference-movielens32m")
CHANGES = {"neighbours": 1, "history": 3, "template": "brief"}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three of RecLM's cells with short prompts."""
    folder = tmp_path_factory.mktemp("reclm") / "reclm"
    raw = folder.with_name("raw")
    simulate(raw, sources=["movielens32m"], scale=0.4, seed=3)
    settings = Settings(raw=raw, warn=lambda text: None)
    build_folder(folder, settings, family="reclm", configs=CELLS, changes=CHANGES)
    return folder


@pytest.fixture(scope="module")
def quick(base: Path) -> TrainRecipe:
    """A few steps."""
    few = {"limit": 16, "eval_limit": 4, "batch": 4, "epochs": 1, "rank": 4, "alpha": 8, "learning_rate": 1e-3}
    return changed(TINY, {"model": str(base), "base_id": "org/base", "configs": [CELL], **few})


@pytest.fixture(scope="module")
def start(pairs: Path, quick: TrainRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that has learnt profiles for a moment."""
    folder = tmp_path_factory.mktemp("start") / "start"
    train(pairs, replace(quick, configs=("profile-movielens32m",), eval_limit=0, learning_rate=1e-2), folder)
    return folder


@pytest.fixture(scope="module")
def scorer(pairs: Path, quick: TrainRecipe, start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reward model that began with that adapter."""
    folder = tmp_path_factory.mktemp("scorer") / "scorer"
    train(pairs, replace(quick, stage="reward", start=str(start)), folder)
    return folder


@pytest.fixture(scope="module")
def refining(quick: TrainRecipe, start: Path, scorer: Path) -> TrainRecipe:
    """RLOO on four prompts at a time's quarter."""
    drawn = {"stage": "refine", "start": str(start), "reward": str(scorer), "answer_tokens": 8, "generations": 2}
    return changed(quick, {**drawn, "limit": 8, "eval_limit": 2})


@pytest.fixture(scope="module")
def refined(pairs: Path, refining: TrainRecipe, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """An adapter that was refined without a stop, and what recipe.json says."""
    folder = tmp_path_factory.mktemp("refined") / "x"
    return folder, train(pairs, refining, folder)


def rows(folder: Path, name: str, *columns: str) -> list[dict]:
    return list(Dataset.open(folder).rows(name, "train", columns))


def test_the_learned_reward_of_an_answer_is_the_score_of_the_tokens_that_the_reward_model_was_trained_on(
    pairs: Path, refining: TrainRecipe
):
    reward = LearnedReward(refining)
    found = rows(pairs, CELL, "prompt", "chosen", "rejected")[:5]
    asked, texts = [row["prompt"] for row in found], [row["chosen"][0]["content"] for row in found]
    end = reward.tokenizer.eos_token_id
    given = reward(completions=texts, completion_ids=[[5, end]] * 5, asked=asked)
    for row, score in zip(found, given, strict=True):
        with torch.inference_mode():
            alone = reward.model(input_ids=torch.tensor([pair_tokens(row, "chosen", reward.tokenizer)])).logits
        assert score == pytest.approx(float(alone[0, 0]), abs=1e-5)
    cut = reward(completions=texts, completion_ids=[[5]] * 5, asked=asked)
    assert cut == pytest.approx([score - CUT for score in given])


def test_an_answer_is_distinct_that_only_one_prompt_got_however_often():
    asked = [[{"role": "user", "content": text}] for text in ("a", "a", "b", "b", "c")]
    assert distinct(completions=["x", "x", "y", "z", "z"], asked=asked) == [1.0, 1.0, 1.0, 0.0, 0.0]
    turns = [[{"role": "assistant", "content": text}] for text in "xxyzz"]
    assert distinct(completions=turns, asked=asked) == [1.0, 1.0, 1.0, 0.0, 0.0]


def test_the_prompts_to_be_refined_on_are_those_that_a_model_is_asked_for_profiles_with(pairs: Path, base: Path):
    tokenizer = load_tokenizer(str(base))
    asked = {row["user"]: row["id"] for row in rows(pairs, "inference-movielens32m", "user", "id")}
    questions = {q.id: q for q in read_questions(pairs, ["inference-movielens32m"], "train")}
    compared = 0
    for row in rows(pairs, CELL, "user", "prompt"):
        if row["user"] in asked:
            text = conversation_text(row["prompt"], tokenizer)
            assert tokenizer(text)["input_ids"] == token_ids(tokenizer, questions[asked[row["user"]]])
            compared += 1
    assert compared > 10


def test_a_reward_model_begins_with_the_adapter_it_is_given_and_records_which(
    pairs: Path, quick: TrainRecipe, start: Path, tmp_path: Path
):
    slow = replace(quick, stage="reward", start=str(start), learning_rate=1e-12, limit=4, eval_limit=0)
    facts = train(pairs, slow, tmp_path / "x")
    before, after = load_file(start / WEIGHTS), load_file(tmp_path / "x" / WEIGHTS)
    assert {name for name in after if "lora_" in name} == set(before)
    assert all(torch.allclose(after[name], tensor, atol=1e-7) for name, tensor in before.items())
    assert any("score" in name for name in after)
    assert facts["begun"]["start"]["name"] == "start" and facts["recipe"]["start"] == "start"


def test_a_refinement_records_reward_and_divergence_from_its_start_on(refined: tuple[Path, dict], start: Path):
    folder, facts = refined
    held_out = facts["results"]["rewards"]["validation"]
    assert held_out[0]["step"] == 0 and held_out[0]["kl"] == pytest.approx(0, abs=1e-6)
    assert held_out[-1]["step"] == facts["results"]["steps"] == 4 and {"reward", "kl", "distinct"} <= set(held_out[-1])
    assert facts["results"]["rewards"]["train"]
    before, after = load_file(start / WEIGHTS), load_file(folder / WEIGHTS)
    assert set(before) == set(after) and any(not torch.equal(before[name], after[name]) for name in before)
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == []  # not the reference's copy


def test_a_killed_refinement_goes_on_to_the_very_same_weights(
    pairs: Path, refining: TrainRecipe, refined: tuple[Path, dict], tmp_path: Path
):
    out = tmp_path / "x"
    words = ["train", str(pairs), "--preset", "tiny", "--model", refining.model, "--base-id", "org/base"]
    words += ["--config", CELL, "--stage", "refine", "--start", str(refining.start), "--reward", str(refining.reward)]
    words += ["--limit", "8", "--eval-limit", "2", "--batch", "4", "--epochs", "1", "--rank", "4", "--alpha", "8"]
    words += ["--learning-rate", "1e-3", "--answer-tokens", "8", "--generations", "2", "--output", str(out)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    kill_after_first_checkpoint([sys.executable, "-m", "itdr_hf", *words], tmp_path / "x.checkpoints", **silent)
    assert not out.exists()
    facts = train(pairs, refining, out)
    assert facts["results"]["resumed"]
    resumed, whole = load_file(out / WEIGHTS), load_file(refined[0] / WEIGHTS)
    assert all(torch.allclose(resumed[name], tensor, atol=1e-5) for name, tensor in whole.items())
    assert facts["results"]["rewards"]["validation"][0] == refined[1]["results"]["rewards"]["validation"][0]


def test_dpo_learns_from_the_pairs_alone(pairs: Path, quick: TrainRecipe, start: Path, tmp_path: Path):
    recipe = replace(quick, stage="refine", method="dpo", start=str(start), learning_rate=5e-3, epochs=3)
    facts = train(pairs, recipe, tmp_path / "x")
    margins = [entry["margin"] for entry in facts["results"]["rewards"]["validation"]]
    assert margins[0] == pytest.approx(0, abs=1e-4) and margins[-1] > 0.05


def test_grpo_takes_the_same_reward(pairs: Path, refining: TrainRecipe, tmp_path: Path):
    facts = train(pairs, replace(refining, method="grpo", limit=2), tmp_path / "x")
    assert facts["results"]["steps"] == 1 and "kl" in facts["results"]["rewards"]["validation"][-1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reward": None}, "rloo without a reward model"),
        ({"rank": 8}, "rank 4 and alpha 8; want 8 and 8"),
        ({"reward": "start"}, "no score among its weights"),
        ({"max_length": 12}, "want at most 12"),
        ({"configs": ("profile-movielens32m",)}, "no pairs of answers"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(
    pairs: Path, refining: TrainRecipe, start: Path, tmp_path: Path, change: dict, message: str
):
    given = {name: str(start) if value == "start" else value for name, value in change.items()}
    with pytest.raises(UsageError, match=message):
        train(pairs, replace(refining, **given), tmp_path / "x")


def test_all_answers_to_a_prompt_are_drawn_in_one_step():
    with pytest.raises(UsageError, match="no multiple of 3 generations"):
        TrainRecipe(model="x", stage="refine", generations=3)


def test_the_stages_of_reclm_are_presets():
    stages = [PRESETS[f"reclm-{name}"] for name in ("distil", "dialogue", "reward", "refine")]
    assert [recipe.stage for recipe in stages] == ["sft", "sft", "reward", "refine"]
    assert [recipe.learning_rate for recipe in stages] == [2e-4, 5e-5, 1.41e-5, 1e-5]
    assert len({(recipe.rank, recipe.alpha) for recipe in stages}) == 1  # each goes on with the one before
