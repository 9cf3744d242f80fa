"""A plot of each system: on the left ours with intervals, chance and the paper's; on the right ours minus the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itdr_hf.experiments.lines import Line, Results
from itdr_hf.score.measured import TOTALS
from itdr_hf.score.plots import LOOKS, figure_class
from itdr_hf.score.scoring import lower_is_better


def write_plots(results: Results, folder: Path) -> list[str]:
    """Write a PNG for every system and way; return their names."""
    made = []
    for number, (system, way) in enumerate(results.systems, 1):
        lines = [line for line in results.of(system, way) if line.config != TOTALS and line.n]  # not of nobody: seconds
        if lines:
            made.append(f"figures-{number}-{way}.png")
            _plot(f"{results.experiment.name}: {system}, by {way}", lines, folder / made[-1])
    return made


def _plot(title: str, lines: Sequence[Line], path: Path) -> None:
    arms = list(dict.fromkeys((line.arm, line.split) for line in lines))
    shown = [[line for line in lines if (line.arm, line.split) == arm] for arm in arms]
    heights = [0.6 + 0.19 * len(rows) for rows in shown]
    figure = figure_class()(figsize=(9, 0.9 + sum(heights)), layout="constrained")
    axes = figure.subplots(len(arms), 2, squeeze=False, sharey="row", height_ratios=heights, width_ratios=(2, 1))
    for (left, right), (arm, _), rows in zip(axes, arms, shown, strict=True):
        _values(left, rows)
        _differences(right, rows)
        left.set_title(arm, fontsize=8, loc="left")
        left.set_yticks(range(len(rows)), [_label(line) for line in rows], fontsize=6)
        left.set_ylim(len(rows) - 0.5, -0.5)
    axes[0][1].set_title("ours minus the paper's", fontsize=8)
    figure.suptitle(title, fontsize=9)
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _values(axis: Any, rows: Sequence[Line]) -> None:
    places = list(range(len(rows)))
    _points(axis, rows, places, [line.value for line in rows], "ours", "ours", intervals=True)
    _points(axis, rows, places, [line.chance for line in rows], "baseline", "chance")
    _points(axis, rows, places, [line.paper for line in rows], "paper", "paper")
    axis.tick_params(labelsize=6)
    axis.grid(axis="x", alpha=0.3)


def _points(
    axis: Any, rows: Sequence[Line], places: Sequence[int], values: Sequence[float | None], look: str, label: str,
    *, intervals: bool = False,
) -> None:  # fmt: skip
    """Draw the values that there are, ours with their intervals."""
    known = [(p, v, line) for p, v, line in zip(places, values, rows, strict=True) if v is not None]
    spans = [_reach(value, line.low, line.high) for _, value, line in known] if intervals and known else None
    across = [list(side) for side in zip(*spans, strict=True)] if spans else None
    axis.errorbar(
        [value for _, value, _ in known], [place for place, _, _ in known], xerr=across, linestyle="none", markersize=4,
        label=label, **LOOKS[look],
    )  # fmt: skip


def _differences(axis: Any, rows: Sequence[Line]) -> None:
    """Draw ours minus the paper's, with the interval of ours; nothing for cells of which none is taken."""
    known = [(place, line) for place, line in enumerate(rows) if line.difference is not None and line.value is not None]
    for place, line in known:
        left, right = _reach(line.value or 0.0, line.low, line.high)
        axis.errorbar([line.difference], [place], xerr=[[left], [right]], markersize=4, **LOOKS["ours"])
    axis.axvline(0, color="#9a9a9a", linewidth=0.8)
    if not known:
        axis.text(0.5, 0.5, "none is taken", transform=axis.transAxes, ha="center", fontsize=7, color="#555555")
    axis.tick_params(labelsize=6)
    axis.grid(axis="x", alpha=0.3)


def _reach(value: float, low: float | None, high: float | None) -> tuple[float, float]:
    """Return how far an interval reaches to either side of a value."""
    if low is None or high is None:
        return 0.0, 0.0
    return max(0.0, value - low), max(0.0, high - value)


def _label(line: Line) -> str:
    return f"{line.config} {line.metric} {'↓' if lower_is_better(line.metric) else '↑'}"
