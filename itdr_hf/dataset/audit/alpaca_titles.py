"""Titles read back from a wording: what the authors' files list is told by brackets, numbers or ratings alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from itdr_hf.tasks.task import AnswerKind

_BRACKETS = re.compile(r"\[\s*(['\"].*?['\"])\s*\]", re.DOTALL)
_QUOTED = re.compile(r"(['\"])(?:\d{1,2}\.\s*)?(.+?)\1(?=\s*(?:,\s*['\"]|$))", re.DOTALL)
_NUMBER = re.compile(r"(?:^|(?<=\s))(\d{1,2})\s?\.(?!\d)[^\S\n]*")
_RATED = re.compile(r"(.+?)\s?\((\d{1,2}(?:\.\d+)?)\)(?:[,;]\s*|[.\n]|$)", re.DOTALL)
_ASKED = re.compile(r"\bfor (.+?)\s*[.?!]?\s*$")


class Listed(NamedTuple):
    """What a prompt shows and its answer says, as far as the wording tells."""

    history: Sequence[str] = ()
    ratings: Sequence[float] = ()
    candidates: Sequence[str] = ()
    targets: Sequence[str] = ()


def listed(answer: AnswerKind, text: str, output: str) -> Listed:
    """The lists of a prompt and its answer; empty where the wording is another one."""
    if answer == "ranking":
        shown, ranking = numbered(text), [title for part in numbered(output) for title in part]
        if len(shown) < 2:
            return Listed(targets=ranking[: len(ranking) // 2])
        history = [title for part in shown[:-1] for title in part]
        return Listed(history=history, candidates=shown[-1], targets=ranking[: len(ranking) // 2])
    if answer == "choice":
        history, *rest = bracketed(text) or numbered(text) or [[]]
        candidates = rest[-1] if rest else []
        return Listed(history=history, candidates=[bare(title) for title in candidates], targets=[bare(output)])
    if answer == "number":
        return _rated(text, output)
    return Listed(targets=[output])


def bracketed(text: str) -> list[list[str]]:
    """The quoted titles of each bracketed list.

    >>> bracketed("watched ['1.Up:Drama', '2.Her:Drama'], candidates ['Heat:Crime']")
    [['Up:Drama', 'Her:Drama'], ['Heat:Crime']]
    """
    found = [[title.strip() for _, title in _QUOTED.findall(inside)] for inside in _BRACKETS.findall(text)]
    return [titles for titles in found if titles]


def numbered(text: str) -> list[list[str]]:
    """The lists '1. … 2. … 3. …', one item a line or all in one; a title ends at its line or at the next number.

    The last of a list within a line takes along what follows it there.

    >>> numbered("Seen: 1. Up 2. Se7en 2. Part. Rank these: 1. Her\\n2. It")
    [['Up', 'Se7en 2. Part. Rank these:'], ['Her', 'It']]
    """
    lists: list[list[tuple[int, int]]] = []  # of (start of the title, end)
    marks = list(_NUMBER.finditer(text))
    touching = -1
    for place, mark in enumerate(marks):
        if mark.start() == touching:
            continue  # '3. 1. First of the List': a title may begin with a number
        number, wanted = int(mark[1]), len(lists[-1]) + 1 if lists else 1
        if number == 1 and _begins(marks[place + 1 :], wanted):
            lists.append([])
        elif number != wanted:
            continue
        lists[-1].append((mark.start(), mark.end()))
        touching = mark.end()
    places = [place for found in lists for place in found]
    pieces = [text[begin:end] for (_, begin), (end, _) in pairwise([*places, (len(text), 0)])]
    said = iter([piece.strip().partition("\n")[0].strip() for piece in pieces])
    return [[next(said) for _ in found] for found in lists]


def _begins(after: Sequence[re.Match[str]], wanted: int) -> bool:
    """Whether a '1.' begins a list, for 2 comes before the list under way goes on: 'Vol. 1. Return' does not."""
    follows = next((int(mark[1]) for mark in after if int(mark[1]) in (2, wanted)), None)
    return wanted == 1 or (wanted > 2 and follows != wanted)


def bare(title: str) -> str:
    """A title as compared: without a ':category' behind it, lower case, without a final stop."""
    head, colon, tail = title.rpartition(":")
    plain = head if colon and head and len(tail) <= 40 and not tail.startswith(" ") else title
    return " ".join(plain.lower().split()).rstrip(".,")


def _rated(text: str, output: str) -> Listed:
    """'… ratings: Up (4), Her (3.5). Predict the rating for Heat.'"""
    found = list(_RATED.finditer(text))
    asked = _ASKED.search(text[found[-1].end() :]) if found else None
    if len(found) < 2 or asked is None:
        return Listed(targets=[output])
    titles = [match[1].strip() for match in found]
    titles[0] = titles[0].partition(": ")[2] or titles[0]
    return Listed(
        history=titles, ratings=[float(match[2]) for match in found], candidates=[asked[1]], targets=[output.strip()]
    )
