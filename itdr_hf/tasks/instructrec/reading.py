"""Read an answer to an instruction, by what its kind asks for."""

from __future__ import annotations

import re

from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.instructrec.kinds import facets
from itdr_hf.tasks.instructrec.writing import ALL_KINDS
from itdr_hf.tasks.task import ParsedAnswer, TaskContext

_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s*")
_YES_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return what an answer says, in the form of the example's targets.

    A choice may be one title or a ranking of the candidates, of which the first is the choice.
    """
    target = ALL_KINDS[facets(example.template).kind].target
    if target == "item" and example.candidates:
        return _choice(text, example, strict)
    if target == "yes-no":
        return _yes_no(text, strict)
    if target in ("history", "history+item"):
        return _history(text, target == "history+item")
    if "+" in target:
        return answers.read_named(text, [name.capitalize() for name in example.target_names], strict)
    return answers.read_text(text, strict)


def _choice(text: str, example: Example, strict: bool) -> ParsedAnswer:
    one = answers.read_choice(text, example.candidates, example.history, strict)
    if len(text.strip().splitlines()) < 2:
        return one
    ranked = answers.read_ranking(text, example.candidates, example.history, strict)
    return ranked if len(ranked.values) > 1 else one


def _yes_no(text: str, strict: bool) -> ParsedAnswer:
    found = _YES_NO.fullmatch(text.strip()) if strict else _YES_NO.match(text)
    if not text.strip():
        return ParsedAnswer((), "empty")
    return ParsedAnswer((found.group(1).capitalize(),)) if found else ParsedAnswer((), "not a candidate")


def _history(text: str, with_item: bool) -> ParsedAnswer:
    """The titles of a numbered list, and what stands behind 'Item:' on the last line."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return ParsedAnswer((), "empty")
    item = lines.pop().partition("Item:")[2].strip() if with_item else ""
    titles = [_NUMBER.sub("", line) for line in lines]
    missing = (with_item and not item) or not titles
    return ParsedAnswer((*titles, *([item] if item else [])), "missing attribute" if missing else None)
