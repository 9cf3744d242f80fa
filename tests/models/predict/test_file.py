"""The predictions file: nothing kept is lost, nothing is asked twice, and runs do not mix."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Completion, Run, open_predictions, read_predictions
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.models.predict.run import predict_into

RUN = Run(model="m", revision="r", settings={"seed": 0})


class Echo:
    """Answers with the id, and fails after so many."""

    def __init__(self, most: int = 1 << 30, run: Run = RUN) -> None:
        self.most, self.run, self.asked = most, run, []

    def answer(self, questions, keep) -> None:
        for question in questions:
            if len(self.asked) == self.most:
                raise RuntimeError("out of answers")
            self.asked.append(question.id)
            keep(question, Completion(question.id, "stop", 1, None))


def questions_of(folder: Path, count: int = 9) -> list[Question]:
    return read_questions(folder, ["nir-movielens32m", "rp-movielens32m"], "train", count)


def test_the_rows_hold_who_answered_what_and_to_which_prompt(asked, tmp_path):
    questions = questions_of(asked)
    predict_into(tmp_path / "p.parquet", questions, Echo())
    rows = {row["id"]: row for row in pq.read_table(tmp_path / "p.parquet").to_pylist()}
    assert set(rows) == {q.id for q in questions}
    assert all(rows[q.id]["text"] == q.id and rows[q.id]["prompt_hash"] == q.prompt_hash for q in questions)
    first = rows[questions[0].id]
    assert (first["model"], first["revision"], first["finish_reason"]) == ("m", "r", "stop")
    assert (first["prompt_tokens"], first["completion_tokens"]) == (1, None)
    assert len({q.prompt_hash for q in questions}) == len(questions)


def test_after_an_error_what_was_answered_is_kept_and_only_the_rest_is_asked(asked, tmp_path):
    questions, path = questions_of(asked), tmp_path / "p.parquet"
    first, second = Echo(most=7), Echo()
    with pytest.raises(RuntimeError):
        predict_into(path, questions, first)
    assert set(read_predictions(path).rows) == set(first.asked)
    made = predict_into(path, questions, second)
    assert (made.found, made.made) == (7, len(questions) - 7)
    assert sorted(first.asked + second.asked) == sorted(q.id for q in questions)
    third = Echo()
    assert predict_into(path, questions, third).made == 0 and not third.asked


def test_a_line_that_a_kill_left_half_written_is_asked_again(asked, tmp_path):
    questions, path = questions_of(asked), tmp_path / "p.parquet"
    with open_predictions(path, RUN) as (_, keep):
        keep(questions[0], Completion("one", "stop"))
        journal = path.with_name("p.parquet.journal").read_bytes()
    path.unlink()
    path.with_name("p.parquet.journal").write_bytes(journal + journal.splitlines()[-1][:30])
    assert set(read_predictions(path).rows) == {questions[0].id}
    second = Echo()
    predict_into(path, questions, second)
    assert questions[0].id not in second.asked
    assert set(read_predictions(path).rows) == {q.id for q in questions}
    assert [p.name for p in tmp_path.iterdir() if "journal" in p.name] == []


def test_a_kill_between_folding_and_removing_the_journal_loses_and_doubles_nothing(asked, tmp_path):
    questions, path = questions_of(asked), tmp_path / "p.parquet"
    with open_predictions(path, RUN) as (_, keep):
        keep(questions[0], Completion("one", "stop"))
        journal = path.with_name("p.parquet.journal").read_bytes()
    path.with_name("p.parquet.journal").write_bytes(journal)
    assert [row.text for row in read_predictions(path).rows.values()] == ["one"]


def test_a_question_whose_prompt_has_changed_is_asked_again(asked, tmp_path):
    from dataclasses import replace

    questions, path = questions_of(asked), tmp_path / "p.parquet"
    predict_into(path, questions, Echo())
    changed = [replace(questions[0], instruction="Anew."), *questions[1:]]
    second = Echo()
    predict_into(path, changed, second)
    assert second.asked == [questions[0].id]
    assert read_predictions(path).rows[questions[0].id].prompt_hash == changed[0].prompt_hash


@pytest.mark.parametrize("other", [Run(model="n", revision="r", settings={"seed": 0}), Run(model="m", revision="s"),
                                   Run(model="m", revision="r", settings={"seed": 1})])  # fmt: skip
def test_answers_of_another_model_revision_or_setting_do_not_mix(asked, tmp_path, other):
    path = tmp_path / "p.parquet"
    predict_into(path, questions_of(asked), Echo())
    with pytest.raises(UsageError, match="choose another --out"):
        predict_into(path, questions_of(asked), Echo(run=other))


def test_two_runs_do_not_write_one_file(asked, tmp_path):
    path = tmp_path / "p.parquet"
    with open_predictions(path, RUN), pytest.raises(UsageError, match="another run writes it"):
        predict_into(path, questions_of(asked), Echo())


def test_text_that_is_no_unicode_is_kept_as_text(asked, tmp_path):
    questions, path = questions_of(asked), tmp_path / "p.parquet"
    with open_predictions(path, RUN) as (_, keep):
        keep(questions[0], Completion("a\ud800b\u2028c\r\n", "stop"))
    assert read_predictions(path).rows[questions[0].id].text == "a?b\u2028c\r\n"


def test_a_file_that_is_not_ours_is_refused_by_name(tmp_path):
    (tmp_path / "p.parquet").write_text("no")
    with pytest.raises(UsageError, match=r"p\.parquet: not a Parquet file"):
        read_predictions(tmp_path / "p.parquet")
    with pytest.raises(UsageError, match="no predictions"):
        read_predictions(tmp_path / "q.parquet")


def test_a_file_that_is_damaged_inside_is_refused_by_name(asked, tmp_path):
    path = tmp_path / "p.parquet"
    predict_into(path, questions_of(asked), Echo())
    whole = bytearray(path.read_bytes())
    whole[8 : len(whole) // 2] = bytes(len(whole) // 2 - 8)
    path.write_bytes(whole)
    with pytest.raises(UsageError, match=r"p\.parquet: not a Parquet file, or damaged"):
        read_predictions(path)


def test_a_folder_without_the_config_or_split_says_what_there_is(asked, tmp_path):
    with pytest.raises(UsageError, match="tkr-movielens32m"):
        read_questions(asked, ["cdr-amazon2023"])
    with pytest.raises(UsageError, match="train, validation, test"):
        read_questions(asked, None, "tset")
    with pytest.raises(UsageError, match="itdr build"):
        read_questions(tmp_path)
