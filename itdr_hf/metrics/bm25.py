"""BM25: how well a text answers a query by the words that they share (Robertson and Zaragoza 2009).

A text's score is Σ idf(w) · f(w) (K1 + 1) / (f(w) + K1 (1 − B + B · length / mean length)) over the distinct words w of
the query, f(w) being how often the text has w and idf(w) = ln(1 + (n − n(w) + ½) / (n(w) + ½)) over the n texts of a
collection. Scores are 0 or more; of texts that share no word with the query 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

K1, B = 1.2, 0.75
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, eq=False)
class Bm25:
    """What of a collection decides scores: in how many of its texts each word is, their number and mean length."""

    containing: Counter[str]
    texts: int
    mean_length: float

    @classmethod
    def over(cls, texts: Iterable[str]) -> Bm25:
        """Count the words of a collection, which is read once."""
        containing: Counter[str] = Counter()
        count = length = 0
        for found in map(words, texts):
            containing.update(set(found))
            count, length = count + 1, length + len(found)
        return cls(containing=containing, texts=count, mean_length=length / max(count, 1) or 1.0)

    def score(self, query: set[str], text: Sequence[str]) -> float:
        """Return the score of a text, given as its words, for the distinct words of a query."""
        counts = Counter(word for word in text if word in query)
        norm = K1 * (1 - B + B * len(text) / self.mean_length)
        return sum(self._idf(word) * n * (K1 + 1) / (n + norm) for word, n in counts.items())

    def _idf(self, word: str) -> float:
        have = self.containing[word]
        return log(1 + (self.texts - have + 0.5) / (have + 0.5))


def words(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return _WORD.findall(text.casefold())
