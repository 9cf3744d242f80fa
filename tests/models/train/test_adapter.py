"""Adapters and their cards: what is refused before anything is sent, what is warned of, what the card says."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hubserver.stage import Stage
from huggingface_hub import ModelCard
from models.train.made import recipe_facts, write_adapter

from itdr_hf.errors import HubError
from itdr_hf.hub.adapter import push_adapter, write_card
from itdr_hf.hub.adapter_folder import check_adapter
from itdr_hf.hub.eval_results import eval_results_text
from itdr_hf.hub.local_files import read_folder
from itdr_hf.models.pretrained import revision_of

pytest_plugins = ("hubserver.plugin",)


def figure(kind: str, system: str, value: float, **more: Any) -> dict[str, Any]:
    known = {
        "config": "rp-movielens32m",
        "metric": "RMSE",
        "low": value - 0.1,
        "high": value + 0.1,
        "n": 60,
        "users": 60,
    }
    return {"kind": kind, "system": system, "value": value, "signature": "RMSE|v1", **known, **more}


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A scores.json as `itdr score` writes it."""
    cell = {"n": 60, "users": 60, "parsed": {"lenient": 0.95, "strict": 0.9}, "faults": {"lenient": {}, "strict": {}}}
    figures = [figure("ours", "base + x", 0.9), figure("other", "base", 3.25), figure("baseline", "random", 1.5)]
    figures += [figure("baseline", "mean", 1.1), figure("paper", "GLM-4-9B ft", 1.03)]
    settings = {"adapter": "x", "adapter_revision": revision_of(str(write_adapter(tmp_path / "as-scored")), None)}
    contents = {name: cell["content"] for name, cell in recipe_facts()["dataset"]["cells"].items()}
    found = {
        "system": "base + x",
        "run": {"model": "base", "revision": "abc", "settings": settings},
        "dataset": {"version": "1.0.0", "cells": contents},
        "split": "test",
        "reading": "lenient",
        "notes": [],
        "cells": {"rp-movielens32m": cell},
    }
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({**found, "figures": figures, "against": None, "differences": []}))
    return path


def card(folder: Path, scores: Path | None = None) -> str:
    write_card(folder, "org/x", dataset_id="org/itdr", scores=scores, version="1.2.0")
    return (folder / "README.md").read_text()


def test_the_card_names_base_dataset_tag_content_recipe_prompt_and_licences(tmp_path: Path):
    text = card(write_adapter(tmp_path / "x"))
    facts = recipe_facts()
    for part in (
        "org/base",
        "org/itdr",
        "v1.0.0",
        "v1.2.0",
        facts["dataset"]["content"],
        facts["prompt"]["hash"],
        "abc123",
    ):
        assert part in text
    assert "learning rate 0.0001 cosine, 2 epochs, batch 1 × 8, bf16" in text
    assert "MovieLens 32M" in text and "simulated data" in text and "Not scored" in text
    data = ModelCard(text).data
    assert (data.base_model, data.library_name, data.datasets) == ("org/base", "peft", ["org/itdr"])


def test_figures_stand_in_the_card_with_intervals_chance_and_parse_rates(tmp_path: Path, scores: Path):
    text = card(write_adapter(tmp_path / "x"), scores)
    assert "| `rp-movielens32m` | RMSE | 0.900 | 0.800 – 1.000 | 60 | random 1.500, mean 1.100, base 3.250 |" in text
    assert "| `rp-movielens32m` | 60 | 95.0 % | 90.0 % |" in text
    (result,) = ModelCard(text).data.eval_results
    assert (result.dataset_type, result.dataset_config, result.dataset_revision) == (
        "org/itdr",
        "rp-movielens32m",
        "v1.0.0",
    )
    assert (result.metric_type, result.metric_value, result.metric_args["low"]) == ("RMSE", 0.9, 0.8)


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("run", {"settings": {"adapter_revision": "0123"}}, r"of base \+ x, adapter 0123; want scores of this adapter"),
        ("run", {"settings": {"form": "plain"}}, "adapter none; want scores of this adapter"),
        ("dataset", {"cells": {"rp-movielens32m": "0" * 64}}, "rp-movielens32m has content 000000000000…; want"),
        ("run", None, "no run; want scores.json of `itdr score --out`"),
    ],
)
def test_scores_of_another_adapter_or_build_never_stand_in_a_card(
    tmp_path: Path, scores: Path, part: str, change: dict[str, Any] | None, message: str
):
    found = json.loads(scores.read_text())
    found[part] = found[part] | change if change else None
    scores.write_text(json.dumps({name: value for name, value in found.items() if value is not None}))
    with pytest.raises(HubError, match=message):
        card(write_adapter(tmp_path / "x"), scores)
    assert not (tmp_path / "x/README.md").exists()


def test_scores_of_a_server_that_has_the_adapter_loaded_are_taken(tmp_path: Path, scores: Path):
    found = json.loads(scores.read_text())
    found["run"]["settings"] = {"at": "127.0.0.1", "form": "chat"}
    scores.write_text(json.dumps(found))
    assert "0.900" in card(write_adapter(tmp_path / "x"), scores)


@pytest.mark.parametrize("base", ["runs/base", "./base", "/models/llama", "C:\\models\\llama", "base", ""])
def test_a_base_that_is_a_path_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str):
    (tmp_path / "runs" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HubError, match=r"adapter_config.json: base model .* is a path; want a Hub id"):
        check_adapter(write_adapter(tmp_path / "x", base=base))


def test_a_base_that_was_a_folder_where_it_was_trained_is_refused_elsewhere_until_it_has_an_id(tmp_path: Path):
    folder = write_adapter(tmp_path / "x", base="runs/base")
    facts = recipe_facts()
    facts["model"]["on_hub"], facts["recipe"]["model"] = False, "runs/base"
    (folder / "recipe.json").write_text(json.dumps(facts))
    with pytest.raises(HubError, match="base model 'runs/base' is a path"):
        check_adapter(folder)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "org/base", "r": 8}))
    assert check_adapter(folder).base == "org/base"
    facts["recipe"]["model"] = "/home/someone/base"
    (folder / "recipe.json").write_text(json.dumps(facts))
    with pytest.raises(HubError, match=r"recipe.json: model '/home/someone/base' is a path on this machine"):
        check_adapter(folder)


def test_the_card_does_not_call_the_content_of_a_local_base_a_revision(tmp_path: Path):
    folder = write_adapter(tmp_path / "x")
    assert "Base at revision `abc123`" in card(folder)
    facts = recipe_facts()
    facts["model"]["on_hub"], facts["recipe"]["base_id"] = False, "org/base"
    (folder / "recipe.json").write_text(json.dumps(facts))
    assert "Base from a folder whose content has the hash `abc123`" in card(folder)


@pytest.mark.parametrize("missing", ["adapter_model.safetensors", "adapter_config.json", "recipe.json"])
def test_a_folder_that_lacks_a_part_is_refused(tmp_path: Path, missing: str):
    (write_adapter(tmp_path / "x") / missing).unlink()
    with pytest.raises(HubError, match=f"{missing}: missing; want a folder written by `itdr train`"):
        check_adapter(tmp_path / "x")


def test_pickles_are_never_sent(tmp_path: Path):
    folder = write_adapter(tmp_path / "x")
    (folder / "optimizer.pt").write_bytes(pickle.dumps({}))
    with pytest.raises(HubError, match=r"optimizer.pt: not a file of an adapter; .*no pickles"):
        check_adapter(folder)


def test_weights_that_are_cut_or_a_renamed_pickle_are_refused(tmp_path: Path):
    weights = write_adapter(tmp_path / "x") / "adapter_model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[:-1], pickle.dumps({"a": 1}), b""):
        weights.write_bytes(damaged)
        with pytest.raises(HubError, match="want a complete safetensors file"):
            check_adapter(tmp_path / "x")


def test_what_vllm_would_refuse_is_warned_of_and_stands_in_the_card(tmp_path: Path):
    folder = write_adapter(tmp_path / "x", r=32, modules_to_save=["lm_head"], use_dora=True)
    warnings = check_adapter(folder).warnings
    assert ["rank 32 is above" in warnings[0], "modules_to_save (lm_head)" in warnings[1], "DoRA" in warnings[2]] == [
        True
    ] * 3
    text = card(folder)
    assert "--max-lora-rank 32" in text and "lm_head" in text
    assert check_adapter(write_adapter(tmp_path / "y", r=16)).warnings == ()


def test_a_rank_pattern_counts(tmp_path: Path):
    assert check_adapter(write_adapter(tmp_path / "x", rank_pattern={"q_proj": 64})).rank == 64


@pytest.mark.parametrize("slot", ["prompt", "dataset", "results", "model"])
def test_a_card_with_nothing_for_a_slot_is_not_written(tmp_path: Path, slot: str):
    folder = write_adapter(tmp_path / "x")
    facts = recipe_facts()
    del facts[slot]
    (folder / "recipe.json").write_text(json.dumps(facts))
    with pytest.raises(HubError, match=f"no {slot}"):
        card(folder)
    assert not (folder / "README.md").exists()


def test_a_dataset_that_is_no_hub_id_is_refused(tmp_path: Path):
    with pytest.raises(HubError, match="dataset 'itdr/': not a Hub id"):
        write_card(write_adapter(tmp_path / "x"), "org/x", dataset_id="itdr/", scores=None, version="1.0.0")


def test_an_adapter_is_one_commit_tagged_and_verified(stage: Stage, tmp_path: Path, scores: Path):
    folder = write_adapter(tmp_path / "x")
    release = push_adapter(stage.api, folder, "org/x", dataset_id="org/itdr", scores=scores, retry=stage.retry)
    repo = stage.hub.storage.repo("models", "org/x")
    assert repo is not None and repo.private
    assert repo.refs["refs/tags/v1.0.0"] == release.commit == repo.refs["refs/heads/main"]
    assert {"README.md", "adapter_model.safetensors", "adapter_config.json", "recipe.json"} <= set(
        repo.resolve("main").files
    )
    again = push_adapter(stage.api, folder, "org/x", dataset_id="org/itdr", scores=scores, retry=stage.retry)
    assert not again.committed and again.commit == release.commit


def test_an_unfit_adapter_reaches_no_hub(stage: Stage, tmp_path: Path):
    folder = write_adapter(tmp_path / "x", base="/models/llama")
    with pytest.raises(HubError, match="is a path"):
        push_adapter(stage.api, folder, "org/x", dataset_id="org/itdr", retry=stage.retry)
    assert stage.hub.log == []


def test_figures_of_choices_are_written_for_the_hubs_leaderboards_with_interval_and_chance(
    tmp_path: Path, scores: Path
):
    folder = write_adapter(tmp_path / "x")
    card(folder, scores)
    assert not (folder / ".eval_results").exists(), "ratings are no task of eval.yaml"
    found = json.loads(scores.read_text())
    row = {"config": "nir-movielens32m", "metric": "H@1", "low": 0.3, "high": 0.5, "n": 60, "users": 60}
    found["figures"] += [
        {**row, "kind": "ours", "system": "base + x", "value": 0.4},
        {**row, "kind": "baseline", "system": "random", "value": 0.2},
    ]
    text = eval_results_text(found, "org/itdr")
    [result] = yaml.safe_load(text)
    assert result["dataset"] == {"id": "org/itdr", "task_id": "nir-movielens32m", "revision": "v1.0.0"}
    assert result["value"] == 0.4 and "95 % interval 0.300 to 0.500" in result["notes"]
    assert "chance 0.200" in result["notes"] and "read lenient" in result["notes"]
    assert eval_results_text({**found, "split": "validation"}, "org/itdr") == ""


def test_eval_results_are_pushed_though_their_name_begins_with_a_dot(tmp_path: Path):
    folder = write_adapter(tmp_path / "x")
    card(folder)
    (folder / ".eval_results").mkdir()
    (folder / ".eval_results/itdr.yaml").write_text("[]")
    (folder / ".secret").write_text("x")
    names = read_folder(folder, "model").files
    assert ".eval_results/itdr.yaml" in names and ".secret" not in names


def test_the_card_of_a_reward_model_and_of_a_refined_one_say_what_they_are_and_how_far_they_came(tmp_path: Path):
    made = {}
    for stage, results, begun in (
        ("reward", {"validation_accuracy": [[5, 0.8], [10, 0.925]]}, {"start": {"name": "distil", "content": "aa11"}}),
        (
            "refine",
            {
                "rewards": {
                    "train": [],
                    "validation": [{"step": 0, "reward": -1.5, "kl": 0.0}, {"step": 10, "reward": 0.25, "kl": 0.4}],
                }
            },
            {"start": {"name": "dialogue", "content": "bb22"}, "reward": {"name": "reward", "content": "cc33"}},
        ),
    ):
        folder = write_adapter(tmp_path / stage)
        facts = recipe_facts()
        facts["recipe"] |= {"stage": stage}
        facts["results"] |= results
        del facts["data"]["train"]["answer_tokens"]
        (folder / "recipe.json").write_text(json.dumps({**facts, "begun": begun}))
        made[stage] = card(folder)
    scorer, refined = made["reward"], made["refine"]
    assert (
        "AutoPeftModelForSequenceClassification" in scorer and "num_labels=1" in scorer and "vllm serve" not in scorer
    )
    assert (
        "80.0% at step 5, 92.5% at step 10" in scorer and "It began with the adapter `distil`, content `aa11`" in scorer
    )
    assert ModelCard(scorer).data.pipeline_tag == "text-classification"
    assert (
        "step 0, reward -1.5, kl 0.0; step 10, reward 0.25, kl 0.4" in refined
        and "Its reward is the adapter `reward`" in refined
    )
    assert "rloo" in ModelCard(refined).data.tags and "AutoPeftModelForCausalLM" in refined
