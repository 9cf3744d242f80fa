"""Find names and their values in any usual form: 'name: value', JSON, headings, tables, tags, the next line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.json_values import json_values
from itdr_hf.tasks.reading.list_lines import BREAK
from itdr_hf.tasks.reading.markup import remove_emphasis

_BEFORE = (  # words and marks that may stand before a name without changing what is said of it
    r"(?:(?:(?:the|this|their|his|her|my|your|a|user|person|viewer|listener|reader|individual|predicted|prediction|predict|"
    r"estimated|estimate|inferred|likely|most|probable|probably|final|answer|guess|guessed|expected|best|for|of|is|and|"
    r"overall|possible|i|we|believe|think|would|say|that|estimate)(?:'?s)?\b|\d{1,2}[.):]|[a-c][.)]|[^\w\s:=,;.()])\s{0,3}){0,8}"
)
_SIGN = r"(?:\s(?:prediction|guess|estimate))?(?:\s?(?:\((?!s\))[^()\n]{0,40}\))?\s?[\"'”’\]]?\s?(?::{1,2}=?|=>?|→|->|⇒|：|\s[-–—]\s|\s?\|\s?|\b(?:is|would be|seems to be)\b(?:\s(?:most )?(?:likely|probably))?:?))"
_EMPTY = re.compile(
    r"[\s.…?_<>\[\]()-]*|(?:n/?a|unknown|none|null|unclear|undetermined|not (?:known|specified|given|available|sure))",
    re.I,
)
_RULE = re.compile(r"\|?[\s:|-]*-{2,}[\s:|-]*\|?")
_MEMBERS = (
    ("attribute", "value"),
    ("name", "value"),
    ("key", "value"),
    ("attribute", "prediction"),
    ("field", "value"),
)


_ONLY_BEFORE = re.compile(rf"\s*[\"'“‘({{\[|]{{0,3}}\s?{_BEFORE}[\"'“‘]?", re.IGNORECASE)
_ENDS_VALUE = re.compile(r"[,;|{(]|\.\s|\band\s|\s/\s")
_ASIDE = re.compile(r"confiden|probab|certain|reason|expla|rational|evidence|score", re.IGNORECASE)  # keys of no values
_ROOM = 200  # characters looked at before a name, or on the line after one


class Named(NamedTuple):
    """One value given for a name."""

    name: str
    value: str


class _Mark(NamedTuple):
    """A name within a line: where what belongs to it begins, and where its value does."""

    name: str
    start: int
    end: int


def named_values(text: str, names: Sequence[str]) -> list[Named]:
    """Return the values given for the names, in the order written, as written but for marks of emphasis."""
    keys = {name_key(name): name for name in names}
    found = [one for value in json_values(text) for one in _of_json(value, keys)]
    found = found or list(_of_tags(text, keys))
    text = remove_emphasis(folds.plain_characters(text))
    lines = [line.rstrip(", \t") for line in BREAK.split(text) if line.strip()]
    found = found or list(_of_table(lines, keys))
    return [one for one in found or _of_lines(lines, keys) if not _EMPTY.fullmatch(one.value.strip(folds.OUTER))]


def name_key(name: str) -> str:
    """Fold a name: 'ageGroup', 'Age_Group' and 'age-group' are 'age group'."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", apart).casefold().split())


def _of_json(value: Any, keys: Mapping[str, str]) -> Iterator[Named]:
    """Give the names that objects hold, however deep."""
    if isinstance(value, Mapping):
        for member, given in _MEMBERS:
            if (name := keys.get(_core(str(value.get(member))))) and given in value:
                yield Named(name, _scalar(value[given]))
        for key, inner in value.items():
            if (name := keys.get(_core(str(key)))) is not None:
                yield Named(name, _scalar(inner))
            elif isinstance(inner, Mapping | list) and not _ASIDE.search(str(key)):
                yield from _of_json(inner, keys)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _of_json(inner, keys)


def _scalar(value: Any) -> str:
    """Return what stands for one value: of an object its 'value' or 'prediction', of a list its only member."""
    if isinstance(value, Mapping):
        known = [value[key] for key in ("value", "prediction", "answer", "label") if key in value]
        return _scalar(known[0]) if known else ""
    if isinstance(value, list):
        return _scalar(value[0]) if len(value) == 1 else ""
    return "" if value is None or isinstance(value, bool) else str(value)


def _of_tags(text: str, keys: Mapping[str, str]) -> Iterator[Named]:
    for found in re.finditer(r"<([A-Za-z][\w -]{0,40})>\s*([^<>\n]{1,300}?)\s*</\s?([A-Za-z][\w -]{0,40})>", text):
        name = keys.get(name_key(found[1]))
        if name is not None and name_key(found[1]) == name_key(found[3]):
            yield Named(name, found[2])


def _of_table(lines: Sequence[str], keys: Mapping[str, str]) -> Iterator[Named]:
    """Read a table whose header holds the names; one with a name in each row is read as lines are."""
    for place, line in enumerate(lines[:-1]):
        header = [keys.get(_core(cell)) for cell in _cells(line)]
        if sum(name is not None for name in header) < min(2, len(keys)) or "|" not in line:
            continue
        rows = [row for row in lines[place + 1 : place + 4] if "|" in row and not _RULE.fullmatch(row.strip())]
        if rows and (_RULE.fullmatch(lines[place + 1].strip()) or len(header) > 2):
            pairs = zip(header, _cells(rows[0]), strict=False)
            yield from (Named(name, value) for name, value in pairs if name is not None)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _of_lines(lines: Sequence[str], keys: Mapping[str, str]) -> Iterator[Named]:
    """Give the names of each line with what follows them, up to the next name; an empty value is on the next line."""
    pattern = _name_pattern(keys)
    for place, line in enumerate(lines):
        marks = list(_marks(line, pattern))
        for mark, after in zip(marks, [*marks[1:], None], strict=False):
            value = _clean(line[mark.end : after.start if after else len(line)])
            value = value.rstrip(",;|/ ").removesuffix(" and") if after else value
            if not value and after is None:
                value = _next_value(lines, place, pattern)
            yield Named(keys[name_key(mark.name)], value)
        if not marks and (name := keys.get(_core(line))) is not None:
            yield Named(name, _next_value(lines, place, pattern))


def _name_pattern(keys: Mapping[str, str]) -> re.Pattern[str]:
    """Match a name with its sign."""
    spelled = sorted(keys, key=len, reverse=True)
    names = "|".join(r"[\s_-]?".join(map(re.escape, key.split())) for key in spelled)
    return re.compile(rf"(?<!\w)(?P<name>{names})(?!\w){_SIGN}", re.IGNORECASE)


def _marks(line: str, pattern: re.Pattern[str]) -> Iterator[_Mark]:
    """Give the names of a line that stand at its start, or after what ends a value."""
    end = 0
    for found in pattern.finditer(line):
        before = _ENDS_VALUE.split(line[max(end, found.start() - _ROOM) : found.start()])[-1]
        if _ONLY_BEFORE.fullmatch(before):
            yield _Mark(found["name"], found.start() - len(before), found.end())
            end = found.end()


def _next_value(lines: Sequence[str], place: int, pattern: re.Pattern[str]) -> str:
    following = lines[place + 1][:_ROOM] if place + 1 < len(lines) else ""
    return "" if pattern.search(following) else _clean(re.sub(r"^\s*(?:[-*•+>:]|\d{1,2}[.)])\s+", "", following))


def _core(text: str) -> str:
    """Return the key of a name that stands alone, without the words that may stand before it."""
    if len(text) > _ROOM:
        return ""
    plain = remove_emphasis(text).strip(" #:*-|>\t\"'")
    return name_key(re.sub(rf"^{_BEFORE}", "", plain, flags=re.IGNORECASE))


def _clean(value: str) -> str:
    """Remove quotes, brackets and commas around a value, and the full stop of a sentence; 'D.C.' keeps its own."""
    value = value.strip().strip("|{}[]$ \t").rstrip(",; \t")
    value = re.sub(r"(?:(?<=[a-z]{3})|(?<=\d))([\"'”’]?)\.$", r"\1", value)
    value = value[:-1] if value.endswith(")") and "(" not in value else value
    value = value[1:-1] if value[:1] + value[-1:] == "<>" else value
    return value.strip(folds.OUTER).strip()
