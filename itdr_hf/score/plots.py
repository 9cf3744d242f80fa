"""A plot per subtask: each cell's figures with their intervals, baselines and the paper beside (extra [plots])."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.score.score_file import Report, Row

LOOKS = {
    "ours": {"marker": "o", "color": "#0b5fa5"},
    "other": {"marker": "s", "color": "#c4501b"},
    "baseline": {"marker": "|", "color": "#555555"},
    "paper": {"marker": "x", "color": "#9a9a9a"},
}


def write_plots(report: Report, folder: Path) -> list[str]:
    """`<subtask>.png` for every subtask that was scored; gives their names."""
    figure_of = figure_class()
    made = []
    for task in dict.fromkeys(cell.task for cell in report.ours.cells.values()):
        rows = [row for name, cell in report.ours.cells.items() if cell.task == task for row in report.rows(name)]
        metrics = list(dict.fromkeys(row.metric for row in rows if row.kind == "ours"))
        configs = list(dict.fromkeys(row.config for row in rows))
        figure = figure_of(figsize=(2.2 + 2.4 * len(metrics), 1.6 + 0.5 * len(configs)), layout="constrained")
        axes = figure.subplots(1, len(metrics), squeeze=False, sharey=True)[0]
        for axis, metric in zip(axes, metrics, strict=True):
            _draw(axis, [row for row in rows if row.metric == metric], configs)
            axis.set_title(metric, fontsize=9)
        axes[0].set_yticks(range(len(configs)), configs, fontsize=8)
        axes[0].set_ylim(len(configs) - 0.5, -0.5)  # the first cell on top
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=8)
        made.append(f"{task}.png")
        figure.savefig(folder / made[-1], dpi=150, metadata={"Software": None})
    return made


def figure_class() -> Any:
    """matplotlib's Figure, which needs no display and no global state."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UsageError("plots: matplotlib is not installed; want it: pip install -e '.[plots]'") from error
    return Figure


def _draw(axis: Any, rows: Sequence[Row], configs: Sequence[str]) -> None:
    """Ours above, the other system beneath it, marks of baselines and of the paper on the line."""
    heights = {"ours": -0.12, "other": 0.12, "baseline": 0.0, "paper": 0.0}
    for kind, look in LOOKS.items():
        found = [row for row in rows if row.kind == kind and math.isfinite(row.value)]
        if not found:
            continue
        places = [configs.index(row.config) + heights[kind] for row in found]
        spans = None
        if kind in ("ours", "other"):
            spans = [[max(0.0, r.value - r.low) for r in found], [max(0.0, r.high - r.value) for r in found]]
        axis.errorbar([r.value for r in found], places, xerr=spans, linestyle="none", markersize=6, label=kind, **look)
    axis.tick_params(labelsize=8)
    axis.grid(axis="x", alpha=0.3)
