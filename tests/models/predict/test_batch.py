"""Request files and a Batch API: partial failures, kills in between, and answers that a user fetched: none lost, none paid twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from batchserver import Batches, batches
from hypothesis import given, settings
from hypothesis import strategies as st

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint import batch as batch_files
from itdr_hf.models.endpoint.batch import BatchFolder, opened_batches, read_result, request_line
from itdr_hf.models.endpoint.batch_api import BatchApi
from itdr_hf.models.predict.batched import batch_round
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.served import Endpoint

__all__ = ["batches"]


@pytest.fixture
def questions(asked: Path):
    return read_questions(asked, ["rp", "nir"], "test", 20)


def system(batches: Batches) -> Endpoint:
    return Endpoint(url=batches.url or "http://127.0.0.1:9/v1", model="m")


def api(batches: Batches) -> BatchApi:
    return BatchApi(endpoint=batches.url, key="k", retries=0, timeout=10)


def test_a_request_file_is_written_once_and_holds_what_would_be_asked_one_by_one(questions, batches, tmp_path):
    made = batch_round(tmp_path / "p.parquet", questions, system(batches), tmp_path / "jobs")
    again = batch_round(tmp_path / "p.parquet", questions, system(batches), tmp_path / "jobs")
    assert (made.written, made.under_way, again.written, again.under_way) == (len(questions), 0, 0, len(questions))
    lines = [json.loads(line) for line in (tmp_path / "jobs/requests-00001.jsonl").read_text().splitlines()]
    asks = [system(batches).ask(question) for question in questions]
    assert [line["custom_id"] for line in lines] == [ask.key for ask in asks]
    assert [line["body"] for line in lines] == [
        {"model": "m", "messages": list(a.messages), **a.parameters} for a in asks
    ]
    assert {(line["method"], line["url"]) for line in lines} == {("POST", "/v1/chat/completions")}
    assert f"{len(questions)} questions written to requests-00001.jsonl" in made.sentence(
        tmp_path / "p.parquet", tmp_path / "jobs"
    )


def test_files_are_split_at_both_limits(questions, batches, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_files, "MAX_ROWS", 7)
    asks = [system(batches).ask(question) for question in questions]
    with opened_batches(tmp_path / "rows") as jobs:
        assert [one.rows for one in jobs.write([*asks, *asks])] == [7] * (len(asks) // 7) + [len(asks) % 7]
    monkeypatch.setattr(batch_files, "MAX_BYTES", max(len(request_line(ask)) for ask in asks))
    with opened_batches(tmp_path / "bytes") as jobs:
        files = jobs.write(asks)
        assert sum(one.rows for one in files) == len(asks)
        assert all((tmp_path / "bytes" / one.name).stat().st_size <= batch_files.MAX_BYTES for one in files)
    monkeypatch.setattr(batch_files, "MAX_BYTES", 10)
    with opened_batches(tmp_path / "tiny") as jobs, pytest.raises(UsageError, match="a request of .* want at most 10"):
        jobs.write(asks)


def test_partial_failures_are_asked_again_and_what_was_answered_is_paid_for_once(questions, batches, tmp_path):
    out, jobs, tries = tmp_path / "p.parquet", tmp_path / "jobs", {}

    def fate(prompt: str) -> str:
        tries[prompt] = tries.get(prompt, 0) + 1
        place = len(prompt) % 4
        return {0: "ok", 1: "ok", 2: "failed" if tries[prompt] < 2 else "ok", 3: "expired" if tries[prompt] < 3 else "ok"}[place]  # fmt: skip

    batches.fate = fate
    rounds = [batch_round(out, questions, system(batches), jobs, api(batches)) for _ in range(5)]
    assert rounds[0].written == len(questions) and rounds[1].failed and rounds[-1].missing == 0
    assert set(batches.paid.values()) == {1}
    rows = read_predictions(out).rows
    assert {row.id for row in rows.values()} == {question.id for question in questions}
    for question in questions:
        assert rows[question.id].text == batches.answer(system(batches).ask(question).messages[-1]["content"])
    assert {row.prompt_tokens for row in rows.values()} == {7}


def test_a_batch_whose_making_was_never_confirmed_is_found_again(questions, batches, tmp_path):
    out, jobs = tmp_path / "p.parquet", tmp_path / "jobs"
    batches.lose = 1
    with pytest.raises(ModelError, match="run again to go on, or submit the request files yourself"):
        batch_round(out, questions, system(batches), jobs, api(batches))
    assert len(batches.batches) == 1 and not BatchFolder(jobs).files["requests-00001.jsonl"].batch_id
    made = batch_round(out, questions, system(batches), jobs, api(batches))
    assert (made.made, made.missing, len(batches.batches)) == (len(questions), 0, 1)
    assert set(batches.paid.values()) == {1}


@settings(deadline=None, max_examples=15)
@given(cut=st.integers(0, 12), refused=st.booleans())
def test_a_kill_at_any_write_loses_nothing_and_pays_nothing_twice(tmp_path_factory, asked, cut, refused):
    """The kill: the n-th change of the state, or the n-th kept answer, never happens, nor anything after it."""
    place, server = tmp_path_factory.mktemp("kill"), Batches()
    questions = read_questions(asked, ["rp"], "test", 6)
    server.fate = lambda prompt: "refused" if refused and len(prompt) % 3 == 0 else "ok"
    local, left = Local(server), [cut]

    class Killed(BaseException):
        pass

    def step(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        change = BatchFolder._change
        patch.setattr(BatchFolder, "_change", lambda self, one, **fields: (step(), change(self, one, **fields))[1])
        for _ in range(3):
            try:
                batch_round(place / "p.parquet", questions, system(server), place / "jobs", local)
            except Killed:
                break
    for _ in range(4):
        made = batch_round(place / "p.parquet", questions, system(server), place / "jobs", local)
    assert max(server.paid.values(), default=1) == 1
    rows = read_predictions(place / "p.parquet").rows
    answered = {row.id for row in rows.values() if row.finish_reason == "stop"}
    fates = {q.id: server.fate(system(server).ask(q).messages[-1]["content"]) for q in questions}
    assert answered == {name for name, fate in fates.items() if fate == "ok"}
    assert made.missing == 0 or not answered


class Local(BatchApi):
    """The server without HTTP between: the same methods, on its state."""

    def __init__(self, server: Batches) -> None:
        super().__init__(endpoint="http://127.0.0.1:9/v1")
        object.__setattr__(self, "server", server)

    def _ask(self, what, retries=None):
        return what(Client(self.server))


class Client:
    """What of openai's client BatchApi calls."""

    def __init__(self, server: Batches) -> None:
        self.server, self.files, self.batches = server, self, self

    def create(self, **given):
        if "file" in given:
            name = f"file_{len(self.server.files)}"
            self.server.files[name] = given["file"][1].read()
            return Thing(id=name)
        return Thing(**self.server.make(given))

    def list(self, limit):
        return [Thing(**one) for one in self.server.batches.values()]

    def retrieve(self, name):
        return Thing(errors=None, **self.server.shown(self.server.batches[name]))

    def content(self, name):
        return Thing(content=self.server.files[name])


class Thing:
    def __init__(self, **fields):
        self.__dict__.update(fields)


def test_a_refused_prompt_is_kept_as_refused_where_others_of_its_config_were_answered(questions, batches, tmp_path):
    out = tmp_path / "p.parquet"
    chosen = system(batches).ask(questions[3]).messages[-1]["content"]
    batches.fate = lambda prompt: "refused" if prompt == chosen else "ok"
    batch_round(out, questions, system(batches), tmp_path / "jobs", api(batches))
    made = batch_round(out, questions, system(batches), tmp_path / "jobs", api(batches))
    assert made.missing == 0 and read_predictions(out).rows[questions[3].id].finish_reason == "refused"


def test_answers_that_a_user_fetched_are_collected_from_the_folder(questions, batches, tmp_path):
    out, jobs = tmp_path / "p.parquet", tmp_path / "jobs"
    batch_round(out, questions, system(batches), jobs)
    batches.files["mine"] = (jobs / "requests-00001.jsonl").read_bytes()
    batches.fate = lambda prompt: "ok" if len(prompt) % 3 else "expired"
    done = batches.make({"input_file_id": "mine", "endpoint": "/v1/chat/completions"})
    (jobs / "batch_1_output.jsonl").write_bytes(batches.files[done["output_file_id"]] + b"{torn")
    made = batch_round(out, questions, system(batches), jobs)
    assert made.made == len(batches.paid) < len(questions) == made.made + made.written
    assert (jobs / "requests-00002.jsonl").is_file()


def test_a_batch_that_is_not_over_is_waited_for(questions, batches, tmp_path):
    batches.ready = False
    for _ in range(2):
        made = batch_round(tmp_path / "p.parquet", questions, system(batches), tmp_path / "jobs", api(batches))
    assert (made.under_way, made.written, len(batches.batches)) == (len(questions), 0, 1)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b'{"custom_id": 3}', b'{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}}'])  # fmt: skip
def test_no_line_that_comes_back_raises(line):
    found = read_result(line)
    assert found is None or not hasattr(found[1], "text")
