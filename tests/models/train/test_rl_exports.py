"""Exports for trainers of rewards and of preferences: their lines, and the trainers reading them unchanged."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from itdr_hf import catalogue, rewards
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Completion, Run, open_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.train.export import export
from itdr_hf.models.train.pairs import from_negatives
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.prompts import to_prompt_completion
from itdr_hf.records import INSTRUCTION
from itdr_hf.rewards.pairs import best_and_worst

CONFIG = "nir-movielens32m"
ROW = {
    "id": "a", "subtask": "tkr", "source": "movielens32m", "instruction": "", "input": "?", "output": "1. A\n2. C\n3. B\n4. D",
    "candidates": ["D", "C", "B", "A"], "targets": ["A", "C"],
}  # fmt: skip


def lines(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "data" / f"{split}.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def rows(itdr: Path) -> dict[str, dict[str, Any]]:
    """The training rows of the cell, by id."""
    return {row["id"]: row for row in Dataset.open(itdr).rows(CONFIG, "train", INSTRUCTION.names)}


def test_a_grpo_line_holds_the_prompt_and_what_rewards_read_and_no_answer(itdr, rows, tmp_path):
    for chat in (False, True):
        export(itdr, tmp_path / "out", "trl-grpo", configs=["nir", "rp", "uap"], chat=chat)
        found = lines(tmp_path / "out")
        columns = {name: [line[name] for line in found] for name in found[0] if name != "prompt"}
        assert "output" not in columns
        answers = [rows[line["id"]]["output"] if line["id"] in rows else "no idea" for line in found]
        made = rewards.content(answers, prompts=[line["prompt"] for line in found], **columns)
        assert all(reward == 1 for reward, line in zip(made, found, strict=True) if line["id"] in rows)
        asked = {line["id"]: line["prompt"][0]["content"] + "\n" if chat else line["prompt"] for line in found}
        assert {name: asked[name] for name in rows} == {
            n: to_prompt_completion(row)["prompt"] for n, row in rows.items()
        }
    config = yaml.safe_load((tmp_path / "out/grpo.yaml").read_text())
    for name in config["reward_funcs"]:
        assert callable(getattr(rewards, name.removeprefix("itdr_hf.rewards.")))


def test_pairs_of_a_choice_are_the_truth_and_a_negative(itdr, rows, tmp_path):
    made = export(itdr, tmp_path / "out", "trl-preference", configs=["nir", "rp"], chat=True)
    found = lines(tmp_path / "out")
    assert len(found) == len(rows) == made.counts["train"]
    assert (
        made.left_out
        and f"no pair could be made of {made.left_out:,}" in (tmp_path / "out/README.md").read_text().lower()
    )
    for line in found:
        row = rows[line["id"]]
        assert line["chosen"][0]["content"] == row["output"] and line["rejected_kind"] == "negative"
        assert line["rejected"][0]["content"] in set(row["candidates"]) - set(row["targets"])
    export(itdr, tmp_path / "out", "trl-kto", configs=["nir"], chat=False)
    sides = Counter(line["label"] for line in lines(tmp_path / "out"))
    assert sides == {True: len(rows), False: len(rows)}


def test_the_worst_ranking_has_every_negative_first():
    cell = catalogue.cell("tkr-movielens32m")
    assert from_negatives()(cell, ROW).rejected == "1. D\n2. B\n3. A\n4. C"
    assert from_negatives("shown")(cell, ROW).kind == "impression"
    assert from_negatives()(cell, {**ROW, "candidates": ["A", "C"]}) is None
    assert from_negatives()(catalogue.cell("rp-movielens32m"), ROW) is None


def test_pairs_of_llama_factory_say_so_in_its_dataset_info(itdr, tmp_path):
    export(itdr, tmp_path / "out", "llama-factory-ranking", configs=["nir"])
    info = json.loads((tmp_path / "out/data/dataset_info.json").read_text())["itdr_train"]
    assert info["ranking"] is True and set(info["columns"].values()) <= lines(tmp_path / "out")[0].keys()
    config = yaml.safe_load((tmp_path / "out/dpo.yaml").read_text())
    assert (config["stage"], config["pref_loss"], config["learning_rate"]) == ("dpo", "sigmoid", pytest.approx(1e-5))


def predicted(itdr: Path, path: Path, answer) -> Path:
    """A predictions file for train that holds what `answer` says of each question."""
    with open_predictions(path, Run(model="org/x", revision="1")) as (_, keep):
        for place, question in enumerate(read_questions(itdr, ["nir", "rp"], "train")):
            keep(question, Completion(answer(place, question), "stop"))
    return path


def test_of_several_answers_the_best_and_the_worst_make_a_pair(itdr, rows, tmp_path):
    good = predicted(itdr, tmp_path / "a.parquet", lambda n, q: rows[q.id]["output"] if q.id in rows else "3")
    poor = predicted(itdr, tmp_path / "b.parquet", lambda n, q: f"nothing {n}" if n % 2 else rows.get(q.id, {}).get("output", "3"))  # fmt: skip
    made = export(
        itdr, tmp_path / "out", "trl-preference", configs=["nir"], chat=False, pairs=best_and_worst([poor, good])
    )
    found = lines(tmp_path / "out")
    assert 0 < len(found) < len(rows) and made.left_out >= len(rows) - len(found)
    for line in found:
        assert line["chosen"] == rows[line["id"]]["output"] and line["rejected"].startswith("nothing")
        assert line["rejected_kind"] == "answer"
    export(itdr, tmp_path / "one", "trl-preference", configs=["rp"], pairs=best_and_worst([good]))
    assert all(line["rejected"] == "3" != line["chosen"] for line in lines(tmp_path / "one"))
    with pytest.raises(UsageError, match="no pair of answers in nir-movielens32m"):
        export(itdr, tmp_path / "none", "trl-preference", configs=["nir"], pairs=best_and_worst([good, good]))


def test_answers_to_another_build_make_no_pairs(itdr, rows, tmp_path):
    path = predicted(itdr, tmp_path / "a.parquet", lambda n, q: "x")
    other = {**next(iter(rows.values())), "input": "another prompt"}
    with pytest.raises(UsageError, match="was asked with another prompt"):
        best_and_worst([path])(catalogue.cell(CONFIG), other)


def test_recbole_gets_histories_and_what_came_next(itdr, rows, tmp_path):
    made = export(itdr, tmp_path / "out", "recbole", configs=["nir"])
    place = tmp_path / "out/data/itdr"
    head, *items = (place / "itdr.item").read_text().splitlines()
    titles = dict(line.split("\t") for line in items)
    assert head == "item_id:token\ttitle:token_seq" and len(set(titles.values())) == len(titles)
    head, *inter = (place / "itdr.train.inter").read_text().splitlines()
    assert head == "user_id:token\titem_id_list:token_seq\titem_id:token" and len(inter) == made.counts["train"]
    told = {(tuple(titles[n] for n in line.split("\t")[1].split()), titles[line.split("\t")[2]]) for line in inter}
    assert told == {(tuple(" ".join(t.split()) for t in row["history"]), row["targets"][0]) for row in rows.values()}
    config = yaml.safe_load((tmp_path / "out/recbole.yaml").read_text())
    for word in config["benchmark_filename"]:
        assert (place / f"itdr.{word}.inter").is_file()
    with pytest.raises(UsageError, match="no history with items that came next"):
        export(itdr, tmp_path / "out", "recbole", configs=["uap"])


def test_a_verl_row_is_as_documented_and_its_score_that_of_the_rewards(itdr, rows, tmp_path):
    import pyarrow.parquet as pq

    from itdr_hf.rewards.verl import compute_score

    export(itdr, tmp_path / "out", "verl", configs=["nir", "rp", "uap"])
    found = pq.read_table(tmp_path / "out/data/train.parquet").to_pylist()
    assert {"data_source", "prompt", "ability", "reward_model", "extra_info"} == found[0].keys()
    for row in found:
        assert row["reward_model"]["style"] == "rule" and row["prompt"][0]["role"] == "user"
        asked = (row["data_source"], row["reward_model"]["ground_truth"], row["extra_info"])
        told = rows[row["extra_info"]["id"]]["output"] if row["extra_info"]["id"] in rows else ""
        assert (compute_score(asked[0], told, *asked[1:])["score"] == 1) == bool(told)
    assert "custom_reward_function.path=reward.py" in (tmp_path / "out/grpo.sh").read_text()


def test_batch_requests_ask_each_example_and_are_named_by_it(itdr, rows, tmp_path):
    recipe = TrainRecipe(model="org/served")
    export(itdr, tmp_path / "out", "openai-batch", configs=["nir"], recipe=recipe)
    found = [json.loads(line) for line in (tmp_path / "out/data/train-00001.jsonl").read_text().splitlines()]
    assert {line["custom_id"] for line in found} == rows.keys()
    for line in found:
        [turn] = line["body"]["messages"]
        assert f"{turn['content']}\n" == to_prompt_completion(rows[line["custom_id"]])["prompt"]
        assert (line["body"]["model"], line["body"]["max_tokens"], line["url"]) == (
            "org/served",
            256,
            "/v1/chat/completions",
        )
