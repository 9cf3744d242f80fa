"""RMSE, of ratings (RP) and of numeric attributes such as age or birth year (UAP). Paper section 4.2.2."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from itdr_hf.metrics.sample import Floats, Sample, ratio, same_length


def rmse(predicted: ArrayLike, truth: ArrayLike) -> float:
    """Root of the mean squared error. Range 0 to ∞, in the answer's unit, lower is better; nan when empty.

    A nan prediction makes it nan: what stands in for an answer that does not parse is the caller's rule.
    """
    return rmse_sample(predicted, truth).value


def rmse_sample(predicted: ArrayLike, truth: ArrayLike, metric: str = "RMSE") -> Sample:
    """`rmse` as sums (squared error, count), ready for `bootstrap`."""
    guess = np.asarray(predicted, dtype=np.float64).ravel()
    actual = np.asarray(truth, dtype=np.float64).ravel()
    same_length(metric, len(guess), len(actual))
    rows = np.column_stack([np.square(guess - actual), np.ones_like(actual)])
    return Sample(metric=metric, rows=rows, estimate=_root_mean)


def _root_mean(totals: Floats) -> Floats:
    root: Floats = np.sqrt(ratio(totals))
    return root
