"""Odd replies of servers that call themselves OpenAI-compatible, each with what is to become of it.

A reply is a function of the text that a good answer would have; it returns the bytes of an HTTP response. Kinds:
answer: it can be used; empty: an answer without a text; failed: tried again, then reported; refused: the server says
no to the request; stops: all other requests would meet the same.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any, NamedTuple

Make = Callable[[str], bytes]


class Odd(NamedTuple):
    kind: str
    make: Make
    words: str = ""  # of the report


def http(body: bytes | str, status: str = "200 OK", kind: str = "application/json", *more: str) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    headers = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(data)}",
        "Connection: close",
        *more,
    ]
    return "\r\n".join([*headers, "\r\n"]).encode() + data


def chat(text: Any, finish: Any = "stop", *, choice: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The body of a chat completion."""
    only = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}, **(choice or {})}
    counts = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [only],
        "usage": counts,
        **fields,
    }


def said(**fields: Any) -> Make:
    """A good answer with some fields of its body replaced."""
    return lambda text: http(json.dumps({**chat(text), **fields}))


def chosen(**fields: Any) -> Make:
    """A good answer with some fields of its choice replaced."""
    return lambda text: http(json.dumps(chat(text, choice=fields)))


def content(make: Callable[[str], Any], finish: str = "stop", **message: Any) -> Make:
    """A good answer with another content of its message."""
    return lambda text: http(json.dumps(chat(None, finish, choice={"message": {"content": make(text), **message}})))


def raw(body: bytes | str, status: str = "200 OK", kind: str = "application/json", *more: str) -> Make:
    return lambda text: http(body, status, kind, *more)


def error(status: str, message: Any = "no luck", *more: str) -> Make:
    return raw(json.dumps({"error": {"message": message}}), status, "application/json", *more)


def packed(text: str) -> bytes:
    return http(gzip.compress(json.dumps(chat(text)).encode()), "200 OK", "application/json", "Content-Encoding: gzip")


PAGE = "<!doctype html><html><head><title>Open WebUI</title></head><body></body></html>"
BOMB = gzip.compress(bytes(40 * 2**20), 1)
DEEP = "[" * 100_000 + "]" * 100_000
NULL = {"id": "x", "error": {"message": "Provider returned error", "code": 502}, "choices": None}
FORBIDDEN = {"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]}

ODD: dict[str, Odd] = {
    # no JSON, or none of ours
    "a web page": Odd("failed", raw(PAGE, kind="text/html"), "a web page (<title>Open WebUI</title>) in place of JSON"),
    "a web page called JSON": Odd("failed", raw(PAGE), "a web page"),
    "a page without a title": Odd("failed", raw("<html><body>hello</body></html>"), "a web page"),
    "an empty body": Odd("failed", raw(""), "an empty body"),
    "no content": Odd("failed", lambda text: b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "an empty body"),
    "blanks": Odd("failed", raw("  \n "), "an empty body"),
    "plain text": Odd("failed", raw("OK", kind="text/plain"), "no JSON (OK)"),
    "half a body": Odd("failed", lambda text: http(json.dumps(chat(text))[:40]), "no JSON"),
    "bad UTF-8": Odd("failed", raw(b'{"choices": "\xff\xfe\xfa"}'), "not UTF-8"),
    "UTF-16": Odd("failed", lambda text: http(json.dumps(chat(text)).encode("utf-16")), "not UTF-8"),
    "a byte order mark": Odd("answer", lambda text: http(b"\xef\xbb\xbf" + json.dumps(chat(text)).encode())),
    "a stream of events": Odd("failed", raw('data: {"choices": []}\n\ndata: [DONE]\n\n', kind="text/event-stream"), "no JSON"),
    "a list": Odd("failed", raw("[]"), "JSON that is no object"),
    "a string": Odd("failed", raw('"fine"'), "JSON that is no object"),
    "null": Odd("failed", raw("null"), "JSON that is no object"),
    "a number of 5,000 digits": Odd("failed", raw("1" * 5_000), "no JSON"),
    "nested too deeply": Odd("failed", raw(DEEP), "no JSON"),
    "nested too deeply in a field": Odd("failed", raw('{"choices": ' + DEEP + "}"), "no JSON"),
    "an empty object": Odd("failed", raw("{}"), "no choices in it"),
    # errors with status 200
    "an error and choices null": Odd("failed", raw(json.dumps(NULL)), "status 502 (Provider returned error)"),
    "an error alone": Odd("failed", raw('{"error": {"message": "upstream is down"}}'), "upstream is down"),
    "an error as a string": Odd("failed", raw('{"error": "model is loading"}'), "model is loading"),
    "an error as a list": Odd("failed", raw('{"error": ["model is loading"]}'), "model is loading"),
    "an error of type null": Odd("failed", raw('{"error": null}'), "no choices in it"),
    "a message in place of an answer": Odd("failed", raw('{"object": "error", "message": "busy"}'), "busy"),
    "a detail in place of an answer": Odd("failed", raw('{"detail": "queue is full"}'), "queue is full"),
    "a refusal with status 200": Odd("refused", raw('{"error": {"message": "bad request", "code": 400}}'), "bad request"),
    "a wrong key with status 200": Odd("stops", raw('{"error": {"message": "who are you", "code": "401"}}'), "who are you"),
    "an error in the choice": Odd("failed", chosen(error={"message": "cut off", "code": 502}, finish_reason="error"), "cut off"),
    "an error beside an empty answer": Odd(
        "failed", lambda text: http(json.dumps({**chat(""), "error": {"message": "backend gone", "code": 503}})), "backend gone"
    ),
    # choices and messages
    "choices null": Odd("failed", said(choices=None), "no choices in it"),
    "choices empty": Odd("failed", said(choices=[]), "no choices in it"),
    "choices a string": Odd("failed", said(choices="fine"), "no choices in it"),
    "choices an object": Odd("failed", said(choices={"0": {}}), "no choices in it"),
    "a choice null": Odd("failed", said(choices=[None]), "no choices in it"),
    "a choice a string": Odd("failed", said(choices=["fine"]), "no choices in it"),
    "a choice empty": Odd("failed", said(choices=[{}]), "no message in it"),
    "message null": Odd("failed", chosen(message=None), "no message in it"),
    "message a string": Odd("failed", chosen(message="fine"), "no message in it"),
    "message a list": Odd("failed", chosen(message=["fine"]), "no message in it"),
    "message empty and no reason": Odd("failed", chosen(message={}, finish_reason=None), "a message without content"),
    "a delta in place of a message": Odd("failed", lambda t: http(json.dumps({"choices": [{"delta": {"content": t}}]}))),
    "a text of null beside the message": Odd("answer", chosen(text=None)),
    "a text in place of a message": Odd("answer", lambda t: http(json.dumps({"choices": [{"text": t, "index": 0}]}))),
    "two choices": Odd("answer", lambda text: http(json.dumps({**chat(text), "choices": chat(text)["choices"] * 2}))),
    # content
    "content in parts": Odd("answer", content(lambda text: [{"type": "text", "text": text}])),
    "content in parts with a thought": Odd(
        "answer", content(lambda t: [{"type": "thinking", "thinking": [{"text": "hm"}]}, {"type": "text", "text": t}])
    ),
    "content in strings": Odd("answer", content(lambda text: [text[:50], text[50:]])),
    "content in no parts": Odd("empty", content(lambda text: [])),
    "content a thought alone": Odd("empty", content(lambda text: [{"type": "reasoning", "text": None}], "length")),
    "content null at the limit": Odd("empty", content(lambda text: None, "length")),
    "content null and a thought": Odd("empty", content(lambda text: None, reasoning_content="They like films.")),
    "content null and a refusal": Odd("empty", content(lambda text: None, refusal="I cannot help with that.")),
    "content a refusal in parts": Odd("empty", content(lambda text: [{"type": "refusal", "refusal": "I cannot."}])),
    "a call of a tool": Odd("empty", content(lambda text: None, "tool_calls", tool_calls=[{"id": "1"}])),
    "content filtered": Odd("empty", content(lambda text: None, "content_filter")),
    "content a number": Odd("failed", content(lambda text: 4), "whose content is no text"),
    "content an object": Odd("answer", content(lambda text: {"text": text})),
    "content an object without text": Odd("failed", content(lambda text: {"answer": 4}), "whose content is no text"),
    "content of numbers": Odd("failed", content(lambda text: [1, 2]), "whose content is no text"),
    "content of nulls": Odd("failed", content(lambda text: [None]), "whose content is no text"),
    "content with half a surrogate": Odd("answer", content(lambda text: text + " \ud83d")),
    "content with control characters": Odd("answer", content(lambda text: text + " \x00\x1b[31m\u2028\r\n")),
    "content of 17 MB": Odd("failed", content(lambda text: "x" * 17 * 2**20), "more than 16 MiB"),
    "content in 10,000 parts": Odd("answer", content(lambda text: [{"type": "text", "text": t} for t in text + " " * 9_500])),
    # the fields beside it
    "no usage": Odd("answer", said(usage=None)),
    "usage a list": Odd("answer", said(usage=[1, 2])),
    "counts of null": Odd("answer", said(usage={"prompt_tokens": None, "completion_tokens": None})),
    "counts as texts": Odd("answer", said(usage={"prompt_tokens": "10", "completion_tokens": "many"})),
    "counts NaN": Odd("answer", said(usage={"prompt_tokens": float("nan"), "completion_tokens": float("nan")})),
    "counts infinite": Odd("answer", said(usage={"prompt_tokens": float("inf"), "completion_tokens": float("-inf")})),
    "counts of 10^30": Odd("answer", said(usage={"prompt_tokens": 10**30, "completion_tokens": 1e30})),
    "counts below zero": Odd("answer", said(usage={"prompt_tokens": -1, "completion_tokens": -(10**12)})),
    "counts of fractions": Odd("answer", said(usage={"prompt_tokens": 1.5, "completion_tokens": 5.0})),
    "counts of truth": Odd("answer", said(usage={"prompt_tokens": True, "completion_tokens": [5]})),
    "counts of one only": Odd("answer", said(usage={"total_tokens": 3})),
    "no finish reason": Odd("answer", chosen(finish_reason=None)),
    "a finish reason of 7": Odd("answer", chosen(finish_reason=7)),
    "a finish reason in a list": Odd("answer", chosen(finish_reason=["stop"])),
    "a finish reason in an object": Odd("answer", chosen(finish_reason={"type": "stop"})),
    "a finish reason of a megabyte": Odd("answer", chosen(finish_reason="x" * 2**20)),
    "a model's name that is none": Odd("answer", said(model={"name": "m"})),
    "an id and a time that are none": Odd("answer", said(id=None, created="now", object=7)),
    "no role": Odd("answer", chosen(message={"content": "Anyone."}, logprobs="none")),
    # statuses and headers
    "status 400 without words": Odd("refused", raw("", "400 Bad Request"), "status 400"),
    "status 400 with a page": Odd("refused", raw(PAGE, "400 Bad Request", "text/html"), "status 400 (a web page"),
    "status 422 with a list of details": Odd("refused", raw(json.dumps(FORBIDDEN), "422 No"), "Extra inputs are not permitted"),
    "status 413": Odd("refused", error("413 Too Large", "prompt too large"), "prompt too large"),
    "status 400 with an object as message": Odd("refused", error("400 No", {"detail": "too long"}), "too long"),
    "status 400 in bad UTF-8": Odd("refused", raw(b"\xff\xfe no", "400 No", "text/plain; charset=nonsense"), "status 400"),
    "status 400 nested too deeply": Odd("refused", raw(DEEP, "400 No"), "status 400"),
    "status 401": Odd("stops", error("401 Unauthorized", "wrong key"), "wrong key"),
    "status 402": Odd("stops", error("402 Payment Required", "no money"), "no money"),
    "status 403": Odd("stops", error("403 Forbidden", "not for you"), "not for you"),
    "status 404 with a page": Odd("stops", raw(PAGE, "404 Not Found", "text/html"), "status 404 (a web page"),
    "status 405": Odd("stops", raw('{"detail": "Method Not Allowed"}', "405 Method Not Allowed"), "Method Not Allowed"),
    "status 429 for ever": Odd("failed", error("429 Slow Down", "slow down", "Retry-After: 0"), "slow down"),
    "status 429 and an hour": Odd("stops", error("429 Slow Down", "slow down", "Retry-After: 3600"), "asking to wait 3600 s"),
    "status 429 and no number": Odd("failed", error("429 Slow Down", "slow down", "Retry-After: soon"), "slow down"),
    "status 429 and a date without a zone": Odd(
        "failed", error("429 Slow Down", "slow down", "Retry-After: Tue, 01 Jan 2019 00:00:00"), "slow down"
    ),
    "status 429 and no money": Odd(
        "stops", raw('{"error": {"message": "quota", "code": "insufficient_quota"}}', "429 No"), "quota"
    ),
    "status 500": Odd("failed", raw("oops", "500 Oops", "text/plain"), "status 500 (oops)"),
    "status 529": Odd("failed", error("529 Overloaded", "overloaded"), "overloaded"),
    "status 999": Odd("failed", raw("{}", "999 Odd"), "status 999"),
    "a redirect to another host": Odd(
        "stops", raw("", "307 There", "text/plain", "Location: http://example.invalid/v1"), "a redirect to http://example.invalid"
    ),
    "a redirect that drops the prompt": Odd(
        "stops", raw("", "302 There", "text/plain", "Location: /v2/chat/completions"), "a redirect to"
    ),
    "a redirect in a circle": Odd("failed", raw("", "307 Here", "text/plain", "Location: /v1/chat/completions"), "no connection"),
    "a redirect to nowhere": Odd("stops", raw("", "307 There", "text/plain", "Location: http://[half"), "status 307"),
    # the body on the wire
    "a body in gzip": Odd("answer", packed),
    "a bomb in gzip": Odd("failed", raw(BOMB, "200 OK", "application/json", "Content-Encoding: gzip"), "more than 16 MiB"),
    "a bomb in an error": Odd("failed", raw(BOMB, "400 No", "application/json", "Content-Encoding: gzip"), "more than 16 MiB"),
    "a body called gzip": Odd("failed", raw("{}", "200 OK", "application/json", "Content-Encoding: gzip"), "not gzip"),
    "an encoding not asked for": Odd("failed", raw("{}", "200 OK", "application/json", "Content-Encoding: br"), "'br'"),
    "a body that ends early": Odd("failed", lambda text: http("{" + " " * 500)[:-400], "no connection"),
    "no HTTP": Odd("failed", lambda text: b"SSH-2.0-OpenSSH_9.6\r\n", "no connection"),
    "a line of HTTP that is none": Odd("failed", lambda text: b"HTTP/1.1 twohundred OK\r\n\r\n", "no connection"),
    "chunks of no size": Odd(
        "failed", lambda text: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "no connection"
    ),
    "a length that is no number": Odd("failed", lambda text: b"HTTP/1.1 200 OK\r\nContent-Length: all\r\n\r\n{}", "no connection"),
    "two lengths": Odd(
        "failed", lambda text: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "no connection"
    ),
    "a header without end": Odd("failed", lambda text: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "no connection"),
    "a header in no charset": Odd("failed", raw("{}", "200 OK", "application/json", "X-\u00ff: \u00fe\x01"), "no connection"),
    "a charset that is none": Odd("answer", lambda t: http(json.dumps(chat(t)), kind="application/json; charset=utf-7\t;;")),
    "an address in no charset": Odd("stops", raw("", "307 There", "text/plain", "Location: http://\u00fc.\u00ff/"), "status 307"),
    "go on, and nothing else": Odd("failed", lambda text: b"HTTP/1.1 100 Continue\r\n\r\n", "no connection"),
    "other protocols": Odd("failed", lambda text: b"HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
    "HTTP of old": Odd("failed", lambda text: json.dumps(chat(text)).encode(), "no connection"),
    "HTTP/2": Odd("failed", lambda text: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "no connection"),
    "nothing at all": Odd("failed", lambda text: b"", "no connection"),
}  # fmt: skip
