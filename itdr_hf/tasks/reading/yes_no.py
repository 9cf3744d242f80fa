"""Read yes or no: an answer that begins with one; else the last one marked as the answer; else the only one said."""

from __future__ import annotations

import re

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.json_values import json_values
from itdr_hf.tasks.reading.markup import remove_emphasis
from itdr_hf.tasks.reading.pipeline import bare_answer, prepare

_YES = "yes|y|true|yeah|yep|yup|oui|sí|si|sim|ja|да|はい|是|是的|会|會|네|예"
_NO = "no|n|false|nope|nah|non|não|nein|нет|いいえ|否|不|不是|不会|不會|아니요|not|not likely|unlikely|probably not|likely not|definitely not"
_WORDS = dict.fromkeys(_YES.split("|"), "yes") | dict.fromkeys(_NO.split("|"), "no")
_BOTH = re.compile(r"\W*(?:yes\s?(?:and|or|/|,)\s?no|no\s?(?:and|or|/|,)\s?yes)\b", re.IGNORECASE)
_BEGINNING = re.compile(
    r"[\W_]*(?P<word>yes|no|yeah|yep|yup|nope|nah|是的?|否|不是|はい|いいえ)(?:\b|(?=[，。：]))(?=\s*[，。]|\W*$|\s*[.,;:!)\n\"'–—-]|\s+(?:because|since|as|they|the|he|she|it|this|i)\b)",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"(?:\b(?:answer|prediction|verdict|conclusion|decision|judg[e]?ment|result|output|response)\b[^\n.]{0,30}?(?:\bis\b|\bbe\b|[:=→\n])|"
    r"\b(?:i|i'd|i would|we)\s(?:would\s)?(?:say|answer|predict|guess|go with|conclude)\b|\#{4}|\\boxed\{)"
    r"[\s\"'*:({\[]*(?:that\s|a\s|clear\s|definite\s)*[\"']?(?P<word>yes|no|true|false)\b",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?<!not )(?<!n't )(?:(yes)\b|(no)\b(?!\s+(?!(?:from|because|since|as|for|to|they|the|he|she|it|this|i)\b)[a-z]))",
    re.IGNORECASE,
)


def read_yes_no(text: str, *, strict: bool = False) -> ParsedAnswer:
    """Return 'yes' or 'no'. Strictly read, an answer is that word alone, with or without a full stop."""
    answer = bare_answer(text) if strict else prepare(text)
    if not answer.text:
        return ParsedAnswer((), answer.fault)
    alone = answer.text.removesuffix(".").lower()
    if alone in ("yes", "no"):
        return ParsedAnswer((alone,), answer.fault)
    found = Fault.NOT_YES_OR_NO if strict else _decided(answer.text)
    if isinstance(found, Fault):
        return ParsedAnswer((), first_fault(answer.fault, found))
    return ParsedAnswer((found,), answer.fault)


def _decided(text: str) -> str | Fault:
    """Decide by the surest sign there is."""
    if (keyed := _in_json(text)) is not None:
        return keyed
    part = remove_emphasis(next(answer_parts(text), text)).strip()
    if (word := _WORDS.get(folds.strip_outer(part.rstrip("}$")).rstrip(".!。！").casefold())) is not None:
        return word
    plain = remove_emphasis(folds.plain_characters(text))
    if _BOTH.match(plain):
        return Fault.YES_AND_NO
    for beginning in (_BEGINNING.match(plain), _BEGINNING.match(part)):
        if beginning:
            return _WORDS[beginning["word"].lower()]
    if marks := list(_MARK.finditer(plain)):
        return _WORDS[marks[-1]["word"].lower()]
    said = {(found[1] or found[2]).lower() for found in _SAID.finditer(plain)}
    if len(said) == 1:
        return said.pop()
    return Fault.YES_AND_NO if said else Fault.NOT_YES_OR_NO


def _in_json(text: str) -> str | None:
    """Read an object with one yes or no, or with one under 'answer'."""
    found = None
    for value in json_values(text):
        if isinstance(value, dict):
            words = {str(key).lower(): _word(inner) for key, inner in value.items()}
            named = [word for key, word in words.items() if key in ("answer", "final_answer", "prediction") and word]
            said = named or [word for word in words.values() if word]
            found = said[0] if len(set(said)) == 1 else found
        elif isinstance(value, list) and len(value) == 1:
            found = _word(value[0]) or found
    return found


def _word(value: object) -> str | None:
    return _WORDS.get(str(value).strip(" .!").casefold())
