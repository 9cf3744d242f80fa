"""RecLM's experiments on a simulated world: profiles that carry taste help, shuffled ones do not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import Comparison
from itdr_hf.models.recommenders import Features, Interactions, Settings, evaluate, rank
from itdr_hf.models.recommenders.comparison import Difference, corrected, difference, holm
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.splits import Split

SETTINGS = Settings(dim=16, batch=512, epochs=15, learning_rate=0.02, patience=15)


def a_cold_world(seed: int = 0, users: int = 200, items: int = 160, tastes: int = 8) -> tuple[Split, Features]:
    """Return a split with a quarter of the items cold, texts that tell little of taste, and profiles that tell it."""
    rng = np.random.default_rng(seed)
    liked, kind = rng.integers(tastes, size=users), rng.integers(tastes, size=items)
    rows, columns = np.nonzero(rng.random((users, items)) < np.where(liked[:, None] == kind, 0.5, 0.03))
    log = Interactions(users=rows, items=columns, user_count=users, item_count=items)
    side = np.where(columns >= items * 3 // 4, 2, np.where(rng.random(len(rows)) < 0.15, 1, 0))
    side[(side == 0) & (rng.random(len(rows)) < 0.15)] = 2
    one = np.eye(tastes, dtype=np.float32)
    features = Features(
        item_texts=one[kind] * 0.3 + rng.standard_normal((items, tastes), dtype=np.float32),
        item_profiles=one[kind] + 0.1 * rng.standard_normal((items, tastes), dtype=np.float32),
        user_profiles=one[liked] + 0.1 * rng.standard_normal((users, tastes), dtype=np.float32),
    )
    return Split(train=log.take(side == 0), validation=log.take(side == 1), test=log.take(side == 2)), features


def shuffled(features: Features) -> Features:
    rng = np.random.default_rng(9)
    return dataclasses.replace(
        features,
        item_profiles=rng.permutation(features.item_profiles),
        user_profiles=rng.permutation(features.user_profiles),
    )


def experiment(features: Features, split: Split, **options):
    pytest.importorskip("torch")
    from itdr_hf.models.recommenders.reclm import run_experiment

    settings = dict.fromkeys(("biasmf", "lightgcn"), SETTINGS)
    return run_experiment(split, features, settings=settings, **{"backbones": ("lightgcn",)} | options)


def test_profiles_that_carry_taste_help_on_unseen_items_beyond_the_interval():
    split, features = a_cold_world()
    found = {d.name: d for d in experiment(features, split).differences}["lightgcn, zero-shot"]
    assert found.comparison.low > 0.05
    assert found.corrected_p < 0.05


def test_shuffled_profiles_do_not_help_on_unseen_items():
    split, features = a_cold_world()
    found = {d.name: d for d in experiment(shuffled(features), split).differences}["lightgcn, zero-shot"]
    assert found.comparison.low < 0


def test_the_ablation_has_a_row_per_variant_and_says_what_an_epoch_costs():
    from itdr_hf.models.recommenders.reclm import VARIANTS, cost

    split, features = a_cold_world(users=60, items=60)
    reports = []
    found = experiment(
        features,
        split,
        backbones=("biasmf",),
        variants=tuple(VARIANTS),
        progress=reports.append,
    )
    assert [row.variant for row in found.rows] == list(VARIANTS)
    assert reports[-1] == ("experiment", 4, 4, "fits", "biasmf, augmented")
    assert np.isfinite(cost(found, "biasmf"))
    assert [d.name for d in found.differences] == ["biasmf, full-shot", "biasmf, zero-shot"]


def test_zero_shot_ranks_only_cold_items_and_counts_only_their_test_pairs():
    from itdr_hf.models.recommenders.study import cold_test, score_zero_shot

    split, _ = a_cold_world()
    rng = np.random.default_rng(0)
    vectors = [rng.standard_normal((count, 3), dtype=np.float32) for count in (200, 160)]
    scorer = DotScorer(user_vectors=vectors[0], item_vectors=vectors[1])
    assert set(cold_test(split).items) <= set(range(120, 160))
    assert score_zero_shot(scorer, split).users.tolist() == np.unique(cold_test(split).users).tolist()
    warm = dataclasses.replace(split, test=split.test.take(split.test.items < 120))
    assert score_zero_shot(scorer, warm) is None


@pytest.mark.parametrize(
    ("features", "variants", "message"),
    [
        (Features(), ("base",), "no item texts"),
        (Features(item_texts=np.zeros((160, 2), np.float32)), ("augmented",), "augmented without item profiles"),
        (Features(item_texts=np.zeros((160, 2), np.float32)), ("full",), "no variant 'full'; have: base"),
    ],
)
def test_an_experiment_without_what_it_compares_is_refused_before_any_training(features, variants, message):
    from itdr_hf.models.recommenders.reclm import run_experiment

    with pytest.raises(UsageError, match=message):
        run_experiment(a_cold_world()[0], features, variants=variants)


def test_holm_agrees_with_the_worked_example_and_never_falls():
    """Four hypotheses at .01, .04, .03, .005: multiplied by 4, 3, 2, 1 in order of size."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_p_that_is_not_a_number_stays_so_and_does_not_count():
    found = holm([float("nan"), 0.02, 0.03])
    assert np.isnan(found[0]) and found[1:] == pytest.approx([0.04, 0.04])


def test_the_correction_is_over_all_differences_of_a_table():
    def a_difference(p: float) -> Difference:
        found = Comparison(difference=0.1, low=0.0, high=0.2, p=p, level=0.95, replicates=10, clusters=3)
        return Difference(name="x", metric="Recall@20", comparison=found, corrected_p=p)

    assert [d.corrected_p for d in corrected([a_difference(0.01), a_difference(0.5)])] == [0.02, 0.5]


def test_rankings_of_different_users_are_not_compared():
    log = Interactions(users=[0, 1], items=[0, 1], user_count=2, item_count=3)
    scorer = DotScorer(user_vectors=np.ones((2, 1), np.float32), item_vectors=np.ones((3, 1), np.float32))
    both, one = (evaluate(rank(scorer, np.arange(count), k=2), log, ks=(2,)) for count in (2, 1))
    with pytest.raises(UsageError, match="rankings of 2 and 1 users; want the same users"):
        difference("x", "Recall@2", both, one)


@pytest.mark.parametrize("world", [0, 1, 2])
def test_over_several_seeds_profiles_help_zero_shot_where_they_carry_taste_and_do_not_when_shuffled(world):
    """Each of three worlds, three fits each: the interval of the paired difference lies above 0, or does not."""
    split, features = a_cold_world(seed=world)
    telling, telling_nothing = (
        {d.name: d.comparison for d in experiment(given, split, seeds=(1, 2, 3)).differences}["lightgcn, zero-shot"]
        for given in (features, shuffled(features))
    )
    assert telling.low > 0.05
    assert telling_nothing.low < 0
    assert telling.low > telling_nothing.high
