"""ACC, of categorical attributes such as gender, country or occupation (UAP). Paper section 4.2.2."""

from __future__ import annotations

from collections.abc import Sequence

from itdr_hf.metrics.sample import Sample, mean_sample, same_length


def accuracy(predicted: Sequence[str | None], truth: Sequence[str]) -> float:
    """Share of answers equal to the truth after `fold`. Range 0 to 1; nan when empty.

    None, an answer that did not parse, is wrong and stays in the denominator.
    """
    return accuracy_sample(predicted, truth).value


def accuracy_sample(predicted: Sequence[str | None], truth: Sequence[str], metric: str = "ACC") -> Sample:
    """`accuracy` as one 0 or 1 per example, ready for `bootstrap`."""
    same_length(metric, len(predicted), len(truth))
    pairs = zip(predicted, truth, strict=True)
    return mean_sample(metric, [guess is not None and fold(guess) == fold(actual) for guess, actual in pairs])


def fold(label: str) -> str:
    """Return a label without differences of case and of whitespace."""
    return " ".join(label.split()).casefold()
