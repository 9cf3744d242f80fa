"""Find titles named within running text, where a word must not pass for a title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.titles import TitleIndex

_IN_ORDER = re.compile(r"\b(?:first|then|followed by|next|lastly|finally|most likely)\b", re.IGNORECASE)
_REVERSED = re.compile(r"\b(?:least|worst|lowest|unlikely|not|never|reverse)\b|n't\b", re.IGNORECASE)
_NEGATED = re.compile(
    r"\b(?:not|never|unlikely|neither|nor|except|instead of|rather than|less likely|least|avoid|rule out|ruled out|"
    r"exclude|excluded|unlike|against|similar to|liked|watched|enjoyed|after)\b|n't\b",
    re.IGNORECASE,
)
_LESS = re.compile(  # right before a title that comes second
    r"\b(?:over|than|followed\sby|ahead\sof|before|beats?|versus|vs\.?|runner-?up(?:\sis)?|not)\s(?:the\s(?:film|movie|book|game)\s)?[\"“*_'《]{0,3}$",
    re.IGNORECASE,
)
_TURN = re.compile(  # where a clause that says no, or tells of the past, is over
    r"\b(?:but|instead,|however,?|rather,)\s|,\s(?:so\s|then\s)?(?:the(?:ir|y)?|he|she|it|this|i|we|my|his|her|a)\b(?!\s(?:nor|or)\b)",
    re.IGNORECASE,
)
_LONGER = re.compile(r"\s(?:\d{1,3}\b|[IVX]{1,4}\b|\((?:1[89]|20)\d\d\))|:\s[A-Z]")
SENTENCE = re.compile(r"[.!?;]\s+|[。！？；]|\n")


class Mention(NamedTuple):
    """A title named in a text, and where."""

    title: str
    start: int
    end: int
    sure: bool


def mentions(text: str, index: TitleIndex) -> Iterator[Mention]:
    """Give each place where a text names one title, longer titles before their parts."""
    text = folds.plain_characters(text)
    forms = _forms(index)
    if not forms:
        return
    wanted = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
    for found in re.finditer(rf"(?<!\w)(?:{wanted})(?!\w)", text, re.IGNORECASE):
        titles = forms.get(found.group().casefold(), ())
        if len(titles) == 1 and (kind := _stands_alone(text, found)) is not None:
            yield Mention(titles[0], found.start(), found.end(), kind)


def ordered_mentions(text: str, index: TitleIndex) -> list[str]:
    """Return the candidates in the order in which one line tells them, each named just once; else nothing."""
    for line in text.split("\n"):
        if _IN_ORDER.search(line) and not _REVERSED.search(line):
            named = [mention.title for mention in mentions(line, index) if mention.sure]
            if sorted(named) == sorted(index.titles):
                return named
    return []


def chosen(text: str, index: TitleIndex) -> set[str]:
    """Return the titles that the sentences of a text name, except where they say no to them.

    A short title at the start of a sentence may be an ordinary word: alone it is none, beside another it counts.
    """
    plain = folds.plain_characters(text)
    breaks = [0, *(end.end() for end in SENTENCE.finditer(plain)), len(plain) + 1]
    named: dict[bool, set[str]] = {True: set(), False: set()}
    place = 0
    for mention in mentions(text, index):
        while breaks[place + 1] <= mention.start:
            place += 1
        before = plain[max(breaks[place], mention.start - 200) : mention.start]
        if not _LESS.search(before) and not _NEGATED.search(_TURN.split(before)[-1]):
            named[mention.sure].add(mention.title)
    return named[True] | named[False] if named[True] else set()


def _forms(index: TitleIndex) -> dict[str, tuple[str, ...]]:
    """Return form -> its titles: whole titles, and those without their year that are more than a short word."""
    forms: dict[str, dict[str, None]] = {}
    for title in index.titles:
        plain = " ".join(folds.plain_characters(title).split()).casefold()
        short = folds.without_year(plain)
        for form in {plain, short} if len(short) > 3 else {plain}:
            if form:
                forms.setdefault(form, {})[title] = None
    return {form: tuple(titles) for form, titles in forms.items()}


def _stands_alone(text: str, found: re.Match[str]) -> bool | None:
    """Whether a mention is surely a title; None where it is part of a longer one or an ordinary word."""
    if _LONGER.match(text, found.end()):
        return None
    said, before = found.group(), text[max(0, found.start() - 2) : found.start()]
    if before[-1:] in tuple("\"'*_`") or " " in said or any(mark.isdigit() for mark in said):
        return True
    opening = not before.strip() or before.rstrip()[-1:] in tuple(".!?\n")
    return (len(said) > 3 and not opening) if said[:1].isupper() else None
