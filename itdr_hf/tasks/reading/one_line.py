"""Lists on one line: 'A > B > C', '3, 1, 2', 'A; B; C', '1. A 2. B 3. C'; titles may hold the separator."""

from __future__ import annotations

import re
from collections.abc import Iterator

from itdr_hf.tasks.reading.titles import Fits, TitleIndex

_COMMAS = re.compile(r"\s*,\s*(?:and\s+|&\s+|then\s+|finally\s+|followed by\s+)*|\s+(?:and then|then|followed by)\s+")
_LAST_AND = re.compile(rf"{_COMMAS.pattern}|\s+(?:and|&)\s+")
_SEPARATORS = (
    re.compile(r"\s*(?:&gt;|>|≻|»|→|⟶|-+>|=+>)+\s*"),
    re.compile(r"\s*;\s*"),
    re.compile(r"\s*\|\s*"),
    _COMMAS,
    re.compile(r"\s*[/·•]\s*"),
    re.compile(r"\s*[-–]\s*|\s+|(?<=\])(?=\[)"),
)
_INLINE = re.compile(r"(?:^|(?<=[\s,;(\[]))[(\[#]?(\d{1,3})[.):\]]+\s*")
_BRACKETS = "[](){} \t"
_MAY_LIST = re.compile(r"[>;|,/·•≻»→⟶]|\d\s+\d|\d\s?[-–]\s?\d|\d[.)]|\d\]\s?\[\d|\bthen\b|\bfollowed by\b")
_WORDS_AFTER = re.compile(r"(?:\.\s+(?=[A-Z])|(?<=\d)\s(?:is|are|would be)\s(?:my|the)\b).*$", re.DOTALL)
_NUMBERS_ALONE = re.compile(r"[\d\s\[\](){}#.–-]+")


def may_list(line: str) -> bool:
    """Whether a line holds anything that parts items: a quick look before the slow one."""
    return _MAY_LIST.search(line) is not None


def one_line_list(line: str, index: TitleIndex) -> list[tuple[str, Fits]]:
    """Return the items of a line that lists two titles or more, each with the titles it may name; else nothing."""
    line = line.strip("*_` \t")[: (index.longest + 50) * (len(index.titles) + 5) * 2]
    best: list[tuple[str, Fits]] = []
    starts = [line, line.rpartition(": ")[2]]
    for start in dict.fromkeys([*starts, *(_WORDS_AFTER.sub("", start) for start in starts)]):
        for pieces in _ways(start, index):
            known = sum(len(fits) == 1 for _, fits in pieces)
            if known == len(pieces) >= 2:
                return pieces
            if known >= 2 and known * 2 > len(pieces):
                best = best or pieces
    return best


def _ways(line: str, index: TitleIndex) -> Iterator[list[tuple[str, Fits]]]:
    """Give the ways to take a line apart."""
    if len(items := _enumerated(line)) > 1:
        yield [(item, index.line(item.strip().rstrip(",;"))) for item in items]
    bare = line.strip().strip(_BRACKETS).rstrip(".") if line.count("[") < 2 else line.strip().rstrip(".")
    for separator in _SEPARATORS[: None if _NUMBERS_ALONE.fullmatch(line) else -1]:
        separator = _LAST_AND if separator is _COMMAS and "," in bare else separator
        bounds = list(_bounds(separator, bare))
        if len(bounds) > 1:
            yield _joined(bare, bounds, index.most_pieces(separator), index)


def _bounds(separator: re.Pattern[str], line: str) -> Iterator[tuple[int, int]]:
    """Give where each piece between separators begins and ends."""
    start = 0
    for found in separator.finditer(line):
        yield start, found.start()
        start = found.end()
    yield start, len(line)


def _joined(line: str, bounds: list[tuple[int, int]], most: int, index: TitleIndex) -> list[tuple[str, Fits]]:
    """Join neighbouring pieces to the longest title they make; a piece that makes none stands for itself."""
    pieces: list[tuple[str, Fits]] = []
    place = 0
    while place < len(bounds):
        for size in range(min(most, len(bounds) - place), 0, -1):
            piece = line[bounds[place][0] : bounds[place + size - 1][1]]
            fits = index.line(piece) if size == 1 else index.whole(piece)
            if fits or size == 1:
                if piece.strip():
                    pieces.append((piece, fits))
                place += size
                break
    return pieces


def _enumerated(line: str) -> list[str]:
    """Return what stands between '1.', '2.', '3.' and so on."""
    starts: list[tuple[int, int]] = []
    for mark in _INLINE.finditer(line):
        if int(mark[1]) == len(starts) + 1:
            starts.append(mark.span())
    ends = [*(start for start, _ in starts[1:]), len(line)]
    return [line[after:end] for (_, after), end in zip(starts, ends, strict=False)]
