"""Title overlap: how well titles match other titles by their words alone, after Okapi BM25.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), equation 3.15, with the usual
k1 = 1.2 and b = 0.75. The documents are the candidates of one example, the query is the words of its history.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

K1, B = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+")


def title_overlap(candidates: Sequence[str], history: Sequence[str]) -> list[float]:
    """Return the score of each candidate, 0 or more; 0 for one that shares no word with the history."""
    documents = [_words(title) for title in candidates]
    lengths = [sum(counts.values()) for counts in documents]
    usual = sum(lengths) / len(lengths) if any(lengths) else 1.0
    holders = Counter(word for counts in documents for word in counts)
    query = Counter(word for title in history for word in _words(title))
    scores = []
    for counts, length in zip(documents, lengths, strict=True):
        room = K1 * (1 - B + B * length / usual)
        shared = counts.keys() & query.keys()
        found = (
            query[w] * _weight(holders[w], len(documents)) * counts[w] / (counts[w] + room) for w in sorted(shared)
        )
        scores.append(sum(found))
    return scores


def _weight(holders: int, documents: int) -> float:
    """Return the inverse document frequency, with 1 added so that no shared word counts against a title."""
    return math.log(1 + (documents - holders + 0.5) / (holders + 0.5))


def _words(title: str) -> Counter[str]:
    return Counter(_WORD.findall(title.lower()))
