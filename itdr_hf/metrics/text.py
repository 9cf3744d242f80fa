"""BLEU-1&2 and ROUGE-1&2&L of generated text against one reference each (IR, TUI).

BLEU is nltk's `corpus_bleu` on whitespace tokens with smoothing method 4 (Papineni et al. 2002, Chen and
Cherry 2014), ROUGE the mean F of `rouge_score` with its stemmer (Lin 2004): the definitions of INTERS, whose
composite the paper builds on. Needs the extra [eval].

Fast because each text is tokenised once, each word stemmed once, and the common subsequence is counted with
bit-parallel integers (Hyyrö 2004); the counts, and so the figures, are those of the two libraries.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from itdr_hf.metrics.optional import eval_module
from itdr_hf.metrics.sample import Floats, Sample, mean_sample, same_length

BLEU_WEIGHTS: dict[str, tuple[float, ...]] = {"BLEU-1": (1, 0, 0, 0), "BLEU-2": (0.5, 0.5, 0, 0)}
BLEU = tuple(BLEU_WEIGHTS)
ROUGE = ("ROUGE-1", "ROUGE-2", "ROUGE-L")
STEMS_KEPT = 1 << 18


def bleu(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Corpus BLEU-1 and BLEU-2: brevity penalty × geometric mean of the clipped n-gram precisions up to n.

    Range 0 to 1; 0 when no word matches, nan without examples. An empty text is a miss, not an error.
    """
    return {metric: sample.value for metric, sample in bleu_samples(predictions, references).items()}


def rouge(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Mean F of ROUGE-1, ROUGE-2 and ROUGE-L: 2PR / (P + R) of shared n-grams or of the common subsequence.

    Range 0 to 1; an example with an empty text is 0, nan without examples.
    """
    return {metric: sample.value for metric, sample in rouge_samples(predictions, references).items()}


def text_samples(predictions: Sequence[str], references: Sequence[str]) -> dict[str, Sample]:
    """All five text metrics, ready for `bootstrap`."""
    return bleu_samples(predictions, references) | rouge_samples(predictions, references)


def bleu_samples(predictions: Sequence[str], references: Sequence[str]) -> dict[str, Sample]:
    """BLEU as sums: matches and totals of orders 1 and 2, length of the prediction and of the reference."""
    same_length("BLEU", len(predictions), len(references))
    counts = eval_module("nltk.translate.bleu_score").modified_precision
    rows = [_bleu_row(counts, *pair) for pair in zip(predictions, references, strict=True)]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 6)
    return {
        metric: Sample(metric=metric, rows=table, estimate=partial(_bleu, weights=weights))
        for metric, weights in BLEU_WEIGHTS.items()
    }


def rouge_samples(predictions: Sequence[str], references: Sequence[str]) -> dict[str, Sample]:
    """ROUGE as one F per example."""
    columns = rouge_f(predictions, references)
    return {metric: mean_sample(metric, columns[:, place]) for place, metric in enumerate(ROUGE)}


def rouge_f(predictions: Sequence[str], references: Sequence[str]) -> Floats:
    """F of ROUGE-1, ROUGE-2 and ROUGE-L, examples × 3; equal to what `rouge_score.RougeScorer` gives."""
    same_length("ROUGE", len(predictions), len(references))
    tokenize, f_measure = _rouge_tokenizer(), eval_module("rouge_score.scoring").fmeasure
    scores = np.zeros((len(predictions), len(ROUGE)))
    for place, pair in enumerate(zip(predictions, references, strict=True)):
        guess, actual = map(tokenize, pair)
        hits = _shared(guess, actual), _shared(_bigrams(guess), _bigrams(actual)), _subsequence(guess, actual)
        for column, (hit, order) in enumerate(zip(hits, (1, 2, 1), strict=True)):
            found, wanted = max(len(guess) - order + 1, 1), max(len(actual) - order + 1, 1)
            scores[place, column] = f_measure(hit / found, hit / wanted)
    return scores


def _bleu_row(counts: Callable[..., Any], prediction: str, reference: str) -> tuple[int, ...]:
    guess, actual = prediction.split(), reference.split()
    one, two = counts([actual], guess, 1), counts([actual], guess, 2)
    return one.numerator, one.denominator, two.numerator, two.denominator, len(guess), len(actual)


def _bleu(totals: Floats, *, weights: tuple[float, ...]) -> Floats:
    scores = [_corpus_bleu([int(total) for total in row], weights) for row in totals.reshape(-1, 6)]
    return np.array(scores, dtype=np.float64).reshape(totals.shape[:-1])


def _corpus_bleu(totals: list[int], weights: tuple[float, ...]) -> float:
    """Return the last step of nltk's `corpus_bleu`, from its sums; orders 3 and 4 have no weight."""
    match_1, total_1, match_2, total_2, guessed, actual = totals
    if not total_1:
        return math.nan
    if not match_1:
        return 0.0
    nltk_bleu = eval_module("nltk.translate.bleu_score")
    exact = [nltk_bleu.Fraction(match_1, total_1), nltk_bleu.Fraction(match_2, total_2)]
    smooth = nltk_bleu.SmoothingFunction().method4(exact, references=None, hypothesis=None, hyp_len=guessed)
    logs = [weight * math.log(part) for weight, part in zip(weights, smooth, strict=False) if part > 0]
    return float(nltk_bleu.brevity_penalty(actual, guessed) * math.exp(math.fsum(logs)))


def _rouge_tokenizer() -> Callable[[str], list[str]]:
    """rouge_score's tokeniser over its Porter stemmer, which sees each word once."""
    tokenize = eval_module("rouge_score.tokenize").tokenize
    stem = lru_cache(STEMS_KEPT)(eval_module("nltk.stem.porter").PorterStemmer().stem)
    return partial(tokenize, stemmer=SimpleNamespace(stem=stem))


def _bigrams(tokens: list[str]) -> list[tuple[str, str]]:
    return list(pairwise(tokens))


def _shared(guess: Sequence[Hashable], actual: Sequence[Hashable]) -> int:
    """How many items two bags have in common."""
    return (Counter(guess) & Counter(actual)).total()


def _subsequence(guess: list[str], actual: list[str]) -> int:
    """Length of the longest common subsequence: a bit per token of `guess`, cleared where it grows."""
    places: dict[str, int] = {}
    for place, token in enumerate(guess):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(guess)) - 1
    state = full
    for token in actual:
        if at := places.get(token):
            met = state & at
            state = (state + met | state - met) & full
    return len(guess) - state.bit_count()
