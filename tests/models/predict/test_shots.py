"""Few-shot questions: solved examples of the training split, of other users, in the same wording, the same every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.shots import with_shots
from itdr_hf.prompts import asked_messages, asked_text
from itdr_hf.score.harness import write_tasks
from itdr_hf.score.score_file import name_of
from itdr_hf.simulate import simulate

CONFIG = "nir-movielens32m"


@pytest.fixture(scope="module")
def shared_users(tmp_path_factory) -> Dataset:
    """Two wordings, and the last of each user for the test: every user of test is in train."""
    home = tmp_path_factory.mktemp("shared")
    simulate(home / "raw", sources=["movielens32m"], scale=0.02, seed=3)
    changes = {"split_protocol": "leave-last", "template": "mixed"}
    build_folder(home / "itdr", Settings(raw=home / "raw"), configs=[CONFIG], changes=changes)
    return Dataset.open(home / "itdr")


def shot_rows(dataset: Dataset, config: str = CONFIG) -> dict[tuple[str, str], dict[str, str]]:
    """Training rows by prompt and answer."""
    columns = ("id", "user", "template", "input", "output")
    return {(row["input"], row["output"]): row for row in dataset.rows(config, "train", columns)}


def asked_of(dataset: Dataset, count: int = 3, seed: int = 0, config: str = CONFIG):
    questions = read_questions(dataset, [config])
    return with_shots(questions, dataset, split="test", count=count, seed=seed)


def test_shots_are_of_train_of_other_users_and_in_the_wording_of_the_question(shared_users):
    known = shot_rows(shared_users)
    asked = {row["id"]: row for row in shared_users.rows(CONFIG, "test", ("id", "user", "template"))}
    users = {row["user"] for row in known.values()}
    assert {row["user"] for row in asked.values()} & users, "the fixture has users in both splits"
    questions, _ = asked_of(shared_users)
    for question in questions:
        shots = [known[shot["input"], shot["output"]] for shot in question.shots]
        mine = asked[question.id]
        assert len({shot["user"] for shot in shots} - {mine["user"]}) == 3
        assert {shot["template"] for shot in shots} == {mine["template"]}
    assert len({question.shots for question in map(_hashable, questions)}) > 2  # two wordings, and users of their own


def _hashable(question):
    from dataclasses import replace

    return replace(question, shots=tuple(shot["input"] for shot in question.shots))


def test_the_seed_decides_which_shots_and_is_recorded_with_them(shared_users):
    first, again, other = asked_of(shared_users), asked_of(shared_users), asked_of(shared_users, seed=1)
    assert first == again
    assert first[1]["from"] != other[1]["from"] and first[0] != other[0]
    assert (first[1]["count"], first[1]["seed"]) == (3, 0)


def test_items_without_users_stand_for_themselves(asked):
    questions, _ = asked_of(Dataset.open(asked), config="tui-movielens32m")
    assert all(len(question.shots) == 3 for question in questions)


def test_a_split_that_is_asked_about_itself_shows_no_answer_of_the_question(asked):
    dataset = Dataset.open(asked)
    questions = read_questions(dataset, ["tui-movielens32m"], split="train")
    solved, _ = with_shots(questions, dataset, split="train", count=2, seed=0)
    assert all(question.input not in [shot["input"] for shot in question.shots] for question in solved)


def test_more_shots_than_users_is_an_error(asked):
    with pytest.raises(UsageError, match=r"nir-movielens32m: \d+ examples of other users in train .*want 5000 shots"):
        asked_of(Dataset.open(asked), count=5000)


def test_a_chat_has_a_pair_of_turns_a_shot_and_a_plain_prompt_a_blank_line_behind_each(asked):
    question = asked_of(Dataset.open(asked), count=2)[0][0]
    turns = asked_messages(question)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert turns[1]["content"] == question.shots[0]["output"] and turns[-1]["content"].endswith(question.input)
    solved = [f"{shot['instruction']}\n{shot['input']}\n{shot['output']}\n\n" for shot in question.shots]
    assert asked_text(question) == f"{''.join(solved)}{question.instruction}\n{question.input}\n"


def test_predict_records_shots_and_refuses_to_go_on_with_others(asked, chat, tmp_path):
    out = tmp_path / "p.parquet"
    words = ["predict", str(asked), "--endpoint", chat.url, "--model-name", "m", "--config", CONFIG, "--limit", "2"]
    assert CliRunner().invoke(app, [*words, "--out", str(out), "--shots", "2"]).exit_code == 0
    assert all(len(body["messages"]) == 5 for _, body in chat.requests)
    made = read_predictions(out)
    assert made.run.settings["shots"]["count"] == 2 and name_of(made) == "m, 2-shot"
    again = CliRunner().invoke(app, [*words, "--out", str(out), "--shots", "3"])
    assert isinstance(again.exception, UsageError) and "shots.count" in str(again.exception)


def test_a_baseline_takes_no_shots(asked, tmp_path):
    words = ["predict", str(asked), "--baseline", "popular", "--shots", "2", "--out", str(tmp_path / "p.parquet")]
    assert "reads no prompt" in str(CliRunner().invoke(app, words).exception)


def test_a_harness_task_has_the_same_shots_or_says_why_not(asked, shared_users, tmp_path):
    dataset = Dataset.open(asked)
    write_tasks(dataset, tmp_path / "tasks", [CONFIG], shots=2)
    text = (tmp_path / f"tasks/itdr_{CONFIG}.yaml").read_text()
    found = dict(line.split(": ", 1) for line in text.splitlines())
    samples = json.loads(found["fewshot_config"])["samples"]
    assert found["num_fewshot"] == "2" and "fewshot_split" not in found
    assert tuple(samples) == asked_of(dataset, count=2)[0][0].shots
    with pytest.raises(UsageError, match="shots for . wordings"):
        write_tasks(shared_users, tmp_path / "others", [CONFIG], shots=2)


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="needs lm_eval: make test-train")
def test_lm_evals_own_few_shots_are_training_examples_and_their_answers_follow_as_in_training(asked: Path, tmp_path):
    """With --num_fewshot, which draws them itself."""
    from lm_eval.tasks import TaskManager

    [name] = write_tasks(asked, tmp_path / "tasks", [CONFIG], plain=True)
    task = TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False).load([name])["tasks"][name]
    solved = list(Dataset.open(asked).rows(CONFIG, "train", ("input", "output")))
    tested = list(task.test_docs())
    for doc in tested[:5]:
        prompt = task.fewshot_context(doc, num_fewshot=2)
        shots = [row for row in solved if f"{row['input']}\n{row['output']}\n\n" in prompt]
        assert len(shots) == 2 and prompt.endswith(f"{doc['input']}\n") and prompt.count(doc["input"]) == 1
        assert not [other for other in tested if other["input"] in prompt and other["id"] != doc["id"]]


@pytest.mark.skipif(find_spec("lm_eval") is None, reason="needs lm_eval: make test-train")
def test_lm_eval_asks_with_the_bytes_of_predict(asked: Path, chat, tmp_path):
    names = write_tasks(asked, tmp_path / "tasks", [CONFIG], shots=2)
    words = ["predict", str(asked), "--endpoint", chat.url, "--model-name", "tiny", "--config", CONFIG]
    words += ["--shots", "2", "--out", str(tmp_path / "p.parquet")]
    subprocess.run([sys.executable, "-m", "itdr_hf", *words], check=True, capture_output=True)
    mine = {json.dumps(body["messages"]) for _, body in chat.requests}
    chat.requests.clear()
    arguments = f"model=tiny,base_url={chat.url}/chat/completions,num_concurrent=4,max_retries=3"
    words = ["--model", "local-chat-completions", "--model_args", arguments, "--apply_chat_template"]
    words += ["--fewshot_as_multiturn", "--include_path", str(tmp_path / "tasks"), "--tasks", ",".join(names)]
    run = [sys.executable, "-m", "lm_eval", *words, "--output_path", str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OPENAI_API_KEY": "none"})
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = {
        json.dumps([{k: turn[k] for k in ("role", "content")} for turn in b["messages"]]) for _, b in chat.requests
    }
    assert theirs == mine
