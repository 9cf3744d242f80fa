"""Read what an endpoint answered: one validated reply, or an error in the endpoint's own words.

Nothing past this module sees a field that an endpoint made up: a text is a `str` that can be encoded, a count of
tokens is a plausible whole number or None, a finish reason is a short word.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from itdr_hf.models.endpoint.logprobs import read_prompt_scores, read_scores
from itdr_hf.models.endpoint.request import Reply

MOST_TOKENS = 10**8  # of one prompt or answer; a count above it is no count
LONGEST_WORD = 60  # characters of a finish reason that is one
CUT_OFF = ("length", "max_tokens", "max_output_tokens", "model_length")
FAILED = ("error", "cancelled", "abort")  # finish reasons of an answer that did not come about
UNREAD = ("thinking", "reasoning", "redacted_thinking")  # kinds of parts that are not the answer
_TITLE = re.compile(r"<title[^>]*>(.{0,200}?)</title", re.IGNORECASE | re.DOTALL)


class BadReply(Exception):
    """An answer that cannot be one. `status` is what it says of itself, if anything; `final`: so will all others be."""

    def __init__(self, why: str, *, status: int | None = None, final: bool = False, page: bool = False) -> None:
        super().__init__(why)
        self.why, self.status, self.final, self.page = why, status, final, page


def read_reply(body: bytes) -> Reply:
    """Return the reply in the body of a chat completion or a completion. Raises BadReply."""
    answer = _object(body)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise _not_one(answer, "no choices in it")
    choice = choices[0]
    if choice.get("error") or choice.get("finish_reason") in FAILED:
        raise _not_one({**answer, "error": choice.get("error") or answer.get("error")}, "an answer that failed")
    message = choice.get("message")
    if not isinstance(message, dict):
        if not isinstance(choice.get("text"), str):
            raise _not_one(answer, "no message in it")
        message = {"content": choice["text"]}
    if answer.get("error") and not message.get("content"):
        raise _not_one(answer, "an answer that failed")
    if message.get("content") is None and not _is_empty_on_purpose(choice, message):
        raise _not_one(answer, "a message without content")
    used = answer.get("usage")
    used = used if isinstance(used, dict) else {}
    reply = checked_reply(
        {
            "text": message.get("content"),
            "finish": choice.get("finish_reason"),
            "refusal": message.get("refusal"),
            "prompt_tokens": used.get("prompt_tokens"),
            "completion_tokens": used.get("completion_tokens"),
            "served_by": answer.get("model"),
            "answered": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    of_prompt = choice.get("prompt_logprobs") or answer.get("prompt_logprobs")
    return replace(reply, scores=read_scores(choice.get("logprobs")), prompt_scores=read_prompt_scores(of_prompt))


def checked_reply(fields: Mapping[str, Any]) -> Reply:
    """Return a reply of fields as they came, or as an earlier version kept them. Raises BadReply for no text."""
    text, refusal = _joined(fields.get("text"))
    said_no = fields.get("refusal")
    return Reply(
        text=text,
        finish=_finish(fields.get("finish")),
        refusal=encodable(said_no) if isinstance(said_no, str) else refusal,
        prompt_tokens=token_count(fields.get("prompt_tokens")),
        completion_tokens=token_count(fields.get("completion_tokens")),
        served_by=_short(fields.get("served_by")),
        answered=_short(fields.get("answered")),
        adapted=encodable(fields["adapted"]) if isinstance(fields.get("adapted"), str) else "",
    )


def token_count(value: Any) -> int | None:
    """Return a plausible number of tokens; None for anything else, be it NaN, negative, 10^30 or a text."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None


def encodable(text: str) -> str:
    """Return the text with lone surrogates, which no file can hold, replaced."""
    return text.encode("utf-8", "replace").decode()


def words_of(body: bytes) -> str:
    """Return what an error says, in the words of the server: its message, the title of its page, or its text."""
    text = body[:100_000].decode("utf-8", "replace")
    try:
        said = _said(json.loads(text))
    except (ValueError, RecursionError):
        said = page_title(text) or text
    return clean(said)


def page_title(text: str) -> str:
    """Return 'a web page (<title>…</title>)' for HTML, '' for anything else."""
    head = text[:5_000].lstrip("\ufeff \t\r\n")
    if not re.match(r"<(?:!doctype|html|head|body|\?xml|!--)", head, re.IGNORECASE):
        return ""
    title = _TITLE.search(text[:20_000])
    return f"a web page (<title>{html.unescape(title[1]).strip()}</title>)" if title else "a web page"


def clean(text: str) -> str:
    """Return text on one line and fit for a terminal: no control characters, at most 2,000 characters."""
    shown = "".join(character if character.isprintable() else " " for character in text[:4_000])
    return encodable(" ".join(shown.split())[:2_000])


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadReply("a body that is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        text = body[:100_000].decode("utf-8", "replace")
        page = page_title(text)
        found = page or (f"no JSON ({clean(text)[:120]})" if text.strip() else "an empty body")
        raise BadReply(found, page=bool(page)) from error
    if not isinstance(answer, dict):
        raise BadReply(f"JSON that is no object ({clean(json.dumps(answer))[:120]})")
    return answer


def _not_one(answer: Mapping[str, Any], lacks: str) -> BadReply:
    """Return the error for an object that is no completion: the server's own words where it has any."""
    error = answer.get("error")
    inner = error if isinstance(error, dict) else {}
    codes = (inner.get("code"), inner.get("status"), answer.get("code"), answer.get("status"))
    status = next((n for n in map(_status, codes) if n), None)
    if error or "message" in answer or "detail" in answer:
        return BadReply(clean(_said(dict(answer))), status=status)
    return BadReply(f"no chat completion: {lacks} ({clean(json.dumps(dict(answer)))[:160]})", status=status)


def _status(code: Any) -> int | None:
    """Return an HTTP status that an error in a body gives as its code."""
    text = str(code) if isinstance(code, int | str) else ""
    return int(text) if re.fullmatch(r"[45]\d\d", text) else None


def _said(value: Any) -> str:
    """Return the message of an error, wherever servers put it; the whole of it as JSON otherwise."""
    for _ in range(4):
        if not isinstance(value, dict):
            break
        value = next((value[name] for name in ("error", "message", "detail", "msg") if value.get(name)), str_of(value))
    return str_of(value)


def str_of(value: Any) -> str:
    """Return a text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _joined(content: Any) -> tuple[str, str]:
    """Return the text and the refusal of a message's content: a text, parts of it, or nothing."""
    parts = [] if content is None else content if isinstance(content, list) else [content]
    text: list[str] = []
    refusal: list[str] = []
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        said = part.get("refusal" if kind == "refusal" else "text") if isinstance(part, dict) else part
        if isinstance(said, str):
            (refusal if kind == "refusal" else text).append(said)
        elif kind not in UNREAD:
            raise BadReply(f"a message whose content is no text ({clean(json.dumps(part))[:120]})")
    return encodable("".join(text)), encodable("".join(refusal))


def _is_empty_on_purpose(choice: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    """Whether a message without content is an answer all the same: cut off in its thoughts, refused, or ended."""
    others = ("refusal", "reasoning", "reasoning_content", "tool_calls", "function_call")
    return isinstance(choice.get("finish_reason"), str) or any(message.get(name) for name in others)


def _finish(reason: Any) -> str:
    """Return the reason an answer ended, under one name where it was cut; '' when none can be made out."""
    if not isinstance(reason, str) or len(reason) > LONGEST_WORD:
        return ""
    return "length" if reason.lower() in CUT_OFF else clean(reason)


def _short(name: Any) -> str:
    return clean(name[:200]) if isinstance(name, str) else ""
