"""Take an answer apart into lines and lists: numbered, bulleted, in a table, or one plain line after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["number", "bullet", "plain"]
BREAK = re.compile(r"\r\n|\n|\r|\u2028|\x85")
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_BULLET = re.compile(r"(?:[-*+•●▪◦‣·■►–—]|->|=>|✅|☑|\[[ xX]\])\s+(?=\S)|[•●▪◦‣■►]")
_NUMBER = re.compile(
    rf"""["'“*_`~]{{0,3}}(?:
      (?:rank|place|position|no\.?|nr\.?)\s?\#?(?P<rank>\d{{1,3}})\s?[.:)\]-]
    | \(?\#?\[?(?P<plain>\d{{1,3}})\]?(?:\s?[.:](?!\d)|\s?[)、．。\]]|\s[-–—]\s)
    | \#(?P<hash>\d{{1,3}})(?=\s) | \[(?P<square>\d{{1,3}})\](?=\s)
    | (?P<keycap>\d{{1,2}})\ufe0f?\u20e3
    | (?P<circled>[①-⑳]) | (?P<medal>[🥇🥈🥉])
    | (?P<ordinal>\d{{1,3}})(?:st|nd|rd|th)\s?[.:)-]
    | (?P<word>{_ORDINALS})\s?(?:place)?\s?[.:)]
    | (?P<letter>[a-zA-Z])[.)]\s
    )[*_`~]{{0,3}}\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_RULE = re.compile(r"[|\s:+=-]*-{2,}[|\s:+=-]*|[-*_=~ ]{3,}")


class Line(NamedTuple):
    """One line: how it is marked, what it says without its mark, and where it stands."""

    kind: Kind
    number: int | None
    body: str
    raw: str
    indent: int
    paragraph: int
    cells: tuple[str, ...] = ()


@dataclass
class ItemList:
    """Lines of one kind that make one list, and the line above them."""

    kind: Kind
    heading: str
    lines: list[Line] = field(default_factory=list)


def lines_of(text: str) -> list[Line]:
    """Return the lines that say anything; a table's header and rules are left out."""
    lines: list[Line] = []
    paragraph = 0
    for raw in BREAK.split(text):
        if not raw.strip():
            paragraph += 1
        elif _RULE.fullmatch(raw):
            if "|" in raw and lines and lines[-1].cells:
                lines.pop()
        elif (line := _line(raw, paragraph)).body or line.kind != "plain":
            lines.append(line)
    return lines


def lists_of(lines: Sequence[Line]) -> list[ItemList]:
    """Return the marked lists in the order they begin."""
    lists: list[ItemList] = []
    current: dict[str, ItemList] = {}
    heading = ""
    for before, line in zip([None, *lines], lines, strict=False):
        if line.kind == "plain":
            heading = line.raw
            if line.indent == 0:
                current.pop("bullet", None)
            continue
        if line.kind not in current or _restarts(current[line.kind], line, before):
            current[line.kind] = ItemList(line.kind, heading)
            lists.append(current[line.kind])
            heading = ""
        current[line.kind].lines.append(line)
    return lists


def unmarked(line: str) -> str:
    """Return a line without its number or bullet."""
    return _line(line, 0).body


def _restarts(current: ItemList, line: Line, before: Line | None) -> bool:
    """Whether a marked line begins a new list: its number starts again, or bullets stand elsewhere."""
    last = current.lines[-1]
    if line.kind == "bullet":
        return before is not None and before.kind == "number" and line.indent > before.indent
    if line.number is None or last.number is None:
        return False
    before_last = current.lines[-2].number if len(current.lines) > 1 else last.number + 1
    down = line.number == last.number - 1 and before_last == last.number + 1
    lazy = line.number == last.number == 1 and line.paragraph == last.paragraph
    return line.number <= last.number and not lazy and not down


def _line(raw: str, paragraph: int) -> Line:
    text = raw.strip().lstrip(">").lstrip()
    indent = len(raw) - len(raw.lstrip())
    if text.count("|") >= 2 and (text.startswith("|") or " | " in text):
        return _row(text, raw, paragraph)
    if text.startswith("#") and not text[1:2].isdigit():
        return Line("plain", None, text.lstrip("# "), raw, indent, paragraph)
    if mark := _NUMBER.match(text):
        return Line("number", _value(mark), text[mark.end() :], raw, indent, paragraph)
    if mark := _BULLET.match(text):
        inner = _NUMBER.match(text, mark.end())
        if inner and inner.lastgroup != "letter":
            return Line("number", _value(inner), text[inner.end() :], raw, indent, paragraph)
        return Line("bullet", None, text[mark.end() :], raw, indent, paragraph)
    return Line("plain", None, text, raw, indent, paragraph)


def _row(text: str, raw: str, paragraph: int) -> Line:
    """Read a row of a table: its number, if a cell is one, and its first cell that is none."""
    cells = tuple(cell.strip() for cell in text.strip("|").split("|"))
    number = next((int(cell) for cell in cells[:1] if re.fullmatch(r"\d{1,3}", cell)), None)
    body = next((cell for cell in cells if cell and not re.fullmatch(r"[#\d.\s]+", cell)), "")
    return Line("number", number, body, raw, 0, paragraph, cells)


def _value(mark: re.Match[str]) -> int | None:
    kind, text = mark.lastgroup, mark[mark.lastgroup or 0].lower()
    if kind == "circled":
        return ord(text) - ord("①") + 1
    if kind == "medal":
        return "🥇🥈🥉".index(text) + 1
    if kind == "word":
        return _ORDINALS.split("|").index(text) + 1
    return ord(text) - ord("a") + 1 if kind == "letter" else int(text)
