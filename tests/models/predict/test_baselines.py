"""Baselines: what they say follows from the training split and the prompt alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.models.recommenders.baselines import BASELINES, Baseline, baselines_of
from itdr_hf.models.recommenders.title_overlap import title_overlap
from itdr_hf.models.recommenders.training_statistics import Knowledge


def said(folder: Path, name: str, questions: list[Question]) -> dict[str, str]:
    answers: dict[str, str] = {}
    Baseline(name=name, dataset=folder).answer(questions, lambda q, answered: answers.__setitem__(q.id, answered.text))
    return answers


def rows_of(folder: Path, config: str, split: str) -> list[dict]:
    return pq.read_table(folder / config / f"{split}-00000-of-00001.parquet").to_pylist()


@pytest.mark.parametrize("name", BASELINES)
def test_no_baseline_reads_the_answers_of_the_test_split(asked, tmp_path, name):
    blank = tmp_path / "itdr"
    shutil.copytree(asked, blank)
    for path in blank.glob("*/test-*.parquet"):
        rows = pq.read_table(path)
        made = [row | {"output": "", "targets": []} for row in rows.to_pylist()]
        pq.write_table(pa.Table.from_pylist(made, rows.schema), path)
    questions = read_questions(asked)
    assert read_questions(blank) == questions
    assert said(blank, name, questions) == said(asked, name, questions) != {}


def test_every_subtask_has_chance_and_another_baseline_and_all_answers_parse(asked):
    for subtask in [task for task in catalogue.task_ids() if catalogue.task(task).shape.instructs]:
        assert "random" in baselines_of(subtask) and len(baselines_of(subtask)) > 1
    for config in sorted({q.config for q in read_questions(asked)}):
        rows = {row["id"]: row for row in rows_of(asked, config, "test")}
        cell = catalogue.cell(config)
        for name in baselines_of(cell.task.id):
            for key, text in said(asked, name, read_questions(asked, [config])).items():
                from itdr_hf.records import Example

                assert cell.parse(text, Example(**rows[key]), strict=True).fault is None, (name, text)


def test_user_mean_is_the_mean_of_the_ratings_shown_and_mean_that_of_training(asked):
    question = replace(read_questions(asked, ["rp-movielens32m"], limit=1)[0], history_ratings=[1.0, 2.0, 4.5])
    assert said(asked, "user-mean", [question]) == {question.id: "2.5000"}
    trained = [float(row["output"]) for row in rows_of(asked, "rp-movielens32m", "train")]
    assert said(asked, "mean", [question]) == {question.id: f"{sum(trained) / len(trained):.4f}"}


def test_majority_is_the_most_frequent_training_value(asked):
    question = read_questions(asked, ["uap-movielens1m"], limit=1)[0]
    lines = dict(line.split(": ", 1) for line in said(asked, "majority", [question])[question.id].split("\n"))
    rows = rows_of(asked, "uap-movielens1m", "train")
    for name in question.target_names:
        values = [row["targets"][row["target_names"].index(name)] for row in rows if name in row["target_names"]]
        assert values.count(lines[name]) == max(map(values.count, set(values)))


def test_popular_ranks_by_training_users_and_co_occurrence_by_their_company(tmp_path):
    config = tmp_path / "nir-movielens32m"
    config.mkdir()
    baskets = {"a": ["Jaws", "Heat", "Big"], "b": ["Jaws", "Heat"], "c": ["Big", "Tron"], "d": ["Big", "Speed"]}
    rows = [
        {"subtask": "nir", "domain": "", "history": items[:-1], "candidates": [], "targets": items[-1:],
         "target_names": [], "user": user, "output": items[-1]}
        for user, items in baskets.items()
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), config / "train-00000-of-00001.parquet")
    question = Question(
        id="x", config="nir-movielens32m", subtask="nir", source="movielens32m", domain="", instruction="", input="",
        history=["Jaws"], history_ratings=[], candidates=["Tron", "Big", "Heat", "Unseen"], target_names=[],
    )  # fmt: skip
    assert said(tmp_path, "popular", [question]) == {"x": "Big"}
    assert said(tmp_path, "co-occurrence", [question]) == {"x": "Heat"}
    known = Knowledge(tmp_path, "nir-movielens32m")
    assert known.popularity("Big") == 3 and known.popularity("Unseen") == 0
    assert known.cosine("Jaws", "Heat") == 1.0 and known.cosine("Jaws", "Unseen") == 0.0
    assert known.cosine("Jaws", "Big") == pytest.approx(1 / 6**0.5)
    ranked = replace(question, subtask="tkr")
    assert said(tmp_path, "co-occurrence", [ranked])["x"].split("\n")[:2] == ["1. Heat", "2. Big"]


def test_equals_are_not_ranked_by_their_place_in_the_prompt(asked):
    questions = read_questions(asked, ["tkr-movielens32m"], "train")
    unseen = [replace(q, candidates=[f"unseen {n}" for n in range(10)], history=[]) for q in questions[:100]]
    for name in ("popular", "co-occurrence"):
        first = [text.split("\n")[0] for text in said(asked, name, unseen).values()]
        assert len(set(first)) > 5


def test_chance_depends_on_seed_and_example_not_on_the_order_of_questions(asked):
    questions = read_questions(asked, ["tkr-movielens32m"])
    assert said(asked, "random", questions) == said(asked, "random", questions[::-1])
    other: dict[str, str] = {}
    Baseline(name="random", dataset=asked, seed=1).answer(questions, lambda q, a: other.__setitem__(q.id, a.text))
    assert other != said(asked, "random", questions)


def test_titles_that_share_rare_words_with_the_history_come_first():
    history = ["The Matrix (1999)", "Matrix Reloaded (2003)"]
    scores = title_overlap(["The Matrix Revolutions (2003)", "The Green Mile (1999)", "Heat"], history)
    assert scores[0] > scores[1] > scores[2] == 0
    assert title_overlap([], history) == [] and title_overlap(["…"], history) == [0]


def test_template_copy_is_the_reference_of_a_training_example(asked):
    questions = read_questions(asked, ["tui-movielens32m"])
    references = {row["output"] for row in rows_of(asked, "tui-movielens32m", "train")}
    assert set(said(asked, "template-copy", questions).values()) <= references
