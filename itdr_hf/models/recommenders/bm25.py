"""Rank candidates by the words that their titles and attributes share with the prompt: see `metrics.bm25`.

The query is the prompt without its candidates, and words are weighed by the items of the log that have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from itdr_hf.metrics.bm25 import Bm25, words
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.candidates import codes_by_title, items_of
from itdr_hf.models.recommenders.log import Log


@dataclass(frozen=True, kw_only=True, eq=False)
class TextScorer:
    """The texts of a log's items, found by their titles."""

    log: Log
    codes: dict[tuple[str, str], int]
    bm25: Bm25

    @classmethod
    def on(cls, items: Log) -> TextScorer:
        """Count the words of a log's items."""
        return cls(log=items, codes=codes_by_title(items), bm25=Bm25.over(items.texts))

    def scores(self, questions: Sequence[Question]) -> list[list[float]]:
        """Return one score per candidate of each question; of one that the log does not have, its title's."""
        return [self._scores(question) for question in questions]

    def _scores(self, question: Question) -> list[float]:
        asked = set(words(without_candidates(question)))
        found = zip(question.candidates, items_of(self.codes, question, question.candidates), strict=True)
        return [self.bm25.score(asked, words(self.log.texts[code] if code >= 0 else title)) for title, code in found]


def without_candidates(question: Question) -> str:
    """Return the prompt without its candidates: each is cut where it stands last."""
    text = question.input
    for title in sorted(question.candidates, key=len, reverse=True):
        before, _, behind = text.rpartition(title)
        text = before + behind if title in text else text
    return text
