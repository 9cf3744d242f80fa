"""The small base: what it may read, and that its folder is a base like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf.dataset.shards import shards
from itdr_hf.models.pretrained import extra
from itdr_hf.models.train import tiny
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.tiny import TinyShape, documents
from itdr_hf.prompts import to_prompt_completion
from itdr_hf.records import SPLITS

CONFIGS = ("rp-movielens32m", "uap-movielens1m")
RECIPE = TrainRecipe(model="base", configs=CONFIGS)


def rows(folder: Path, split: str) -> list[dict]:
    return [row for c in CONFIGS for path in shards(folder, c, split) for row in pq.read_table(path).to_pylist()]


def test_the_base_reads_prompts_of_the_training_split_alone_and_never_an_answer_behind_its_prompt(itdr: Path):
    texts = list(documents(itdr, RECIPE))
    pairs = [to_prompt_completion(row) for row in rows(itdr, "train")]
    bare = [to_prompt_completion({**row, "instruction": ""})["prompt"] for row in rows(itdr, "train")]
    known = {pair["prompt"] for pair in pairs} | set(bare)
    outputs = {line for row in rows(itdr, "train") for line in row["output"].split("\n")}
    asked = texts[: len(pairs)]
    assert set(asked) <= known and sum(text not in bare for text in asked) == -(-len(asked) // 10)
    for text in texts[len(asked) :]:
        assert set(text.split("\n")) <= outputs
    held_out = {row["input"] for split in SPLITS[1:] for row in rows(itdr, split)}
    assert not [text for text in texts if text.rstrip("\n") in held_out]


def test_a_tokenizer_gives_every_text_back_and_keeps_figures_whole(itdr: Path):
    pytest.importorskip("transformers", reason="needs the extra [train]")
    from itdr_hf.models.train.tiny import train_tokenizer

    texts = list(documents(itdr, RECIPE))
    tokenizer = train_tokenizer(texts, TinyShape(vocabulary=900))
    for text in [*texts[:5], "Ünïcödé 漢字 🎬\n\n  two  blanks "]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert len(tokenizer(" 4.0", add_special_tokens=False)["input_ids"]) == 1


def test_configs_are_separated_by_commas_or_given_again_as_everywhere(monkeypatch: pytest.MonkeyPatch):
    asked: list[TrainRecipe] = []
    made = {"parameters": 1, "tokens": 1, "loss": 1.0}
    monkeypatch.setattr(tiny, "make_base", lambda folder, out, recipe, shape: asked.append(recipe) or made)
    tiny.main(["itdr", "base", "--config", "rp,nir", "--config", "uap-*"])
    assert asked[0].configs == ("rp", "nir", "uap-*")
    tiny.main(["itdr", "base"])
    assert asked[1].configs == tiny.TINY.configs


def test_the_base_loads_as_any_model_does(base: Path):
    transformers = pytest.importorskip("transformers", reason="needs the extra [train]")
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    assert model.config.model_type == "llama" and model.generation_config.eos_token_id == tokenizer.eos_token_id
    assert tokenizer.chat_template is None
    assert json.loads((base / "tiny.json").read_text())["parameters"] == model.num_parameters()


def test_loading_it_draws_no_bar_into_a_log(base: Path, capfd: pytest.CaptureFixture[str]):
    pytest.importorskip("transformers", reason="needs the extra [train]")
    extra("transformers").AutoModelForCausalLM.from_pretrained(base)
    assert capfd.readouterr().err == ""


def test_one_measured_step_counts_what_it_does():
    pytest.importorskip("peft", reason="needs the extra [train]")
    from itdr_hf.models.train.step import SMALL, measure

    recipe = TrainRecipe(model="random", accumulation=2, gradient_checkpointing=False)
    found = measure(recipe, dict(SMALL), steps=1, warm=0, peak=1.0)
    assert found["tokens_a_second"] == pytest.approx(2 * found["tokens_a_row"] / found["seconds_a_step"])
    assert 0 < found["share_of_peak"] == found["with_recomputation"]
    packed = measure(
        TrainRecipe(model="random", accumulation=2, packing=True, max_length=1200),
        dict(SMALL),
        steps=1,
        warm=0,
        peak=1.0,
    )
    assert packed["tokens_a_row"] <= 1200 and packed["with_recomputation"] == pytest.approx(
        1.5 * packed["share_of_peak"]
    )
