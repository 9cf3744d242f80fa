"""Encoder–decoder models are tuned like causal ones: the same data, run record, resumption and prediction."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("transformers", reason="needs the extra [train]")
pytest.importorskip("peft", reason="needs the extra [train]")

from itdr_hf.errors import UsageError
from itdr_hf.models.predict.likelihood import Likelihood
from itdr_hf.models.predict.local import LocalModel
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.pretrained import load_tokenizer
from itdr_hf.models.train.data import mixed_rows
from itdr_hf.models.train.recipe import OURS, TrainRecipe, preset_of
from itdr_hf.models.train.seq2seq import encode_seq2seq
from itdr_hf.models.train.sft import train
from itdr_hf.models.train.tiny import TinyShape, documents, train_tokenizer
from itdr_hf.prompts import token_ids

CONFIG = "nir-movielens32m"


@pytest.fixture(scope="module")
def t5(itdr: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a T5 with random weights, whose tokenizer has read the prompts."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("t5") / "tiny-t5"
    texts = list(documents(itdr, TrainRecipe(model="", configs=(CONFIG,))))
    tokenizer = train_tokenizer(texts, TinyShape(vocabulary=600, context=1 << 20))
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4, dropout_rate=0.0,
        feed_forward_proj="gated-gelu", decoder_start_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def recipe(t5: Path) -> TrainRecipe:
    return TrainRecipe(
        model=str(t5), base_id="org/t5", configs=(CONFIG,), limit=32, eval_limit=8, evaluations=2, epochs=3, batch=4,
        accumulation=1, learning_rate=0.02, precision="fp32", gradient_checkpointing=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tuned(itdr: Path, recipe: TrainRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned-t5") / "x"
    train(itdr, recipe, folder)
    return folder


def test_an_adapter_of_an_encoder_decoder_is_written_with_its_recipe_and_its_loss_falls(tuned: Path):
    config = json.loads((tuned / "adapter_config.json").read_text())
    assert (config["task_type"], config["base_model_name_or_path"]) == ("SEQ_2_SEQ_LM", "org/t5")
    results = json.loads((tuned / "recipe.json").read_text())["results"]
    assert results["steps"] == 24 and results["loss"][-1][1] < results["loss"][0][1] - 0.3
    assert len(results["validation_loss"]) == 2 and results["validation_loss"][-1][1] > 0


def test_it_answers_by_generation_and_by_likelihood_as_its_base_does_and_otherwise(itdr: Path, t5: Path, tuned: Path):
    questions = read_questions(itdr, [CONFIG], "test", limit=4)
    scores = {}
    for adapter in (None, str(tuned)):
        model = LocalModel(str(t5), adapter=adapter, dtype="float32")
        given: list[str] = []
        model.answer(questions, lambda question, answered, given=given: given.append(answered.text))
        assert len(given) == len(questions)
        ranked = Likelihood(model.model, model.tokenizer, model.run)
        prompt = token_ids(model.tokenizer, questions[0])
        scores[adapter] = ranked.scores(prompt, questions[0].candidates)
    pairs = zip(scores[None], scores[str(tuned)], strict=True)
    assert all(after > before for before, after in pairs), "an untuned model finds any title less likely"


def test_the_encoder_reads_the_prompt_of_prediction_and_the_decoder_learns_the_answer_with_its_end(
    itdr: Path, recipe: TrainRecipe
):
    tokenizer = load_tokenizer(recipe.model)
    mix = mixed_rows(itdr, "train", recipe)
    made = encode_seq2seq(mix, tokenizer, recipe, 0)
    row = mix[CONFIG][0]
    assert tokenizer.decode(made.input_ids[0]) == f"{row['instruction']}\n{row['input']}\n"
    assert tokenizer.decode(made.labels[0]) == row["output"] + tokenizer.eos_token
    with pytest.raises(UsageError, match="32 of 32 examples are longer than 5 tokens"):
        encode_seq2seq(mix, tokenizer, replace(recipe, max_length=5), 0)
    cut = encode_seq2seq(mix, tokenizer, replace(recipe, max_length=5, allow_cut=True), 0)
    assert cut.input_ids[0] == made.input_ids[0][-5:] and cut.labels == made.labels and cut.cut == 32


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"precision": "fp16"}, "t5 overflows in fp16; want bf16 or fp32"),
        ({"packing": True}, "reads one prompt at a time"),
    ],
)
def test_what_an_encoder_decoder_cannot_do_is_one_line(itdr, recipe, tmp_path, change, fault):
    with pytest.raises(UsageError, match=fault):
        train(itdr, replace(recipe, **change), tmp_path / "x")


def test_the_bases_of_instructrec_have_presets_of_ours():
    assert preset_of("google/flan-t5-xl") == OURS["flan-t5-xl"] and OURS["flan-t5-xl"].max_length == 512
    assert all(recipe.batch * recipe.accumulation == 128 for recipe in OURS.values())
