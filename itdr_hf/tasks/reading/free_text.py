"""Read a text: what is left without thoughts, ends, fences, tags and emphasis."""

from __future__ import annotations

import re

from itdr_hf.tasks.reading.answer_part import after_final, tagged_part
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.json_values import json_values
from itdr_hf.tasks.reading.markup import remove_emphasis
from itdr_hf.tasks.reading.pipeline import bare_answer, prepare

_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_LEAD = re.compile(
    r"\A[ \t#*_>]{0,6}(?:(?:sure|certainly|of course|okay|ok|absolutely)[!,.]?\s{1,3})?"
    r"(?:here(?:'s|’s| is| are)\s[^\n:]{1,120}:[*_ \t]*\n+|(?:the |my )?(?:final |short )?(?:answer|summary|response|output|"
    r"description|profile)(?:\sis)?\s?:[*_]{0,3}\s*|\#\#\#\#\s)",
    re.IGNORECASE,
)
_OWNER = r"(?:(?:the|this|my)\s)?(?:(?:user|person|customer|reader|viewer|player|listener)(?:'s|’s)?\s)?(?:final\s|short\s|overall\s)?"
_SUBJECT = r"(?:summary|interests?|preferences?|profile|tastes?|description|persona|answer|response|output)(?:\s(?:summary|profile|description))?"
_LABEL = re.compile(
    rf"\A[ \t#*_>]{{0,6}}(?:\[\[\s?\#\#\s?[a-z_]{{1,30}}\s?\#\#\s?\]\]\s*\n|(?:answer|assistant|a|答案|回答|总结)\s?[:：]\s*|"
    rf"{_OWNER}{_SUBJECT}(?:[*_]{{0,3}}\s?:[*_]{{0,3}}\s*|[*_ \t]*\n+)|"
    r"based\son\b[^\n:]{1,80},\s(?:here\s|this\s|the\s)[^\n:]{1,80}:[*_ \t]*\n+)",
    re.IGNORECASE,
)
_RULE = re.compile(r"\A(?:[-*_=]{3,}[ \t]*\n)+|(?:\n[-*_=]{3,}[ \t]*)+\Z")
_CLOSING = re.compile(
    r"\n\s*\n(?:i hope th(?:is|at) helps|hope th(?:is|at) helps|(?:please )?(?:let me know|feel free)|would you like (?:me|more)|"
    r"if you(?:'d| would|’d)? (?:like|need|want) (?:me|more|any|further)|is there anything else)\b[^\n]{0,200}\Z",
    re.IGNORECASE,
)
_BULLET = re.compile(r"\A(?:[-*•]|1[.)])[ \t]+(?=\S[^\n]*\Z)")  # of a single line
_KEYS = ("text", "answer", "summary", "interests", "description", "response", "output", "profile", "result")


def read_text(text: str, *, strict: bool = False) -> ParsedAnswer:
    """Return the text of an answer. Strictly read, its markup and lead-in stay."""
    answer = bare_answer(text) if strict else prepare(text)
    said = answer.text if strict else _plain(answer.text)
    return ParsedAnswer((said,) if said else (), first_fault(answer.fault, None if said else Fault.EMPTY))


def _plain(text: str) -> str:
    text = _in_json(text) or text
    tagged = tagged_part(text)
    text = _boxed(text if tagged is None else tagged).strip()
    text = _RULE.sub("", _CLOSING.sub("", _LEAD.sub("", after_final(text), count=1)).strip()).strip()
    text = _BULLET.sub("", _LABEL.sub("", text, count=1))
    text = _QUOTED.sub("", _HEADING.sub("", text))
    text = remove_emphasis(text).strip()
    if len(text) > 1 and text[0] + text[-1] in ('""', "“”", "«»") and text[0] not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _in_json(text: str) -> str | None:
    """Return the text that a whole answer in JSON holds, under a usual key or as its only string."""
    if not text.startswith(("{", "[")):
        return None
    value = next(json_values(text), None)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    if len(value) == 1 and isinstance(inner := next(iter(value.values())), dict):
        value = inner
    strings = {str(key).lower(): inner for key, inner in value.items() if isinstance(inner, str)}
    named = [strings[key] for key in _KEYS if key in strings]
    return named[0] if named else next(iter(strings.values())) if len(strings) == 1 else None


def _boxed(text: str) -> str:
    found = re.fullmatch(r"\$*\s*\\boxed\{(.*)\}\s*\$*", text, re.DOTALL)
    return found[1] if found else text
