"""RMSE and ACC against sklearn on 10,000 random cases, metric signatures, and the empty cases."""

from __future__ import annotations

import math
import random
from importlib import metadata

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, root_mean_squared_error

from itdr_hf.errors import UsageError
from itdr_hf.metrics import optional, signature
from itdr_hf.metrics.accuracy import accuracy, accuracy_sample, fold
from itdr_hf.metrics.rating import rmse, rmse_sample
from itdr_hf.metrics.sample import mean_sample


def test_rmse_of_ten_thousand_random_splits_agrees_with_sklearn() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(1, 11, 20_000).astype(float)
    guess = np.where(rng.random(20_000) < 0.3, truth, rng.normal(5, 3, 20_000))
    starts = rng.integers(0, 19_980, 10_000)
    for start, size in zip(starts, rng.integers(1, 20, 10_000), strict=True):
        part = slice(start, start + size)
        plain = math.sqrt(math.fsum((guess[part] - truth[part]) ** 2) / size)
        assert rmse(guess[part], truth[part]) == pytest.approx(plain, abs=1e-12)
    assert rmse(guess, truth) == pytest.approx(root_mean_squared_error(truth, guess), abs=1e-12)


def test_rmse_by_hand() -> None:
    assert rmse([3, 5], [3, 1]) == math.sqrt(8)


def test_rmse_of_an_answer_that_nobody_filled_in_is_nan() -> None:
    assert math.isnan(rmse([3, math.nan], [3, 1]))


def test_accuracy_of_ten_thousand_random_answers_agrees_with_sklearn() -> None:
    dice = random.Random(2)
    labels = ["male", "Male", "female", " female ", "New  Zealand", "new zealand", ""]
    guess, truth = dice.choices(labels, k=10_000), dice.choices(labels, k=10_000)
    folded = [[" ".join(label.lower().split()) for label in side] for side in (truth, guess)]
    assert accuracy(guess, truth) == pytest.approx(accuracy_score(*folded), abs=1e-12)
    assert accuracy_sample(guess, truth).rows[:, 0].tolist() == [a == b for a, b in zip(*folded, strict=True)]


def test_an_answer_that_did_not_parse_is_wrong_and_still_counted() -> None:
    assert accuracy([None, "male"], ["male", "male"]) == 0.5


def test_labels_match_without_regard_to_case_and_spacing() -> None:
    assert fold("  New\tZEALAND ") == fold("new zealand")


def test_no_examples_give_nan() -> None:
    assert math.isnan(rmse([], []))
    assert math.isnan(accuracy([], []))


def test_predictions_that_do_not_pair_up_with_the_truth_are_refused() -> None:
    with pytest.raises(UsageError, match="RMSE: 1 predictions, 2 references; want one for one"):
        rmse([1], [1, 2])
    with pytest.raises(UsageError, match=r"ACC\(gender\): 0 predictions, 1 references"):
        accuracy_sample([], ["male"], metric="ACC(gender)")
    with pytest.raises(UsageError, match="want one value per example"):
        mean_sample("H@1", [[1.0, 2.0]])


def test_a_sample_keeps_its_metric_and_its_length() -> None:
    sample = rmse_sample([1, 2, 3], [1, 2, 4], metric="RMSE(age)")
    assert (sample.metric, len(sample), sample.value) == ("RMSE(age)", 3, math.sqrt(1 / 3))


def test_a_signature_names_implementation_version_tokeniser_and_aggregation() -> None:
    nltk, rouge = metadata.version("nltk"), metadata.version("rouge_score")
    wanted = f"BLEU-1|nltk:{nltk}|tok:whitespace|smooth:method4|refs:1|agg:corpus"
    assert signature.signature("BLEU-1") == wanted
    wanted = f"ROUGE-L|rouge_score:{rouge}|tok:rouge_score|stem:porter|refs:1|agg:mean-f"
    assert signature.signature("ROUGE-L") == wanted


def test_every_metric_and_composite_has_a_signature_of_its_own() -> None:
    names = [*signature._DEFINITIONS, "ACC(gender)", "RMSE(birth year)"]
    found = [signature.signature(name) for name in names]
    assert len(set(found)) == len(names)
    assert all(text.startswith(f"{name}|") for name, text in zip(names, found, strict=True))


def test_an_unknown_metric_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no metric 'NDCG'; have: N@10, H@1, P@5, RMSE"):
        signature.signature("NDCG")


def test_a_missing_text_package_is_named_with_the_extra_that_brings_it() -> None:
    message = r"text metrics: nosuchpackage is not installed; .*pip install -e '\.\[eval\]'"
    with pytest.raises(UsageError, match=message):
        optional.eval_module("nosuchpackage.scoring")
    with pytest.raises(UsageError, match=message):
        optional.eval_version("nosuchpackage")
