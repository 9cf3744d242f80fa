"""One request and its retries, against a server that misbehaves."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from faultserver import FaultServer, completion

from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.endpoint import client as clients
from itdr_hf.models.endpoint.client import Unanswered, connect
from itdr_hf.models.endpoint.keys import read_key
from itdr_hf.models.endpoint.pace import RateLimiter
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.prompts import Message

SECRET = "sk-very-secret-0123456789"
LIMIT = json.dumps({"error": {"message": "slow down", "code": "rate_limit"}})


class Waits:
    """A clock that waiting moves, and the waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.all: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.all.append(seconds)
        wake = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, wake)


@pytest.fixture
def waits():
    return Waits()


def ask(server: FaultServer, text: str = "hello", **parameters: object) -> Ask:
    messages = (Message(role="user", content=text),)
    return Ask(endpoint=server.url, model="m", messages=messages, parameters={"max_tokens": 50, **parameters})


def answers(server: FaultServer, waits: Waits, asks: list[Ask], **settings: object) -> list[Reply | Unanswered]:
    """What comes of the requests, one after the other."""

    async def go() -> list[Reply | Unanswered]:
        pace = RateLimiter(clock=lambda: waits.now, sleep=waits.sleep)
        async with connect(server.url, SECRET, pace=pace, **settings) as client:
            return [await client.answer(a) for a in asks]

    return asyncio.run(go())


def first(*faults: object):
    """These, in turn, and then good answers."""
    left = list(faults)
    return lambda request: left.pop(0) if left else completion("fine")


def test_a_reply_holds_what_the_endpoint_said_and_the_request_what_was_asked(serve, waits):
    server = serve(first())
    [reply] = answers(server, waits, [ask(server, temperature=0.3, top_k=5)])
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens) == ("fine", "stop", 100, 50)
    assert reply.served_by == "m-2026" and reply.answered.endswith("+00:00")
    [request] = server.log
    wanted = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 50, "temperature": 0.3}
    assert request.body == {**wanted, "top_k": 5}
    assert request.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {"retry-after-ms": "7000"}])
def test_429_is_tried_again_when_the_endpoint_says(serve, waits, headers):
    server = serve(first((429, headers, LIMIT), (429, headers, LIMIT)))
    [reply] = answers(server, waits, [ask(server)])
    assert isinstance(reply, Reply) and waits.all == [7.0, 7.0] and len(server.log) == 3


def test_retry_after_may_be_a_date(serve, waits):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    server = serve(first((503, {"Retry-After": then}, "{}")))
    answers(server, waits, [ask(server)])
    assert waits.all[0] == pytest.approx(59, abs=2)


def test_after_429_all_requests_wait_not_only_the_one_that_was_told(serve, waits):
    server = serve(first((429, {"Retry-After": "9"}, LIMIT)))

    async def go() -> None:
        pace = RateLimiter(clock=lambda: waits.now, sleep=waits.sleep)
        async with connect(server.url, SECRET, pace=pace) as client:
            told = asyncio.ensure_future(client.answer(ask(server, "a")))
            while not waits.all:
                await asyncio.sleep(0.001)
            waits.now = 4.0  # five of the nine seconds are left for another request
            await client.answer(ask(server, "b"))
            await told

    asyncio.run(go())
    assert waits.all[:2] == [9.0, 5.0]


def test_an_endpoint_that_asks_to_wait_too_long_stops_the_run(serve, waits):
    server = serve(first((429, {"Retry-After": "3600"}, LIMIT)))
    with pytest.raises(ModelError, match=r"asking to wait 3600 s; want answers; wait and run again"):
        answers(server, waits, [ask(server)])
    assert len(server.log) == 1 and waits.all == []


@pytest.mark.parametrize(
    "fault",
    [
        (500, {}, "oops"),
        (503, {}, "{}"),
        (408, {}, "{}"),
        "disconnect",
        '{"choices": [{"mess',
        "[]",
        json.dumps({"error": {"message": "upstream"}}),
        json.dumps({**completion("x"), "choices": []}),
        (200, {"Content-Type": "text/html"}, "<html>gateway</html>"),
    ],
)
def test_what_may_pass_is_tried_again_later_each_time(serve, waits, fault):
    server = serve(first(fault, fault))
    [reply] = answers(server, waits, [ask(server)])
    assert isinstance(reply, Reply) and reply.text == "fine"
    assert len(server.log) == 3 and len(waits.all) == 2
    assert 0.5 <= waits.all[0] <= 0.75 and 1.0 <= waits.all[1] <= 1.5


def test_a_stalled_server_is_left_after_the_time_out_and_tried_again(serve, waits):
    server = serve(first("stall"))
    started = time.monotonic()
    [reply] = answers(server, waits, [ask(server)], timeout=0.3)
    assert isinstance(reply, Reply) and 0.3 <= time.monotonic() - started < 5 and len(waits.all) == 1


def test_retries_come_to_an_end_and_say_why(serve, waits):
    server = serve(lambda request: (500, {}, json.dumps({"error": {"message": "no luck"}})))
    [got] = answers(server, waits, [ask(server)], retries=2)
    assert isinstance(got, Unanswered) and "status 500" in got.why and "no luck" in got.why
    assert len(server.log) == 3 and len(waits.all) == 2, "nobody waits after the last try"


def test_waits_grow_to_a_bound(serve, waits):
    server = serve(lambda request: (500, {}, "{}"))
    answers(server, waits, [ask(server)], retries=9)
    assert waits.all[5] >= 16 and max(waits.all) <= 30 * 1.5


def test_400_concerns_one_example_and_is_not_tried_again(serve, waits):
    server = serve(first((400, {}, json.dumps({"error": {"message": "too long"}}))))
    refused, reply = answers(server, waits, [ask(server, "a"), ask(server, "b")])
    assert isinstance(refused, Unanswered) and "too long" in refused.why and isinstance(reply, Reply)
    assert len(server.log) == 2 and waits.all == []


@pytest.mark.parametrize(
    "body", ['{"detail": "pinned to tiny"}', "pinned to tiny", '{"error": {"message": "pinned to tiny"}}']
)
def test_the_reason_is_given_in_the_words_of_the_endpoint(serve, waits, body):
    server = serve(lambda request: (400, {}, body))
    [refused] = answers(server, waits, [ask(server)])
    assert isinstance(refused, Unanswered) and "pinned to tiny" in refused.why


def test_nothing_but_400_stops_the_run(serve, waits):
    server = serve(lambda request: (400, {}, json.dumps({"error": {"message": "no temperature here"}})))
    with pytest.raises(ModelError, match=r"8 requests in a row without an answer, .*no temperature here"):
        answers(server, waits, [ask(server, str(n)) for n in range(20)])
    assert len(server.log) == clients.IN_A_ROW


def test_400s_after_a_first_answer_do_not_stop_the_run(serve, waits):
    server = serve(lambda request: completion("ok") if request.prompt == "0" else (400, {}, "{}"))
    got = answers(server, waits, [ask(server, str(n)) for n in range(20)])
    assert sum(isinstance(one, Unanswered) for one in got) == 19


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_what_every_request_would_meet_stops_the_run_at_once(serve, waits, status):
    server = serve(lambda request: (status, {}, json.dumps({"error": {"message": f"not with {SECRET}"}})))
    with pytest.raises(ModelError, match=rf"127.0.0.1:\d+: status {status} .*; want answers; fix it and run again"):
        answers(server, waits, [ask(server)])
    assert len(server.log) == 1


def test_a_used_up_quota_is_not_waited_for(serve, waits):
    body = json.dumps({"error": {"message": "quota", "code": "insufficient_quota"}})
    server = serve(lambda request: (429, {"Retry-After": "1"}, body))
    with pytest.raises(ModelError, match="quota"):
        answers(server, waits, [ask(server)])
    assert len(server.log) == 1


def test_the_key_is_in_no_error_no_reason_and_no_answer(serve, waits):
    echo = json.dumps({"error": {"message": f"wrong key {SECRET}"}})
    server = serve(first((400, {}, echo), completion(f"your key is {SECRET}")))
    refused, reply = answers(server, waits, [ask(server), ask(server)])
    assert isinstance(refused, Unanswered) and isinstance(reply, Reply)
    assert refused.why.endswith("wrong key [key])") and reply.text == "your key is [key]"
    server.script = lambda request: (401, {}, echo)
    with pytest.raises(ModelError) as caught:
        answers(server, waits, [ask(server)])
    assert SECRET not in str(caught.value) and "[key]" in str(caught.value)


def test_the_key_is_in_no_traceback_and_no_repr_of_the_client(serve, waits):
    import traceback

    server = serve(lambda request: (401, {}, json.dumps({"error": {"message": f"wrong key {SECRET}"}})))
    with pytest.raises(ModelError) as caught:
        answers(server, waits, [ask(server)])
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_every_connection_is_closed_and_another_loop_can_follow(serve, waits, recwarn):
    server = serve(first())
    for _ in range(3):
        answers(server, waits, [ask(server)])
    assert [str(w.message) for w in recwarn if "loop" in str(w.message) or "unclosed" in str(w.message)] == []


def test_without_a_key_the_message_says_how_to_get_on(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError) as caught:
        read_key("https://api.deepseek.com/v1", "OPENAI_API_KEY")
    for part in ("OPENAI_API_KEY: not set", "api.deepseek.com", "--key-variable", "transformers serve", "extractive"):
        assert part in str(caught.value)


def test_the_key_is_read_from_the_variable_that_is_named(monkeypatch):
    monkeypatch.setenv("MY_KEY", SECRET)
    assert read_key("https://api.deepseek.com/v1", "MY_KEY") == SECRET


@pytest.mark.parametrize("here", ["http://127.0.0.1:8000/v1", "http://localhost/v1", "http://[::1]:8000/v1"])
def test_a_server_on_this_machine_needs_no_key(here, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert read_key(here, "OPENAI_API_KEY") == ""
