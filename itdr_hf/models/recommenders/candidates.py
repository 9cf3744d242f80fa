"""Score the candidates of examples with a recommender that was fitted on a log, the items found by their titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.counting import cosines_with
from itdr_hf.models.recommenders.fold_in import fold_in
from itdr_hf.models.recommenders.interactions import Floats, Histories, Interactions, Ints
from itdr_hf.models.recommenders.log import Log
from itdr_hf.models.recommenders.recommender import COUNTING, fit
from itdr_hf.models.recommenders.settings import Settings
from itdr_hf.models.recommenders.splits import split_by_user
from itdr_hf.raw.source import ARROW
from itdr_hf.runtime.progress import OnProgress

Score = Callable[[Histories, Ints, Ints], Floats]  # items shown, rows of it, items: one number per (row, item)
COUNTED = {"popular-log": "popularity", "item-knn": "item-knn"}


@dataclass(frozen=True, kw_only=True, eq=False)
class CandidateScorer:
    """A log and what scores its items for whoever is shown with some of them."""

    log: Log
    codes: dict[tuple[str, str], int]  # (domain, title) -> item
    score: Score

    @classmethod
    def fit(cls, name: str, log: Log, settings: Settings | None, progress: OnProgress) -> CandidateScorer:
        """Fit a baseline of the name on the whole log; a tenth of each user's items stops a network's training."""
        return cls(log=log, codes=codes_by_title(log), score=_fitted(name, log.interactions, settings, progress))

    def scores(self, questions: Sequence[Question]) -> list[list[float]]:
        """Return one score per candidate of each question; −inf for one that the log does not have."""
        shown = [items_of(self.codes, question, question.history) for question in questions]
        asked = [items_of(self.codes, question, question.candidates) for question in questions]
        rows = np.repeat(np.arange(len(asked)), [len(items) for items in asked])
        items = np.asarray([item for each in asked for item in each], dtype=np.int64)
        values = np.full(len(items), -np.inf)
        known = items >= 0
        values[known] = self.score(_histories(shown), rows[known], items[known])
        bounds = np.cumsum([len(each) for each in asked])[:-1]
        return [part.tolist() for part in np.split(values, bounds)] if asked else []


def codes_by_title(log: Log) -> dict[tuple[str, str], int]:
    """Return the item of each (domain, title): of equal titles the one most users have, then the first by key."""
    degrees = log.interactions.item_degrees
    rising = np.lexsort((-np.arange(len(degrees)), degrees))
    return {(log.domains[code], log.titles[code]): int(code) for code in rising}


def items_of(codes: Mapping[tuple[str, str], int], question: Question, titles: Sequence[str]) -> list[int]:
    """Return the item of each title by `codes_by_title`, −1 for one that the log does not have."""
    domains = question.domain.split(ARROW)
    found = ((codes.get((domain, title)) for domain in domains) for title in titles)
    return [next((code for code in each if code is not None), -1) for each in found]


def _fitted(name: str, train: Interactions, settings: Settings | None, progress: OnProgress) -> Score:
    if name == "co-occurrence-log":
        return lambda shown, rows, items: cosines_with(train, shown, rows, items)
    if name in COUNTED:
        scorer = COUNTING[COUNTED[name]](train)
        return lambda shown, rows, items: fold_in(scorer, train, shown).score_pairs(rows, items)
    held_out = split_by_user(train).validation
    rest = train.take(~np.isin(train.codes, held_out.codes))
    fitted = fit(name, rest, validation=held_out, settings=settings, progress=progress)
    return lambda shown, rows, items: fold_in(fitted.scorer, rest, shown).score_pairs(rows, items)


def _histories(lists: Sequence[Sequence[int]]) -> Histories:
    """Return the known items of each list, each once."""
    known = [sorted({item for item in items if item >= 0}) for items in lists]
    starts = np.concatenate([[0], np.cumsum([len(items) for items in known])]).astype(np.int64)
    return Histories(starts=starts, items=np.asarray([item for items in known for item in items], dtype=np.int64))
