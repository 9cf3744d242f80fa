"""Bootstrap intervals and paired comparison: a plain-Python oracle, coverage, and random TKR."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import cluster_sums, compare, draw, holm, interval, intervals, replicate
from itdr_hf.metrics.ranking import ranking_samples, relevance_matrix
from itdr_hf.metrics.rating import rmse, rmse_sample
from itdr_hf.metrics.sample import mean_sample


def test_a_random_ranking_of_five_and_five_has_its_chance_level_inside_the_interval() -> None:
    dice = random.Random(11)
    shown = [[f"title {place}" for place in dice.sample(range(10_000), 10)] for _ in range(2000)]
    ranked = [dice.sample(items, 10) for items in shown]
    samples = ranking_samples(*relevance_matrix(ranked, [items[:5] for items in shown], shown))
    users = [str(place) for place in range(2000)]
    found = dict(zip(samples, intervals(list(samples.values()), users, seed=1), strict=True))
    discounts = [1 / math.log2(place + 1) for place in range(1, 11)]
    chance = {"N@10": 0.5 * sum(discounts) / sum(discounts[:5]), "H@1": 0.5, "P@5": 0.5}
    assert chance["N@10"] == pytest.approx(0.77, abs=0.005)
    for metric, level in chance.items():
        assert found[metric].low < level < found[metric].high, metric


def test_replicates_equal_scoring_the_drawn_users_examples_again() -> None:
    rng = np.random.default_rng(3)
    users = [f"u{place}" for place in rng.integers(0, 12, 50)]
    guess, truth = rng.normal(3, 1, 50), rng.normal(3, 1, 50)
    sample = rmse_sample(guess, truth)
    found = replicate([sample], cluster_sums([sample], users), seed=5, replicates=40)[:, 0]
    keys = sorted(set(users))
    for value, counts in zip(found, next(draw(len(keys), seed=5, replicates=40)), strict=True):
        picked = [
            place
            for key, times in zip(keys, counts, strict=True)
            for place, user in enumerate(users)
            if user == key
            for _ in range(int(times))
        ]
        assert value == pytest.approx(rmse(guess[picked], truth[picked]), abs=1e-12)


def test_draws_are_multinomial_and_complete() -> None:
    counts = np.vstack(list(draw(7, seed=1, replicates=20_000)))
    assert counts.shape == (20_000, 7)
    assert (counts.sum(axis=1) == 7).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(counts.var(axis=0), 6 / 7, atol=0.05)


def test_chunks_of_bounded_memory_give_every_replicate() -> None:
    chunks = [len(chunk) for chunk in draw(500_000, seed=1, replicates=10)]
    assert sum(chunks) == 10 and max(chunks) == 4


def test_ninety_five_percent_intervals_cover_the_truth_about_that_often() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for trial in range(600):
        found = intervals([mean_sample("H@1", rng.random(150) < 0.4)], seed=trial, replicates=400)[0]
        covered += found.low <= 0.4 <= found.high
    assert 0.92 < covered / 600 < 0.98


def test_clustered_intervals_cover_where_the_ordinary_ones_are_too_narrow() -> None:
    rng = np.random.default_rng(9)
    users = [str(place // 8) for place in range(480)]
    covered = Counter[str]()
    for trial in range(300):
        taste = np.repeat(rng.random(60), 8)  # a user's examples stand or fall together
        sample = mean_sample("H@1", rng.random(480) < taste)
        for name, keys in (("users", users), ("examples", None)):
            found = intervals([sample], keys, seed=trial, replicates=300)[0]
            covered[name] += found.low <= 0.5 <= found.high
    assert covered["users"] / 300 > 0.9 > covered["examples"] / 300


def test_users_of_one_example_each_give_the_ordinary_bootstrap() -> None:
    sample = mean_sample("P@5", np.linspace(0, 1, 40))
    users = [f"{place:02}" for place in range(40)]
    assert intervals([sample], users, seed=2) == intervals([sample], seed=2)


def test_an_example_without_a_user_is_its_own_user() -> None:
    sample = mean_sample("P@5", [0.1, 0.2, 0.3, 0.4])
    assert intervals([sample], ["", "", "a", "a"], seed=1)[0].clusters == 3


def test_the_same_seed_gives_the_same_interval_and_another_stream_another() -> None:
    sample = mean_sample("P@5", np.random.default_rng(1).random(50))
    first, again = (intervals([sample], seed=3, stream="mind")[0] for _ in range(2))
    assert first == again
    assert intervals([sample], seed=3, stream="yelp")[0].low != first.low
    assert intervals([sample], seed=4, stream="mind")[0].low != first.low


def test_the_order_of_the_examples_does_not_matter() -> None:
    rng = np.random.default_rng(6)
    values, users = rng.random(60), [f"u{place % 17}" for place in range(60)]
    order = rng.permutation(60)
    straight = intervals([mean_sample("P@5", values)], users, seed=1)[0]
    shuffled = intervals([mean_sample("P@5", values[order])], [users[place] for place in order], seed=1)[0]
    assert (straight.low, straight.high) == pytest.approx((shuffled.low, shuffled.high), abs=1e-12)


def test_cells_over_one_universe_of_users_share_their_draws() -> None:
    everyone = [f"u{place}" for place in range(30)]
    first, second = mean_sample("H@1", range(30)), mean_sample("N@10", range(10))
    table = [
        replicate([first], cluster_sums([first], everyone, everyone), seed=1, stream="mind"),
        replicate([second], cluster_sums([second], everyone[:10], everyone), seed=1, stream="mind"),
    ]
    counts = next(draw(30, seed=1, stream="mind"))
    np.testing.assert_allclose(table[0][:, 0], counts @ np.arange(30) / 30)
    np.testing.assert_allclose(table[1][:, 0], counts[:, :10] @ np.arange(10) / counts[:, :10].sum(axis=1))
    with pytest.raises(UsageError, match="user 'stranger' is not among the 30 of the universe"):
        cluster_sums([mean_sample("H@1", [1.0])], ["stranger"], everyone)
    with pytest.raises(UsageError, match="user '' is not among the 30"):
        cluster_sums([mean_sample("H@1", [1.0])], [""], everyone)


def test_two_equal_systems_do_not_differ() -> None:
    sample = mean_sample("H@1", np.random.default_rng(1).random(30))
    found = compare(sample, sample, seed=1)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_small_gain_on_every_example_is_seen_because_the_comparison_is_paired() -> None:
    noise = np.random.default_rng(2).normal(0, 5, 200)
    better, worse = mean_sample("N@10", noise + 0.1), mean_sample("N@10", noise)
    found = compare(better, worse, seed=1)
    assert found.low == pytest.approx(0.1) and found.p == pytest.approx(2 / 1001)
    assert compare(worse, better, seed=1).difference == pytest.approx(-0.1)


def test_p_is_below_five_percent_about_that_often_when_nothing_differs() -> None:
    rng = np.random.default_rng(12)
    below = 0
    for trial in range(600):
        pair = [mean_sample("H@1", rng.normal(0, 1, 120)) for _ in range(2)]
        below += compare(*pair, seed=trial, replicates=400).p < 0.05
    assert 0.02 < below / 600 < 0.085


def test_no_examples_give_nan_and_one_user_an_interval_of_no_width() -> None:
    empty = mean_sample("H@1", [])
    found = intervals([empty], [], seed=1)[0]
    assert found.clusters == 0 and all(map(math.isnan, (found.value, found.low, found.high)))
    assert math.isnan(compare(empty, empty, seed=1).p)
    one = intervals([mean_sample("H@1", [0.0, 1.0])], ["a", "a"], seed=1)[0]
    assert (one.low, one.value, one.high) == (0.5, 0.5, 0.5)
    assert intervals([], seed=1) == []


def test_no_replicates_and_an_impossible_level_are_refused() -> None:
    sample = mean_sample("H@1", [0.0, 1.0])
    with pytest.raises(UsageError, match="0 bootstrap replicates; want 1 or more"):
        intervals([sample], seed=1, replicates=0)
    with pytest.raises(UsageError, match=r"interval level 95; want one between 0 and 1"):
        intervals([sample], seed=1, level=95)


def test_a_value_that_is_nan_has_no_interval() -> None:
    found = intervals([rmse_sample([1, math.nan, 3], [1, 2, 3])], seed=1)[0]
    assert all(map(math.isnan, (found.value, found.low, found.high)))


def test_replicates_that_drew_no_example_are_left_out() -> None:
    found = interval(0.5, np.array([0.4, math.nan, 0.6]), clusters=2)
    assert 0.4 <= found.low < found.high <= 0.6


def test_systems_scored_on_different_examples_are_refused() -> None:
    with pytest.raises(UsageError, match="H@1: 2 examples, 1; want the same examples"):
        compare(mean_sample("H@1", [1, 0]), mean_sample("H@1", [1]), seed=1)
    with pytest.raises(UsageError, match=r"examples; want one number for all"):
        intervals([mean_sample("H@1", [1, 0])], ["a"], seed=1)


def test_holm_multiplies_the_smallest_most_never_falls_and_skips_what_is_no_number() -> None:
    assert holm([0.01, 0.04, math.nan, 0.03, 0.005]) == pytest.approx([0.03, 0.06, math.nan, 0.06, 0.02], nan_ok=True)
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_a_p_that_no_replicate_contradicts_is_at_its_floor() -> None:
    better, worse = mean_sample("H@1", [1.0] * 50), mean_sample("H@1", [0.0] * 50)
    found = compare(better, worse, seed=1, replicates=1000)
    assert found.p == found.floor == 2 / 1001 and found.at_floor
    assert not compare(better, better, seed=1, replicates=1000).at_floor
