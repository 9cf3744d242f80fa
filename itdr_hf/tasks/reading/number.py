"""Read the number that an answer gives.

An answer that begins with a number is that number; else the last one marked as the answer; else the only one there
is. Years, spans, counts, shares and the digits of the example's titles are no answers. A number off the scale is
clipped to its nearer end, with a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.markup import remove_emphasis
from itdr_hf.tasks.reading.number_marks import (
    ALONE,
    BEGINNING,
    COLON,
    EXPECTED,
    NUMBER,
    OUT_OF,
    RATED,
    with_halves,
    without_other_numbers,
)
from itdr_hf.tasks.reading.pipeline import bare_answer, prepare

_SPAN_ALONE = re.compile(r"\d\s?(?:-|to|or|and)\s?\d", re.IGNORECASE)
_THOUSANDS = re.compile(r"[-+−]?[1-9]\d{0,2},\d{3}")
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
    for part in answer_parts(text):
        found = _of_part(part, low, high, title_digits)
        if not isinstance(found, Fault):
            return found
        fault = fault if found is Fault.NOT_A_NUMBER else found
        if found is Fault.OTHER_SCALE:
            break
    return fault


def _of_part(text: str, low: float, high: float, titles: re.Pattern[str] | None) -> float | Fault:
    plain = remove_emphasis(folds.plain_characters(text))
    plain = with_halves(titles.sub(" the title ", plain) if titles else plain)
    scales = {_value(found["scale"]) for found in OUT_OF.finditer(plain)}
    marked = _decided(without_other_numbers(plain, years=low < 1000))
    if marked is Fault.NOT_A_NUMBER and _SPAN_ALONE.search(plain):
        return Fault.SEVERAL_NUMBERS
    if isinstance(marked, float) and any(scale != high for scale in scales):
        return Fault.OTHER_SCALE
    return marked


def _decided(plain: str) -> float | Fault:
    """Decide between the numbers that are left in a text."""
    if first := BEGINNING.match(plain):
        return _value(first["number"])
    for mark in (EXPECTED, RATED, ALONE, COLON):
        if found := list(mark.finditer(plain)):
            return _value(found[-1]["number"])
    numbers = {_value(found.group()) for found in NUMBER.finditer(plain)}
    if len(numbers) == 1:
        return numbers.pop()
    return Fault.SEVERAL_NUMBERS if numbers else Fault.NOT_A_NUMBER


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
