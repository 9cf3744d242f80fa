"""RecLM's experiments on arrays: Table 1 (base and augmented), Table 2 (either side left out), Table 3 (cost).

    base         item texts in place of item vectors          augmented    profiles joined on both sides
    full-shot    all test items of the split                  zero-shot    items training never saw, their own catalogue

Unlike the paper's code, training stops on validation; the test set is ranked once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.recommenders.comparison import Difference, corrected, difference
from itdr_hf.models.recommenders.full_ranking import KS, RankingScores, evaluate, rank
from itdr_hf.models.recommenders.interactions import Features, Interactions
from itdr_hf.models.recommenders.recommender import fit
from itdr_hf.models.recommenders.scorers import Scorer
from itdr_hf.models.recommenders.settings import DEFAULTS, Progress, Settings, silent
from itdr_hf.models.recommenders.splits import Split

BACKBONES = ("biasmf", "ncf", "lightgcn", "sgl", "simgcl")
VARIANTS = {
    "base": ("user", "item"),
    "without user profiles": ("user",),
    "without item profiles": ("item",),
    "augmented": (),
}
"""Variant -> the sides whose profiles are left out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One backbone in one variant: its scores full-shot and, where there are unseen test items, zero-shot."""

    backbone: str
    variant: str
    full_shot: RankingScores
    zero_shot: RankingScores | None
    seconds_per_epoch: float
    epochs: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Experiment:
    """All rows, and the differences augmented − base of each backbone and setting, Holm-corrected together."""

    rows: list[Row]
    differences: list[Difference]

    def row(self, backbone: str, variant: str) -> Row:
        """Return the row of a backbone and a variant; UsageError when it was not run."""
        for row in self.rows:
            if (row.backbone, row.variant) == (backbone, variant):
                return row
        raise UsageError(f"experiment: no row {backbone} {variant}; want one of the {len(self.rows)} that were run")


def run_experiment(
    split: Split,
    features: Features,
    *,
    backbones: Sequence[str] = BACKBONES,
    variants: Sequence[str] = ("base", "augmented"),
    settings: Mapping[str, Settings] = DEFAULTS,
    metric: str = "Recall@20",
    progress: Progress = silent,
) -> Experiment:
    """Fit every backbone in every variant on equal settings and seeds, and rank the test set.

    `progress(message, done, total)` is called after each fit. UsageError without item texts and where a variant
    wants profiles that are not there.
    """
    _check(features, variants)
    runs = [(backbone, variant) for backbone in backbones for variant in variants]
    rows = []
    for done, (backbone, variant) in enumerate(runs, 1):
        rows.append(_row(backbone, variant, split, features.without(*VARIANTS[variant]), settings[backbone]))
        progress(f"{backbone}, {variant}", done, len(runs))
    return Experiment(rows=rows, differences=_differences(rows, backbones, metric))


def cost(experiment: Experiment, backbone: str) -> float:
    """Return what an epoch of the augmented variant takes more than one of the base, as a share (Table 3)."""
    base, augmented = (experiment.row(backbone, variant).seconds_per_epoch for variant in ("base", "augmented"))
    return augmented / base - 1


def score_full_shot(scorer: Scorer, split: Split) -> RankingScores:
    """Rank all items but those of train and validation, for users with a test item."""
    ranking = rank(scorer, np.unique(split.test.users), seen=split.seen)
    return evaluate(ranking, split.test)


def score_zero_shot(scorer: Scorer, split: Split) -> RankingScores | None:
    """Rank the items that training never saw, for users who have one in test; None without such a pair."""
    test = cold_test(split)
    if not len(test):
        return None
    return evaluate(rank(scorer, np.unique(test.users), catalogue=split.unseen_items, k=max(KS)), test)


def cold_test(split: Split) -> Interactions:
    """Return the test pairs of items that training never saw."""
    return split.test.take(split.unseen_items[split.test.items])


def _row(backbone: str, variant: str, split: Split, features: Features, settings: Settings) -> Row:
    fitted = fit(backbone, split.train, validation=split.validation, features=features, settings=settings)
    return Row(
        backbone=backbone,
        variant=variant,
        full_shot=score_full_shot(fitted.scorer, split),
        zero_shot=score_zero_shot(fitted.scorer, split),
        seconds_per_epoch=fitted.seconds_per_epoch,
        epochs=len(fitted.epochs),
    )


def _differences(rows: Sequence[Row], backbones: Sequence[str], metric: str) -> list[Difference]:
    """Compare augmented with base in each setting, where both were run."""
    by_name = {(row.backbone, row.variant): row for row in rows}
    found = []
    for backbone in backbones:
        base, augmented = by_name.get((backbone, "base")), by_name.get((backbone, "augmented"))
        if base is None or augmented is None:
            continue
        found.append(difference(f"{backbone}, full-shot", metric, augmented.full_shot, base.full_shot))
        if augmented.zero_shot is not None and base.zero_shot is not None:
            found.append(difference(f"{backbone}, zero-shot", metric, augmented.zero_shot, base.zero_shot))
    return corrected(found)


def _check(features: Features, variants: Sequence[str]) -> None:
    if features.item_texts is None:
        raise UsageError("experiment: no item texts; want a vector per item, which the base variant starts from")
    for variant in variants:
        if variant not in VARIANTS:
            raise unknown("variant", variant, VARIANTS)
        kept = {"user", "item"} - set(VARIANTS[variant])
        if missing := [side for side in sorted(kept) if getattr(features, f"{side}_profiles") is None]:
            raise UsageError(f"experiment: {variant} without {missing[0]} profiles; want them, or another variant")
