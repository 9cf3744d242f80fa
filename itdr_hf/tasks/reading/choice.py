"""Read the one candidate that an answer chooses.

An answer that begins with a title is that title; else the last one marked as the answer; else the only one named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.json_values import json_values
from itdr_hf.tasks.reading.list_lines import Line, lines_of
from itdr_hf.tasks.reading.markup import remove_emphasis
from itdr_hf.tasks.reading.mentions import SENTENCE, chosen
from itdr_hf.tasks.reading.pipeline import bare_answer, unwrapped
from itdr_hf.tasks.reading.titles import Fits, TitleIndex

_MARK = re.compile(
    r"""\b(?:answer|best(?:\s(?:fit|match|option|candidate|one))?|choice|pick|prediction|recommendation|selection|conclusion|verdict|title|guess|
        (?:next|chosen|predicted|selected|recommended|likely)\s(?:item|movie|film|book|game|song|anime|product|one|\w+))
        (?:\s(?:for|of|by|to|among|from|in)\b[^\n:.]{0,40})?[*_"]{0,3}\s*(?:\bis\b|\bwould\sbe\b|\bwill\sbe\b|[:=→]|\n)+[*_\s]*:?
    | \b(?:I|we)(?:'d|’d|'ll|’ll|\swould|\swill)?\s(?:therefore\s|finally\s)?
        (?:choose|pick|select|go\swith|recommend|predict|say|guess|expect|answer|suggest)\b[ :]*
    | \bmost\slikely\s(?:to\s)?(?:\w+\s){0,3}?(?=["*A-Z“\d\[])
    | (?:答案|选择|推荐|预测|最可能[^\n。：:]{0,12}?)(?:是|为|：|:)\s?
    | \#{4}\s* | \\boxed\{""",
    re.IGNORECASE | re.VERBOSE,
)
_OTHER = re.compile(  # before a mark: what it marks is not the answer
    r"\b(?:second|third|fourth|fifth|2nd|3rd|[45]th|next[ -]best|alternative|other|another|backup|runner-?up|worst|least likely)\W{1,3}$",
    re.IGNORECASE,
)
_ROOM = 20  # characters looked at before a mark
_BOLD = re.compile(r"\*\*([^*\n]{1,400})\*\*")
_ASIDE = re.compile(
    r"second|runner|alternativ|other|third|histor|reason|expla|rational|thought|analysis|candidates", re.I
)
_WORD = re.compile(r"(?!(?:not|never|neither|nor|either|between|against|over|than|avoid|except)\b)[a-z]{1,14}\s")
_KEYS = (
    "final_answer",
    "answer",
    "choice",
    "prediction",
    "title",
    "item",
    "recommendation",
    "next",
    "selected",
    "name",
)
_WORDS = 8  # words between a mark and the title: 'most likely' 'to watch the crime film' Heat
_MARKS = 6  # marks that are looked at, from the last one back


def read_choice(
    text: str,
    candidates: Sequence[str],
    history: Sequence[str] = (),
    *,
    shown: Sequence[str] = (),
    numbered: bool = False,
    strict: bool = False,
) -> ParsedAnswer:
    """Return the candidate an answer chooses.

    `numbered` says that the prompt numbers its candidates, so that a number names one. Strictly read, an answer
    is one title, or its line as shown, and nothing else.
    """
    index = TitleIndex(candidates, shown, past=history, numbered=numbered)
    answer = bare_answer(text)
    for whole in (text, text.strip(), answer.text):
        if (title := index.strict(whole)) is not None:
            return ParsedAnswer((title,), None)
    answer = answer if strict else unwrapped(answer)
    if not answer.text:
        return ParsedAnswer((), answer.fault)
    fits = () if strict else _choice(_keyed(answer.text) or answer.text, index)
    if len(fits) == 1:
        return ParsedAnswer(fits, answer.fault)
    past = TitleIndex(history, numbered=False)
    return ParsedAnswer((), first_fault(answer.fault, _fault(answer.text, fits, index, past)))


def _choice(text: str, index: TitleIndex) -> Fits:
    """Return what the first way of choosing gives that gives anything."""
    part = next(answer_parts(text, index.is_title), text)
    for way in (_by_key, _as_a_whole, _at_the_beginning, _marked, _only_one_bold, _on_the_last_line, _only_one_named):
        for place in dict.fromkeys((part if way in (_by_key, _as_a_whole) else text, text)):
            if fits := way(place, index):
                return fits
    return ()


def _as_a_whole(text: str, index: TitleIndex) -> Fits:
    lines = lines_of(text)
    return _line(lines[0], index) or index.cut_in_its_year(lines[0].body) if len(lines) == 1 else index.whole(text)


def _keyed(text: str) -> str | None:
    """Return the text that stands under a key that says the answer: what it says counts, and nothing around it."""
    for value in json_values(text):
        lowered = {str(key).lower(): inner for key, inner in value.items()} if isinstance(value, dict) else {}
        for key in ("final_answer", "answer"):
            if isinstance(said := lowered.get(key), str) and said.strip():
                return said
    return None


def _by_key(text: str, index: TitleIndex) -> Fits:
    """Read JSON that holds the choice under a usual key, or is one string."""
    found: list[Fits] = []
    for value in json_values(text):
        if isinstance(value, dict):
            lowered = {str(key).lower().replace(" ", "_"): inner for key, inner in value.items()}
            named = [lowered[key] for key in _KEYS if isinstance(lowered.get(key), str | int)]
            strings = [inner for key, inner in lowered.items() if isinstance(inner, str) and not _ASIDE.search(key)]
            titles = {fits for one in strings if len(fits := index.whole(one)) == 1}
            found += [index.line(str(one)) for one in named[:1] or (strings if len(strings) == 1 else [])]
            found += [] if named or len(titles) != 1 else titles
        elif isinstance(value, list) and len(value) == 1:
            found.append(index.line(str(value[0])))
    return found[-1] if found else ()


def _at_the_beginning(text: str, index: TitleIndex) -> Fits:
    """Read a first line that is a title, unless it only begins a list of titles."""
    if not (lines := lines_of(text)):
        return ()
    first, rest = lines[0], lines[1:]
    fits = _line(first, index) if first.kind == "plain" else ()
    alone = not rest or rest[0].kind != "plain" or rest[0].paragraph != first.paragraph or not _line(rest[0], index)
    return fits if fits and alone else ()


def _marked(text: str, index: TitleIndex) -> Fits:
    """Return what the last mark of an answer is followed by."""
    found = list(_MARK.finditer(text))[-_MARKS:]
    marks = [mark for mark in found if not _OTHER.search(text[max(0, mark.start() - _ROOM) : mark.start()])]
    for mark in reversed(marks):
        tail = next(
            (line for line in text[mark.end() : mark.end() + index.longest + 400].split("\n") if line.strip()), ""
        )
        if fits := _said(tail, index):
            return fits
    return ()


def _said(tail: str, index: TitleIndex) -> Fits:
    """Return the titles that what follows a mark names."""
    tail = re.sub(
        r"^[\s*_:]*(?:that\s)?(?:the\s)?(?:user\s)?(?:(?:will|would|to)\s(?:most\slikely\s)?\w+\s)?(?:next\s)?",
        "",
        tail,
    )
    for _ in range(_WORDS):
        if index.whole(tail.split("\n")[0]) or not (word := _WORD.match(tail)):
            break
        if fits := index.line(tail):
            return fits
        tail = tail[word.end() :]
    fits = index.line(tail) or index.line(SENTENCE.split(tail.rstrip("} "))[0].rstrip(" .}*$"))
    return fits or tuple(sorted(chosen(f"it is {SENTENCE.split(tail)[0]}", index)))


def _only_one_bold(text: str, index: TitleIndex) -> Fits:
    found = {fits for bold in _BOLD.findall(text) if (fits := index.whole(bold))}
    return found.pop() if len(found) == 1 else ()


def _on_the_last_line(text: str, index: TitleIndex) -> Fits:
    """Read a last line that is a title alone, where no other line is."""
    lines = lines_of(text)
    alone = [line for line in lines if index.whole(line.body) and line.kind == "plain"]
    return index.whole(lines[-1].body) if lines and alone == lines[-1:] else ()


def _only_one_named(text: str, index: TitleIndex) -> Fits:
    on_lines = {fits[0] for line in lines_of(text) if len(fits := _line(line, index)) == 1 and line.kind != "plain"}
    return tuple(sorted(on_lines | chosen(remove_emphasis(text), index)))


def _line(line: Line, index: TitleIndex) -> Fits:
    return index.whole(line.raw.strip()) or index.line(line.body)


def _fault(text: str, fits: Fits, index: TitleIndex, past: TitleIndex) -> Fault:
    lines = [line.body for line in lines_of(text)]
    if len(fits) > 1:
        return Fault.SEVERAL_CANDIDATES
    if any(past.line(line) for line in _some(lines)):
        return Fault.COPIED_HISTORY
    begun = folds.typographic(lines[-1]) if lines else ""
    if not begun or any(folds.typographic(title).startswith(begun) for title in index.titles):
        return Fault.TRUNCATED
    return Fault.NOT_A_CANDIDATE


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:50]
