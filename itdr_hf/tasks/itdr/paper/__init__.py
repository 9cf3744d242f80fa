"""The published tables of ITDR (arXiv:2508.05667) as data, under this project's names.

    results.csv         Tables 6-17: one row per table, subtask, source, metric, model and variant
    subtask_scores.csv  Tables 1 and 2: GLM-4-9B's subtask scores, as printed, slips included
    statistics.csv      Table 5: examples and average tokens per cell
    test_sizes.csv      test examples per cell, worked out from the figures; they sum to the stated 7,811

A row's cell is our config name (`tkr-movielens32m`), its metric the long form (`ACC(country)`, not `ACC(c)`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from itdr_hf.errors import unknown
from itdr_hf.tasks.family import Figure, Result, Statistic
from itdr_hf.tasks.itdr.composite import COMPOSITES, SUBTASKS, composite

SOURCES = {
    "Amazon Books Reviews": "amazonbooks",
    "Amazon Reviews 2023": "amazon2023",
    "Anime Dataset 2023": "anime2023",
    "BookCrossing": "bookcrossing",
    "Last.FM 1K": "lastfm1k",
    "Last.FM 360K": "lastfm360k",
    "MIND": "mind",
    "MicroLens": "microlens",
    "MovieLens 1M": "movielens1m",
    "MovieLens 32M": "movielens32m",
    "PixelRec": "pixelrec",
    "Steam": "steam",
    "Yelp": "yelp",
}
METRICS = {
    "ACC(c)": "ACC(country)",
    "ACC(g)": "ACC(gender)",
    "RMSE(a)": "RMSE(age)",
    "RMSE(Birth year)": "RMSE(birth year)",
}


@dataclass(frozen=True, kw_only=True)
class SubtaskScore:
    """One figure of Table 1 or 2, all of GLM-4-9B; `subtask` as in config names."""

    table: int
    subtask: str
    variant: str
    value: float


def cell_name(subtask: str, source: str) -> str:
    """Our config name for the paper's subtask and source: `TKR`, `MovieLens 32M` → `tkr-movielens32m`."""
    if source not in SOURCES:
        raise unknown("source in the paper", source, SOURCES)
    return f"{subtask.lower()}-{SOURCES[source]}"


def cells() -> tuple[str, ...]:
    """Return the 33 cells, in the order of Table 5."""
    return tuple(test_sizes())


def results(cell: str | None = None) -> tuple[Result, ...]:
    """Return the published figures of one cell, or all 3,074."""
    if cell is None:
        return _results()
    if cell not in cells():
        raise unknown("cell in the paper", cell, cells())
    return tuple(result for result in _results() if result.cell == cell)


@cache
def subtask_scores() -> tuple[SubtaskScore, ...]:
    """Tables 1 and 2 as printed: 84 figures, 14 of them in both tables."""
    return tuple(
        SubtaskScore(
            table=int(row["table"]),
            subtask=row["subtask"].lower(),
            variant=row["variant"],
            value=float(row["value"]),
        )
        for row in _rows("subtask_scores.csv")
    )


@cache
def statistics() -> dict[str, Statistic]:
    """Table 5 by cell; the examples sum to 195,065."""
    return {
        cell_name(row["subtask"], row["source"]): Statistic(
            cell=cell_name(row["subtask"], row["source"]),
            examples=int(row["examples"]),
            input_tokens=float(row["avg_input_tokens"]),
            output_tokens=float(row["avg_output_tokens"]),
        )
        for row in _rows("statistics.csv")
    }


@cache
def test_sizes() -> dict[str, int]:
    """Test examples of the paper's experiments, by cell."""
    return {cell_name(row["subtask"], row["source"]): int(row["examples"]) for row in _rows("test_sizes.csv")}


def figures(model: str, variant: str) -> list[Figure]:
    """One column of the published tables, ready for `composite`."""
    listed = [
        Figure(
            subtask=result.cell.partition("-")[0],
            source=result.cell.partition("-")[2],
            metric=result.metric,
            value=result.value,
            n=test_sizes()[result.cell],
        )
        for result in _results()
        if (result.model, result.variant) == (model, variant)
    ]
    if not listed:
        have = sorted({f"{result.model} {result.variant}" for result in _results()})
        raise unknown("published column", f"{model} {variant}", have)
    return listed


def totals(model: str, variant: str) -> dict[str, float]:
    """Return the scores of tasks and the composites of one column of the published tables, recomputed from its figures."""
    scores = composite(figures(model, variant))
    return {name: getattr(scores, name.lower()) for name in (*SUBTASKS, *COMPOSITES)}


@cache
def _results() -> tuple[Result, ...]:
    return tuple(
        Result(
            table=int(row["table"]),
            cell=cell_name(row["subtask"], row["source"]),
            metric=METRICS.get(row["metric"], row["metric"]),
            model=row["model"],
            variant=row["variant"],
            value=float(row["value"]),
        )
        for row in _rows("results.csv")
    )


def _rows(name: str) -> Iterable[dict[str, str]]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())
