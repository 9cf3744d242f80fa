"""Write results: report.md, results.json, results.csv and, with matplotlib, a plot of each system."""

from __future__ import annotations

import csv
import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from itdr_hf.experiments.lines import Line, Results
from itdr_hf.experiments.tables import markdown
from itdr_hf.runtime.files import new_files


def write_results(results: Results, out: Path) -> list[Path]:
    """Write all files of an experiment into `out`/results/NAME; return their paths."""
    folder = out / "results" / results.experiment.name
    texts = {
        "report.md": markdown(results),
        "results.json": json.dumps(as_dict(results), indent=1, ensure_ascii=False),
        "results.csv": as_csv(results),
    }
    drawn: list[str] = []
    with new_files(folder) as draft:
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8")
        if can_draw():
            from itdr_hf.experiments.plots import write_plots

            drawn = write_plots(results, draft)
    return [folder / name for name in (*texts, *drawn)]


def can_draw() -> bool:
    """Return whether matplotlib is there, which plots need."""
    return find_spec("matplotlib") is not None


def as_dict(results: Results) -> dict[str, Any]:
    """Return everything as plain values."""
    one = results.experiment
    return {
        "experiment": one.name,
        "title": one.title,
        "arms": [{"name": arm.name, "title": arm.title, "variant": arm.variant} for arm in one.arms],
        "lines": [line._asdict() for line in results.lines],
        "paper": [{"arm": arm, **vars(figure)} for arm, figure in results.published],
        "printed": [vars(score) for arm in one.arms for score in one.printed_scores(arm)],
        "leaks": {name: dict(shares) for name, shares in results.leaks.items()},
        "notes": list(results.notes),
        "differs": list(one.differs),
    }


def as_csv(results: Results) -> str:
    """Return a line per figure of ours, then a line per published figure of cells and models that were not run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows(results.lines)
    ours = {(line.arm, line.paper_model, line.config, line.metric) for line in results.lines}
    for arm, figure in results.published:
        if (arm, figure.model, figure.cell, figure.metric) not in ours:
            known = {"arm": arm, "config": figure.cell, "metric": figure.metric, "paper_model": figure.model}
            known["paper"] = str(figure.value)
            writer.writerow([known.get(name, "") for name in Line._fields])
    return out.getvalue()
