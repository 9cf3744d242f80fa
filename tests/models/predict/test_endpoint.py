"""Asking an OpenAI-compatible server, for real: kills, faults, refusals, and what is sent."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from itdr_hf.errors import ModelError
from itdr_hf.models.predict.predictions import Completion, read_predictions
from itdr_hf.models.predict.questions import Question, read_questions
from itdr_hf.models.predict.served import Endpoint
from itdr_hf.prompts import to_messages, to_prompt_completion

pytest.importorskip("openai", reason="the extra [endpoint] is not installed")


def ask(endpoint: Endpoint, questions: list[Question]) -> dict[str, Completion]:
    said: dict[str, Completion] = {}
    endpoint.answer(questions, lambda question, answered: said.__setitem__(question.id, answered))
    return said


def rows_of(folder: Path, config: str) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in pq.read_table(folder / config / "test-00000-of-00001.parquet").to_pylist()}


def command(folder: Path, out: Path, url: str) -> list[str]:
    options = ["--endpoint", url, "--model-name", "tiny", "--concurrency", "4", "--out", str(out)]
    configs = ["--config", "nir-movielens32m", "--config", "rp-movielens32m"]
    return [sys.executable, "-m", "itdr_hf", "predict", str(folder), *options, *configs]


def test_killed_in_the_middle_it_goes_on_and_asks_nothing_it_has_kept(asked, chat, tmp_path):
    chat.delay = 0.05
    out = tmp_path / "p.parquet"
    process = subprocess.Popen(command(asked, out, chat.url), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(chat.requests) < 25 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = set(read_predictions(out).rows)
    assert len(kept) >= len(chat.requests) - 4, "more was lost than the four requests under way"
    chat.delay = 0.0
    before = len(chat.requests)
    done = subprocess.run(command(asked, out, chat.url), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    questions = read_questions(asked, ["nir-movielens32m", "rp-movielens32m"])
    assert len(chat.requests) - before == len(questions) - len(kept)
    found = read_predictions(out).rows
    asked_for = {q.id: to_messages(q.row)["messages"][0]["content"] for q in questions}
    assert {key: row.text for key, row in found.items()} == {k: chat.answer(p) for k, p in asked_for.items()}
    scored = subprocess.run(
        [sys.executable, "-m", "itdr_hf", "score", str(out), str(asked)], capture_output=True, text=True
    )
    assert scored.returncode == 0 and "nir-movielens32m" in scored.stdout, scored.stderr
    assert max(map(len, scored.stdout.splitlines())) <= 80


def test_the_server_is_sent_the_bytes_that_training_uses(asked, chat):
    rows = rows_of(asked, "tkr-movielens32m")
    questions = read_questions(asked, ["tkr-movielens32m"], limit=5)
    ask(Endpoint(url=chat.url, model="tiny"), questions)
    ask(Endpoint(url=chat.url, model="tiny", plain=True), questions)
    turns = [body["messages"] for path, body in chat.requests if path.endswith("/chat/completions")]
    plain = [body["prompt"] for path, body in chat.requests if not path.endswith("/chat/completions")]
    assert sorted(t[0]["content"] for t in turns) == sorted(
        to_messages(rows[q.id])["messages"][0]["content"] for q in questions
    )
    assert all(len(t) == 1 and t[0]["role"] == "user" for t in turns)
    assert sorted(plain) == sorted(to_prompt_completion(rows[q.id])["prompt"] for q in questions)


def test_the_answer_comes_with_its_ending_and_its_tokens(asked, chat):
    chat.finish = "length"
    questions = read_questions(asked, ["tkr-movielens32m"], limit=1)
    said = ask(Endpoint(url=chat.url, model="tiny", max_tokens=3), questions)
    assert said[questions[0].id][1:] == ("length", 7, 3)
    assert chat.requests[0][1]["max_tokens"] == 3 and chat.requests[0][1]["temperature"] == 0


def test_too_many_requests_and_server_errors_are_tried_again(asked, chat):
    chat.faults = [429, 503, 429]
    questions = read_questions(asked, ["rp-movielens32m"], limit=4)
    said = ask(Endpoint(url=chat.url, model="tiny", concurrency=1), questions)
    assert {answered.finish_reason for answered in said.values()} == {"stop"}
    assert len(chat.requests) == 4 + 3


def test_a_prompt_the_server_refuses_is_kept_as_refused_and_the_others_are_answered(asked, chat):
    questions = read_questions(asked, ["rp-movielens32m"], limit=6)
    chat.refuses = questions[2].input
    said = ask(Endpoint(url=chat.url, model="tiny"), questions)
    assert [said[q.id].finish_reason for q in questions] == ["stop", "stop", "refused", "stop", "stop", "stop"]


def test_a_server_that_refuses_every_prompt_is_an_error(asked, chat):
    chat.refuses = ""
    with pytest.raises(ModelError, match="the prompt is too long"):
        ask(Endpoint(url=chat.url, model="tiny"), read_questions(asked, ["rp-movielens32m"], limit=30))
    assert len(chat.requests) < 30


def test_a_wrong_key_stops_the_run_and_is_not_shown(asked, chat, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-7")
    chat.faults = [401] * 50
    with pytest.raises(ModelError, match=r"127\.0\.0\.1") as caught:
        ask(Endpoint(url=chat.url, model="tiny", concurrency=2), read_questions(asked, ["rp-movielens32m"], limit=9))
    assert "sk-secret-7" not in str(caught.value) and len(chat.requests) <= 3
    assert chat.keys == {"Bearer sk-secret-7"}


def test_a_server_that_is_not_there_is_named_and_what_was_kept_stays(asked, tmp_path):
    out = tmp_path / "p.parquet"
    words = [*command(asked, out, "http://user:pa55word@127.0.0.1:9/v1"), "--retries", "0", "--limit", "1"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr and "run again" in done.stderr and "Traceback" not in done.stderr
    assert "pa55word" not in done.stderr and b"pa55word" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())
