"""A journal that an earlier version filled with what servers made up: repaired where it can be, named where not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.predict.predictions import Completion, Run, open_predictions, read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.teacher.store import FILE, Store
from itdr_hf.prompts import Message

RUN = Run(model="m", revision="", settings={"seed": 0})
ODD_FIELDS = [
    {"prompt_tokens": float("nan")}, {"completion_tokens": float("inf")}, {"prompt_tokens": 10**30},
    {"completion_tokens": "5"}, {"prompt_tokens": [1]}, {"text": "half a \ud83d"},
]  # fmt: skip
DAMAGE = [b"\xff\xfe\x00\n", b"{}\n", b"[1]\n", b"null\n", b"[" * 9**5 + b"\n", b'{"id": 7}\n']


def journal(path: Path, questions, **changes: object) -> None:
    """Write the journal of a run of three answers that was killed; the second has some fields changed."""
    rows = [{"run": asdict(RUN)}]
    for number, question in enumerate(questions):
        row = {"id": question.id, "config": question.config, "text": "4", "finish_reason": "stop", "prompt_tokens": 1,
               "completion_tokens": 1, "model": "m", "revision": "", "prompt_hash": question.prompt_hash}  # fmt: skip
        rows.append(row | (changes if number == 1 else {}))
    path.with_name(f"{path.name}.journal").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def questions(asked):
    return read_questions(asked, ["rp-movielens32m"], limit=3)


@pytest.mark.parametrize("changes", [*ODD_FIELDS, {"finish_reason": 7}, {"finish_reason": None}])
def test_an_answer_with_fields_made_up_is_repaired_and_can_be_folded(changes, questions, tmp_path):
    path = tmp_path / "p.parquet"
    journal(path, questions, **changes)
    assert len(read_predictions(path).rows) == 3
    with open_predictions(path, RUN) as (have, keep):
        assert len(have) == 3 and keep.damaged == 0
    row = read_predictions(path).rows[questions[1].id]
    assert row.finish_reason == "stop" and row.prompt_tokens in (1, None) and row.text in ("4", "half a ?")


@pytest.mark.parametrize("line", DAMAGE)
def test_a_line_that_is_no_answer_is_counted_and_the_others_are_there(line, questions, tmp_path):
    path = tmp_path / "p.parquet"
    journal(path, questions)
    with path.with_name("p.parquet.journal").open("ab") as file:
        file.write(line)
    with open_predictions(path, RUN) as (have, keep):
        assert len(have) == 3 and keep.damaged == 1


def test_a_journal_that_does_not_say_who_answered_is_named(questions, tmp_path):
    path = tmp_path / "p.parquet"
    journal(path, questions)
    lines = path.with_name("p.parquet.journal").read_bytes().splitlines(keepends=True)
    path.with_name("p.parquet.journal").write_bytes(b"".join([b"\0" * 20 + b"\n", *lines[1:]]))
    for read in (lambda: read_predictions(path), lambda: open_predictions(path, RUN).__enter__()):
        with pytest.raises(UsageError, match=r"p\.parquet\.journal: no line that says who answered"):
            read()


def asked_of(number: int) -> Ask:
    messages = (Message(role="user", content=str(number)),)
    return Ask(endpoint="http://e/v1", model="m", messages=messages, parameters={"seed": 0})


@pytest.mark.parametrize("changes", [*ODD_FIELDS, {"finish": 7}, {"finish": None}, {"refusal": 7}, {"served_by": {}},
                                     {"text": [{"type": "text", "text": "in parts"}]}, {"text": None}, {"more": 1}])  # fmt: skip
def test_a_paid_answer_with_fields_made_up_is_reached(changes, tmp_path):
    record = {"endpoint": "http://e/v1", "model": "m", "messages": asked_of(1).messages, "parameters": {"seed": 0}}
    record |= {"key": asked_of(1).key, **asdict(Reply(text="paid", finish="stop")), **changes}
    (tmp_path / FILE).write_text(json.dumps(record) + "\n")
    with Store(tmp_path) as store:
        reply = store.get(asked_of(1).key)
        assert reply is not None and store.damaged == 0
        assert all(isinstance(value, str) for value in (reply.text, reply.finish, reply.refusal, reply.served_by))
        assert store.add(asked_of(2), reply) and store.export(tmp_path / "out.jsonl") == 2
    assert "NaN" not in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", DAMAGE)
def test_a_line_of_the_store_that_is_no_answer_is_counted_and_the_next_is_kept(line, tmp_path):
    (tmp_path / FILE).write_bytes(line)
    with Store(tmp_path) as store:
        assert store.add(asked_of(1), Reply(text="paid", finish="stop"))
        assert (len(store), store.damaged, store.torn) == (1, 1, 0)


def test_an_answer_with_a_lone_surrogate_is_kept_as_text(questions, tmp_path):
    with open_predictions(tmp_path / "p.parquet", RUN) as (_, keep):
        keep(questions[0], Completion("a\ud800b", "stop"))
    assert read_predictions(tmp_path / "p.parquet").rows[questions[0].id].text == "a?b"
