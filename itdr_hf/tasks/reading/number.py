"""Read the number that an answer gives.

An answer that begins with a number is that number; else the last one marked as the answer; else the only one there
is. Years, spans, counts, shares and the digits of the example's titles are no answers. A number off the scale is
clipped to its nearer end, with a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.json_values import json_values
from itdr_hf.tasks.reading.markup import remove_emphasis
from itdr_hf.tasks.reading.number_marks import (
    ALONE,
    BEGINNING,
    COLON,
    EXPECTED,
    NUMBER,
    OTHER,
    RATED,
    SAME,
    stars,
    with_halves,
    without_other_numbers,
)
from itdr_hf.tasks.reading.pipeline import bare_answer, prepare

_SPAN_ALONE = re.compile(r"\d\s?(?:-|to|or|and)\s?\d", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+−]?[1-9]\d{0,2},\d{3}")
_PREDICTED = re.compile(r"predict|final|answer|expect|estimat", re.IGNORECASE)
_RATING = re.compile(r"rating|score|stars|value|result", re.IGNORECASE)
_KNOWN = re.compile(r"average|mean|user|item|min|max|scale|histor|actual|confiden|prob", re.IGNORECASE)  # no answers
_WHOLE = re.compile(r"[-+−]?\d{1,30}(?:[.,]\d{1,30})?")


def read_number(
    text: str, low: float, high: float, *, titles: Iterable[str] = (), strict: bool = False
) -> ParsedAnswer:
    """Return the number of an answer as text, clipped to `low` … `high`.

    `titles` are all titles of the example. Strictly read, an answer is a number and nothing else.
    """
    answer = bare_answer(text) if strict else prepare(text)
    if not answer.text:
        return ParsedAnswer((), answer.fault)
    if whole := _WHOLE.fullmatch(answer.text):
        found: float | Fault = _value(whole.group())
    else:
        found = Fault.NOT_A_NUMBER if strict else _number(answer.text, low, high, titles)
    if isinstance(found, Fault):
        return ParsedAnswer((), first_fault(answer.fault, found))
    clipped = min(max(found, low), high)
    return ParsedAnswer(
        (f"{clipped:.15g}",), first_fault(answer.fault, None if clipped == found else Fault.OUT_OF_RANGE)
    )


def _number(text: str, low: float, high: float, titles: Iterable[str]) -> float | Fault:
    """Return the number of the first part that has one, or why there is none."""
    title_digits = _title_pattern(titles, text)
    fault = Fault.NOT_A_NUMBER
    for part in (*_in_json(text), *answer_parts(text)):
        found = _of_part(part, low, high, title_digits)
        if not isinstance(found, Fault):
            return found
        fault = fault if found is Fault.NOT_A_NUMBER else found
        if found is Fault.OTHER_SCALE:
            break
    return fault


def _in_json(text: str) -> list[str]:
    """Return the value under the key of an object that says the answer: a predicted one before any other rating."""
    found: list[str] = []
    for value in json_values(text):
        pairs = _pairs(value)
        for wanted in (_PREDICTED, _RATING):
            said = [str(number) for key, number in pairs if wanted.search(key) and not _KNOWN.search(key)]
            if len(set(said)) == 1:
                found.append(said[0])
                break
    return found[-1:]


def _pairs(value: object) -> list[tuple[str, str | float]]:
    """Return keys and their numbers or texts, of inner objects too under the outer key."""
    pairs: list[tuple[str, str | float]] = []
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        if isinstance(inner, Mapping):
            pairs += [(f"{key} {name}", number) for name, number in inner.items() if _is_scalar(number)]
        elif _is_scalar(inner):
            pairs.append((str(key), inner))
    return pairs


def _is_scalar(value: object) -> bool:
    """Whether a value is a number, or a text that holds one."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return numeric or (isinstance(value, str) and len(value) < 40 and re.search(r"\d", value) is not None)


def _of_part(text: str, low: float, high: float, titles: re.Pattern[str] | None) -> float | Fault:
    if (drawn := stars(text)) and low <= 1 and not re.search(r"\d", text):
        return drawn[0] if drawn[1] in (drawn[0], high) else Fault.OTHER_SCALE
    plain = remove_emphasis(folds.plain_characters(text))
    plain = with_halves(titles.sub(" the title ", plain) if titles else plain)
    marked = _decided(without_other_numbers(plain, high=high, years=low < 1000))
    if marked is Fault.NOT_A_NUMBER and _SPAN_ALONE.search(plain):
        return Fault.SEVERAL_NUMBERS
    return marked


def _decided(plain: str) -> float | Fault:
    """Decide between the numbers that are left in a text; one on another scale only where none is on the right one."""
    if first := BEGINNING.match(plain):
        return _on_scale(plain, first)
    for mark in (EXPECTED, RATED, ALONE, COLON):
        if found := list(mark.finditer(plain)):
            return _on_scale(plain, found[-1])
    numbers = {_value(found["number"]): found for found in NUMBER.finditer(plain)}
    if len(numbers) == 1:
        return _on_scale(plain, *numbers.values())
    return Fault.SEVERAL_NUMBERS if numbers else Fault.NOT_A_NUMBER


def _on_scale(plain: str, found: re.Match[str]) -> float | Fault:
    """Return a number that is out of nothing else than the scale's end; else the only other one that is."""
    if plain[found.end("number") :][:1] != OTHER:
        return _value(found["number"])
    right = {_value(one["number"]) for one in NUMBER.finditer(plain) if plain[one.end("number") :][:1] == SAME}
    return right.pop() if len(right) == 1 else Fault.OTHER_SCALE


def _title_pattern(titles: Iterable[str], text: str) -> re.Pattern[str] | None:
    """Match the titles that hold digits, with and without their year; one that is a mere number only in quotes."""
    forms: set[str] = set()
    for title in titles:
        plain = " ".join(folds.plain_characters(title).split())
        for form in (plain, folds.without_year(plain)):
            if re.search(r"\d", form):
                forms.add(rf'"{re.escape(form)}"' if _WHOLE.fullmatch(form) else re.escape(form))
    pieces: Sequence[str] = sorted(forms, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(pieces)})(?!\w)", re.IGNORECASE) if pieces else None


def _value(digits: str) -> float:
    plain = digits.replace(",", "") if _THOUSANDS.fullmatch(digits) else digits
    return float(plain.replace(",", ".").replace("−", "-"))
