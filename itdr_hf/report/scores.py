"""`itdr score`'s JSON as a scoreboard: each figure with its interval, on a line with chance and the paper's range."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.baselines import MODEL
from itdr_hf.score.measured import TOTALS
from itdr_hf.score.scoring import lower_is_better
from itdr_hf.score.table import number

CHANCE = ("random", "template-copy")  # the baselines that are chance, the latter of texts
KEYS = {"system", "split", "reading", "cells", "figures"}

Figure = Mapping[str, Any]
Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One system's figure of one metric, what it is compared with, and where all of it lies in percent of a line."""

    config: str
    metric: str
    lower: bool
    system: str
    value: str
    interval: str
    n: int
    chance: str
    best: str  # the best baseline and its figure
    untuned: str
    tuned: str
    at: float | None
    span: Range | None  # where the interval begins and ends
    chance_at: float | None
    untuned_at: Range | None
    tuned_at: Range | None
    verdict: str  # better or worse than chance; unclear when chance lies within the interval; or nothing


@dataclass(frozen=True, kw_only=True)
class System:
    """What was scored: how answers were read, how many could be read, notes."""

    name: str
    split: str
    reading: str
    notes: Sequence[str]
    parsed: Sequence[tuple[str, int, float | None, float | None, str]]  # cell, n, leniently, strictly, faults


@dataclass(frozen=True, kw_only=True)
class Scoreboard:
    """All systems of all files, a line each in every (config, metric) that it has; totals first."""

    systems: Sequence[System]
    lines: Sequence[Line]
    figures: Sequence[Figure]  # every figure as it stands in the files


def read_scores(paths: Sequence[Path]) -> Scoreboard | None:
    """Return the scoreboard of some files of `itdr score --json` or `--out`; None without files.

    Raises UsageError for a file that is not one of these.
    """
    if not paths:
        return None
    read = [read_file(path) for path in paths]
    figures: dict[tuple[str, ...], Figure] = {}
    for file in read:
        for figure in file["figures"]:  # the baselines and the paper's rows are in every file
            kind = "ours" if figure["kind"] == "other" else figure["kind"]
            figures.setdefault((kind, *(figure[k] for k in ("system", "config", "metric"))), {**figure, "kind": kind})
    return Scoreboard(
        systems=[_system(file) for file in read], lines=list(_lines(figures)), figures=list(figures.values())
    )


def read_file(path: Path) -> dict[str, Any]:
    """Return what a file of scores holds. Raises UsageError for another file."""
    wanted = "want what `itdr score … --json` prints or --out writes as scores.json; make it again"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}; {wanted}") from error
    if not isinstance(found, dict) or not set(found) >= KEYS:
        raise UsageError(f"{path}: not a report of scores; {wanted}")
    return found


def _system(file: Mapping[str, Any]) -> System:
    cells: Mapping[str, Mapping[str, Any]] = file["cells"]
    parsed = []
    for name, cell in cells.items():
        faults = ", ".join(f"{fault} {share:.1%}" for fault, share in cell["faults"][file["reading"]].items())
        parsed.append((name, cell["n"], cell["parsed"]["lenient"], cell["parsed"]["strict"], faults))
    return System(
        name=file["system"], split=file["split"], reading=file["reading"], notes=file.get("notes", ()), parsed=parsed
    )


def _lines(figures: Mapping[tuple[str, ...], Figure]) -> Iterator[Line]:
    groups: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures.values():
        groups.setdefault((figure["config"], figure["metric"]), []).append(figure)
    for (config, metric), found in sorted(groups.items(), key=lambda pair: pair[0][0] != TOTALS):
        axis = _axis(found)
        for figure in found:
            if figure["kind"] == "ours" and figure["value"] is not None:
                yield _line(config, metric, figure, found, axis)


def _axis(found: Sequence[Figure]) -> Range:
    """From nought to one where all lies there, else from the least to the greatest with a margin."""
    values = [f[k] for f in found for k in ("value", "low", "high") if f.get(k) is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low >= 0 and high <= 1:
        return 0.0, 1.0
    margin = 0.05 * ((high - low) or 1)
    return low - margin, high + margin


def _line(config: str, metric: str, ours: Figure, found: Sequence[Figure], axis: Range) -> Line:
    lower = lower_is_better(metric)
    known = [f for f in found if f["value"] is not None]
    baselines = [f for f in known if f["kind"] == "baseline"]
    chance = next((f for f in known if f["system"].removeprefix(MODEL) in CHANCE), None)
    best = (min if lower else max)(baselines, key=lambda f: f["value"], default=None)
    untuned, tuned = (_span(found, variant) for variant in (" no-ft", " ft"))
    bounds = (ours["low"], ours["high"]) if ours["low"] is not None and ours["high"] is not None else None
    return Line(
        config=config,
        metric=metric,
        lower=lower,
        system=ours["system"],
        value=number(ours["value"]),
        interval=f"{number(bounds[0])} to {number(bounds[1])}" if bounds else "",
        n=ours["n"],
        chance=number(chance["value"]) if chance else "",
        best=f"{number(best['value'])} {best['system']}" if best else "",
        untuned=_text(untuned),
        tuned=_text(tuned),
        at=_at(ours["value"], axis),
        span=_placed(bounds, axis),
        chance_at=_at(chance["value"], axis) if chance else None,
        untuned_at=_placed(untuned, axis),
        tuned_at=_placed(tuned, axis),
        verdict=_verdict(bounds, chance, lower),
    )


def _span(found: Sequence[Figure], variant: str) -> Range | None:
    values = [
        f["value"] for f in found if f["kind"] == "paper" and f["system"].endswith(variant) and f["value"] is not None
    ]
    return (min(values), max(values)) if values else None


def _text(span: Range | None) -> str:
    return f"{number(span[0], 2)}–{number(span[1], 2)}" if span else ""


def _at(value: float, axis: Range) -> float:
    return round(100 * (value - axis[0]) / (axis[1] - axis[0]), 2)


def _placed(span: Range | None, axis: Range) -> Range | None:
    return (_at(span[0], axis), _at(span[1], axis)) if span else None


def _verdict(bounds: Range | None, chance: Figure | None, lower: bool) -> str:
    """How an interval lies to chance, better or worse whatever the metric's direction."""
    if bounds is None or chance is None or not math.isfinite(chance["value"]):
        return ""
    low, high = bounds
    if low <= chance["value"] <= high:
        return "unclear"
    return "better" if (high < chance["value"]) == lower else "worse"
