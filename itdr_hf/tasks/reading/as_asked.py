"""The form a prompt asks for, compared as it is: the fast way, and the only one that knows titles of any content."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from itdr_hf.tasks.reading.titles import TitleIndex

MAX_WAYS = 64  # readings of one list that are looked at; made-up titles could allow thousands


def listed_as_asked(text: str, index: TitleIndex) -> list[str] | None:
    """Return the candidates of which a text is exactly the numbered list; outer blanks are forgiven."""
    broken = any("\n" in line for line in index.exact)
    for form in dict.fromkeys((text, text.strip())):
        found = _segmented(form, index) if broken else _by_line(form, index)
        if found is not None:
            return found
    return None


def _by_line(text: str, index: TitleIndex) -> list[str] | None:
    lines = text.split("\n") if len(text) <= (index.longest + 6) * len(index.titles) else []
    titles = []
    for number, line in enumerate(lines, 1):
        title = index.exact.get(line.removeprefix(f"{number}. ")) if line.startswith(f"{number}. ") else None
        if title is None:
            return None
        titles.append(title)
    return titles if titles and len(set(titles)) == len(titles) else None


def _segmented(text: str, index: TitleIndex) -> list[str] | None:
    """Read titles with line breaks: of a few ways to take the list apart, the one that names most."""
    ways = list(islice(_ways(text, index, ()), MAX_WAYS))
    return max((list(way) for way in ways), key=len, default=None)


def _ways(text: str, index: TitleIndex, taken: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    mark = f"{len(taken) + 1}. "
    rest = text[len(mark) :]
    for line, title in index.exact.items() if text.startswith(mark) else ():
        if title in taken or not rest.startswith(line):
            continue
        if len(rest) == len(line):
            yield (*taken, title)
        elif rest[len(line)] == "\n":
            yield from _ways(rest[len(line) + 1 :], index, (*taken, title))
