"""Asking a transformers model: a tiny one with random weights, so this proves plumbing, never quality."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from itdr_hf.errors import ModelError
from itdr_hf.models.predict.predictions import Completion, read_predictions
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.prompts import rendered, to_messages, to_prompt_completion, token_ids

torch = pytest.importorskip("torch", reason="torch is not installed (extra [train])")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra [train])")

from itdr_hf.models.predict.local import LocalModel  # noqa: E402

CONFIGS = ["rp-movielens32m", "nir-movielens32m", "tkr-movielens32m", "uap-movielens1m"]
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}[end]{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tokenizer(asked: Path) -> Any:
    """A small BPE that, like Llama's, puts <s> before every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "</s>", "<pad>", "[end]"]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet)
    made.train_from_iterator([q.input for q in read_questions(asked)], trainer)
    made.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )


@pytest.fixture(scope="module")
def folder(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tiny Llama without a chat template."""
    path = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, bos_token_id=0, eos_token_id=1, pad_token_id=2,
        initializer_range=0.5,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def chatty(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a chat template that writes <s> itself."""
    path = tmp_path_factory.mktemp("chatty")
    transformers.AutoModelForCausalLM.from_pretrained(folder).save_pretrained(path)
    made = transformers.AutoTokenizer.from_pretrained(folder)
    made.chat_template = TEMPLATE
    made.save_pretrained(path)
    return path


def ask(model: LocalModel, questions: list[Question]) -> dict[str, Completion]:
    said: dict[str, Completion] = {}
    model.answer(questions, lambda question, answered: said.__setitem__(question.id, answered))
    return said


def test_without_a_chat_template_the_prompt_is_that_of_training_and_bos_comes_once(asked, folder):
    made = transformers.AutoTokenizer.from_pretrained(folder)
    for question in read_questions(asked, CONFIGS, limit=3):
        assert rendered(made, question) == to_prompt_completion(question.row)["prompt"]
        ids = token_ids(made, question)
        assert ids.count(made.bos_token_id) == 1 and ids[0] == made.bos_token_id
        assert made.decode(ids) == "<s>" + to_prompt_completion(question.row)["prompt"]


def test_with_a_chat_template_the_turns_are_those_of_training_and_bos_comes_once(asked, chatty):
    made = transformers.AutoTokenizer.from_pretrained(chatty)
    for question in read_questions(asked, CONFIGS, limit=3):
        turns = to_messages({**question.row, "output": "the answer"})["messages"]
        trained = made.apply_chat_template(turns, tokenize=False)
        assert trained == rendered(made, question) + "the answer[end]"
        ids = token_ids(made, question)
        assert ids.count(made.bos_token_id) == 1 and ids[0] == made.bos_token_id
        assert made(trained, add_special_tokens=False)["input_ids"][: len(ids)] == ids


def test_answers_in_batches_are_those_of_one_at_a_time(asked, folder):
    questions = read_questions(asked, CONFIGS, limit=4)
    together = ask(LocalModel(str(folder), dtype="float32", max_tokens=12), questions)
    alone = ask(LocalModel(str(folder), dtype="float32", max_tokens=12, batch_tokens=1), questions)
    assert together == alone and len(together) == len(questions)


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "without a cache of rows"])
def test_what_has_ended_leaves_its_batch_and_is_kept_while_the_others_go_on(asked, folder, monkeypatch, cached):
    questions = read_questions(asked, ["nir-movielens32m"], limit=8)
    model = LocalModel(str(folder), dtype="float32", max_tokens=40)
    model.model.generation_config.eos_token_id = list(
        range(1, len(model.tokenizer), 12)
    )  # so that answers end anywhere
    alone = {key: completion for one in questions for key, completion in ask(model, [one]).items()}
    assert len({completion.completion_tokens for completion in alone.values()}) > 2

    if not cached:
        monkeypatch.setattr("itdr_hf.models.predict.continuing._rows_of", lambda cache, rows: None)
    rows, kept, forward = [], {}, model.model.forward
    monkeypatch.setattr(model.model, "forward", lambda *a, **k: (rows.append(len(k["input_ids"])), forward(*a, **k))[1])
    model.answer(questions, lambda question, completion: kept.__setitem__(question.id, (completion, len(rows))))
    assert {key: completion for key, (completion, _) in kept.items()} == alone
    assert rows[0] == len(questions) > rows[-1]
    assert min(step for _, step in kept.values()) < len(rows)


def test_a_batch_is_of_one_task(asked, folder):
    questions = read_questions(asked, ["rp-movielens32m", "nir-movielens32m"], limit=3)
    model = LocalModel(str(folder), max_tokens=8)
    batches = list(model._batches([(question, [1] * number) for number, question in enumerate(questions)]))
    assert [{question.subtask for question, _ in batch} for batch in batches] == [{"nir"}, {"rp"}]


def test_a_greedy_answer_is_what_the_model_itself_generates(asked, folder):
    question = read_questions(asked, ["nir-movielens32m"], limit=1)[0]
    model = LocalModel(str(folder), dtype="float32", max_tokens=8)
    ids = torch.tensor([token_ids(model.tokenizer, question)])
    for _ in range(8):
        following = model.model(ids).logits[0, -1].argmax()
        ids = torch.cat([ids, following.view(1, 1)], dim=1)
        if following == model.tokenizer.eos_token_id:
            break
    made = ids[0, -8:].tolist()
    text = model.tokenizer.decode(made, skip_special_tokens=True)
    assert ask(model, [question])[question.id].text == text


def test_an_answer_that_meets_the_limit_ends_by_length_and_one_that_stops_by_stop(asked, folder):
    question = read_questions(asked, ["nir-movielens32m"], limit=1)[0]
    model = LocalModel(str(folder), dtype="float32", max_tokens=5)
    cut = ask(model, [question])[question.id]
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 5)
    first = model.tokenizer(cut.text, add_special_tokens=False)["input_ids"]
    ids = torch.tensor([token_ids(model.tokenizer, question)])
    model.model.generation_config.eos_token_id = [1, int(model.model(ids).logits[0, -1].argmax())]
    done = ask(model, [question])[question.id]
    assert first and (done.text, done.finish_reason, done.completion_tokens) == ("", "stop", 1)


def test_a_prompt_beyond_the_context_is_refused_and_the_others_are_answered(asked, folder):
    questions = read_questions(asked, ["tkr-movielens32m", "rp-movielens32m"], limit=2)
    model = LocalModel(str(folder), dtype="float32", max_tokens=4)
    lengths = sorted(len(token_ids(model.tokenizer, q)) for q in questions)
    model.model.config.max_position_embeddings = lengths[-1] + 3
    said = ask(model, questions)
    longest = [q.id for q in questions if len(token_ids(model.tokenizer, q)) == lengths[-1]]
    assert [said[key].finish_reason for key in longest] == ["refused"] * len(longest)
    assert sum(answered.finish_reason != "refused" for answered in said.values()) == 4 - len(longest)


def test_a_batch_too_large_for_the_memory_is_halved(asked, folder, monkeypatch):
    questions = read_questions(asked, ["rp-movielens32m"], limit=5)
    model = LocalModel(str(folder), dtype="float32", max_tokens=4)
    wanted, generate, sizes = ask(model, questions), model._generate, []

    def small(batch: list[Any], ends: list[int]) -> Iterator[tuple[int, list[int]]]:
        sizes.append(len(batch))
        yield from islice(generate(batch, ends), 1)  # one has ended before the memory is full
        if len(batch) > 2:
            raise torch.OutOfMemoryError("full")
        yield from islice(generate(batch, ends), 1, None)

    monkeypatch.setattr(model, "_generate", small)
    said: list[str] = []
    model.answer(questions, lambda question, completion: said.append(question.id))
    assert sorted(said) == sorted(wanted) and sizes == [5, 2, 2]
    assert ask(model, questions) == wanted


def test_an_adapter_changes_the_answers_and_is_named_with_its_revision(asked, folder, tmp_path):
    peft = pytest.importorskip("peft", reason="peft is not installed (extra [train])")
    base = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tuned = peft.get_peft_model(base, peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False))
    tuned.save_pretrained(tmp_path / "adapter")
    questions = read_questions(asked, ["nir-movielens32m"], limit=3)
    plain = LocalModel(str(folder), dtype="float32", max_tokens=8)
    adapted = LocalModel(str(folder), adapter=str(tmp_path / "adapter"), dtype="float32", max_tokens=8)
    assert ask(plain, questions) != ask(adapted, questions)
    assert adapted.run.settings["adapter"] == "adapter" and len(adapted.run.settings["adapter_revision"]) == 16
    assert adapted.run.revision == plain.run.revision and len(plain.run.revision) == 16


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match="nothing"):
        LocalModel(str(tmp_path / "nothing"))


def test_killed_in_the_middle_it_goes_on_where_it_was_and_all_of_it_is_scored(asked, chatty, tmp_path):
    out, configs = tmp_path / "p.parquet", ["rp-movielens32m", "tkr-movielens32m"]
    words = [sys.executable, "-m", "itdr_hf", "predict", str(asked), "--model", str(chatty), "--out", str(out)]
    words += ["--config", configs[0], "--config", configs[1], "--max-tokens", "8", "--batch-tokens", "1"]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal, deadline = tmp_path / "p.parquet.journal", time.monotonic() + 120
    while run.poll() is None and time.monotonic() < deadline:
        if journal.is_file() and journal.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it had ended before it was killed"
    kept, questions = read_predictions(out).rows, read_questions(asked, configs)
    done = subprocess.run(words, capture_output=True, text=True)
    assert f"{len(questions) - len(kept)} answers made, {len(kept)} found" in done.stdout, done.stderr
    whole = ask(LocalModel(str(chatty), max_tokens=8, batch_tokens=1), questions)
    assert {key: row.text for key, row in read_predictions(out).rows.items()} == {k: a.text for k, a in whole.items()}
    words = [sys.executable, "-m", "itdr_hf", "score", str(out), str(asked)]
    scored = subprocess.run(words, capture_output=True, text=True)
    assert scored.returncode == 0 and chatty.name in scored.stdout, scored.stderr


def test_predict_by_likelihood_ranks_every_candidate_and_is_a_system_of_its_own(asked, folder, tmp_path):
    from typer.testing import CliRunner

    from itdr_hf.cli.app import app
    from itdr_hf.tasks.answers import numbered

    out, configs = tmp_path / "ranked.parquet", ["nir-movielens32m", "tkr-movielens32m"]
    asked_for = ["predict", str(asked), "--model", str(folder), "--dtype", "float32", "--config", ",".join(configs)]
    ran = CliRunner().invoke(app, [*asked_for, "--limit", "3", "--by", "likelihood", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    found = read_predictions(out)
    assert (found.run.settings["by"], found.run.settings["normalise"]) == ("likelihood", "sum")
    by_id = {q.id: q for q in read_questions(asked, configs, "test", 3)}
    for row in found.rows.values():
        if row.config == "nir-movielens32m":  # one title is asked for
            assert row.text in by_id[row.id].candidates
            continue
        ranked = [line.partition(". ")[2] for line in row.text.split("\n")]
        assert sorted(ranked) == sorted(by_id[row.id].candidates) and row.text == numbered(ranked)


def test_likelihood_of_a_baseline_is_an_error_that_says_why(asked, tmp_path):
    from typer.testing import CliRunner

    from itdr_hf.cli.app import app

    ran = CliRunner().invoke(app, ["predict", str(asked), "--baseline", "random", "--by", "likelihood"])
    assert "has no probabilities; want --model or --endpoint" in str(ran.exception)
