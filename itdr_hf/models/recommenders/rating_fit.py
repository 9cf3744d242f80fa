"""Ratings from a recommender's scores: a linear function of the score and of two means, fitted by least squares.

rating ≈ a + b · mean of the ratings shown + c · mean rating of the item + d · score. The item's mean is over the
train users' log, drawn towards the mean of all by PRIOR ratings; on the training split it is without the rating
that is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.predict.questions import COLUMNS, Question
from itdr_hf.models.recommenders.candidates import CandidateScorer, items_of

Values = NDArray[np.float64]
PRIOR = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class RatingFit:
    """A fitted function from questions to ratings."""

    scorer: CandidateScorer
    weights: Values
    centre: float
    spread: float
    low: float
    high: float

    @classmethod
    def on_training_split(cls, dataset: Dataset, config: str, scorer: CandidateScorer) -> RatingFit:
        """Fit the function on the training split of a config whose answers are numbers."""
        rows = list(dataset.rows(config, "train", [*COLUMNS, "targets"]))
        truth = np.asarray([float(row.pop("targets")[0]) for row in rows])
        questions = [Question(config=config, **row) for row in rows]
        scores = _scores(scorer, questions)
        known = scores[np.isfinite(scores)]
        centre, spread = (float(known.mean()), float(known.std()) or 1.0) if len(known) else (0.0, 1.0)
        facts = _facts(scorer, questions, (scores - centre) / spread, truth)
        weights = np.linalg.lstsq(facts, truth, rcond=None)[0] if len(truth) else np.array([0.0, 0.5, 0.5, 0.0])
        scale = dataset.cell(config).source.scale
        low, high = (scale.low, scale.high) if scale else (-np.inf, np.inf)
        return cls(scorer=scorer, weights=weights, centre=centre, spread=spread, low=low, high=high)

    def predict(self, questions: Sequence[Question]) -> Values:
        """Return a rating within the scale for each question."""
        scores = (_scores(self.scorer, questions) - self.centre) / self.spread
        return np.clip(_facts(self.scorer, questions, scores, None) @ self.weights, self.low, self.high)


def _scores(scorer: CandidateScorer, questions: Sequence[Question]) -> Values:
    return np.asarray([scores[0] if scores else -np.inf for scores in scorer.scores(questions)], dtype=np.float64)


def _facts(scorer: CandidateScorer, questions: Sequence[Question], scores: Values, own: Values | None) -> Values:
    """Return 1, the mean of the ratings shown, the item's mean and the score (0 where unknown) of each question.

    `own` has the rating asked for, which the item's mean then leaves out.
    """
    log = scorer.log
    rated = np.isfinite(log.ratings)
    items, values = log.interactions.items[rated], log.ratings[rated].astype(np.float64)
    sums = np.bincount(items, weights=values, minlength=log.interactions.item_count)
    counts = np.bincount(items, minlength=log.interactions.item_count).astype(np.float64)
    mean = float(values.mean()) if len(values) else 0.0

    asked = np.asarray([next(iter(items_of(scorer.codes, q, q.candidates)), -1) for q in questions], dtype=np.int64)
    known = asked >= 0
    total, count = (np.where(known, column[asked], 0.0) for column in (sums, counts))
    if own is not None:
        total, count = np.where(known, total - own, total), np.where(known, count - 1, count)
    item_means = (total + PRIOR * mean) / (np.maximum(count, 0) + PRIOR)
    user_means = [float(np.mean(q.history_ratings)) if q.history_ratings else mean for q in questions]
    known_scores = np.where(np.isfinite(scores), scores, 0.0)
    return np.column_stack([np.ones(len(questions)), user_means, item_means, known_scores])
