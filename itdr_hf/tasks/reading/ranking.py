"""Read a ranking of candidates.

Unknown and repeated lines keep their place as '', a miss at that rank. Of several lists the last whole one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.as_asked import listed_as_asked
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.json_lists import item_lists, listing_strings
from itdr_hf.tasks.reading.json_values import json_values, quoted_strings
from itdr_hf.tasks.reading.list_lines import BREAK, LEAST, Line, lines_of, lists_of, unmarked
from itdr_hf.tasks.reading.mentions import ordered_mentions
from itdr_hf.tasks.reading.one_line import may_list, one_line_list
from itdr_hf.tasks.reading.pipeline import bare_answer, unwrapped
from itdr_hf.tasks.reading.plain_lists import plain_items
from itdr_hf.tasks.reading.titles import Fits, TitleIndex

_ECHO = re.compile(r"\b(?:candidates?|original|given|input|history|provided|options|unranked)\b", re.IGNORECASE)
_RANKED = re.compile(r"rank|(?<!original )(?<!given )(?<!input )order|sort|final|predict|recommend", re.IGNORECASE)
_RANK_BEHIND = re.compile(r"(?:[:：=→–—-]|\s\()[\s*_]*(?:rank(?:ed)?\s?)?#?(\d{1,3})(?:st|nd|rd|th)?$", re.IGNORECASE)
_NO = re.compile(r"\b(?:not|never|cannot|unable)\b|n['’]t\b", re.IGNORECASE)
_LOOKED_UP = 50  # unknown lines that are compared with the history


class Entry(NamedTuple):
    """One place of a list: what was written there and the titles it may name."""

    text: str
    fits: Fits


class _List(NamedTuple):
    entries: Sequence[Entry]
    echo: bool = False

    @property
    def named(self) -> set[str]:
        return {entry.fits[0] for entry in self.entries if len(entry.fits) == 1}


def read_ranking(
    text: str,
    candidates: Sequence[str],
    history: Sequence[str] = (),
    *,
    shown: Sequence[str] = (),
    strict: bool = False,
) -> ParsedAnswer:
    """Return the candidates in the order of an answer, '' at each place that names none or one again.

    `shown` are the candidates as the prompt shows them. Strictly read, an answer is the numbered list of all
    candidates and nothing else.
    """
    index = TitleIndex(candidates, shown, past=history)
    asked = listed_as_asked(text, index)
    if asked is not None:
        return ParsedAnswer(tuple(asked), _missing(asked, candidates))
    answer = bare_answer(text)
    asked = listed_as_asked(answer.text, index)
    if asked is not None:
        return ParsedAnswer(tuple(asked), _missing(asked, candidates))
    answer = answer if strict else unwrapped(answer)
    if not answer.text:
        return ParsedAnswer((), answer.fault)
    past = TitleIndex(history, numbered=False)
    entries = _strict_entries(answer.text, index) if strict else _entries(answer.text, index, past)
    values = _values(entries)
    fault = _fault(entries, values, answer.text, index, past)
    return ParsedAnswer(values, first_fault(answer.fault, fault))


def _strict_entries(text: str, index: TitleIndex) -> list[Entry]:
    entries = []
    for line in (line for line in BREAK.split(text) if line.strip()):
        named = index.strict(unmarked(line)) or index.strict(line)
        entries.append(Entry(line, () if named is None else (named,)))
    return entries


def _entries(text: str, index: TitleIndex, past: TitleIndex) -> Sequence[Entry]:
    """Return the entries of the first part that lists candidates; an answer without a list has none."""
    for part in answer_parts(text, index.is_title):
        best = _best(_lists(part, index, past), len(index.titles))
        if best and best.named:
            return best.entries
    return ()


def _best(found: Sequence[_List], count: int) -> _List | None:
    """Return the last whole list; else lists that only together name everything; else the fullest, the last such."""
    lists = [one for one in found if one.named]
    whole = [one for one in lists if len(one.named) == count]
    if whole:
        return ([one for one in whole if not one.echo] or whole)[-1]
    lists = [one for one in lists if not one.echo] or lists
    together = _List([entry for one in lists for entry in one.entries])
    if lists and sum(len(one.named) for one in lists) == len(together.named) == count:
        return together
    return max(reversed(lists), key=lambda one: len(one.named), default=None)


def _lists(text: str, index: TitleIndex, past: TitleIndex) -> Sequence[_List]:
    """Return every list of the strictest kind that names two candidates; where none does, those that name one."""
    fewer: list[_List] = []
    for kind in (_json, _marked, _plain, _on_one_line, _told):
        found = [one for one in kind(text, index, past) if one.named]
        if any(len(one.named) > 1 and not one.echo for one in found):
            return found
        fewer = [*fewer, *found] if any(one.echo for one in [*fewer, *found]) else fewer or found
    return fewer


def _json(text: str, index: TitleIndex, past: TitleIndex) -> Iterator[_List]:
    values = list(json_values(text))
    found = [_headed(key, _looked_up(items, index), index) for key, items in item_lists(values)]
    if not any(one.named for one in found):
        strings = [string for value in values for string in listing_strings(value)]
        found = [
            one for string in strings for kind in (_marked, _plain, _on_one_line) for one in kind(string, index, past)
        ]
    if not found and text.lstrip().startswith(("[", "{")):
        found = [_List(_looked_up(quoted_strings(text), index))]
    yield from (one for one in found if len(one.named) > 1)


def _headed(heading: str, entries: Sequence[Entry], index: TitleIndex) -> _List:
    """Make a list of entries; an echo of the prompt is headed as one, or an unranked table, with the candidates in order."""
    echo = bool(_ECHO.search(heading)) and not _RANKED.search(heading)
    return _List(entries, echo and [entry.fits for entry in entries] == [(title,) for title in index.titles])


def _marked(text: str, index: TitleIndex, past: TitleIndex) -> Iterator[_List]:
    lines = _lines(text, index)
    numbered = [line for line in lines if line.kind == "number"]
    if numbered and not any(line.body.strip(folds.OUTER) for line in numbered):
        yield _List(_looked_up([str(line.number) for line in numbered], index))
        return
    all_at_once = _List(_of_lines(numbered, index))
    if len(all_at_once.named) == len(numbered) == len(index.titles):
        yield _List(_of_lines(_by_rank(numbered, index), index))
        return
    for one in lists_of(lines):
        entries = _of_lines(_by_rank(one.lines, index), index)
        unranked = all(line.cells and line.number is None for line in one.lines)
        yield _headed("candidates" if unranked else one.heading, [*_before(one.lines, index), *entries], index)


def _plain(text: str, index: TitleIndex, past: TitleIndex) -> Iterator[_List]:
    items = plain_items(_lines(text, index), index, past)
    if ranks := _ranks_behind(items):
        items = [item for _, item in sorted(zip(ranks, items, strict=True))]
    yield _List([Entry(line, index.line(line)) for line in items])


def _on_one_line(text: str, index: TitleIndex, past: TitleIndex) -> Iterator[_List]:
    for line in (line for line in BREAK.split(text) if may_list(line)):
        items = one_line_list(line, index) or one_line_list(unmarked(line), index)
        if not _only_names(line, items, index):
            yield _List([Entry(*item) for item in items])


def _only_names(line: str, items: Sequence[tuple[str, Fits]], index: TitleIndex) -> bool:
    """Whether a line merely says which candidates there are, in the prompt's order, or that they are not ranked."""
    if items and not items[0][1] and _NO.search(items[0][0]):
        return True
    places = [index.titles.index(fits[0]) for _, fits in items if len(fits) == 1]
    echo = len(places) > 2 and places == sorted(places)
    return echo and _ECHO.search(line) is not None and _RANKED.search(line) is None


def _told(text: str, index: TitleIndex, past: TitleIndex) -> Iterator[_List]:
    yield _List([Entry(title, (title,)) for title in ordered_mentions(text, index)])


def _lines(text: str, index: TitleIndex) -> list[Line]:
    """Return the lines of a text; where only titles such as '1. First of the List' bear marks, those mark nothing."""
    lines = lines_of(text)
    marked = [line for line in lines if line.kind != "plain"]
    if len(marked) == len(lines) or not all(index.is_as_written(line.raw) for line in marked):
        return lines
    return [line if line.kind == "plain" else line._replace(kind="plain", body=line.raw.strip()) for line in lines]


def _looked_up(items: Sequence[str], index: TitleIndex) -> list[Entry]:
    return [Entry(item, index.line(item) or index.line(unmarked(item))) for item in items]


def _of_lines(lines: Sequence[Line], index: TitleIndex) -> list[Entry]:
    """Return what each line names; a title may lack the end of its year, but where the list itself breaks off."""
    short = len(lines) < len(index.titles)  # 'least likely' is the last place of all, not of a few
    entries = [Entry(line.body, () if short and line.number == LEAST else _line_fits(line, index)) for line in lines]
    ended = len(entries) if len(entries) == len(index.titles) else len(entries) - 1
    dated = [
        entry if entry.fits else entry._replace(fits=index.cut_in_its_year(entry.text)) for entry in entries[:ended]
    ]
    return dated + entries[ended:]


def _line_fits(line: Line, index: TitleIndex) -> Fits:
    """Return what a line names; a title may itself begin with a mark, or be another cell of a table."""
    cells = (index.whole(cell) for cell in line.cells)
    return (
        next((found for found in cells if found), ())
        or index.whole(line.raw.strip())
        or index.line(line.body)
        or index.line(unmarked(line.body))
    )


def _by_rank(lines: Sequence[Line], index: TitleIndex) -> Sequence[Line]:
    """Return lines by their numbers where a table's header calls these ranks, where they count down to 1, or where the
    ranks stand behind the titles.

    Numbers that are the prompt's own do not count.
    """
    numbers = [line.number or 0 for line in lines]
    if not any(numbers) and (ranks := _ranks_behind([line.body for line in lines])):
        return [line for _, line in sorted(zip(ranks, lines, strict=True), key=lambda pair: pair[0])]
    if all(line.ranked for line in lines) and sorted(numbers) == list(range(1, len(lines) + 1)):
        return sorted(lines, key=lambda line: line.number or 0)
    if len(numbers) < 3 or numbers != list(range(len(numbers), 0, -1)):
        return lines
    own = all(index.number(str(number)) in _line_fits(line, index) for number, line in zip(numbers, lines, strict=True))
    return lines if own else lines[::-1]


def _before(lines: Sequence[Line], index: TitleIndex) -> list[Entry]:
    """Return the places before a list that counts up from 2 or more: whatever they held, its lines keep their ranks."""
    numbers = [line.number or 0 for line in lines]
    first = numbers[0]
    counts = len(lines) > 1 and numbers == list(range(first, first + len(lines))) and 1 < first < len(index.titles)
    own = all(index.number(str(line.number)) in _line_fits(line, index) for line in lines[:3]) if counts else True
    return [] if own else [Entry("", ())] * (first - 1)


def _ranks_behind(lines: Sequence[str]) -> list[int]:
    """Return the ranks that stand behind titles, 'Heat (1995): 2' or 'Heat: rank 2'; [] where there are none.

    Numbers that count down from the first line are scores of a list in its order.
    """
    found = [_RANK_BEHIND.search(line.rstrip(" *_`.)")) for line in lines]
    ranks = [int(rank[1]) for rank in found if rank]
    counted = len(ranks) == len(lines) > 2 and sorted(ranks) == list(range(1, len(lines) + 1))
    return ranks if counted and ranks != sorted(ranks, reverse=True) else []


def _values(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return each candidate at its first place, and '' at every other place."""
    seen: set[str] = set()
    values = []
    for entry in entries:
        title = entry.fits[0] if len(entry.fits) == 1 else ""
        values.append("" if title in seen else title)
        seen.add(title)
    return tuple(values) if any(values) else ()


def _fault(
    entries: Sequence[Entry], values: Sequence[str], text: str, index: TitleIndex, past: TitleIndex
) -> str | None:
    """Name what is wrong with a list: the gravest fault first."""
    unknown = [entry.text for entry in entries if not entry.fits]
    last = BREAK.split(text)[-1]
    if _cut_off(last, entries, set(index.titles) - set(values)):
        return Fault.TRUNCATED
    lines = unknown or ([] if entries else BREAK.split(text))
    if any(past.line(unmarked(line)) or past.line(line) for line in lines[:_LOOKED_UP]):
        return Fault.COPIED_HISTORY
    if unknown or not any(values):
        return Fault.NOT_A_CANDIDATE
    if any(len(entry.fits) > 1 for entry in entries):
        return Fault.SEVERAL_CANDIDATES
    return Fault.DUPLICATE if "" in values else _missing(values, index.titles)


def _missing(values: Sequence[str], candidates: Sequence[str]) -> str | None:
    return Fault.TOO_FEW if len(set(values)) < len(set(candidates)) else None


def _cut_off(last: str, entries: Sequence[Entry], left: set[str]) -> bool:
    """Whether the last line is a mark alone or the beginning of a title that is not named: the answer was cut."""
    if not left or not entries or (entries[-1].fits and entries[-1].text.strip() in last):
        return False
    if entries[-1].text and last.endswith(entries[-1].text):
        last = entries[-1].text
    begun = folds.typographic(unmarked(last))
    return not begun or any(folds.typographic(title).startswith(begun) for title in left)
