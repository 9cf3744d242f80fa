"""Reading what a model wrote: lists of titles, one title, a number, named values.

Strict takes only the form that the prompt asks for; lenient also takes what plainly means the same. A fault is
named either way (see records.Answer); what could be read stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from itdr_hf.records import Answer

_NUMBERED = re.compile(r"^\s*(?:\d{1,3}\s*[.):]|[-*•])\s*")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_QUOTES = "\"'`“”‘’«»*_ \t"


def norm(title: str) -> str:
    """A title as compared: lower case, one blank between words, as the tables' `norm`."""
    return " ".join(title.lower().split())


def loose(title: str) -> str:
    """A title as compared with goodwill: also without outer quotes, marks of emphasis and a final stop."""
    return norm(title.strip(_QUOTES).rstrip(".,;:").strip(_QUOTES))


def shuffled(titles: Sequence[str], seed: int) -> list[str]:
    """A permutation decided by `seed` (a large whole number) alone; every one equally likely."""
    left, out = list(titles), []
    while left:
        seed, pick = divmod(seed, len(left))
        out.append(left.pop(pick))
    return out


def numbered(titles: Sequence[str]) -> str:
    """'1. first' and so on, one a line."""
    return "\n".join([f"{n}. {title}" for n, title in enumerate(titles, 1)])


def read_ranking(text: str, candidates: Sequence[str], history: Sequence[str], strict: bool) -> Answer:
    """The candidates in the order of the answer, each once; strangers and repeats are passed over, and named."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return Answer((), "empty")
    found = [_candidate(line, candidates, strict) for line in lines]
    ranked = list(dict.fromkeys(title for title in found if title is not None))
    strangers = [line for line, title in zip(lines, found, strict=True) if title is None]
    if strangers and not strict:
        ranked = ranked or _mentioned(text, candidates)
    if any(loose(_NUMBERED.sub("", line)) in {loose(h) for h in history} for line in strangers):
        return Answer(ranked, "copied history")
    if strangers and (strict or not ranked):
        return Answer(ranked, "not a candidate")
    if len([t for t in found if t is not None]) > len(ranked):
        return Answer(ranked, "duplicate")
    return Answer(ranked, "too few" if len(ranked) < len(candidates) else None)


def read_choice(text: str, candidates: Sequence[str], history: Sequence[str], strict: bool) -> Answer:
    """The one candidate the answer names; in a longer answer, with goodwill, the first line that is one."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return Answer((), "empty")
    for line in lines[:1] if strict else lines:
        title = _candidate(line, candidates, strict)
        if title is not None:
            return Answer((title,), None)
    named = [] if strict else _mentioned(text, candidates)
    if len(named) == 1:
        return Answer(named, None)
    copied = loose(_NUMBERED.sub("", lines[0])) in {loose(h) for h in history}
    return Answer(named[:1], "copied history" if copied else "not a candidate")


def read_number(text: str, low: float, high: float, strict: bool) -> Answer:
    """The number the answer is, or with goodwill the first one in it, as text; it must lie on the scale."""
    if not text.strip():
        return Answer((), "empty")
    match = _NUMBER.fullmatch(text.strip()) if strict else _NUMBER.search(text)
    if match is None:
        return Answer((), "not a number")
    value = float(match.group().replace(",", "."))
    return Answer((f"{value:g}",), None if low <= value <= high else "out of range")


def read_named(text: str, names: Sequence[str], strict: bool) -> Answer:
    """The values of 'name: value' lines, in the order of `names`; a missing one is ''."""
    if not text.strip():
        return Answer((), "empty")
    parts = text.splitlines() if strict else re.split(r"[\n;]", text)
    given: dict[str, str] = {}
    for part in parts:
        name, colon, value = part.partition(":")
        if colon:
            given.setdefault(norm(name.strip(_QUOTES + "-")), value.strip() if strict else value.strip(_QUOTES + ".,"))
    values = [given.get(norm(name), "") for name in names]
    return Answer(values, None if all(values) else "missing attribute")


def _candidate(line: str, candidates: Sequence[str], strict: bool) -> str | None:
    """The candidate a line names. A title may itself begin with '1.', so the bare line is tried as well."""
    bare = _NUMBERED.sub("", line, count=1)
    if strict:
        return next((c for c in candidates if c in (bare.strip(), line.strip())), None)
    wanted = {loose(bare), loose(line)}
    exact = next((c for c in candidates if loose(c) in wanted), None)
    if exact is not None:
        return exact
    starts = [c for c in candidates if loose(bare).startswith(loose(c) + " [")]  # the label was copied along
    return starts[0] if len(starts) == 1 else None


def _mentioned(text: str, candidates: Sequence[str]) -> list[str]:
    """Candidates named anywhere in a running text, in the order they appear; longer titles win over their parts."""
    left, places = norm(text), []
    for title in sorted(candidates, key=len, reverse=True):
        place = left.find(norm(title))
        if place >= 0:
            places.append((place, title))
            left = left.replace(norm(title), "\x00" * len(norm(title)))
    return [title for _, title in sorted(places)]
