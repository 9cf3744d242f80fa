"""BLEU and ROUGE against nltk and rouge_score called directly, on 10,000 random pairs."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu
from rouge_score.rouge_scorer import RougeScorer

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import draw, intervals
from itdr_hf.metrics.text import BLEU, ROUGE, bleu, bleu_samples, rouge, rouge_f, text_samples

CASES = 10_000
NLTK_WEIGHTS = {"BLEU-1": (1, 0, 0, 0), "BLEU-2": (0.5, 0.5, 0, 0)}
PHRASE = (
    "the The a of running runs ran runner likes liking player players' game-play, action! café Größe 4.5 10 "
    "--- it's RPG rpg stories story\n generally general ½ 日本 relational rates"
)
WORDS = PHRASE.split(" ")


def texts(seed: int, cases: int, longest: int) -> tuple[list[str], list[str]]:
    """Pairs of texts that share words and runs of words; some empty, some only of punctuation."""
    dice = random.Random(seed)
    predictions, references = [], []
    for _ in range(cases):
        reference = dice.choices(WORDS, k=dice.randint(0, longest))
        cut = dice.randint(0, len(reference))
        prediction = reference[cut:] + dice.choices(WORDS, k=dice.randint(0, longest // 2))
        references.append(dice.choice([" ", "  "]).join(reference))
        predictions.append(" ".join(prediction))
    return predictions, references


def nltk_bleu(predictions: list[str], references: list[str]) -> dict[str, float]:
    lists, guesses = [[text.split()] for text in references], [text.split() for text in predictions]
    smooth = SmoothingFunction().method4
    return {
        metric: corpus_bleu(lists, guesses, weights=weights, smoothing_function=smooth)
        for metric, weights in NLTK_WEIGHTS.items()
    }


def test_bleu_of_ten_thousand_single_pairs_is_nltks_to_the_last_bit() -> None:
    predictions, references = texts(1, CASES, 12)
    assert "" in predictions and "" in references
    found = {metric: sample.estimate(sample.rows) for metric, sample in bleu_samples(predictions, references).items()}
    for place, pair in enumerate(zip(predictions, references, strict=True)):
        wanted = nltk_bleu([pair[0]], [pair[1]])
        assert {metric: found[metric][place] for metric in BLEU} == wanted, pair


def test_bleu_of_corpora_is_nltks_to_the_last_bit() -> None:
    predictions, references = texts(2, 2000, 30)
    for start in range(0, 2000, 100):
        part = slice(start, start + 100)
        assert bleu(predictions[part], references[part]) == nltk_bleu(predictions[part], references[part])


def test_bleu_of_resamples_from_sums_is_nltks_on_the_resampled_texts() -> None:
    predictions, references = texts(3, 60, 20)
    for metric, sample in bleu_samples(predictions, references).items():
        for counts in next(draw(60, seed=4, replicates=25)).astype(int):
            picked = np.repeat(np.arange(60), counts)
            wanted = nltk_bleu([predictions[at] for at in picked], [references[at] for at in picked])
            assert sample.estimate(counts @ sample.rows) == wanted[metric]


def test_bleu_without_a_common_pair_of_words_is_smoothed_as_nltk_does() -> None:
    found = bleu(["b a"], ["a b"])
    assert found == nltk_bleu(["b a"], ["a b"])
    assert 0 < found["BLEU-2"] < found["BLEU-1"] == 1


def test_rouge_of_ten_thousand_pairs_is_rouge_scores_to_the_last_bit() -> None:
    predictions, references = texts(5, CASES, 14)
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    found = rouge_f(predictions, references)
    for row, guess, actual in zip(found.tolist(), predictions, references, strict=True):
        wanted = scorer.score(actual, guess)
        assert row == [wanted[kind].fmeasure for kind in ("rouge1", "rouge2", "rougeL")], (guess, actual)


def test_rouge_of_long_texts_is_rouge_scores_to_the_last_bit() -> None:
    predictions, references = texts(6, 40, 400)
    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    wanted = [scorer.score(*pair)["rougeL"].fmeasure for pair in zip(references, predictions, strict=True)]
    assert rouge_f(predictions, references)[:, 2].tolist() == wanted


def test_equal_texts_score_one_and_texts_without_a_common_word_nought() -> None:
    same = text_samples(["one two three"], ["one two three"])
    assert [sample.value for sample in same.values()] == [1, 1, 1, 1, 1]
    apart = text_samples(["four five"], ["one two three"])
    assert [sample.value for sample in apart.values()] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("pair", [("", "one two"), ("one two", ""), ("", ""), ("!!", "?!"), (" \n", "one")])
def test_an_empty_text_on_either_side_is_nought(pair: tuple[str, str]) -> None:
    assert [sample.value for sample in text_samples([pair[0]], [pair[1]]).values()] == [0, 0, 0, 0, 0]


def test_no_texts_give_nan() -> None:
    assert list(bleu([], [])) == list(BLEU) and list(rouge([], [])) == list(ROUGE)
    assert all(math.isnan(value) for value in (bleu([], []) | rouge([], [])).values())


def test_texts_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(UsageError, match="BLEU: 1 predictions, 0 references"):
        bleu(["one"], [])
    with pytest.raises(UsageError, match="ROUGE: 0 predictions, 1 references"):
        rouge([], ["one"])


def test_the_text_libraries_are_imported_only_when_a_text_is_scored() -> None:
    code = (
        "import sys; import itdr_hf.metrics.text, itdr_hf.metrics.signature, itdr_hf.metrics.bootstrap; "
        "assert not {'nltk', 'rouge_score'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_thousand_texts_of_a_hundred_words_are_scored_with_intervals_in_three_seconds() -> None:
    dice = random.Random(7)
    words = ["".join(dice.choices("abcdefghijklmnop", k=dice.randint(2, 10))) for _ in range(8000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    predictions = [" ".join(dice.choices(words, weights, k=110)) for _ in range(1000)]
    references = [" ".join(dice.choices(words, weights, k=110)) for _ in range(1000)]
    start = time.process_time()
    found = intervals(list(text_samples(predictions, references).values()), seed=1)
    assert time.process_time() - start < 3
    assert all(0 < item.low < item.value < item.high < 1 for item in found)
