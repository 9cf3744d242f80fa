"""Finding titles in what a model wrote, where titles may hold commas, numbers, quotes, line breaks and each other.

The titles are known, so nothing is split at a comma or a blank: a line is compared as it is, then in the
tables' normal form, then without quotes and marks of emphasis, and the first form that names just one decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from unicodedata import normalize

QUOTES = "\"'`“”‘’«»*_ \t"
_MARK = re.compile(r"\s*(?:\d{1,3}\s*[.):]|[-*•])\s*")
MOST_WAYS = 64  # readings of one list that are looked at; made-up titles could allow thousands
_AFTER = re.compile(r"\s*(?:\s[-–—|]\s|[\[(\t])")  # what may follow a title on its line: a label or a reason


class Titles:
    """The titles a text may name, ready to be looked up."""

    def __init__(self, titles: Sequence[str]) -> None:
        self.all = list(titles)
        self.exact = set(titles)

    @cached_property
    def _forms(self) -> list[tuple[Callable[[str], str], dict[str, str]]]:
        return [(form, _unambiguous(self.all, form)) for form in (norm, loose)]

    def as_asked(self, text: str) -> list[str] | None:
        """Return the titles of which a text is exactly the numbered list, or None; outer blanks are forgiven."""
        for form in dict.fromkeys((text, text.strip())):
            found = self._by_line(form) if not self._broken else self._segmented(form)
            if found is not None:
                return found
        return None

    @cached_property
    def _broken(self) -> bool:
        return any("\n" in title for title in self.all)

    def _by_line(self, text: str) -> list[str] | None:
        lines = text.split("\n")
        marks = [f"{n}. " for n in range(1, len(lines) + 1)]
        bare = [line.removeprefix(mark) for line, mark in zip(lines, marks, strict=True)]
        exact = all(map(str.startswith, lines, marks)) and self.exact.issuperset(bare)
        return bare if exact and len(set(bare)) == len(bare) else None

    def _segmented(self, text: str) -> list[str] | None:
        """As `_by_line` where titles hold line breaks: of a few ways to read the list, the one that names most."""
        ways = list(islice(self._ways(text, ()), MOST_WAYS))
        return max((list(way) for way in ways), key=len, default=None)

    def _ways(self, text: str, taken: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the lists of titles that `text`, the rest of a numbered list after `taken`, can be."""
        mark = f"{len(taken) + 1}. "
        rest = text[len(mark) :]
        for title in self.all if text.startswith(mark) else ():
            if title in taken or not rest.startswith(title):
                continue
            if len(rest) == len(title):
                yield (*taken, title)
            elif rest[len(title)] == "\n":
                yield from self._ways(rest[len(title) + 1 :], (*taken, title))

    def on_one_line(self, text: str) -> str:
        """Return the text with titles that hold line breaks put on one line."""
        for title in sorted((t for t in self.all if "\n" in t or "\r" in t), key=len, reverse=True):
            text = text.replace(title, " ".join(title.split()))
        return text

    def of_line(self, line: str, strict: bool) -> str | None:
        """Return the title a line names. A title may itself begin with '1.', so the bare line is tried as well."""
        bare = unmarked(line)
        for text in (bare, line, bare.strip(), line.strip()):
            if text in self.exact:
                return text
        for form, known in self._forms[:1] if strict else self._forms:
            for text in (bare, line):
                title = known.get(form(text))
                if title is not None and (not strict or " ".join(title.split()) == text.strip()):
                    return title
        return None if strict else self._before_more(bare)

    def _before_more(self, line: str) -> str | None:
        """Return the longest title that the line begins with, a label or a reason behind it."""
        text = line.lstrip(QUOTES)
        hits = [
            title
            for title in self.all
            if title
            and text[: len(title)].lower() == title.lower()
            and _AFTER.match(text[len(title) :].lstrip("\"'”’»*_`"))
        ]
        return max(hits, key=len, default=None)

    def mentioned(self, text: str) -> list[str]:
        """Titles named anywhere in a running text, in the order they appear; longer ones win over their parts."""
        left, places = norm(text), []
        for title in sorted(self.all, key=len, reverse=True):
            wanted = norm(title)
            place = _find_word(left, wanted)
            if place >= 0:
                places.append((place, title))
                left = left[:place] + "\x00" * len(wanted) + left[place + len(wanted) :]
                while (again := _find_word(left, wanted)) >= 0:
                    left = left[:again] + "\x00" * len(wanted) + left[again + len(wanted) :]
        return [title for _, title in sorted(places)]

    def begun(self, line: str, but: Sequence[str]) -> bool:
        """Whether a last line is a number alone or the beginning of a title not among `but`: cut off."""
        start = norm(unmarked(line))
        if not start:
            return True
        return any(norm(t).startswith(start) for t in self.all if t not in but)


def norm(title: str) -> str:
    """Return a title as compared: lower case, one blank between words, as the tables' `norm`."""
    title = title if title.isascii() else normalize("NFC", title)  # as one types it, however it was written
    return " ".join(title.lower().split())


def loose(title: str) -> str:
    """Return a title as compared leniently: also without outer quotes, marks of emphasis and a final stop."""
    return norm(title.strip(QUOTES).rstrip(".,;:").strip(QUOTES))


def unmarked(line: str) -> str:
    """Return a line without the number or bullet before it."""
    return _MARK.sub("", line, count=1) if _MARK.match(line) else line


def _unambiguous(titles: Sequence[str], form: Callable[[str], str]) -> dict[str, str]:
    """Form -> title, for the forms that are not empty and that only one title has."""
    known: dict[str, str] = {}
    shared = set()
    for title in titles:
        key = form(title)
        if known.setdefault(key, title) != title:
            shared.add(key)
    return {key: title for key, title in known.items() if key and key not in shared}


def _find_word(text: str, wanted: str) -> int:
    """Where `wanted` stands in a text, not as part of a longer word; -1 where it does not."""
    place = text.find(wanted) if wanted else -1
    while place >= 0:
        before, after = text[place - 1 : place] if place else "", text[place + len(wanted) : place + len(wanted) + 1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (after.isalnum() and wanted[-1].isalnum()):
            return place
        place = text.find(wanted, place + 1)
    return -1
