"""Interactions, splits, the k best and full ranking, against loops and ir_measures."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, Success, nDCG

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders import (
    Features,
    Interactions,
    evaluate,
    fit,
    rank,
    split_by_snapshots,
    split_by_user,
    split_leave_last,
)
from itdr_hf.models.recommenders.interactions import from_keys
from itdr_hf.models.recommenders.scorers import DotScorer
from itdr_hf.models.recommenders.splits import Split
from itdr_hf.models.recommenders.top_k import top_k


def a_log(users: int = 30, items: int = 50, pairs: int = 400, seed: int = 0) -> Interactions:
    rng = np.random.default_rng(seed)
    columns = {
        name: rng.integers(high, size=pairs) for name, high in (("users", users), ("items", items), ("times", 99))
    }
    return Interactions(**columns, user_count=users, item_count=items)


def pairs_of(interactions: Interactions) -> set[tuple[int, int]]:
    return set(zip(interactions.users.tolist(), interactions.items.tolist(), strict=True))


def random_scorer(log: Interactions, seed: int = 0, levels: int | None = None) -> DotScorer:
    """Return a scorer of random vectors; with `levels`, of small integers, so that many scores are equal."""
    rng = np.random.default_rng(seed)
    draw = rng.standard_normal if levels is None else lambda shape: rng.integers(levels, size=shape)
    users, items = (np.asarray(draw((count, 4)), dtype=np.float32) for count in (log.user_count, log.item_count))
    return DotScorer(user_vectors=users, item_vectors=items)


def test_codes_outside_the_counts_are_refused_with_what_was_found():
    with pytest.raises(UsageError, match="item codes from 0 to 7; want 0 to 4, for 5 items"):
        Interactions(users=[0, 1], items=[0, 7], user_count=2, item_count=5)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(UsageError, match=r"columns of \[1, 2\] values"):
        Interactions(users=[0, 1], items=[0], user_count=2, item_count=5)


def test_features_that_do_not_fit_are_refused_by_name():
    with pytest.raises(UsageError, match=r"item_texts: shape \(4, 2\); want 50 rows"):
        fit("popularity", a_log(), features=Features(item_texts=np.zeros((4, 2), dtype=np.float32)))


def test_keys_become_codes_in_the_order_of_the_sorted_keys():
    log, users, items = from_keys(["b", "a", "b"], ["y", "y", "x"])
    assert (users.tolist(), items.tolist()) == (["a", "b"], ["x", "y"])
    assert (log.users.tolist(), log.items.tolist()) == ([1, 0, 1], [1, 1, 0])


def test_histories_and_sequences_agree_with_loops():
    log = a_log()
    for user in range(log.user_count):
        mine = np.flatnonzero(log.users == user)
        assert log.histories[user].tolist() == sorted(set(log.items[mine].tolist()))
        assert log.sequences[user].tolist() == log.items[mine[np.argsort(log.times[mine], kind="stable")]].tolist()
    rows, items = log.histories.flat(np.array([5, 2, 5]))
    wanted = [(row, item) for row, user in enumerate([5, 2, 5]) for item in log.histories[user]]
    assert list(zip(rows.tolist(), items.tolist(), strict=True)) == wanted


def test_a_repeated_pair_is_kept_at_its_earliest_time():
    log = Interactions(users=[0, 0, 0], items=[1, 2, 1], times=[9, 5, 3], user_count=1, item_count=3).distinct()
    assert (log.items.tolist(), log.times.tolist()) == ([2, 1], [5, 3])


@pytest.mark.parametrize("split", [split_by_user, split_leave_last])
def test_a_split_has_every_pair_on_exactly_one_side(split):
    log = a_log()
    parts = split(log)
    sides = [pairs_of(side) for side in (parts.train, parts.validation, parts.test)]
    assert set.union(*sides) == pairs_of(log)
    assert sum(map(len, sides)) == len(pairs_of(log))


def test_a_split_by_user_holds_out_a_tenth_of_each_user_twice_and_at_least_one():
    users = np.repeat([0, 1, 2], [40, 5, 2])
    log = Interactions(users=users, items=np.arange(47), user_count=3, item_count=47)
    split = split_by_user(log)
    counts = [np.bincount(side.users, minlength=3).tolist() for side in (split.train, split.validation, split.test)]
    assert counts == [[32, 3, 2], [4, 1, 0], [4, 1, 0]]
    assert pairs_of(split_by_user(log).test) == pairs_of(split.test) != pairs_of(split_by_user(log, seed=1).test)


def test_leave_last_tests_the_last_item_and_validates_on_the_one_before():
    log = Interactions(
        users=[0] * 4 + [1] * 2, items=[3, 1, 0, 2, 0, 1], times=[4, 1, 3, 2, 1, 2], user_count=2, item_count=4
    )
    split = split_leave_last(log)
    assert (split.test.items.tolist(), split.validation.items.tolist()) == ([3], [0])
    assert pairs_of(split.train) == {(0, 1), (0, 2), (1, 0), (1, 1)}


def test_leave_last_without_times_is_refused():
    with pytest.raises(UsageError, match=r"without times; want times, or split_by_user\(\)"):
        split_leave_last(Interactions(users=[0], items=[0], user_count=1, item_count=1))


def test_snapshots_keep_users_of_both_spans_and_drop_test_pairs_that_training_has():
    log = Interactions(
        users=[0, 0, 1, 0, 0, 2], items=[0, 1, 1, 0, 2, 2], times=[1, 2, 3, 11, 12, 13], user_count=3, item_count=3
    )
    split = split_by_snapshots(log, first=(0, 10), second=(10, 20), held_out=1e-9)
    assert (pairs_of(split.train), pairs_of(split.test)) == ({(0, 0), (0, 1)}, {(0, 2)})
    assert split.unseen_items.tolist() == [False, False, True]
    with pytest.raises(UsageError, match="want spans that do not overlap"):
        split_by_snapshots(log, first=(0, 11), second=(10, 20))


@pytest.mark.parametrize("columns", [1, 3, 40, 700, 2000])
@pytest.mark.parametrize("levels", [2, 1000])
def test_the_k_best_are_those_of_a_full_sort_with_equals_by_column(columns, levels):
    rng = np.random.default_rng(columns)
    scores = rng.integers(levels, size=(17, columns)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    items, values = top_k(scores, 5)
    for row, (found, value) in enumerate(zip(items, values, strict=True)):
        order = [column for column in np.argsort(-scores[row], kind="stable") if scores[row, column] > -np.inf][:5]
        assert found.tolist() == order + [-1] * (5 - len(order))
        assert value[: len(order)].tolist() == scores[row, order].tolist()


def test_the_k_best_of_a_row_without_scores_are_none():
    items, values = top_k(np.full((2, 900), -np.inf, dtype=np.float32), 3)
    assert (items == -1).all() and (values == -np.inf).all()


@pytest.mark.parametrize("levels", [None, 2])
def test_full_ranking_agrees_with_a_loop_over_users_and_items(levels):
    log = a_log()
    split, scorer = split_by_user(log), random_scorer(log, levels=levels)
    catalogue = np.random.default_rng(1).random(log.item_count) < 0.8
    ranking = rank(scorer, np.arange(30), seen=split.seen, catalogue=catalogue, k=10, block=7)
    known = pairs_of(split.train) | pairs_of(split.validation)
    for user, found in zip(ranking.users, ranking.items, strict=True):
        scores = scorer.score_users(np.array([user]))[0]
        allowed = [item for item in range(50) if catalogue[item] and (user, item) not in known]
        assert found.tolist() == sorted(allowed, key=lambda item: (-scores[item], item))[:10]


def test_blocks_of_any_size_give_the_same_ranking():
    log = a_log()
    rankings = [rank(random_scorer(log), np.arange(30), seen=(log,), k=5, block=block) for block in (1, 8, 256)]
    assert all((ranking.items == rankings[0].items).all() for ranking in rankings)


def test_metrics_of_a_full_ranking_agree_with_ir_measures():
    log = a_log()
    split = split_by_user(log)
    ranking = rank(random_scorer(log), np.unique(split.test.users), seen=split.seen, k=20)
    scores = evaluate(ranking, split.test, ks=(5, 20))
    measures = {
        f"{name}@{k}": measure @ k
        for name, measure in (("Recall", R), ("NDCG", nDCG), ("HR", Success), ("MRR", RR))
        for k in (5, 20)
    }
    qrels = [ir_measures.Qrel(str(user), str(item), 1) for user, item in pairs_of(split.test)]
    run = [
        ir_measures.ScoredDoc(str(user), str(item), float(-place))
        for user, items in zip(ranking.users, ranking.items, strict=True)
        for place, item in enumerate(items)
        if item >= 0
    ]
    wanted = ir_measures.calc_aggregate(list(measures.values()), qrels, run)
    for name, measure in measures.items():
        assert scores.value(name) == pytest.approx(wanted[measure], abs=1e-12), name


def test_users_without_a_test_item_do_not_count():
    log = a_log()
    test = Interactions(users=[3], items=[4], user_count=30, item_count=50)
    scores = evaluate(rank(random_scorer(log), np.arange(30), k=20), test, ks=(20,))
    assert scores.users.tolist() == [3]
    assert scores.intervals()["Recall@20"].clusters == 1


def test_in_the_zero_shot_setting_only_unseen_items_are_ranked():
    log = a_log()
    early = log.take(log.items < 30)
    split = Split(train=early, validation=early.take(np.arange(0)), test=log.take(log.items >= 20))
    ranking = rank(random_scorer(log), np.arange(30), catalogue=split.unseen_items, k=20)
    assert set(ranking.items.ravel()) == set(range(30, 50)) & set(np.flatnonzero(split.unseen_items))


def test_a_score_that_is_not_a_number_is_refused():
    broken = DotScorer(user_vectors=np.full((30, 1), np.nan, np.float32), item_vectors=np.ones((50, 1), np.float32))
    with pytest.raises(UsageError, match="a score that is not a number"):
        rank(broken, np.arange(30))


def test_lists_shorter_than_k_are_refused():
    log = a_log()
    with pytest.raises(UsageError, match="lists of 5; want k up to 20"):
        evaluate(rank(random_scorer(log), np.arange(3), k=5), log, ks=(20,))


def test_popularity_ranks_by_number_of_users_and_equals_by_code():
    log = Interactions(users=[0, 1, 2, 0, 1, 0, 0], items=[4, 4, 4, 2, 2, 1, 1], user_count=3, item_count=5)
    found = rank(fit("popularity", log).scorer, np.array([2]), k=5).items[0]
    assert found.tolist() == [4, 2, 1, 0, 3]


def test_item_neighbours_agree_with_a_loop_over_cosines():
    log = a_log(pairs=300)
    scorer = fit("item-knn", log).scorer
    owners = [set(log.users[log.items == item].tolist()) for item in range(50)]

    def cosine(one: int, other: int) -> float:
        together = len(owners[one] & owners[other])
        return together / np.sqrt(len(owners[one]) * len(owners[other])) if together and one != other else 0.0

    wanted = [[sum(cosine(past, item) for past in log.histories[user]) for item in range(50)] for user in range(30)]
    np.testing.assert_allclose(scorer.score_users(np.arange(30)), wanted, atol=5e-6)
    users, items = np.divmod(np.arange(1500), 50)
    np.testing.assert_allclose(scorer.score_pairs(users, items), scorer.score_users(np.arange(30)).ravel(), atol=1e-6)


def test_item_neighbours_are_counted_the_same_in_small_pieces(monkeypatch):
    log = a_log()
    whole = fit("item-knn", log).scorer
    monkeypatch.setattr("itdr_hf.models.recommenders.counting.PAIRS_AT_ONCE", 64)
    pieces = fit("item-knn", log).scorer
    assert (whole.neighbours == pieces.neighbours).all() and (whole.similarities == pieces.similarities).all()


def test_scores_are_made_for_one_block_of_users_at_a_time():
    log, asked = a_log(), []

    class Recording(DotScorer):
        def score_users(self, users):
            asked.append(len(users))
            return super().score_users(users)

    plain = random_scorer(log)
    rank(Recording(user_vectors=plain.user_vectors, item_vectors=plain.item_vectors), np.arange(30), k=3, block=8)
    assert asked == [8, 8, 8, 6]
