"""Take an answer apart into lines and lists: numbered, bulleted, in a table, or one plain line after another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal["number", "bullet", "heading", "plain"]
BREAK = re.compile(r"\r\n|\n|\r|\u2028|\x85")
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
_HAN = "一二三四五六七八九十"
_MOST = r"most\slikely|top(?:\s(?:pick|choice))?|best(?:\s(?:pick|match|fit))?"
_BULLET = re.compile(r"(?:[-*+•●▪◦‣·■►–—]|->|=>|✅|☑|\[[ xX]\])\s+(?=\S)|[•●▪◦‣■►]")
_NUMBER = re.compile(
    rf"""["'“*_`~]{{0,3}}(?:
      (?:rank(?:ed)?|place|position|number|pick|choice|no\.?|nr\.?)\s?\#?(?P<rank>\d{{1,3}})\s?[.:)\]–—-]
    | \(?\#?\[?(?P<plain>\d{{1,3}})\]?(?:\s?\\?[.:](?!\d)|\s?\\?[)、．。\]]|\s[-–—]\s)
    | \#(?P<hash>\d{{1,3}})(?=[\s*_]) | \[(?P<square>\d{{1,3}})\](?=\s)
    | (?P<keycap>\d{{1,2}})\ufe0f?\u20e3
    | (?P<circled>[①-⑳]) | (?P<medal>[🥇🥈🥉])
    | (?P<ordinal>\d{{1,3}})(?:st|nd|rd|th)(?:\s(?:place|pick|choice|position|rank))?\s?[.:)–—-]
    | (?P<word>{_ORDINALS})\s?(?:place|pick|choice|most\slikely)?\s?[.:)]
    | 第(?:(?P<place>\d{{1,3}})|(?P<spelled>[{_HAN}]))[名位个]?\s?[:：、.．]
    | (?P<han>[{_HAN}])[、．.] | (?P<most>{_MOST})\s?[:：]\s | (?P<least>least\slikely|last(?:ly)?|finally)\s?[:：]\s
    | (?P<roman>I{{2,3}}|IV|VI{{1,3}}|IX)[.)]\s | (?P<letter>[a-zA-Z])[.)]\s
    )[*_`~]{{0,3}}\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = frozenset({"word", "most", "least", "roman", "letter", "han"})  # marks that a title may well begin with
_ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]
_COUNTED = re.compile(r"(\d{1,3})(?:[.,;]\s*|\s+)(?=\S)")  # '1 Heat', '1,Heat', and '4.12 Angry Men' after '3. Heat'
_RANK_HEADER = re.compile(r"\W*(?:final\s|predicted\s)?(?:rank(?:ing)?|position|place|order)\W*", re.IGNORECASE)
LEAST = 999  # the number of a line that says 'least likely:'
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
    ranked: bool = False  # a row of a table whose header says that its number is the rank


@dataclass
class ItemList:
    """Lines of one kind that make one list, and the line above them."""

    kind: Kind
    heading: str
    lines: list[Line] = field(default_factory=list)


def lines_of(text: str) -> list[Line]:
    """Return the lines that say anything; a table's header and rules are left out, its rank column numbers its rows."""
    lines: list[Line] = []
    paragraph = 0
    ranks: int | None = None  # the column that a table's header says to hold the ranks
    for raw in BREAK.split(text):
        if not raw.strip():
            paragraph += 1
        elif _RULE.fullmatch(raw):
            if "|" in raw and lines and lines[-1].cells:
                ranks = next((n for n, cell in enumerate(lines.pop().cells) if _RANK_HEADER.fullmatch(cell)), None)
        elif (line := _line(raw, paragraph)).body or line.kind != "plain":
            ranks = ranks if line.cells else None
            lines.append(line if ranks is None else _ranked(line, ranks))
    return _counted(_roman(lines))


def lists_of(lines: Sequence[Line]) -> list[ItemList]:
    """Return the marked lists in the order they begin."""
    lists: list[ItemList] = []
    current: dict[str, ItemList] = {}
    heading = ""
    for before, line in zip([None, *lines], lines, strict=False):
        if line.kind in ("plain", "heading"):
            if line.indent == 0:
                current.pop("bullet", None)
            if line.kind == "plain":
                heading = line.raw
                continue
        if line.kind not in current or _restarts(current[line.kind], line, before):
            current[line.kind] = ItemList(line.kind, heading)
            lists.append(current[line.kind])
            heading = ""
        current[line.kind].lines.append(line)
        heading = line.raw if line.kind == "heading" else heading
    return lists


def unmarked(line: str) -> str:
    """Return a line without its number or bullet."""
    return _line(line, 0).body


def _restarts(current: ItemList, line: Line, before: Line | None) -> bool:
    """Whether a marked line begins a new list: its number starts again, a table begins or ends, bullets stand elsewhere."""
    last = current.lines[-1]
    if bool(line.cells) != bool(last.cells):
        return True
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
        text = text.lstrip("# ")
        mark = _NUMBER.match(text)
        if mark and mark.lastgroup not in _WORDS:
            return Line("heading", _value(mark), text[mark.end() :], raw, indent, paragraph)
        return Line("plain", None, text, raw, indent, paragraph)
    if mark := _NUMBER.match(text):
        return Line("number", _value(mark), text[mark.end() :], raw, indent, paragraph)
    if mark := _BULLET.match(text):
        inner = _NUMBER.match(text, mark.end())
        if inner and inner.lastgroup not in _WORDS:
            return Line("number", _value(inner), text[inner.end() :], raw, indent, paragraph)
        return Line("bullet", None, text[mark.end() :], raw, indent, paragraph)
    return Line("plain", None, text, raw, indent, paragraph)


def _row(text: str, raw: str, paragraph: int) -> Line:
    """Read a row of a table: its number, if a cell is one, and its first cell that is none."""
    cells = tuple(cell.strip() for cell in text.strip("|").split("|"))
    number = next((int(cell) for cell in cells[:1] if re.fullmatch(r"\d{1,3}", cell)), None)
    body = next((cell for cell in cells if cell and not re.fullmatch(r"[#\d.\s]+", cell)), "")
    return Line("number", number, body, raw, 0, paragraph, cells)


def _ranked(line: Line, column: int) -> Line:
    """Give a row of a table the number in its column of ranks."""
    found = re.fullmatch(r"\W*(\d{1,3})(?:st|nd|rd|th)?\W*", line.cells[column]) if column < len(line.cells) else None
    return line._replace(number=int(found[1]) if found else None, ranked=found is not None)


def _roman(lines: list[Line]) -> list[Line]:
    """Read the marks "I.", "V." and "X." as Roman where 'II.' or another of more letters stands among them."""
    marks = [re.match(r"\W*([IVX]{1,4})[.)]\s", line.raw, re.IGNORECASE) for line in lines]
    if not any(mark and len(mark[1]) > 1 and mark[1].upper() in _ROMAN for mark in marks):
        return lines
    return [
        line._replace(number=_ROMAN.index(mark[1].upper()) + 1) if mark and mark[1].upper() in _ROMAN else line
        for line, mark in zip(lines, marks, strict=True)
    ]


def _counted(lines: list[Line]) -> list[Line]:
    """Mark plain lines that count up from 1, or go on counting, with any mark: '1 Heat', '1,Heat', '4.12 Angry Men'."""
    marks = [_COUNTED.match(line.raw.lstrip()) if line.kind == "plain" else None for line in lines]
    numbers = [int(mark[1]) if mark else line.number for mark, line in zip(marks, lines, strict=True)]
    for place, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        before = lines[place - 1].number if place else None
        goes_on = place + 1 < len(lines) and numbers[place + 1] == 2
        if mark and ((before is not None and numbers[place] == before + 1) or (numbers[place] == 1 and goes_on)):
            body = line.raw.lstrip()[mark.end() :]
            lines[place] = line._replace(kind="number", number=numbers[place], body=body)
    return lines


def _value(mark: re.Match[str]) -> int:
    kind, text = mark.lastgroup, mark[mark.lastgroup or 0].lower()
    if kind == "circled":
        return ord(text) - ord("①") + 1
    if kind == "medal":
        return "🥇🥈🥉".index(text) + 1
    if kind == "word":
        return _ORDINALS.split("|").index(text) + 1
    if kind in ("han", "spelled"):
        return _HAN.index(text) + 1
    if kind in ("most", "least"):
        return 1 if kind == "most" else LEAST
    if kind == "roman":
        return _ROMAN.index(text.upper()) + 1
    return ord(text) - ord("a") + 1 if kind == "letter" else int(text)
