"""Ratings and attributes as bars: the values in their order where they are numbers, else the most frequent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from itdr_hf.dataset.statistics import CellStatistics

MOST = 12  # bars of a label
REST = "(others)"


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A value, its examples, their share, and its width in percent of the longest."""

    value: str
    count: int
    share: float
    width: float


@dataclass(frozen=True, kw_only=True)
class LabelChart:
    """A label of a cell: how many values it has, and the bars that are shown."""

    cell: str
    label: str
    values: int
    examples: int
    bars: Sequence[Bar]
    rest: int  # examples of the values that are not shown


def label_charts(made: Sequence[CellStatistics]) -> list[LabelChart]:
    """Return a chart for each label of each cell that has any."""
    return [_chart(s.cell, name, values) for s in made for name, values in s.labels.items() if values]


def _chart(cell: str, label: str, values: Mapping[str, int]) -> LabelChart:
    examples = sum(values.values())
    known = {value: n for value, n in values.items() if value != REST}
    shown = _classes(known) if len(known) > MOST else _ordered(known)
    most = max(shown.values(), default=1)
    bars = [Bar(value=v, count=n, share=n / examples, width=100 * n / most) for v, n in shown.items()]
    return LabelChart(
        cell=cell,
        label=label,
        values=len(known),
        examples=examples,
        bars=bars,
        rest=examples - sum(shown.values()),
    )


def _classes(values: Mapping[str, int]) -> dict[str, int]:
    """Many numbers in classes of equal width, many names as the most frequent."""
    if (numbers := _numbers(values)) is None:
        return dict(sorted(values.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST])
    low, high = min(numbers.values()), max(numbers.values())
    width = next(w for w in _widths() if (high // w) - (low // w) < MOST)
    classes: dict[float, int] = {}
    for value, number in numbers.items():
        classes[number // width] = classes.get(number // width, 0) + values[value]
    whole = all(number.is_integer() for number in numbers.values())
    return {_named(k * width, width, whole): n for k, n in sorted(classes.items())}


def _named(start: float, width: float, whole: bool) -> str:
    if whole and width == 1:
        return f"{start:.0f}"
    return f"{start:.0f}–{start + width - 1:.0f}" if whole else f"{start:.0f} to {start + width:.0f}"


def _widths() -> Iterator[float]:
    size = 1.0
    while True:
        yield from (size, 2 * size, 5 * size)
        size *= 10


def _ordered(values: Mapping[str, int]) -> dict[str, int]:
    numbers = _numbers(values)
    order = (lambda v: (numbers[v], v)) if numbers is not None else (lambda v: (-values[v], v))
    return {value: values[value] for value in sorted(values, key=order)}


def _numbers(values: Mapping[str, int]) -> dict[str, float] | None:
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        return None
    return numbers if all(map(isfinite, numbers.values())) else None  # 'nan' may be somebody's name
