"""One recommender in one variant, fitted with several seeds and ranked on test: the rows that every table is made of.

The figures of a row are means over its seeds, user by user; intervals are over users, and the spread over seeds is
shown next to them. In the zero-shot setting the items that training never saw are ranked among themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.metrics.sample import mean_sample
from itdr_hf.models.recommenders.comparison import Difference, corrected, difference
from itdr_hf.models.recommenders.full_ranking import KS, Ranking, RankingScores, evaluate, rank
from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.recommender import Fitted, fit
from itdr_hf.models.recommenders.scorers import Scorer
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.splits import Split
from itdr_hf.runtime.progress import OnProgress, Progress, ignore


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """One seed: the fitted recommender, its test ranking, and its scores full-shot and zero-shot."""

    fitted: Fitted
    ranking: Ranking
    full_shot: RankingScores
    zero_shot: RankingScores | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One backbone in one variant: its scores full-shot and, where there are unseen test items, zero-shot.

    Both are means over the seeds; `trials` has one entry per seed.
    """

    backbone: str
    variant: str
    full_shot: RankingScores
    zero_shot: RankingScores | None
    trials: Sequence[Trial]

    @property
    def seconds_per_epoch(self) -> float:
        """The median over seeds of the seconds of training per epoch; nan for those that only count."""
        return float(np.median([trial.fitted.seconds_per_epoch for trial in self.trials]))

    def by_seed(self, metric: str) -> list[float]:
        """Return a full-shot metric of each seed."""
        return [trial.full_shot.value(metric) for trial in self.trials]


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment:
    """All rows, and differences between them in one metric, Holm-corrected together."""

    rows: list[Row]
    differences: list[Difference]

    def row(self, backbone: str, variant: str) -> Row:
        """Return the row of a backbone and a variant; UsageError when it was not run."""
        for row in self.rows:
            if (row.backbone, row.variant) == (backbone, variant):
                return row
        raise UsageError(f"experiment: no row {backbone} {variant}; want one of the {len(self.rows)} that were run")


def run_models(
    split: Split,
    features: Features,
    models: Sequence[str],
    settings: Mapping[str, Settings],
    seeds: Sequence[int] = (),
    *,
    metric: str = "Recall@20",
    progress: OnProgress = ignore,
) -> Experiment:
    """Fit each model with the features as they are; differences are those of each later model to the first."""
    rows = []
    for done, name in enumerate(models, 1):
        rows.append(run_row(name, "", split, features, settings.get(name), seeds=seeds, progress=progress))
        progress(Progress("recommenders", done, len(models), "fits", name))
    first = rows[0]
    found = [
        difference(f"{row.backbone} − {first.backbone}", metric, row.full_shot, first.full_shot) for row in rows[1:]
    ]
    return Experiment(rows=rows, differences=corrected(found))


def run_row(
    backbone: str,
    variant: str,
    split: Split,
    features: Features,
    settings: Settings | None,
    *,
    seeds: Sequence[int] = (),
    progress: OnProgress = ignore,
) -> Row:
    """Fit a recommender once per seed (default: the settings' own) and rank the test set with each."""
    changed = [settings.changed(seed=seed) for seed in seeds] if settings and seeds else [settings]
    trials = [_trial(backbone, split, features, one, progress) for one in changed]
    zero_shot = [trial.zero_shot for trial in trials if trial.zero_shot is not None]
    return Row(
        backbone=backbone,
        variant=variant,
        full_shot=mean_scores([trial.full_shot for trial in trials]),
        zero_shot=mean_scores(zero_shot) if zero_shot else None,
        trials=trials,
    )


def mean_scores(scores: Sequence[RankingScores]) -> RankingScores:
    """Return the mean of several rankings of the same users, user by user; UsageError for other users."""
    first = scores[0]
    if any(not np.array_equal(each.users, first.users) for each in scores):
        raise UsageError("mean of rankings: rankings of different users; want the same users")
    means = {name: np.mean([each.samples[name].rows[:, 0] for each in scores], axis=0) for name in first.samples}
    return RankingScores(users=first.users, samples={name: mean_sample(name, values) for name, values in means.items()})


def rank_test(scorer: Scorer, split: Split) -> Ranking:
    """Rank all items but those of train and validation, for users with a test item."""
    return rank(scorer, np.unique(split.test.users), seen=split.seen)


def score_zero_shot(scorer: Scorer, split: Split) -> RankingScores | None:
    """Rank the items that training never saw, for users who have one in test; None without such a pair."""
    test = cold_test(split)
    if not len(test):
        return None
    return evaluate(rank(scorer, np.unique(test.users), catalogue=split.unseen_items, k=max(KS)), test)


def cold_test(split: Split) -> Interactions:
    """Return the test pairs of items that training never saw."""
    return split.test.take(split.unseen_items[split.test.items])


def _trial(backbone: str, split: Split, features: Features, settings: Settings | None, progress: OnProgress) -> Trial:
    fitted = fit(
        backbone,
        split.train,
        validation=split.validation,
        features=features,
        settings=settings,
        progress=progress,
    )
    ranking = rank_test(fitted.scorer, split)
    zero_shot = score_zero_shot(fitted.scorer, split) if features.item_texts is not None else None
    return Trial(fitted=fitted, ranking=ranking, full_shot=evaluate(ranking, split.test), zero_shot=zero_shot)
