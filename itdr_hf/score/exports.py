"""A report for machines: CSV, JSON, and the metrics of a model card (`model-index`)."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from itdr_hf.runtime.files import new_files
from itdr_hf.score.by_template import TemplateScores
from itdr_hf.score.measured import TOTALS, CellScore
from itdr_hf.score.score_file import Report, Row
from itdr_hf.score.table import markdown

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how texts begin that spreadsheets run
PLACES = 6


def write_exports(report: Report, folder: Path, *, plots: bool = False) -> list[Path]:
    """scores.md, scores.csv, scores.json, model-index.json, and a plot per subtask; gives their paths."""
    texts = {
        "scores.md": markdown(report),
        "scores.csv": as_csv(report),
        "scores.json": json.dumps(as_json(report), indent=1, ensure_ascii=False),
        "model-index.json": json.dumps(model_index(report), indent=1, ensure_ascii=False),
    }
    drawn: list[str] = []
    with new_files(folder) as draft:
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8")
        if plots:
            from itdr_hf.score.plots import write_plots

            drawn = write_plots(report, draft)
    return [folder / name for name in (*texts, *drawn)]


def as_csv(report: Report) -> str:
    """One line per figure of every system; an empty field is a value that there is none of."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in report.rows():
        writer.writerow([_field(value) for value in row])
    return out.getvalue()


def as_json(report: Report) -> dict[str, Any]:
    """Return the same figures, with faults and the comparison; null where there is no value."""
    differences = [
        {
            "config": config,
            "metric": metric,
            **{k: _plain(getattr(found, k)) for k in ("difference", "low", "high", "p", "at_floor")},
            "p_holm": _plain(report.corrected[config, metric]),
        }
        for (config, metric), found in report.differences.items()
    ]
    return {
        "system": report.ours.name,
        "run": asdict(report.run),
        "dataset": {"version": report.version, "cells": dict(report.contents)},
        "split": report.split,
        "reading": report.ours.reading,
        "notes": list(report.notes),
        "caveats": {"extractive": list(report.caveats.extractive), "simulated": list(report.caveats.simulated)},
        "cells": {name: _cell(cell) for name, cell in report.ours.cells.items()},
        "figures": [{k: _plain(v) for k, v in row._asdict().items()} for row in report.rows()],
        "templates": [_templates(found) for found in report.templates],
        "against": report.other.name if report.other else None,
        "differences": differences,
    }


def model_index(report: Report, dataset: str = "itdr", revision: str | None = None) -> list[dict[str, Any]]:
    """Return the `model-index` of a model card: our figures by config, in the Hub's form.

    `dataset` is the dataset's Hub id, `revision` its tag. A figure without a value is left out.
    """
    results = []
    for config in (name for name in report.configs if name not in report.ours.averages):
        rows = [row for row in report.rows(config) if row.kind == "ours" and math.isfinite(row.value)]
        known = {"type": dataset, "name": f"ITDR {config}", "split": report.split}
        known |= {} if config == TOTALS else {"config": config}
        known |= {"revision": revision} if revision else {}
        metrics = [_metric(row) for row in rows]
        task = {"type": "text-generation", "name": report.ours.cells[config].task if config != TOTALS else "ITDR"}
        if metrics:
            results.append({"task": task, "dataset": known, "metrics": metrics})
    return [{"name": report.ours.name, "results": results}]


def _metric(row: Row) -> dict[str, Any]:
    value = _plain(row.value)
    interval = {"low": _plain(row.low), "high": _plain(row.high), "n": row.n}
    return {"type": row.metric, "name": row.metric, "value": value, "args": {"signature": row.signature, **interval}}


def _templates(found: TemplateScores) -> dict[str, Any]:
    metrics = list(found.rows[0].figures)
    rows = [
        {
            "template": row.template,
            "n": row.n,
            "on_validation": _plain(row.on_validation),
            **{m: _plain(figure.value) for m, figure in row.figures.items()},
        }
        for row in found.rows
    ]
    return {
        "config": found.config,
        "setting": found.setting,
        "chosen_by": found.chosen_by,
        "best": found.best.template if found.best else None,
        "mean": {m: _plain(found.mean(m)) for m in metrics},
        "spread": {m: _plain(found.spread(m)) for m in metrics},
        "rows": rows,
    }


def _cell(cell: CellScore) -> dict[str, Any]:
    return {
        "task": cell.task,
        "source": cell.source,
        "n": cell.n,
        "users": len(cell.clusters),
        "parsed": {reading: _plain(share) for reading, share in cell.parsed.items()},
        "faults": {reading: {k: _plain(v) for k, v in found.items()} for reading, found in cell.faults.items()},
    }


def _field(value: Any) -> Any:
    """Return a value for CSV; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else _plain(value)


def _plain(value: Any) -> Any:
    """Return a value JSON can hold: floats rounded, no nan or infinity."""
    if not isinstance(value, float):
        return value
    return round(value, PLACES) if math.isfinite(value) else None
