"""Which answers may become references: small checks, each true when an answer is at fault.

A check sees only what is given to it, so what is accepted is decided anew, from the store, every time; a better
check costs no request.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

from itdr_hf.models.endpoint.request import Reply
from itdr_hf.tasks.reading import Fault, bare_answer
from itdr_hf.tasks.task import Cell, Teacher

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SHORTEST = 4  # letters of a word that says something
_FENCE = re.compile(r"^```(?:json)?\s*\n(.*)\n```$", re.DOTALL)
_SAYS_NO = re.compile(
    r"\b(?:i(?:['’]m| am) (?:sorry|unable|not able)|i (?:cannot|can['’]t|can not|won['’]t|will not|must decline)"
    r"|as an? (?:ai|artificial|large language|language model)|(?:sorry|apologies),? (?:but )?i\b|my apologies)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"«][^”\"»]*[”\"»]")  # a title may say what the model does not
REFUSES_WITHIN = 200  # characters: later on, such words are somebody else's
# Words that English can hardly do without, less those that are as common in a neighbouring language.
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "of",
        "to",
        "that",
        "with",
        "for",
        "who",
        "are",
        "this",
        "from",
        "they",
        "their",
        "have",
        "would",
        "will",
        "be",
        "it",
        "its",
        "as",
        "by",
        "or",
        "those",
        "which",
        "but",
        "not",
        "you",
        "your",
        "has",
        "been",
        "can",
        "should",
        "is",
        "anyone",
        "people",
        "user",
        "users",
        "such",
        "also",
        "into",
        "like",
        "likes",
        "than",
    ]
)
ENGLISH_SHARE = 0.15  # of the words; plain English has 0.3 to 0.5, other languages below 0.08


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What a check sees: the reply, the text in it (None: the JSON asked for is not there), and the example's words."""

    reply: Reply
    text: str | None
    teacher: Teacher
    own_words: frozenset[str]

    @property
    def words(self) -> list[str]:
        return WORD.findall(self.text or "")


Check = Callable[[Completion], bool]


def truncated(a: Completion) -> bool:
    """Tell whether the endpoint says that it did not come to its end, or it ends within a thought."""
    return a.reply.finish == "length" or bare_answer(a.reply.text).fault is Fault.TRUNCATED


def refused(a: Completion) -> bool:
    """Return the endpoint says so, or the text begins so."""
    if a.reply.finish == "content_filter" or a.reply.refusal:
        return True
    begins = (a.reply.text if a.text is None else a.text)[:REFUSES_WITHIN]
    return bool(_SAYS_NO.search(_QUOTED.sub("", begins)))


def empty(a: Completion) -> bool:
    """Nothing but blanks and marks."""
    return not WORD.search(a.reply.text if a.text is None else a.text)


def malformed_json(a: Completion) -> bool:
    """JSON was asked for, and there is none with the field."""
    return a.text is None


def too_short(a: Completion) -> bool:
    return len(a.words) < a.teacher.words[0]


def too_long(a: Completion) -> bool:
    return len(a.words) > a.teacher.words[1]


def other_form(a: Completion) -> bool:
    """Not in the form that was asked for, where it is no prose."""
    return a.teacher.form is not None and not a.teacher.form(a.text or "")


def other_language(a: Completion) -> bool:
    """Too few of the words that English is held together by; a list of a few words each has hardly any."""
    if a.teacher.form:
        return False
    words = [word.lower() for word in a.words]
    return sum(word in _ENGLISH for word in words) < ENGLISH_SHARE * len(words)


def off_topic(a: Completion) -> bool:
    """Not one of the example's own words; an example without any cannot tell, nor a list that may name none of them."""
    return not a.teacher.form and bool(a.own_words) and a.own_words.isdisjoint(own(a.text or ""))


CHECKS: dict[str, Check] = {
    "truncated": truncated,
    "refusal": refused,
    "empty": empty,
    "malformed JSON": malformed_json,
    "too short": too_short,
    "too long": too_long,
    "another form": other_form,
    "not English": other_language,
    "about something else": off_topic,
}


def fault(answered: Completion) -> str | None:
    """Return the name of the first check that an answer does not pass, or None."""
    return next((name for name, at_fault in CHECKS.items() if at_fault(answered)), None)


def read_text(reply: Reply, teacher: Teacher, as_json: bool) -> str | None:
    """Return the reference in a reply, without a reasoning model's thoughts; None when the JSON asked for is not there."""
    text = bare_answer(reply.text).text
    if not as_json:
        return text
    fenced = _FENCE.match(text)
    try:
        value = json.loads(fenced.group(1) if fenced else text)
    except ValueError:
        return None
    said = value.get(teacher.field) if isinstance(value, dict) else None
    return said.strip() if isinstance(said, str) else None


def own(text: str, besides: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return the words of a text that say something, lower case and without accents, without those of `besides`.

    Figures and words in other scripts are none: a good answer may leave them out or write them otherwise.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    words = {word for word in WORD.findall(plain) if len(word) >= SHORTEST and word.isascii() and not word.isdecimal()}
    return frozenset(words) - besides - _ENGLISH


def common_words(cell: Cell) -> frozenset[str]:
    """Return what the prompts of a cell have in common: an answer with such words need not be about the example."""
    templates = [*cell.task.templates.values(), *cell.source.wording.values(), cell.task.description]
    fixed = ["".join(text for text, *_ in Formatter().parse(template)) for template in templates]
    spoken = [value for value in vars(cell.source.words).values() if isinstance(value, str)]
    named = [a.name for a in (*cell.source.item_attributes, *cell.source.user_attributes)]
    return own(" ".join([*fixed, *spoken, *named]))
