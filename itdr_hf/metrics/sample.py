"""A metric as sums over examples: what makes it cheap to resample exactly.

Every metric here is a function of sums: a mean is (sum, count), RMSE the root of one, corpus BLEU a function
of summed n-gram counts and lengths. Resampling is then a weighted sum of rows, never a second scoring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from itdr_hf.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One metric over the examples of one cell.

    `rows` is examples × statistics; `estimate` maps totals (…, statistics) to values (…).
    """

    metric: str
    rows: Floats
    estimate: Callable[[Floats], Floats]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def value(self) -> float:
        """The metric on all examples; nan without examples."""
        return float(self.estimate(self.rows.sum(axis=0))) if len(self) else float("nan")


def mean_sample(metric: str, values: ArrayLike) -> Sample:
    """Return a metric that is the mean of one value per example; a nan value makes it nan."""
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1:
        raise UsageError(f"{metric}: values of shape {column.shape}; want one value per example")
    return Sample(metric=metric, rows=np.column_stack([column, np.ones_like(column)]), estimate=ratio)


def ratio(totals: Floats) -> Floats:
    """First statistic over the second, along the last axis; 0 / 0 is nan."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = np.divide(totals[..., 0], totals[..., 1])
    return quotient


def same_length(metric: str, predicted: int, truth: int) -> None:
    """Refuse predictions that do not pair up with the truth."""
    if predicted != truth:
        raise UsageError(f"{metric}: {predicted} predictions, {truth} references; want one for one")
