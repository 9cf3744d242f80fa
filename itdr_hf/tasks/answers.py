"""Reading what a model wrote: lists of titles, one title, a number, named values, a text.

Strict takes only the form that the prompt asks for; lenient also takes what plainly means the same. A fault is
named either way (see records.Answer); what could be read stands beside it. Whatever was written, nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache
from math import factorial

from itdr_hf.tasks.reading.faults import ParsedAnswer
from itdr_hf.tasks.title_matching import QUOTES, Titles, norm, unmarked

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_FIRST_NUMBER = re.compile(r"(?<![\w.,])[-+]?\d+(?:[.,]\d+)?")
_OUT_OF = re.compile(r"\s*(?:/|out of)\s*\d+(?:[.,]\d+)?", re.IGNORECASE)
_SPAN = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)?\s*(?:-|–|to|and)\s*\d+(?:[.,]\d+)?(?![\w-])", re.IGNORECASE)
_SAID = re.compile(r"\b(?:rat\w*|answer|score|predict\w*|give\w*|is|be)\W{0,12}([-+]?\d+(?:[.,]\d+)?)", re.IGNORECASE)
_SENTENCE = re.compile(r"^[^.]*(?:[a-z]{3}|\d)[*_`\"'”’]*\.$")
_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_BREAK = re.compile(r"\r\n|\n|\r")


def shuffled(titles: Sequence[str], seed: int) -> list[str]:
    """Return a permutation decided by `seed` (a large whole number) alone; every one equally likely."""
    left, out = list(titles), []
    seed %= factorial(len(left))  # the rest of it decides nothing
    for size in range(len(left), 1, -1):
        out.append(left.pop(seed % size))
        seed //= size
    return out + left


def numbered(titles: Sequence[str]) -> str:
    """'1. first' and so on, one a line."""
    pieces = _numbers(len(titles)).copy()
    pieces[1::2] = titles
    return "".join(pieces)


@cache
def _numbers(count: int) -> list[str]:
    """Return what stands before each title, and a place for the title."""
    return [piece for n in range(1, count + 1) for piece in (f"\n{n}. " if n > 1 else "1. ", "")]


def read_ranking(text: str, candidates: Sequence[str], history: Sequence[str], strict: bool) -> ParsedAnswer:
    """Return the candidates in the order of the answer, each once; strangers and repeats are skipped, and named."""
    titles = Titles(candidates)
    asked = titles.as_asked(text)
    if asked is not None:
        return ParsedAnswer(tuple(asked), "too few" if len(asked) < len(candidates) else None)
    lines = _lines(titles.on_one_line(text), strict)
    if not lines:
        return ParsedAnswer((), "empty")
    found = [titles.of_line(line, strict) for line in lines]
    named = [title for title in found if title is not None]
    ranked = list(dict.fromkeys(named))
    strangers = [line for line, title in zip(lines, found, strict=True) if title is None]
    if not strict:
        strangers = [line for line in strangers if unmarked(line) != line] if ranked else strangers
        ranked = ranked or titles.mentioned(text)
        strangers = [] if len(ranked) > len(named) else strangers
    return ParsedAnswer(tuple(ranked), _fault(lines, strangers, ranked, len(named) > len(ranked), titles, history))


def _fault(
    lines: Sequence[str],
    strangers: Sequence[str],
    ranked: Sequence[str],
    repeated: bool,
    titles: Titles,
    history: Sequence[str],
) -> str | None:
    short = len(ranked) < len(titles.all)
    if strangers and short and lines[-1] is strangers[-1] and titles.begun(lines[-1], ranked):
        return "truncated"
    if any(_copied(line, history) for line in strangers):
        return "copied history"
    if strangers:
        return "not a candidate"
    return "duplicate" if repeated else "too few" if short else None


def read_choice(text: str, candidates: Sequence[str], history: Sequence[str], strict: bool) -> ParsedAnswer:
    """Return the one candidate the answer names; in a longer answer, leniently, the first line that is one."""
    titles = Titles(candidates)
    for whole in (text, text.strip()):
        if whole in titles.exact:
            return ParsedAnswer((whole,), None)
    lines = _lines(titles.on_one_line(text), strict)
    if not lines:
        return ParsedAnswer((), "empty")
    named = [title for title in (titles.of_line(line, strict) for line in lines) if title is not None]
    if named and (not strict or len(lines) == 1):
        return ParsedAnswer((named[0],), None)
    if not strict:
        named = titles.mentioned(text)
    if len(named) == 1 and not strict:
        return ParsedAnswer((named[0],), None)
    if len(set(named)) > 1:
        return ParsedAnswer((), "several candidates")
    if any(_copied(line, history) for line in lines):
        return ParsedAnswer((), "copied history")
    return ParsedAnswer((), "truncated" if titles.begun(lines[-1], ()) else "not a candidate")


def read_number(text: str, low: float, high: float, strict: bool) -> ParsedAnswer:
    """Return the number the answer is, or leniently the one it most plainly means, as text; it must lie on the scale."""
    text = text.strip() if strict else _THOUGHT.sub("", text).strip()
    if not text:
        return ParsedAnswer((), "empty")
    value = number(text, strict)
    if value is None:
        return ParsedAnswer((), "not a number")
    return ParsedAnswer((f"{value:.15g}",), None if low <= value <= high else "out of range")


def number(text: str, strict: bool) -> float | None:
    """Return the number a text is; leniently the first line that is one, the one said to be the answer, or the first.

    '4/5' and '4 out of 5' are 4, and 'from 1 to 5' names a scale, not an answer.
    """
    if whole := _NUMBER.fullmatch(text.strip()):
        return _value(whole.group())
    if strict:
        return None
    plain = _SPAN.sub(" ", _OUT_OF.sub(" ", text))
    plain = plain if _FIRST_NUMBER.search(plain) else _OUT_OF.sub(" ", text)
    alone = (_NUMBER.fullmatch(line.strip(QUOTES + ".,;:")) for line in _BREAK.split(plain))
    if line := next((match for match in alone if match), None):
        return _value(line.group())
    if said := _SAID.search(plain):
        return _value(said.group(1))
    first = _FIRST_NUMBER.search(plain)
    return _value(first.group()) if first else None


def as_written(value: str, write: Callable[[float], str]) -> str:
    """Return a number as `write` writes numbers, where that loses nothing: '4' as '4.0'."""
    written = write(float(value))
    return written if float(written) == float(value) else value


def with_numbers(answer: ParsedAnswer, places: Collection[int], strict: bool) -> ParsedAnswer:
    """Return an answer whose values at `places` are numbers: each as the number alone, '' where there is none."""
    values = list(answer.values)
    for place in places if values else ():
        value = number(values[place], strict)
        values[place] = "" if value is None else f"{value:.15g}"
    lost = any(old and not new for old, new in zip(answer.values, values, strict=True))
    return ParsedAnswer(tuple(values), answer.fault or ("not a number" if lost else None))


def read_named(text: str, names: Sequence[str], strict: bool) -> ParsedAnswer:
    """Return the values of 'name: value' lines, in the order of `names`; a missing one is ''."""
    text = text if strict else _THOUGHT.sub("", text)
    if not text.strip():
        return ParsedAnswer((), "empty")
    given = _pairs(_BREAK.split(text), names, strict)
    if not strict and len(given) < len(names):
        given = max(given, _pairs(re.split(r"[\r\n;]", text), names, strict), key=len)
    if not strict and not given and len(names) == 1 and len(_lines(text, strict)) == 1:
        given = {norm(names[0]): _plain(text.strip())}
    values = [given.get(norm(name), "") for name in names]
    return ParsedAnswer(tuple(values), None if all(values) else "missing attribute")


def read_text(text: str, strict: bool) -> ParsedAnswer:
    """Return the text itself; leniently without what a reasoning model thought before."""
    said = text.strip() if strict else _THOUGHT.sub("", text).strip()
    return ParsedAnswer((said,), None if said else "empty")


def _pairs(parts: Sequence[str], names: Sequence[str], strict: bool) -> dict[str, str]:
    given: dict[str, str] = {}
    wanted = {norm(name) for name in names}
    for part in parts:
        name, colon, value = part.partition(":")
        bare = norm(name if strict else unmarked(name).strip(QUOTES + "-"))
        if colon and bare in wanted:
            given.setdefault(bare, value.strip() if strict else _plain(value.strip()))
    return {name: value for name, value in given.items() if value}


def _plain(value: str) -> str:
    """Return a value without quotes or emphasis around it and without the full stop of a sentence; 'D.C.' keeps its."""
    value = value[:-1] if _SENTENCE.search(value) else value
    while len(value) > 1 and value[0] == value[-1] and value[0] in QUOTES:
        value = value[1:-1].strip()
    return value


def _lines(text: str, strict: bool) -> list[str]:
    """Return the lines that hold anything; only true line breaks part lines, since titles hold rarer ones."""
    text = text if strict else _THOUGHT.sub("", text)
    return [line for line in _BREAK.split(text) if line.strip()]


def _copied(line: str, history: Sequence[str]) -> bool:
    return Titles(history).of_line(line, strict=False) is not None if history else False


def _value(digits: str) -> float:
    return float(digits.replace(",", "."))
