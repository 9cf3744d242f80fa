"""N@10, H@1, P@5 against ir_measures and sklearn on 10,000 random lists, and by hand."""

from __future__ import annotations

import math
import random
import warnings

import ir_measures
import numpy as np
import pytest
from ir_measures import P, Success, nDCG
from sklearn.metrics import ndcg_score

from itdr_hf.errors import UsageError
from itdr_hf.metrics.ranking import (
    hit_matrix,
    hit_rate,
    ndcg,
    precision,
    ranking_samples,
    relevance,
    relevance_matrix,
)

CASES = 10_000
ORACLES = {"N@10": nDCG @ 10, "H@1": Success @ 1, "P@5": P @ 5}


def oracle(
    lists: list[list[str]], targets: list[list[str]], scores: list[list[float]] | None = None
) -> dict[str, list[float]]:
    """ir_measures' value for each list; a list it never saw, being empty, is 0."""
    qrels = {str(query): dict.fromkeys(wanted, 1) for query, wanted in enumerate(targets)}
    run = {
        str(query): dict(zip(items, scores[query] if scores else range(len(items), 0, -1), strict=True))
        for query, items in enumerate(lists)
    }
    found = {metric: [0.0] * len(lists) for metric in ORACLES}
    names = {str(measure): metric for metric, measure in ORACLES.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for value in ir_measures.iter_calc(list(ORACLES.values()), qrels, run):
            found[names[str(value.measure)]][int(value.query_id)] = value.value
    return found


def ours(
    lists: list[list[str]], targets: list[list[str]], candidates: list[list[str]] | None = None
) -> dict[str, np.ndarray]:
    samples = ranking_samples(*relevance_matrix(lists, targets, candidates))
    return {metric: sample.rows[:, 0] for metric, sample in samples.items()}


def agree(found: dict[str, np.ndarray], wanted: dict[str, list[float]]) -> None:
    for metric in ORACLES:
        np.testing.assert_allclose(found[metric], wanted[metric], rtol=0, atol=1e-12, err_msg=metric)


def test_ten_thousand_lists_of_any_length_agree_with_ir_measures() -> None:
    dice = random.Random(1)
    items = [f"item {place}" for place in range(30)]
    lists = [dice.sample(items, dice.randint(0, 20)) for _ in range(CASES)]
    targets = [dice.sample(items, dice.randint(1, 12)) for _ in range(CASES)]
    assert any(not ranked for ranked in lists)
    agree(ours(lists, targets), oracle(lists, targets))


def test_generated_lists_agree_with_ir_measures_once_repeats_and_inventions_are_misses_in_place() -> None:
    dice = random.Random(2)
    items = [f"item {place}" for place in range(16)]
    candidates = [dice.sample(items, 10) for _ in range(CASES)]
    targets = [dice.sample(shown, dice.randint(1, 5)) for shown in candidates]
    lists = [dice.choices(items, k=dice.randint(0, 14)) for _ in range(CASES)]
    cleaned = []
    for ranked, shown in zip(lists, candidates, strict=True):
        kept: list[str] = []
        for item in ranked:
            kept.append(item if item in shown and item not in kept else f"nothing {len(kept)}")
        cleaned.append(kept)
    agree(ours(lists, targets, candidates), oracle(cleaned, targets))


def test_tied_scores_agree_with_ir_measures_when_ordered_by_its_rule() -> None:
    dice = random.Random(3)
    items = [f"item {place:02}" for place in range(10)]
    lists = [dice.sample(items, 10) for _ in range(CASES)]
    scores = [[float(dice.randint(0, 3)) for _ in ranked] for ranked in lists]
    targets = [dice.sample(items, 5) for _ in range(CASES)]
    ordered = [  # trec_eval: by score, then by the later name
        [item for _, item in sorted(zip(values, ranked, strict=True), reverse=True)]
        for values, ranked in zip(scores, lists, strict=True)
    ]
    agree(ours(ordered, targets), oracle(lists, targets, scores))


def test_ten_thousand_full_lists_agree_with_sklearn() -> None:
    rng = np.random.default_rng(4)
    hits = rng.random((CASES, 10)) < rng.random((CASES, 1))
    order = np.broadcast_to(np.arange(10, 0, -1), hits.shape)
    wanted = [ndcg_score(hits[start : start + 1], order[start : start + 1], k=10) for start in range(0, CASES, 10)]
    np.testing.assert_allclose(ndcg(hits, hits.sum(axis=1))[::10], wanted, rtol=0, atol=1e-12)
    assert ndcg(hits, hits.sum(axis=1)).mean() == pytest.approx(ndcg_score(hits, order, k=10), abs=1e-12)


def test_a_hand_computed_list() -> None:
    hits = [[True, False, True, False, False, False, True]]
    gain = 1 + 1 / math.log2(4) + 1 / math.log2(8)
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4) + 1 / math.log2(5)
    assert ndcg(hits, 4)[0] == pytest.approx(gain / ideal, abs=1e-15)
    assert hit_rate(hits)[0] == 1
    assert precision(hits)[0] == 2 / 5


def test_a_perfect_list_is_exactly_one_and_a_worst_one_exactly_nought() -> None:
    perfect = hit_matrix([[True] * wanted for wanted in range(1, 11)])
    assert (ndcg(perfect, np.arange(1, 11)) == 1).all()
    assert ndcg([[False] * 10], 5).tolist() == [0]


def test_the_ideal_counts_positives_that_the_list_never_reached() -> None:
    assert ndcg([[True]], 5)[0] < ndcg([[True]], 1)[0] == 1


def test_a_short_list_is_divided_by_five_all_the_same() -> None:
    assert precision([[True, True]]).tolist() == [0.4]


def test_a_repeated_hit_counts_once_at_its_first_place() -> None:
    assert relevance(["a", "x", "a", "b"], {"a", "b"}) == [True, False, False, True]


def test_an_item_outside_the_candidates_keeps_its_rank_and_is_a_miss() -> None:
    assert relevance(["invented", "a", "x"], ["a"], ["a", "x"]) == [False, True, False]
    invented = [f"invented {n}" for n in range(5)]
    found = ours([[*invented, *"abcde"]], [list("abcde")], [list("abcdefghij")])
    assert {metric: round(float(value[0]), 3) for metric, value in found.items()} == {"N@10": 0.541, "H@1": 0, "P@5": 0}


def test_an_empty_string_is_a_place_without_an_item() -> None:
    assert relevance(["", "a", ""], ["a", ""]) == [False, True, False]
    assert relevance(["", "a"], ["a"], ["a", "b"]) == [False, True]


def test_an_empty_list_is_nought_and_no_lists_are_nan() -> None:
    found = ranking_samples(hit_matrix([[]]), [5])
    assert [sample.value for sample in found.values()] == [0, 0, 0]
    none = ranking_samples(hit_matrix([]), [])
    assert all(math.isnan(sample.value) for sample in none.values())
    assert ranking_samples([], [])["H@1"].rows.shape == (0, 2)


def test_a_list_without_positives_is_nought_as_in_trec_eval() -> None:
    assert ndcg([[False, False]], 0).tolist() == [0]


def test_more_hits_than_positives_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"list 1: 2 hits, 1 positives; .*drop repeats with relevance\(\)"):
        ndcg([[True, False], [True, True]], 1)


@pytest.mark.parametrize("call", [lambda: hit_rate([[True]], k=0), lambda: ndcg([True], 1)])
def test_a_depth_or_a_shape_that_does_not_fit_is_a_usage_error(call: object) -> None:
    with pytest.raises(UsageError):
        call()  # type: ignore[operator]


def test_lists_and_targets_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(UsageError, match="targets: 1 lists; want 2"):
        relevance_matrix([["a"], ["b"]], [["a"]])
