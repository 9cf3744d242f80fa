"""Parameters: given by hand, checked, and changed where a server says that it does not take them."""

from __future__ import annotations

import json

import pytest
from odd_replies import chat, http

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.parameters import Dialect, merge_parameters, read_parameters
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.predict.served import Endpoint

USUAL = {"max_tokens": 16, "temperature": 0.0, "seed": 0}
NEWER = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
ONLY_ONE = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) is supported."
EXTRA = '{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}'


def refusing(name: str, words: str, status: str = "400 Bad Request"):
    """A server that takes everything but one parameter."""

    def reply(body, text):
        return http(words, status) if name in body else http(json.dumps(chat("4")))

    return reply


def predict(asked, server, out, **settings):
    questions = read_questions(asked, ["rp-movielens32m"], limit=3)
    endpoint = Endpoint(url=server.url, model="m", **settings)
    return predict_into(out, questions, endpoint)


def test_parameters_are_read_as_json_and_null_leaves_one_out():
    given = read_parameters(["top_p=0.9", "seed=null", 'stop=["\\n"]'])
    assert merge_parameters(USUAL, given) == {"max_tokens": 16, "temperature": 0.0, "top_p": 0.9, "stop": ["\n"]}


def test_a_length_under_its_newer_name_replaces_the_usual_one():
    assert merge_parameters(USUAL, {"max_completion_tokens": 700}) == {
        "temperature": 0.0, "seed": 0, "max_completion_tokens": 700,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "top_p",
        "=1",
        "top_p=NaN",
        "x=Infinity",
        "x={",
        "model=1",
        "messages=[]",
        "stream=true",
        "n=4",
        "x=" + "[" * 9**5,
    ],
)
def test_a_parameter_that_is_none_is_refused_before_anything_is_asked(text):
    with pytest.raises(UsageError, match="--parameter"):
        read_parameters([text])


@pytest.mark.parametrize(
    "given", [{"max_tokens": "many"}, {"max_tokens": 0}, {"max_completion_tokens": 1.5}, {"temperature": "hot"},
              {"temperature": -1}, {"temperature": float("nan")}, {"seed": "x"}, {"seed": True}],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(given):
    with pytest.raises(UsageError, match="want a"):
        merge_parameters(USUAL, given)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (NEWER, "max_tokens sent as max_completion_tokens"),
        (ONLY_ONE, "temperature left out"),
        (EXTRA, "seed left out"),
        ("Unrecognized request arguments supplied: seed, temperature", "seed left out"),
        ("'max_tokens' is too large: 512. This model's maximum context length is 4096 tokens.", ""),
        ("top_p is not supported", ""),
        ("the temperature of a max_tokens_seed", ""),
    ],
)
def test_a_refusal_teaches_what_it_says_and_no_more(words, changes):
    dialect = Dialect()
    assert dialect.learn(USUAL, words) == bool(changes) and dialect.changes == changes


def test_a_length_is_renamed_once_and_not_back():
    dialect = Dialect()
    assert dialect.learn({"max_tokens": 1}, NEWER) and dialect.learn({"max_tokens": 1}, NEWER)
    assert not dialect.learn({"max_completion_tokens": 1}, "Unknown parameter: max_completion_tokens")
    assert dialect.spoken(USUAL) == {"max_completion_tokens": 16, "temperature": 0.0, "seed": 0}


@pytest.mark.parametrize(
    ("name", "words", "status", "changes"),
    [
        ("max_tokens", json.dumps({"error": {"message": NEWER}}), "400 No", "max_tokens sent as max_completion_tokens"),
        ("temperature", json.dumps({"error": {"message": ONLY_ONE}}), "400 No", "temperature left out"),
        ("seed", EXTRA, "422 No", "seed left out"),
    ],
)
def test_a_server_that_does_not_take_a_parameter_is_asked_without_it_and_that_is_recorded(
    name, words, status, changes, asked, server, tmp_path
):
    server.reply = refusing(name, words, status)
    made = predict(asked, server, tmp_path / "p.parquet", concurrency=1)
    assert made.made == 3 and made.adapted == changes and changes in made.sentence(tmp_path, asked)
    assert len(server.bodies) == 4 and read_predictions(tmp_path / "p.parquet").run.adapted == changes
    assert predict(asked, server, tmp_path / "p.parquet").found == 3
    assert read_predictions(tmp_path / "p.parquet").run.adapted == changes, "nothing was asked, and it is still known"


def test_what_is_given_is_sent_and_is_part_of_what_a_predictions_file_is_of(asked, server, tmp_path):
    given = read_parameters(["max_completion_tokens=40", "temperature=null", "top_p=0.5"])
    predict(asked, server, tmp_path / "p.parquet", parameters=given)
    sent = {name: value for name, value in server.bodies[0].items() if name not in ("messages", "model")}
    assert sent == {"max_completion_tokens": 40, "seed": 0, "top_p": 0.5}
    assert read_predictions(tmp_path / "p.parquet").run.settings["parameters"] == given
    with pytest.raises(UsageError, match="choose another --out"):
        predict(asked, server, tmp_path / "p.parquet")
