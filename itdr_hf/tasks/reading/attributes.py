"""Read the values of named attributes, of closed sets as their labels, of numeric ones as the number alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from itdr_hf.tasks.reading import folds
from itdr_hf.tasks.reading.answer_part import answer_parts
from itdr_hf.tasks.reading.faults import Fault, ParsedAnswer, first_fault
from itdr_hf.tasks.reading.labels import fold_label, label_of, labels_in, without_remark, without_units
from itdr_hf.tasks.reading.list_lines import BREAK, lines_of
from itdr_hf.tasks.reading.named_values import Named, named_values
from itdr_hf.tasks.reading.number import read_number
from itdr_hf.tasks.reading.pipeline import bare_answer, prepare

_RUNS = 50  # runs of values that are looked at, from the last one back


class AskedAttribute(NamedTuple):
    """An attribute as it was asked for: by name, with its closed set of labels or its fixed scale, if it has one."""

    name: str
    labels: Sequence[str] = ()
    scale: tuple[float, float] | None = None


def read_attributes(text: str, asked: Sequence[AskedAttribute], *, strict: bool = False) -> ParsedAnswer:
    """Return a value for each attribute, '' where there is none; the first fault is named.

    Strictly read, an answer is one line 'name: value' for each attribute, in their order, and nothing else.
    """
    answer = bare_answer(text) if strict else prepare(text)
    if not answer.text:
        return ParsedAnswer((), answer.fault)
    given = _as_asked(answer.text, asked) if strict else _given(answer.text, asked)
    read = [_value(one, given.get(one.name, []), strict) for one in asked]
    faults = [fault for _, fault in read]
    return ParsedAnswer(tuple(value for value, _ in read), first_fault(answer.fault, *faults))


def _as_asked(text: str, asked: Sequence[AskedAttribute]) -> dict[str, list[str]]:
    """Return the values of lines exactly in the form asked for, or nothing."""
    lines = [line for line in BREAK.split(text) if line.strip()]
    given: dict[str, list[str]] = {}
    for one, line in zip(asked, lines, strict=False):
        name, colon, value = line.partition(":")
        if not colon or folds.norm(name) != folds.norm(one.name) or not value.strip():
            return {}
        given[one.name] = [value.strip()]
    return given if len(given) == len(lines) == len(asked) else {}


def _given(text: str, asked: Sequence[AskedAttribute]) -> Mapping[str, list[str]]:
    """Return the values of each name, from the part of the answer that names most, the likeliest part first."""
    names = [one.name for one in asked]
    best: list[Named] = []
    for part in answer_parts(text):
        found = named_values(part, names)
        best = max(best, found, key=lambda values: len({one.name for one in values}))
        if len({one.name for one in best}) == len(names):
            break
    if best:
        return _by_name(_last_whole(best, asked))
    lines = lines_of(text)
    alone = len(asked) == 1 and len(lines) == 1 and ":" not in text
    return {names[0]: [lines[0].body.strip(folds.OUTER)]} if alone else {}


def _last_whole(found: Sequence[Named], asked: Sequence[AskedAttribute]) -> Sequence[Named]:
    """Return the last run of values that names every attribute once, all values where the last run does not.

    A run whose values cannot be read gives way to one before it: 'gender: they like action' explains a value.
    """
    count, by_name = len(asked), {one.name: one for one in asked}
    runs = [found[end - count : end] for end in range(len(found), count - 1, -count)][:_RUNS]
    if not runs or len({one.name for one in runs[0]}) < count:
        return found
    whole = [run for run in runs if len({one.name for one in run}) == count]
    readable = (run for run in whole if all(_one_value(by_name[one.name], one.value, False)[0] for one in run))
    return next(readable, whole[0])


def _by_name(found: Sequence[Named]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for one in found:
        given.setdefault(one.name, []).append(one.value)
    return given


def _value(asked: AskedAttribute, given: Sequence[str], strict: bool) -> tuple[str, str | None]:
    """Return the value of one attribute and its fault; different values for one name are none, unless only one is read."""
    if not given:
        return "", Fault.MISSING_ATTRIBUTE
    read = [_one_value(asked, value, strict) for value in given]
    read = [one for one in read if one[0]] or read
    if len({fold_label(value) for value, _ in read}) > 1:
        return "", Fault.SEVERAL_VALUES
    return read[0]


def _one_value(asked: AskedAttribute, value: str, strict: bool) -> tuple[str, str | None]:
    if asked.scale is not None:
        number = read_number(value if strict else without_units(value), *asked.scale, strict=strict)
        return (number.values[0] if number.values else ""), number.fault
    if asked.labels:
        return _label(asked, value, strict)
    if strict and value != folds.strip_outer(value).strip() and value[:1] in folds.OUTER:
        return "", Fault.MISSING_ATTRIBUTE
    return (value if strict else without_remark(value)), None


def _label(asked: AskedAttribute, value: str, strict: bool) -> tuple[str, str | None]:
    if strict:
        known = {folds.norm(label): label for label in asked.labels}
        return (known[folds.norm(value)], None) if folds.norm(value) in known else ("", Fault.NOT_A_LABEL)
    label = label_of(value, asked.labels)
    if label is not None:
        return label, None
    return "", Fault.SEVERAL_VALUES if len(labels_in(value, asked.labels)) > 1 else Fault.NOT_A_LABEL
