"""Candidates ranked by a server's probabilities of its prompts: both forms of them, none, and damaged ones."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import nan
from typing import Any

import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint import client
from itdr_hf.models.predict.likelihood import tournament
from itdr_hf.models.predict.predictions import read_predictions
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.predict.served import Endpoint
from itdr_hf.models.predict.served_likelihood import ServedLikelihood

TITLES = ["Halo", "Halo 3", "A", "The Legend of a Very Long Title, Part II", "Zelda: Ocarina", "Kart"]
QUESTION = Question(
    id="q", config="tkr-steam", subtask="tkr", source="steam", domain="", instruction="Pick one.", input="They played X.",
    history=["X"], history_ratings=[], candidates=TITLES, target_names=[],
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACK_OFF", 0.001)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def made_up(text: str) -> list[float | None]:
    """A log-probability for each letter, by itself and the one before it."""
    return [
        None,
        *(-(1 + ord(one) * 7 % 11 + ord(before) % 3) / 4 for before, one in pairwise(text)),
    ]


def expected(prompt: str, normalise: str) -> list[str]:
    def score(title: str) -> float:
        own = made_up(prompt + title + "\n")[len(prompt) :]
        return sum(own) / (len(own) if normalise == "mean" else 1)  # type: ignore[arg-type]

    return sorted(TITLES, key=lambda title: (-score(title), title))


def completion(text: str, made: int, **choice: Any) -> dict[str, Any]:
    only = {"index": 0, "finish_reason": "length", "text": text, "logprobs": None, **choice}
    usage = {"prompt_tokens": len(text) - made, "completion_tokens": made}
    return {"id": "x", "object": "text_completion", "model": "m", "choices": [only], "usage": usage}


def echoing(path: str, body: dict[str, Any], fewest: int = 0) -> tuple[int, dict[str, Any]]:
    """A server with `echo`; one that wants to generate something refuses less than `fewest` tokens."""
    if path != "/v1/completions" or not body.get("echo") or body["max_tokens"] < fewest:
        return 400, {"error": {"message": "max_tokens must be at least 1"}}
    text = body["prompt"] + "!" * body["max_tokens"]
    listed = {"tokens": list(text), "token_logprobs": made_up(text), "top_logprobs": None}
    return 200, completion(text, body["max_tokens"], logprobs=listed)


def of_prompts(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """A server like vLLM, which takes `echo` and gives nothing for it here."""
    if "prompt_logprobs" not in body:
        return 200, completion("!", 1)
    text, first = body["prompt"], [None]
    listed = [{str(ord(one)): {"logprob": value, "rank": 1, "decoded_token": one}}
              for one, value in zip(text[1:], made_up(text)[1:], strict=True)]  # fmt: skip
    return 200, completion("!", 1, prompt_logprobs=[*first, *listed])


SHAPES = {
    "echo": echoing,
    "echo that wants to generate": lambda path, body: echoing(path, body, 1),
    "prompt_logprobs": of_prompts,
}


def ranked(chat, tmp_path, question: Question = QUESTION, normalise: str = "sum", **settings: Any) -> list[str]:
    endpoint = Endpoint(url=chat.url, model="m", retries=1, **settings)
    system = ServedLikelihood(endpoint=endpoint, normalise=normalise)  # type: ignore[arg-type]
    predict_into(tmp_path / "p.parquet", [question], system)
    text = read_predictions(tmp_path / "p.parquet").rows[question.id].text
    return [line.split(". ", 1)[1] for line in text.split("\n")]


@pytest.mark.parametrize("normalise", ["sum", "mean"])
@pytest.mark.parametrize("shape", SHAPES)
def test_candidates_are_ranked_by_the_probabilities_that_a_server_gives(shape, normalise, chat, tmp_path):
    chat.replies = SHAPES[shape]
    assert ranked(chat, tmp_path, normalise=normalise) == expected("Pick one.\nThey played X.\n", normalise)


def test_a_server_that_gives_none_is_named_in_one_line_and_no_candidate_is_asked(chat, tmp_path):
    chat.replies = lambda path, body: (200, completion("!", body["max_tokens"]))
    with pytest.raises(ModelError, match=r"127.0.0.1:\d+: no log-probabilities of a prompt's tokens \(a reply without"):
        ranked(chat, tmp_path)
    assert len(chat.requests) == 3 and not any("They played" in body["prompt"] for _, body in chat.requests)


def test_a_server_without_completions_is_named_and_a_wrong_key_is_what_it_is(chat, tmp_path):
    chat.replies = lambda path, body: (404, {"detail": "Not Found"})
    with pytest.raises(ModelError, match=r"\(status 404 of its completions\); want completions with `echo`"):
        ranked(chat, tmp_path)
    chat.replies = lambda path, body: (401, {"error": {"message": "no such key"}})
    with pytest.raises(ModelError, match=r"status 401 \(no such key\); want answers"):
        ranked(chat, tmp_path)


@pytest.mark.parametrize("value", [nan, "-1", None, 0.5, True, {}], ids=str)
def test_log_probabilities_that_are_none_rank_nothing(value, chat, tmp_path):
    def damaged(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, reply = echoing(path, body)
        if body["prompt"].endswith("Kart\n"):
            reply["choices"][0]["logprobs"]["token_logprobs"][-2] = value
        return status, reply

    chat.replies = damaged
    with pytest.raises(ModelError, match="none of 1 questions answered: a reply without the log-probabilities"):
        ranked(chat, tmp_path)


def test_a_reply_that_only_calls_itself_an_echo_is_not_taken_for_one(chat, tmp_path):
    def generated(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        reply = completion("0123456789", 0, logprobs={"tokens": list("0123456789"), "token_logprobs": [-1.0] * 10})
        return 200, {**reply, "usage": None}

    chat.replies = generated
    with pytest.raises(ModelError, match="no log-probabilities"):
        ranked(chat, tmp_path)


def test_a_ranking_by_likelihood_is_another_system_than_the_answers_of_the_same_server(chat, tmp_path):
    endpoint = Endpoint(url=chat.url, model="m", parameters={"top_p": 1})
    system = ServedLikelihood(endpoint=endpoint)
    assert system.run != endpoint.run and system.run.model == "m"
    assert system.run.settings == {
        "at": "127.0.0.1", "parameters": {"top_p": 1}, "form": "plain", "by": "likelihood", "normalise": "sum",
        "end": "\n",
    }  # fmt: skip
    assert ServedLikelihood(endpoint=endpoint, normalise="mean").run != system.run
    assert system.takes("nir") and not system.takes("rp")
    with pytest.raises(UsageError, match="normalise='first'; want one of sum, mean"):
        ServedLikelihood(endpoint=endpoint, normalise="first")  # type: ignore[arg-type]


def test_the_command_ranks_by_a_server_and_every_answer_is_read(asked, chat, tmp_path):
    chat.replies = echoing
    out, configs = str(tmp_path / "p.parquet"), ["nir-movielens32m", "tkr-movielens32m"]
    words = ["predict", str(asked), "--out", out, "--config", ",".join(configs), "--limit", "3"]
    by = ["--endpoint", chat.url, "--model-name", "m", "--by", "likelihood"]
    done = CliRunner().invoke(app, [*words, *by])
    assert done.exit_code == 0, done.output
    assert "without a chat template" in done.stderr and "6 answers made" in done.stdout
    assert "warning" not in CliRunner().invoke(app, [*words, *by, "--plain"]).stderr
    done = CliRunner().invoke(app, ["score", out, str(asked), "--partial", "--strict", "--no-baselines", "--json"])
    cells = json.loads(done.stdout)["cells"]
    assert [cells[config]["parsed"]["strict"] for config in configs] == [1.0, 1.0]
    refused = CliRunner().invoke(app, [*words, "--baseline", "random", "--by", "likelihood"])
    assert "has no probabilities" in str(refused.exception)


@pytest.mark.parametrize("normalise", ["sum", "mean"])
def test_a_server_ranks_as_the_same_model_on_this_machine_does(normalise, chat, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from letters import Letters, system

    class Lines(Letters):
        """Its end token is a line break, as that of a server is."""

        eos_token_id = 2 + ord("\n") % 60

    local = system("llama", normalise)
    local.tokenizer = Lines()
    letters = Letters()

    def served(path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status, reply = echoing(path, body)
        ids = letters(body["prompt"])["input_ids"]
        with torch.inference_mode():
            logs = torch.log_softmax(local.model(torch.tensor([ids])).logits[0].float(), -1)
        values = [None, *(logs[place, token].item() for place, token in enumerate(ids[1:]))]
        reply["choices"][0]["logprobs"]["token_logprobs"] = values
        return status, reply

    chat.replies = served
    question = replace(QUESTION, candidates=[*TITLES, *(f"Title {n}" for n in range(8))])
    prompt = letters("Pick one.\nThey played X.\n")["input_ids"]
    kept = tournament(question.candidates, lambda titles: local.scores(prompt, titles))
    assert ranked(chat, tmp_path, question, normalise) == kept
