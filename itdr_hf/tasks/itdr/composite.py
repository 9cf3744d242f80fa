"""Subtask scores and the composites pUII and pUIU (paper section 4.2.2, equations 1 and 2).

Each cell weighs by its number of examples, not as one dataset among several:

    RP        lg of the RMSE pooled over all examples; lower is better, −∞ when every rating is right
    TKR, CDR  mean of N@10, H@1 and P@5; 0 to 1
    NIR       H@1; 0 to 1
    UAP       (ACC summed over the five attributes − lg RMSE averaged over the numeric ones) / 6
    IR, TUI   mean of BLEU-1, BLEU-2, ROUGE-1, ROUGE-2 and ROUGE-L; 0 to 1
    pUII      100/8 · (3 TKR + 3 CDR + NIR − RP)
    pUIU      100/16 · (6 UAP + 5 IR + 5 TUI)

An RMSE enters by its logarithm, to be of the others' size; one below 1 adds to the composite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from itdr_hf.errors import UsageError, unknown
from itdr_hf.metrics.sample import Floats
from itdr_hf.tasks.family import Composites, Figure

RANKING = ("N@10", "H@1", "P@5")
TEXT = ("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L")
MEANS = {"tkr": RANKING, "cdr": RANKING, "nir": ("H@1",), "ir": TEXT, "tui": TEXT}
ATTRIBUTES = ("ACC(country)", "ACC(gender)", "ACC(location)", "ACC(occupation)", "ACC(age group)")
SUBTASKS = ("rp", "tkr", "cdr", "nir", "uap", "ir", "tui")
COMPOSITES = ("pUII", "pUIU")
_WEIGHTED = "agg:example-weighted"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A score per subtask and the two composites; nan where a metric that it needs has no examples.

    `sources` says over which sources each subtask was scored: scores over different ones do not compare.
    """

    rp: float
    tkr: float
    cdr: float
    nir: float
    uap: float
    ir: float
    tui: float
    puii: float
    puiu: float
    sources: Mapping[str, tuple[str, ...]]


def composite(figures: Iterable[Figure]) -> Scores:
    """Score subtasks and composites from the figures of a system's cells.

    A figure whose metric has no part in its subtask's score is left out, and so is one of no examples. Raises
    UsageError when a figure comes twice or a cell has only some of the metrics that its subtask averages.
    """
    listed = list(figures)
    values = composite_replicates(listed, np.array([[figure.value for figure in listed]]))
    sources = {
        subtask: tuple(sorted({figure.source for figure in listed if figure.subtask == subtask}))
        for subtask in SUBTASKS
    }
    return Scores(**{name.lower(): float(column[0]) for name, column in values.items()}, sources=sources)


def composite_replicates(figures: Sequence[Figure], values: Floats) -> dict[str, Floats]:
    """Scores for many values of the same figures at once, as for an interval from bootstrap replicates.

    `values` is replicates × figures and stands in for the figures' own; gives a column per subtask and
    composite, keyed `rp` … `tui`, `pUII`, `pUIU`.
    """
    _check(figures)
    if values.ndim != 2 or values.shape[1] != len(figures):
        raise UsageError(f"values of shape {values.shape}; want replicates × {len(figures)} figures")
    scores = {subtask: _mean_of_metrics(figures, values, subtask) for subtask in MEANS}
    scores |= {"rp": _log_pooled(figures, values), "uap": _attributes(figures, values)}
    puii = 100 / 8 * (3 * scores["tkr"] + 3 * scores["cdr"] + scores["nir"] - scores["rp"])
    puiu = 100 / 16 * (6 * scores["uap"] + 5 * scores["ir"] + 5 * scores["tui"])
    return {subtask: scores[subtask] for subtask in SUBTASKS} | {"pUII": puii, "pUIU": puiu}


def _log_pooled(figures: Sequence[Figure], table: Floats) -> Floats:
    return _lg(np.sqrt(_weighted(figures, np.square(table), "rp", "RMSE")))


def _mean_of_metrics(figures: Sequence[Figure], table: Floats, subtask: str) -> Floats:
    metrics = MEANS[subtask]
    mean: Floats = np.mean([_weighted(figures, table, subtask, metric) for metric in metrics], axis=0)
    return mean


def _attributes(figures: Sequence[Figure], table: Floats) -> Floats:
    hits = np.sum([_weighted(figures, table, "uap", metric) for metric in ATTRIBUTES], axis=0)
    errors = [place for place, figure in enumerate(figures) if _numeric_attribute(figure)]
    if not errors:
        return np.full(len(table), math.nan)
    score: Floats = (hits - _lg(table[:, errors]).mean(axis=1)) / (len(ATTRIBUTES) + 1)
    return score


def _numeric_attribute(figure: Figure) -> bool:
    return figure.subtask == "uap" and figure.metric.startswith("RMSE") and figure.n > 0


def _weighted(figures: Sequence[Figure], table: Floats, subtask: str, metric: str) -> Floats:
    """Mean over the examples of all cells of a subtask, per replicate."""
    places = [
        place
        for place, figure in enumerate(figures)
        if figure.subtask == subtask and figure.metric == metric and figure.n > 0
    ]
    if not places:
        return np.full(len(table), math.nan)
    mean: Floats = np.average(table[:, places], axis=1, weights=[figures[place].n for place in places])
    return mean


def _lg(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        logarithm: Floats = np.log10(values)
    return logarithm


def _check(figures: Sequence[Figure]) -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for figure in figures:
        if figure.subtask not in SUBTASKS:
            raise unknown("subtask", figure.subtask, SUBTASKS)
        metrics = seen.setdefault((figure.subtask, figure.source), set())
        if figure.metric in metrics:
            raise UsageError(f"{figure.subtask}-{figure.source}: {figure.metric} comes twice; want it once")
        metrics.add(figure.metric)
    for (subtask, source), metrics in seen.items():
        wanted = MEANS.get(subtask, ())
        if lacking := [metric for metric in wanted if metric not in metrics]:
            raise UsageError(f"{subtask}-{source}: no {', '.join(lacking)}; want all of {', '.join(wanted)}")


ITDR = Composites(
    parts={**{task: (task,) for task in SUBTASKS}, "pUII": ("rp", "tkr", "cdr", "nir"), "pUIU": ("uap", "ir", "tui")},
    definitions={
        "rp": "of:lg-RMSE|agg:pooled",
        **{task: f"of:{','.join(metrics)}|{_WEIGHTED}" for task, metrics in MEANS.items()},
        "uap": f"of:ACC×5,lg-RMSE|{_WEIGHTED}",
        "pUII": "of:3·tkr,3·cdr,nir,−rp|over:8",
        "pUIU": "of:6·uap,5·ir,5·tui|over:16",
    },
    replicates=composite_replicates,
    lower_is_better=frozenset({"rp"}),
)
