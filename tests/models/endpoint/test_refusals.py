"""What is refused: kept when it is about the example, asked again when it is not, and reported either way."""

from __future__ import annotations

import json

import pytest
from odd_replies import chat, http
from oddserver import OddServer

from itdr_hf.errors import ModelError
from itdr_hf.models.endpoint import client
from itdr_hf.models.predict.predictions import Completion, open_predictions, read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.predict.served import Endpoint

TOO_LONG = http(json.dumps({"error": {"message": "the prompt is too long"}}), "400 Bad Request")


@pytest.fixture
def questions(asked):
    return read_questions(asked, ["rp-movielens32m"], limit=3)


def predict(questions, server, out, **settings):
    endpoint = Endpoint(url=server.url, model="m", concurrency=1, retries=1, **settings)
    return predict_into(out, questions, endpoint)


def good(body, text):
    return http(json.dumps(chat("4")))


def test_when_all_is_refused_the_reason_is_given_and_nothing_is_kept(questions, server, tmp_path):
    server.reply = lambda body, text: TOO_LONG
    with pytest.raises(ModelError, match=r"none of 3 questions answered: status 400 \(the prompt is too long\)"):
        predict(questions, server, tmp_path / "p.parquet")
    server.reply = good
    assert predict(questions, server, tmp_path / "p.parquet").made == 3


def test_a_refusal_that_an_earlier_version_kept_of_a_server_that_refused_all_is_asked_again(
    questions, server, tmp_path
):
    with open_predictions(tmp_path / "p.parquet", Endpoint(url=server.url, model="m").run) as (_, keep):
        for question in questions:
            keep(question, Completion("", "refused"))
    assert predict(questions, server, tmp_path / "p.parquet").made == 3


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_refusal_among_answers_is_about_the_example_and_is_not_asked_again(place, questions, server, tmp_path):
    server.reply = lambda body, text: TOO_LONG if len(server.bodies) == place + 1 else good(body, text)
    made = predict(questions, server, tmp_path / "p.parquet")
    assert (made.made, made.refused, dict(made.missing)) == (3, 1, {})
    assert "1 refused (status 400 (the prompt is too long))" in made.sentence(tmp_path, tmp_path)
    assert read_predictions(tmp_path / "p.parquet").rows[questions[place].id].finish_reason == "refused"
    assert predict(questions, server, tmp_path / "p.parquet").found == 3 and len(server.bodies) == 3


def test_a_refusal_of_the_last_question_left_is_about_the_example_by_what_an_earlier_run_has(
    questions, server, tmp_path
):
    predict(questions[:2], server, tmp_path / "p.parquet")
    server.reply = lambda body, text: TOO_LONG
    made = predict(questions, server, tmp_path / "p.parquet")
    assert (made.found, made.refused, dict(made.missing)) == (2, 1, {})


def test_a_question_that_gets_no_answer_is_missing_with_the_reason_and_asked_next_time(questions, server, tmp_path):
    server.reply = lambda body, text: http("{}", "500 No") if len(server.bodies) in (2, 3) else good(body, text)
    made = predict(questions, server, tmp_path / "p.parquet")
    assert dict(made.missing) == {questions[1].id: "status 500 ({})"} and made.made == 2
    assert "1 not answered: status 500" in made.sentence(tmp_path, tmp_path)
    assert predict(questions, server, tmp_path / "p.parquet").found == 2


def test_a_prompt_follows_no_redirect_to_another_server_but_one_on_the_same(questions, server, tmp_path):
    other = OddServer()
    server.reply = lambda body, text: http("", "307 There", "text/plain", f"Location: {other.url}/chat/completions")
    with pytest.raises(ModelError, match=r"status 307 \(a redirect to http://127.0.0.1:\d+/v1/chat/completions, which"):
        predict(questions, server, tmp_path / "p.parquet")
    other.close()
    assert other.bodies == []
    here = http("", "308 There", "text/plain", "Location: /v2/chat/completions")
    server.reply = lambda body, text: here if len(server.bodies) % 2 else good(body, text)
    assert predict(questions, server, tmp_path / "p.parquet").made == 3


def test_a_server_that_dribbles_is_left_after_the_time_for_a_whole_answer(questions, server, tmp_path):
    server.dribble = 0.02
    with pytest.raises(ModelError, match=r"none of 1 questions answered: no answer within 0\.3 s"):
        predict(questions[:1], server, tmp_path / "p.parquet", timeout=0.3)


@pytest.mark.parametrize("key", ["none", "test", "EMPTY", "to"])
def test_a_dummy_key_is_no_secret_and_stays_in_the_text(key, questions, server, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = f"None of it is {key}, less {key} them than a {key}ed and at{key}ted one."
    server.reply = lambda body, text: http(json.dumps(chat(said)))
    predict(questions, server, tmp_path / "p.parquet")
    assert {row.text for row in read_predictions(tmp_path / "p.parquet").rows.values()} == {said}


@pytest.mark.parametrize("key", ["sk-secret", "sk-proj-0123456789abcdef", "abcdefgh.ijklmnop.qrstuvwx"])
def test_a_real_key_that_a_server_echoes_is_in_no_file_and_in_no_error(key, questions, server, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.reply = lambda body, text: http(json.dumps({**chat(f"Your key is {key}."), "model": key}))
    predict(questions, server, tmp_path / "p.parquet")
    assert {row.text for row in read_predictions(tmp_path / "p.parquet").rows.values()} == {"Your key is [key]."}
    assert all(key.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    server.reply = lambda body, text: http(json.dumps({"detail": f"Bearer {key} is wrong"}), "401 No")
    with pytest.raises(ModelError, match=r"Bearer \[key\] is wrong"):
        predict(questions, server, tmp_path / "q.parquet")


def test_a_web_page_is_named_soon_and_the_address_is_doubted(questions, server, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "IN_A_ROW", 3)
    server.reply = lambda body, text: http("<html><title>Chat</title></html>", "200 OK", "text/html")
    bare = OddServerAt(server)
    with pytest.raises(ModelError, match=r"a web page \(<title>Chat</title>\) in place of JSON .*lack /v1"):
        predict(questions, bare, tmp_path / "p.parquet")
    assert len(server.bodies) == 6  # two tries of each


class OddServerAt:
    """The same server, without /v1 in its address."""

    def __init__(self, server: OddServer) -> None:
        self.url = server.url.removesuffix("/v1")
