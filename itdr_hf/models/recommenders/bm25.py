"""Rank candidates by the words that their titles and attributes share with the prompt (Robertson and Zaragoza 2009).

A candidate's score is Σ idf(w) · f(w) (K1 + 1) / (f(w) + K1 (1 − B + B · length / mean length)) over the distinct words
w of the prompt without its candidates, idf(w) = ln(1 + (n − n(w) + ½) / (n(w) + ½)), counted over the items of the log.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.candidates import codes_by_title, items_of
from itdr_hf.models.recommenders.log import Log

K1, B = 1.2, 0.75
WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True, eq=False)
class TextScorer:
    """The texts of a log's items, and in how many of them each word is."""

    log: Log
    codes: dict[tuple[str, str], int]
    containing: Counter[str]
    mean_length: float

    @classmethod
    def on(cls, items: Log) -> TextScorer:
        """Count the words of a log's items."""
        texts = [_words(text) for text in items.texts]
        return cls(
            log=items,
            codes=codes_by_title(items),
            containing=Counter(word for words in texts for word in set(words)),
            mean_length=sum(map(len, texts)) / max(len(texts), 1) or 1.0,
        )

    def scores(self, questions: Sequence[Question]) -> list[list[float]]:
        """Return one score per candidate of each question; of one that the log does not have, its title's."""
        return [self._scores(question) for question in questions]

    def _scores(self, question: Question) -> list[float]:
        asked = set(_words(without_candidates(question)))
        found = zip(question.candidates, items_of(self.codes, question, question.candidates), strict=True)
        return [self._score(asked, _words(self.log.texts[code] if code >= 0 else title)) for title, code in found]

    def _score(self, asked: set[str], words: Sequence[str]) -> float:
        counts = Counter(word for word in words if word in asked)
        norm = K1 * (1 - B + B * len(words) / self.mean_length)
        return sum(self._idf(word) * n * (K1 + 1) / (n + norm) for word, n in counts.items())

    def _idf(self, word: str) -> float:
        have = self.containing[word]
        return log(1 + (len(self.log.texts) - have + 0.5) / (have + 0.5))


def without_candidates(question: Question) -> str:
    """Return the prompt without its candidates: each is cut where it stands last."""
    text = question.input
    for title in sorted(question.candidates, key=len, reverse=True):
        before, _, behind = text.rpartition(title)
        text = before + behind if title in text else text
    return text


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())
