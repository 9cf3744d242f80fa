"""Read an answer to an instruction, by what its kind asks for."""

from __future__ import annotations

import re

from itdr_hf.records import Example
from itdr_hf.tasks.instructrec.kinds import facets
from itdr_hf.tasks.instructrec.writing import ALL_KINDS
from itdr_hf.tasks.reading import (
    AskedAttribute,
    Fault,
    ParsedAnswer,
    read_attributes,
    read_choice,
    read_ranking,
    read_text,
    read_yes_no,
)
from itdr_hf.tasks.task import TaskContext

_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s*")


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return what an answer says, in the form of the example's targets.

    A choice may be one title or a ranking of the candidates, of which the first is the choice.
    """
    target = ALL_KINDS[facets(example.template).kind].target
    if target == "item" and example.candidates:
        return _choice(text, example, strict)
    if target == "yes-no":
        answer = read_yes_no(text, strict=strict)
        return ParsedAnswer(tuple(value.capitalize() for value in answer.values), answer.fault)
    if target in ("history", "history+item"):
        return _history(text, target == "history+item")
    if "+" in target:
        asked = [AskedAttribute(name.capitalize()) for name in example.target_names]
        as_asked = read_attributes(text, asked, strict=True)  # what is in this form keeps the stop of its sentence
        return as_asked if strict or as_asked.fault is None else read_attributes(text, asked)
    return read_text(text, strict=strict)


def _choice(text: str, example: Example, strict: bool) -> ParsedAnswer:
    """Return a ranking where a text is one of all candidates, and else the candidate it chooses."""
    if len(text.strip().splitlines()) >= len(example.candidates):
        ranked = read_ranking(text, example.candidates, example.history, strict=strict)
        if sum(map(bool, ranked.values)) > 1:
            return ranked
    return read_choice(text, example.candidates, example.history, strict=strict)


def _history(text: str, with_item: bool) -> ParsedAnswer:
    """Return the titles of a numbered list, and what stands behind 'Item:' on the last line."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ParsedAnswer((), Fault.EMPTY)
    item = lines.pop().partition("Item:")[2].strip() if with_item else ""
    titles = [_NUMBER.sub("", line) for line in lines]
    missing = (with_item and not item) or not titles
    return ParsedAnswer((*titles, *([item] if item else [])), Fault.MISSING_ATTRIBUTE if missing else None)
