"""RecLM's experiments on arrays: Table 1 (base and augmented), Table 2 (either side left out), Table 3 (cost).

    base         item texts in place of item vectors          augmented    profiles joined on both sides
    full-shot    all test items of the split                  zero-shot    items training never saw, their own catalogue

Unlike the paper's code, training stops on validation; the test set is ranked once, at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.recommenders.comparison import Difference, corrected, difference
from itdr_hf.models.recommenders.interactions import Features
from itdr_hf.models.recommenders.settings import DEFAULTS, Settings
from itdr_hf.models.recommenders.splits import Split
from itdr_hf.models.recommenders.study import Experiment, Row, run_row
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

BACKBONES = ("biasmf", "ncf", "lightgcn", "sgl", "simgcl")
VARIANTS = {
    "base": ("user", "item"),
    "without user profiles": ("user",),
    "without item profiles": ("item",),
    "augmented": (),
}
"""Variant -> the sides whose profiles are left out."""


def run_experiment(
    split: Split,
    features: Features,
    *,
    backbones: Sequence[str] = BACKBONES,
    variants: Sequence[str] = ("base", "augmented"),
    settings: Mapping[str, Settings] = DEFAULTS,
    metric: str = "Recall@20",
    seeds: Sequence[int] = (),
    progress: OnProgress = ignore,
) -> Experiment:
    """Fit every backbone in every variant on equal settings and seeds, and rank the test set.

    Several `seeds` are averaged user by user (default: the settings' own seed). `progress` is called after each
    fit. UsageError without item texts and where a variant wants profiles that are not there.
    """
    _check(features, variants)
    runs = [(backbone, variant) for backbone in backbones for variant in variants]
    rows = []
    for done, (backbone, variant) in enumerate(runs, 1):
        kept = features.without(*VARIANTS[variant])
        rows.append(run_row(backbone, variant, split, kept, settings[backbone], seeds=seeds, progress=progress))
        progress(Progress("experiment", done, len(runs), "fits", f"{backbone}, {variant}"))
    return Experiment(rows=rows, differences=_differences(rows, backbones, metric))


def cost(experiment: Experiment, backbone: str) -> float:
    """Return what an epoch of the augmented variant takes more than one of the base, as a share (Table 3)."""
    base, augmented = (experiment.row(backbone, variant).seconds_per_epoch for variant in ("base", "augmented"))
    return augmented / base - 1


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
