"""Find the part of an answer that is said to be the answer; the whole where nothing is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>answer|final[_ ]?answer|final|output|result|response|solution|ranking|ranked_list|rating|"
    r"score|prediction|choice|summary|profile|begin_of_solution|recommendations?)>",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\\(?:boxed|fbox)\s?\{((?:[^{}]|\{[^{}\n]{0,200}\}){1,20000})\}")
_NOUNS = (
    r"answers?|rankings?|ranked\s(?:list|candidates|order|items)|predictions?|recommendations?|conclusion|verdict|"
    r"(?:final|sorted|recommended|resulting|re-?ordered|complete|my)\s(?:list|order|result|output|choice|pick)|order|"
    r"r[ée]ponse(?:\sfinale)?|respuesta(?:\sfinal)?|resposta(?:\sfinal)?|antwort|risposta|ответ|答案|最终答案|回答|排序结果|最终排序|答え"
)
_HEADING = re.compile(
    rf"""(?:^|(?<=\n))[ \t>]{{0,4}}[#*_ \[]{{0,8}}(?:[\w'’]{{1,12}}\s){{0,5}}?(?:{_NOUNS})\b
    (?:\s(?:(?:is|are)\sas\sfollows|(?:of|for|by|in|based|list)\b[^\n:]{{0,80}}) | \s?\([^()\n]{{0,80}}\))?
    [*_ \#\]]{{0,8}}(?:[:：][*_ ]{{0,4}}|(?=\n|$))""",
    re.IGNORECASE | re.VERBOSE,
)
_DRAFT = re.compile(
    r"\b(?:original|initial|input|given|unranked)\s(?:\w{1,12}\s)?(?:order|list|ranking|candidates)\b", re.I
)
_SAID = re.compile(
    r"\b(?:final|my|the|so)\s(?:final\s|predicted\s|complete\s)?(?:answer|ranking|order|ranked list|list)\s"
    r"(?:is|would be|will be)\b(?:\sas follows|\sthus|\stherefore)?\s?:?|####\s?|\*\*answer\*\*\s?:?",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"(?:^|(?<=\n))[ \t#*_>]{0,8}(?:(?:my|the|here is my|here's my)\s)?(?:final\s|revised\s|corrected\s)"
    r"(?:answer|summary|response|description|output|version|text|profile)[*_ ]{0,4}(?::[*_ ]{0,4}|(?=\n))|"
    r"(?:^|(?<=\n))\s{0,3}(?:so\s)?(?:my|the)\s(?:final\s)?(?:answer|summary)\sis(?:\s?:)?\s|(?:^|(?<=\n))####\s|"
    r"(?:^|(?<=\n))[*_ ]{0,4}answer[*_ ]{0,4}:",
    re.IGNORECASE,
)
_PARTS = 6  # parts that are looked at, from the last one back


def answer_parts(text: str, is_title: Callable[[str], object] = lambda line: False) -> Iterator[str]:
    """Give the parts that may be the answer, the best first: tagged, boxed, after a marker (the last first), all.

    A line that `is_title`, such as 'The Last Verdict', marks nothing.
    """
    tagged = tagged_part(text)
    if tagged is not None:
        yield tagged
    boxed = [found[1] for found in _BOXED.finditer(text)] if "\\" in text else []
    yield from boxed[-1:]
    for end in after_markers(text, is_title):
        yield text[end:]
    yield text


def after_final(text: str) -> str:
    """Return what follows the last mark of a final text; the whole where there is none."""
    ends = [found.end() for found in _FINAL.finditer(text)]
    return next((text[end:].strip() for end in reversed(ends[-_PARTS:]) if text[end:].strip()), text)


def after_markers(text: str, is_title: Callable[[str], object] = lambda line: False) -> list[int]:
    """Return where the parts after the last few markers begin, the last first."""
    last = len(text.rstrip())
    found_marks = (found for pattern in (_HEADING, _SAID) for found in pattern.finditer(text))
    ends = {found.end(): found.start() for found in found_marks if not _DRAFT.search(found.group())}
    marks = (end for end in sorted(ends, reverse=True) if end < last and not is_title(_line_at(text, ends[end])))
    return list(islice(marks, _PARTS))


def _line_at(text: str, place: int) -> str:
    """Return the line in which a place lies."""
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)]


def tagged_part(text: str) -> str | None:
    """Return what the last pair of answer tags holds, or what follows one that is left open; of nested ones the inner."""
    part = _tagged(text)
    return part if part is None or (inner := _tagged(part)) is None else inner


def _tagged(text: str) -> str | None:
    opened: re.Match[str] | None = None
    inner = None
    for tag in _TAG.finditer(text):
        if not tag["end"]:
            opened = tag if opened is None or opened["name"].lower() == tag["name"].lower() else opened
        elif opened is not None and opened["name"].lower() == tag["name"].lower():
            inner, opened = text[opened.end() : tag.start()], None
    if opened is not None and text[opened.end() :].strip():
        inner = text[opened.end() :]
    return inner if inner is None or inner.strip() else None
