"""What a local model is asked and how: decoding, adapters and their commits, the record, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra [train]")
peft = pytest.importorskip("peft", reason="needs the extra [train]")

from hubserver import WRITE  # noqa: E402
from hubserver.stage import Stage  # noqa: E402
from models.bases import POINTER, change_json, make_base, scramble  # noqa: E402

from itdr_hf.errors import ModelError, UsageError  # noqa: E402
from itdr_hf.models.predict.likelihood import Likelihood  # noqa: E402
from itdr_hf.models.predict.local import LocalModel  # noqa: E402
from itdr_hf.models.predict.predictions import open_predictions, read_predictions  # noqa: E402
from itdr_hf.models.predict.questions import read_questions  # noqa: E402
from itdr_hf.models.predict.run import predict_into  # noqa: E402
from itdr_hf.models.pretrained import PROMPT_DATE  # noqa: E402
from itdr_hf.prompts import rendered, token_ids  # noqa: E402

pytest_plugins = ("hubserver.plugin",)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("bases") / "base")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the base, as peft alone writes it."""
    from transformers import AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("adapters") / "ad"
    model = AutoModelForCausalLM.from_pretrained(base)
    peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules="all-linear")).save_pretrained(folder)
    scramble(folder)
    return folder


def answers(model: LocalModel, asked: Path, count: int = 3) -> dict[str, str]:
    given: dict[str, str] = {}
    questions = read_questions(asked, ["rp-movielens32m"], "test", limit=count)
    model.answer(questions, lambda question, answered: given.update({question.id: answered.text}))
    return given


def ask(base: Path, **options: Any) -> LocalModel:
    return LocalModel(str(base), max_tokens=12, **options)


OWN = {
    "penalties": {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2},
    "beams": {"num_beams": 3, "length_penalty": 2.0},
    "sampling": {"do_sample": True, "temperature": 1.7, "top_k": 3, "num_return_sequences": 2},
    "suppressed": {"suppress_tokens": list(range(60, 200)), "begin_suppress_tokens": [50]},
    "least length": {"min_new_tokens": 9, "bad_words_ids": [[70], [71]]},
}


@pytest.mark.parametrize("own", OWN.values(), ids=OWN)
def test_the_likeliest_answer_is_the_same_whatever_generation_config_says(asked: Path, base: Path, tmp_path: Path, own):
    shutil.copytree(base, tmp_path / "m")
    change_json(tmp_path / "m/generation_config.json", **own)
    assert answers(ask(tmp_path / "m"), asked) == answers(ask(base), asked)


def test_the_bases_own_settings_are_used_on_request_and_recorded(asked: Path, base: Path, tmp_path: Path):
    shutil.copytree(base, tmp_path / "m")
    change_json(tmp_path / "m/generation_config.json", repetition_penalty=1.9, num_return_sequences=2, do_sample=True)
    own = ask(tmp_path / "m", own_settings=True)
    assert len(answers(own, asked)) == 3 and answers(own, asked) != answers(ask(base), asked)
    kept = own.run.settings["decoding"]
    assert (kept["repetition_penalty"], kept["do_sample"]) == (1.9, True)
    assert ask(base).run.settings["decoding"]["do_sample"] is False
    with pytest.raises(UsageError, match=r"--own-settings and --temperature 0.5"):
        ask(base, own_settings=True, temperature=0.5)


def test_a_draw_is_from_all_tokens_at_the_temperature_asked_for(base: Path):
    kept = ask(base, temperature=0.7).run.settings["decoding"]
    assert (kept["temperature"], kept["top_k"], kept["top_p"], kept["do_sample"]) == (0.7, 0, 1.0, True)


def test_the_record_names_model_tokenizer_template_dtype_and_libraries(base: Path, tmp_path: Path):
    dated = ask(make_base(tmp_path / "dated", "dated")).run.settings
    plain = ask(base).run.settings
    assert {"torch", "transformers", "peft", "tokenizers"} == set(plain["libraries"])
    assert plain["dtype"] == "float32" and plain["form"] == "plain" and "template" not in plain
    assert dated["form"] == "chat" and dated["prompt_date"] == PROMPT_DATE.isoformat()
    assert len(dated["template"]) == len(plain["tokenizer"]) == 16


def test_a_template_that_writes_the_date_writes_the_pinned_one(asked: Path, tmp_path: Path):
    model = ask(make_base(tmp_path / "dated", "dated"))
    question = read_questions(asked, ["rp-movielens32m"], limit=1)[0]
    assert f"Today: {PROMPT_DATE:%d %b %Y}<|over|>" in rendered(model.tokenizer, question)


def test_an_adapter_in_the_place_of_a_base_is_refused(base: Path, adapter: Path):
    with pytest.raises(UsageError, match=r"ad: is an adapter of .*base; want a base model; merge it first"):
        ask(adapter)


def test_the_file_names_every_field_in_which_a_run_differs(asked: Path, base: Path, adapter: Path, tmp_path: Path):
    questions, out = read_questions(asked, ["rp-movielens32m"], limit=2), tmp_path / "p.parquet"
    predict_into(out, questions, ask(base, adapter=str(adapter)))
    shutil.copytree(adapter, tmp_path / "ad")
    scramble(tmp_path / "ad", seed=2)
    with pytest.raises(UsageError, match=r"holds answers of settings.adapter_revision '.*' \(now '.*'\), settings.ad"):
        predict_into(out, questions, ask(base, adapter=str(tmp_path / "ad")))
    with pytest.raises(
        UsageError, match=r"holds answers of settings.temperature 0.0 \(now 0.5\).*choose another --out"
    ):
        predict_into(out, questions, ask(base, adapter=str(adapter), temperature=0.5))


def test_files_of_two_runs_put_together_are_refused(asked: Path, base: Path, tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    questions = read_questions(asked, ["rp-movielens32m"], limit=4)
    for name, part in (("a", questions[:2]), ("b", questions[2:])):
        predict_into(tmp_path / name, part, ask(base))
    one, two = (pq.read_table(tmp_path / name) for name in "ab")
    other = two.set_column(two.schema.get_field_index("model"), "model", pa.array(["other"] * len(two)))
    for tables, message in (([one, other], "model 'base' .now 'other'"), ([one, one], "2 examples are answered twice")):
        pq.write_table(pa.concat_tables(tables, promote_options="default"), tmp_path / "both")
        with pytest.raises(UsageError, match=message):
            read_predictions(tmp_path / "both")


def test_the_form_that_an_adapter_was_tuned_on_is_the_form_it_is_asked_in(adapter: Path, tmp_path: Path):
    chatty = make_base(tmp_path / "chat", "chat")
    assert ask(chatty).run.settings["form"] == "chat" and ask(chatty, plain=True).run.settings["form"] == "plain"
    shutil.copytree(adapter, tmp_path / "ad")
    change_json(tmp_path / "ad/recipe.json", prompt={"form": "plain"})
    assert ask(chatty, adapter=str(tmp_path / "ad")).run.settings["form"] == "plain"
    change_json(tmp_path / "ad/recipe.json", prompt={"form": "chat"})
    with pytest.raises(UsageError, match=r"ad: was tuned on chat prompts; .* run without --plain"):
        ask(chatty, adapter=str(tmp_path / "ad"), plain=True)


def test_an_adapter_on_another_base_of_the_same_shape_is_warned_of(base: Path, adapter: Path, tmp_path: Path):
    shutil.copytree(adapter, tmp_path / "ad")
    change_json(tmp_path / "ad/recipe.json", model={"id": "org/base", "revision": ask(base).run.revision})
    assert ask(base, adapter=str(tmp_path / "ad")).warnings == ()
    other = make_base(tmp_path / "other", seed=5)
    assert "was tuned on org/base" in ask(other, adapter=str(tmp_path / "ad")).warnings[0]


def _other_shape(folder: Path) -> None:
    change_json(folder / "adapter_config.json", r=8)


def _deeper(folder: Path) -> None:
    import safetensors.torch as files

    path = folder / "adapter_model.safetensors"
    tensors = files.load_file(path)
    files.save_file(tensors | {n.replace("layers.1", "layers.7"): v.clone() for n, v in tensors.items()}, path)


def _pickled(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")


DAMAGE = {
    "pointer": (lambda f: (f / "adapter_model.safetensors").write_text(POINTER), "is a Git LFS pointer, not the file"),
    "pickled": (_pickled, "adapter_model.bin is pickled, which is never read"),
    "other shape": (_other_shape, "want an adapter of this base"),
    "of a deeper base": (_deeper, "has no place in this base"),
    "targets": (
        lambda f: change_json(f / "adapter_config.json", target_modules=["nothing"]),
        "want an adapter of this",
    ),
    "cut": (lambda f: (f / "adapter_model.safetensors").write_bytes(b"\x10"), "is not complete"),
    "no config": (lambda f: (f / "adapter_config.json").unlink(), "no adapter_config.json"),
}


@pytest.mark.parametrize(("how", "message"), DAMAGE.values(), ids=DAMAGE)
def test_an_adapter_that_does_not_fit_is_one_line(base: Path, adapter: Path, tmp_path: Path, how, message):
    shutil.copytree(adapter, tmp_path / "ad")
    how(tmp_path / "ad")
    with pytest.raises(ModelError) as told:
        ask(base, adapter=str(tmp_path / "ad"))
    assert message in str(told.value) and "\n" not in str(told.value)


def test_padding_beyond_the_embeddings_is_harmless_and_a_token_beyond_them_is_named(asked: Path, tmp_path: Path):
    base = make_base(tmp_path / "m", "pad-beyond")
    model = ask(base)
    assert len(answers(model, asked)) == 3 and model.tokenizer.pad_token_id >= model.rows
    tokenizer = model.tokenizer
    tokenizer.add_tokens(["movies"])
    with pytest.raises(ModelError, match=r"m: token \d+ \(movies\) of the tokenizer, but its embeddings have \d+ rows"):
        answers(model, asked)


def test_weights_that_are_missing_are_never_made_up(base: Path, tmp_path: Path):
    import safetensors.torch as files

    shutil.copytree(base, tmp_path / "m")
    tensors = files.load_file(tmp_path / "m/model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    files.save_file(tensors, tmp_path / "m/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"up_proj.weight is not among its weights \(1 such\), and would be random"):
        ask(tmp_path / "m")


def test_a_folder_that_is_not_there_is_not_looked_for_on_a_hub(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("wanted to reach a Hub"))
    for name in ("./none", "/no/such", "a/b/c"):
        with pytest.raises(ModelError, match="no such folder"):
            LocalModel(name)


def test_a_file_of_another_run_in_its_journal_is_refused(asked: Path, base: Path, tmp_path: Path):
    run, out = ask(base).run, tmp_path / "p.parquet"
    journal = tmp_path / "p.parquet.journal"
    with open_predictions(out, run):
        text = journal.read_text()
    line = json.loads(text.splitlines()[0])
    line["run"]["settings"]["seed"] = 9
    out.unlink(missing_ok=True)
    journal.write_text(text + json.dumps(line) + "\n")
    with pytest.raises(UsageError, match=r"settings.seed 0 \(now 9\)"):
        read_predictions(out)


@pytest.mark.parametrize("text", ['{"prompt": null, "model": []}', "[1, 2]", "{}"])
def test_a_recipe_that_is_not_ours_is_left_unread(base: Path, adapter: Path, tmp_path: Path, text: str):
    shutil.copytree(adapter, tmp_path / "ad")
    (tmp_path / "ad/recipe.json").write_text(text)
    assert ask(base, adapter=str(tmp_path / "ad")).warnings == ()


@pytest.mark.parametrize("way", ["generation", "likelihood"])
def test_scores_that_are_no_numbers_are_no_answer(asked: Path, base: Path, tmp_path: Path, way: str):
    """As of weights that overflow in float16: the likeliest token or candidate would be any."""
    import safetensors.torch as files

    shutil.copytree(base, tmp_path / "m")
    tensors = files.load_file(tmp_path / "m/model.safetensors")
    tensors["model.norm.weight"][3] = float("nan")
    files.save_file(tensors, tmp_path / "m/model.safetensors", metadata={"format": "pt"})
    model = ask(tmp_path / "m")
    system = Likelihood(model.model, model.tokenizer, model.run) if way == "likelihood" else model
    questions = read_questions(asked, ["nir-movielens32m"], limit=1)
    with pytest.raises(
        ModelError, match=r"^m: its scores of tokens are not numbers in float32; want numbers; ask with"
    ):
        predict_into(tmp_path / "p.parquet", questions, system)


def test_ranking_by_likelihood_names_a_token_beyond_the_embeddings_and_refuses_what_the_context_cannot_hold(
    asked: Path, base: Path
):
    model, questions = ask(base), read_questions(asked, ["nir-movielens32m"], limit=1)
    said: list[str] = []
    model.model.config.max_position_embeddings = len(token_ids(model.tokenizer, questions[0])) + 3
    Likelihood(model.model, model.tokenizer, model.run).answer(
        questions, lambda _, found: said.append(found.finish_reason)
    )
    assert said == ["refused"]
    model.tokenizer.add_tokens([questions[0].candidates[0]])
    with pytest.raises(ModelError, match=r"base: token \d+ .* of the tokenizer, but its embeddings have \d+ rows"):
        Likelihood(model.model, model.tokenizer, model.run).answer(questions, lambda *_: None)


def test_settings_that_generation_stumbles_over_are_one_line(asked: Path, base: Path, tmp_path: Path):
    shutil.copytree(base, tmp_path / "m")
    change_json(tmp_path / "m/generation_config.json", do_sample=True, temperature=-1.0)
    with pytest.raises(
        ModelError, match=r"^m: .*temperature.*; want settings that transformers takes; .* leave out --own"
    ):
        answers(ask(tmp_path / "m", own_settings=True), asked)
    assert answers(ask(tmp_path / "m"), asked) == answers(ask(base), asked)
    change_json(tmp_path / "m/generation_config.json", eos_token_id="</s>")
    with pytest.raises(ModelError, match=r"generation_config.json: eos_token_id '</s>'; want ids of tokens"):
        ask(tmp_path / "m")


def test_an_adapter_whose_weights_count_otherwise_than_it_was_tuned_is_warned_of(
    base: Path, adapter: Path, tmp_path: Path
):
    shutil.copytree(adapter, tmp_path / "ad")
    change_json(tmp_path / "ad/recipe.json", recipe={"rank": 4, "alpha": 8})
    assert ask(base, adapter=str(tmp_path / "ad")).warnings == ()
    change_json(tmp_path / "ad/adapter_config.json", lora_alpha=64)
    [warning] = ask(base, adapter=str(tmp_path / "ad")).warnings
    assert warning.startswith("ad: alpha 64 in adapter_config.json, 8 in recipe.json; want those of one run")


def test_a_recipe_that_is_cut_is_named(base: Path, adapter: Path, tmp_path: Path):
    shutil.copytree(adapter, tmp_path / "ad")
    (tmp_path / "ad/recipe.json").write_text('{"prompt": ')
    with pytest.raises(ModelError, match=r"ad: recipe.json: .*; want what `itdr train` wrote; copy the adapter again"):
        ask(base, adapter=str(tmp_path / "ad"))


def test_a_name_that_is_nowhere_is_said_to_be_nowhere():
    for options in ({}, {"adapter": "org/no-such-adapter"}):
        with pytest.raises(ModelError, match=r"no such folder, not in the cache, and the Hub was not reached"):
            LocalModel("org/no-such-base", **options)


def test_a_new_version_of_an_adapter_on_the_hub_is_another_adapter_and_the_old_one_can_be_asked_for(
    stage: Stage, asked: Path, base: Path, adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url = f"{stage.hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", stage.hub.url)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", url)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setenv("HF_TOKEN", WRITE)
    folder, out = Path(shutil.copytree(adapter, tmp_path / "ad")), tmp_path / "p.parquet"
    questions = read_questions(asked, ["rp-movielens32m"], limit=2)
    stage.api.create_repo("org/ad")

    def published(tag: str) -> str:
        commit = stage.api.upload_folder(repo_id="org/ad", folder_path=folder).oid
        stage.api.create_tag("org/ad", tag=tag, revision=commit)
        return commit

    first = published("v1.0.0")
    predict_into(out, questions, ask(base, adapter="org/ad"))
    scramble(folder, seed=3)
    second = published("v1.1.0")
    assert ask(base, adapter="org/ad").run.settings["adapter_revision"] == second != first
    changed = rf"settings.adapter_revision '{first}' \(now '{second}'\), settings.adapter_content"
    with pytest.raises(UsageError, match=changed):
        predict_into(out, questions, ask(base, adapter="org/ad"))
    for old in (ask(base, adapter="org/ad@v1.0.0"), ask(base, adapter="org/ad", adapter_revision="v1.0.0")):
        assert predict_into(out, questions, old).found == len(questions)
