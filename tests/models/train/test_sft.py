"""Training runs on a CPU with a base of nothing much: what they write, how they go on, what they refuse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from killed import kill_after_first_checkpoint

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("trl", reason="needs the extra [train]")

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.predict.local import LocalModel
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.pretrained import revision_of
from itdr_hf.models.train.checkpoints import check_same_run
from itdr_hf.models.train.recipe import TrainRecipe, changed
from itdr_hf.models.train.sft import last_checkpoint, prepare, train
from itdr_hf.models.train.watching import report_steps
from itdr_hf.runtime.progress import Progress


def curve(folder: Path) -> dict[int, float]:
    return dict(json.loads((folder / "recipe.json").read_text())["results"]["loss"])


def answers(model: LocalModel, itdr: Path) -> dict[str, str]:
    given: dict[str, str] = {}
    questions = read_questions(itdr, ["uap-movielens1m"], "test", limit=4)
    model.answer(questions, lambda question, answered: given.update({question.id: answered.text}))
    return given


def test_a_run_writes_safetensors_its_base_by_id_and_a_recipe_and_nothing_else(tuned: Path, base: Path):
    names = {path.name for path in tuned.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "recipe.json", "tokenizer.json"} <= names
    assert "README.md" not in names and not list(tuned.parent.glob("x.checkpoints"))
    config = json.loads((tuned / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["r"], config["modules_to_save"]) == ("org/base", 16, None)
    facts = json.loads((tuned / "recipe.json").read_text())
    assert facts["model"]["revision"] == revision_of(str(base), None) and not facts["model"]["on_hub"]
    assert facts["data"]["train"]["examples"] == 48 and facts["data"]["train"]["cut"] == 0
    assert facts["results"]["steps"] == 96 and len(facts["results"]["validation_loss"]) == 2


def test_the_loss_falls(tuned: Path):
    losses = list(curve(tuned).values())
    assert losses[-1] < losses[0] - 0.3


def test_only_the_tokens_of_answers_are_projected_onto_the_vocabulary(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from trl.trainer import utils

    run = prepare(itdr, changed(recipe, {"limit": 4, "eval_limit": 0}), tmp_path / "x")
    real, seen = utils._ChunkedLogProbFunction.apply, []
    monkeypatch.setattr(
        utils._ChunkedLogProbFunction,
        "apply",
        lambda hidden, *others: (seen.append(len(hidden)), real(hidden, *others))[1],
    )
    batch = next(iter(run.trainer.get_train_dataloader()))
    run.trainer.compute_loss(run.trainer.model, dict(batch))
    assert seen == [int((batch["labels"] != -100).sum())] and seen[0] < batch["labels"].numel() / 2


def test_what_is_published_of_a_run_says_nothing_of_where_things_lie(itdr: Path, tuned: Path, base: Path):
    told = (tuned / "recipe.json").read_text()
    assert json.loads(told)["recipe"]["model"] == "org/base"
    assert str(base.parent) not in told and str(itdr.parent) not in told and str(tuned.parent) not in told


def test_the_same_recipe_file_repeats_the_run(itdr: Path, tuned: Path, base: Path, tmp_path: Path):
    from itdr_hf.models.train.recipe import read_recipe

    recipe, content = read_recipe(tuned / "recipe.json")
    train(itdr, replace(recipe, model=str(base)), tmp_path / "again", content=content)
    assert curve(tmp_path / "again") == curve(tuned)
    weights = "adapter_model.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (tuned / weights).read_bytes()


def test_a_recipe_of_other_data_is_not_repeated_on_these(itdr: Path, recipe: TrainRecipe, tmp_path: Path):
    with pytest.raises(UsageError, match=r"uap-movielens1m has content .*; want abc…"):
        train(itdr, recipe, tmp_path / "x", content={"uap-movielens1m": "abc"})


def test_a_run_killed_between_checkpoints_goes_on_to_the_same_losses(
    itdr: Path, base: Path, recipe: TrainRecipe, tuned: Path, tmp_path: Path
):
    code = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from itdr_hf.models.train.recipe import read_recipe; from itdr_hf.models.train.sft import train\n"
        "recipe = replace(read_recipe(Path(sys.argv[2]))[0], model=sys.argv[3])\n"
        "train(Path(sys.argv[1]), recipe, Path(sys.argv[4]))\n"
    )
    out = tmp_path / "x"
    command = [sys.executable, "-c", code, str(itdr), str(tuned / "recipe.json"), str(base), str(out)]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    kill_after_first_checkpoint(command, tmp_path / "x.checkpoints", **silent)
    assert not out.exists()
    facts = train(itdr, recipe, out)
    assert facts["results"]["resumed"]
    assert {step: pytest.approx(loss, abs=0.02) for step, loss in curve(tuned).items()} == curve(out)


def test_two_processes_share_the_steps_of_a_run_and_the_first_alone_speaks_and_writes(
    itdr: Path, base: Path, tmp_path: Path
):
    """As `accelerate launch` starts them, on two processors in place of two GPUs."""
    words = ["train", str(itdr), "--preset", "tiny", "--model", str(base), "--config", "uap-movielens1m"]
    words += ["--limit", "16", "--batch", "2", "--epochs", "1", "--eval-limit", "2", "--output", str(tmp_path / "x")]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "itdr_hf", *words]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr[-3000:]
    facts = json.loads((tmp_path / "x/recipe.json").read_text())
    assert facts["command"].startswith("itdr train itdr --preset tiny") and str(tmp_path) not in facts["command"]
    assert facts["machine"]["devices"] == 2 and facts["results"]["steps"] == 16 // 2 // 2
    assert done.stdout.count("4 steps in") == 1 and done.stderr.count("validated: step 4, loss") == 1


def test_checkpoints_of_another_recipe_are_not_gone_on_with(itdr: Path, recipe: TrainRecipe, tmp_path: Path):
    prepare(itdr, recipe, tmp_path / "x")
    with pytest.raises(UsageError, match=r"x.checkpoints: of a run with another seed 0 \(now 7\)"):
        prepare(itdr, changed(recipe, {"seed": 7}), tmp_path / "x")


def test_a_checkpoint_without_its_last_file_does_not_count(tmp_path: Path):
    for step, state in ((2, "{}x"), (4, '{"global_step": 4}'), (6, '{"global')):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-8").mkdir()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-4"


def test_a_base_that_is_not_there_and_an_output_that_is_not_ours_are_refused(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path
):
    with pytest.raises(ModelError, match=r"want a Hub id or a folder with config.json and weights"):
        train(itdr, changed(recipe, {"model": str(tmp_path / "none")}), tmp_path / "x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match=r"holds files but no recipe.json"):
        train(itdr, recipe, tmp_path / "mine")


def test_qlora_without_its_library_says_what_to_install(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(UsageError, match=r"bitsandbytes is not installed; want it for --quantised; pip install bits"):
        train(itdr, changed(recipe, {"quantised": True}), tmp_path / "x")


def test_an_overflow_is_an_error_before_the_first_step(itdr: Path, recipe: TrainRecipe, tmp_path: Path):
    with pytest.raises(UsageError, match=r"48 of 48 examples are longer than 200 tokens"):
        train(itdr, changed(recipe, {"max_length": 200}), tmp_path / "x")


def test_adapter_and_merged_model_say_the_same_and_the_base_something_else(
    itdr: Path, tuned: Path, base: Path, tmp_path: Path
):
    import peft
    import transformers

    told = answers(LocalModel(str(base), adapter=str(tuned), dtype="float32", max_tokens=12), itdr)
    whole = transformers.AutoModelForCausalLM.from_pretrained(base)
    peft.PeftModel.from_pretrained(whole, str(tuned)).merge_and_unload().save_pretrained(tmp_path / "merged")
    transformers.AutoTokenizer.from_pretrained(base).save_pretrained(tmp_path / "merged")
    assert answers(LocalModel(str(tmp_path / "merged"), dtype="float32", max_tokens=12), itdr) == told
    alone = answers(LocalModel(str(base), dtype="float32", max_tokens=12), itdr)
    off = LocalModel(str(base), adapter=str(tuned), dtype="float32", max_tokens=12)
    with off.model.disable_adapter():
        assert answers(off, itdr) == alone
    assert told != alone


def test_packed_examples_do_not_see_each_other(itdr: Path, recipe: TrainRecipe, tmp_path: Path):
    import torch

    run = prepare(
        itdr, changed(recipe, {"packing": True, "batch": 1, "eval_limit": 0, "max_length": 2048}), tmp_path / "x"
    )
    assert len(run.trainer.train_dataset) < 48
    trained = [label for labels in run.trainer.train_dataset["labels"] for label in labels if label != -100]
    assert len(trained) == run.facts["data"]["train"]["answer_tokens"], "the loss is on the answers alone, all of them"
    batch: Any = run.trainer.data_collator([run.trainer.train_dataset[0]])
    places = batch["position_ids"][0].tolist()
    second = places.index(0, 1)
    until = next((k for k in range(second + 1, len(places)) if places[k] == 0), len(places))
    model = run.trainer.model.eval()
    with torch.no_grad():
        packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"]).logits[0, second:until]
        alone = model(input_ids=batch["input_ids"][:, second:until]).logits[0]
    assert torch.allclose(packed, alone, atol=1e-4)


def test_an_adapter_is_not_trained_on_as_if_it_were_its_base(
    itdr: Path, recipe: TrainRecipe, tuned: Path, tmp_path: Path
):
    with pytest.raises(UsageError, match=r"x: is an adapter of org/base; want a base model; merge it first"):
        train(itdr, changed(recipe, {"model": str(tuned)}), tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_a_run_goes_on_only_on_as_many_devices_of_the_same_kind_with_the_same_base(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    prepare(itdr, recipe, tmp_path / "x")
    note = tmp_path / "x.checkpoints" / "run.json"
    kept = json.loads(note.read_text())
    for change in ({"devices": 8}, {"kind": "cuda"}, {"base": "0" * 16}, {"batch": 2}, {"packages": {}}):
        note.write_text(json.dumps({**kept, **change}))
        with pytest.raises(UsageError, match=rf"of a run with another {next(iter(change))}.*\(now .*remove it, or"):
            prepare(itdr, recipe, tmp_path / "x")


def test_prompts_without_the_chat_template_are_recorded_and_asked_for_alike(
    itdr: Path, base: Path, recipe: TrainRecipe, tmp_path: Path
):
    from models.bases import make_base

    chat = make_base(tmp_path / "chat", "chat")
    quick = {
        "model": str(chat),
        "plain": True,
        "limit": 4,
        "epochs": 1,
        "eval_limit": 0,
        "max_length": 4096,
        "base_id": "org/chat",
    }
    train(itdr, changed(recipe, quick), tmp_path / "ad")
    assert json.loads((tmp_path / "ad/recipe.json").read_text())["prompt"]["form"] == "plain"
    asked = LocalModel(str(chat), adapter=str(tmp_path / "ad"))
    assert asked.run.settings["form"] == "plain" and asked.warnings == ()


def test_a_run_that_goes_on_names_whichever_fact_of_its_record_is_another(tuned: Path, tmp_path: Path):
    facts = json.loads((tuned / "recipe.json").read_text())
    (tmp_path / "x.checkpoints").mkdir()
    check_same_run(tmp_path / "x.checkpoints", facts)
    note = tmp_path / "x.checkpoints" / "run.json"
    kept = json.loads(note.read_text())
    assert {"model", "seed", "batch", "content", "devices", "kind", "base", "prompt", "packages"} <= set(kept)
    for name in kept:
        note.write_text(json.dumps({**kept, name: "other"}))
        with pytest.raises(
            UsageError, match=rf"of a run with another {name}[. ].*remove it, or choose another --output"
        ):
            check_same_run(tmp_path / "x.checkpoints", facts)


def test_a_run_whose_loss_is_no_number_ends_in_one_line_and_writes_no_adapter(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path
):
    import safetensors.torch as files
    from models.bases import make_base

    weights = make_base(tmp_path / "m") / "model.safetensors"
    tensors = files.load_file(weights)
    tensors["model.norm.weight"][0] = float("nan")
    files.save_file(tensors, weights, metadata={"format": "pt"})
    quick = {"model": str(tmp_path / "m"), "limit": 4, "epochs": 1, "eval_limit": 0, "max_length": 4096}
    with pytest.raises(ModelError, match=r"^step 1: loss nan; want a number; lower --learning-rate"):
        train(itdr, changed(recipe, quick), tmp_path / "x", progress=print)
    assert not (tmp_path / "x").exists()


def test_a_stage_does_not_go_on_from_an_adapter_of_another_base(
    itdr: Path, base: Path, recipe: TrainRecipe, tuned: Path, tmp_path: Path
):
    import shutil

    other = Path(shutil.copytree(base, tmp_path / "other"))
    (other / "generation_config.json").write_text("{}")
    with pytest.raises(
        UsageError, match=r"x: was tuned on org/base .*, and this base is .*; want adapters of one base"
    ):
        prepare(itdr, changed(recipe, {"model": str(other), "start": str(tuned)}), tmp_path / "y")


def test_every_step_is_reported_with_loss_and_speed_however_rare_the_trainers_own_logs_are(
    itdr: Path, recipe: TrainRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("itdr_hf.models.train.watching.EVERY", 0.0)
    run = prepare(itdr, changed(recipe, {"limit": 16, "epochs": 1, "eval_limit": 0}), tmp_path / "x")
    run.trainer.args.logging_steps = 1000
    heard: list[Progress] = []
    report_steps(run.trainer, heard.append)
    run.trainer.train()
    steps = {one.done: one.detail for one in heard if one.message == "training" and one.done}
    assert list(steps) == [1, 2, 3, 4]
    assert all(re.fullmatch(r"loss \d+\.\d{4}, [\d,]+ tokens/s", detail) for detail in steps.values()), steps
    mean = run.trainer.state.log_history[-1]["train_loss"]
    assert float(steps[4].split()[1].rstrip(",")) == pytest.approx(mean, abs=1e-3)
