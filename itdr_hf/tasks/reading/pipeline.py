"""The steps before any reading: thoughts, ends, the cap on length, fences and tags."""

from __future__ import annotations

import re
from typing import NamedTuple

from itdr_hf.tasks.reading.faults import Fault
from itdr_hf.tasks.reading.markup import remove_ends, remove_fences, remove_tags
from itdr_hf.tasks.reading.thoughts import remove_thoughts

_ESCAPED_BREAK = re.compile(r"\\n(?=[\s\d*#A-Z-]|\\n|$)")  # of an answer that was quoted once too often
MAX_CHARS = 100_000  # of an answer without its thoughts; what comes after is not read


class Prepared(NamedTuple):
    """An answer without its wrapping. With no text, `fault` says why; with text it may be Fault.TOO_LONG."""

    text: str
    fault: Fault | None


def prepare(text: str) -> Prepared:
    """Return the answer that a raw text holds, without its wrapping."""
    return unwrapped(bare_answer(text))


def unwrapped(answer: Prepared) -> Prepared:
    """Return a bare answer without fences and tags."""
    text = _ESCAPED_BREAK.sub("\n", answer.text) if "\n" not in answer.text else answer.text
    text = remove_tags(remove_fences(text)).strip()
    return Prepared(text, answer.fault or (None if text else Fault.EMPTY))


def bare_answer(text: str) -> Prepared:
    """Return an answer without thoughts and end tokens, its markup as written: what both readings start from."""
    left = remove_thoughts(text)
    if not left.finished:
        return Prepared("", Fault.TRUNCATED)
    answer = remove_ends(left.text)
    if not answer:
        return Prepared("", Fault.EMPTY)
    return Prepared(answer[:MAX_CHARS], Fault.TOO_LONG if len(answer) > MAX_CHARS else None)
