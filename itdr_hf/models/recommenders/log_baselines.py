"""Recommenders that answer a dataset's examples: trained on the full logs of the train users, never on an answer.

popular-log         candidates by how many train users have them
co-occurrence-log   by the cosine of their train users with those of each item shown
item-knn, biasmf, ncf, lightgcn, sgl, simgcl, sasrec   by the recommender, the user folded in from the items shown

They rank the candidates of an example and know of its user what the prompt shows, as a language model does. Items
are found by their title, of equal titles the one most train users have; an item that no train user has comes last.
Equal scores are in random order. A rating is a linear function of the score, the mean of the ratings shown and the
mean rating of the item, fitted on the training split.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.baselines import draw
from itdr_hf.models.recommenders.candidates import CandidateScorer
from itdr_hf.models.recommenders.log import Log, read_log
from itdr_hf.models.recommenders.rating_fit import RatingFit
from itdr_hf.models.recommenders.recommender import NETWORKS
from itdr_hf.models.recommenders.settings import DEFAULTS, Settings
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.tasks.answers import numbered, shuffled

LOG_BASELINES = ("popular-log", "co-occurrence-log", "item-knn", *NETWORKS)
ANSWERS = ("ranking", "choice", "number")


@dataclass(frozen=True, kw_only=True)
class LogBaseline:
    """One of LOG_BASELINES over a dataset that was split by user, and the raw files it was built from."""

    name: str
    dataset: Dataset | Path
    raw: Path
    seed: int = 0
    settings: Settings | None = None
    cache: Path | None = None
    progress: OnProgress = ignore

    def __post_init__(self) -> None:
        if self.name not in LOG_BASELINES:
            raise unknown("baseline", self.name, LOG_BASELINES)

    @property
    def run(self) -> Run:
        chosen = self._chosen
        settings = {"seed": self.seed, **({} if chosen is None else asdict(chosen))}
        return Run(model=f"baseline:{self.name}", revision="", settings=settings)

    def takes(self, task: str) -> bool:
        """Whether it has an answer for examples of a task."""
        return catalogue.task(task).answer in ANSWERS

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer the questions it takes, source by source: each log is read and trained on once.

        Raises UsageError for cells that were not split by user or were built from other raw files.
        """
        dataset = opened(self.dataset)
        taken = sorted((q for q in questions if self.takes(q.subtask)), key=lambda q: (q.source, q.config))
        for source, of_source in groupby(taken, key=lambda q: q.source):
            asked = list(of_source)
            log = self._log(source)
            for config in dict.fromkeys(question.config for question in asked):
                check_split_by_user(dataset, config)
                check_same_raw(dataset, config, log)
            scorer = CandidateScorer.fit(self.name, log, self._chosen, self.progress)
            for config, of_config in groupby(asked, key=lambda q: q.config):
                for question, text in self._texts(dataset, config, list(of_config), scorer):
                    keep(question, Completion(text, "stop", 0, 0))

    @property
    def _chosen(self) -> Settings | None:
        given = self.settings or DEFAULTS.get(self.name)
        return given.changed(seed=self.seed) if given else None

    def _log(self, source: str) -> Log:
        known = catalogue.current().with_found(self.raw).source(source)
        return read_log(known, self.raw, train_users_only=True, cache=self.cache, progress=self.progress)

    def _texts(
        self, dataset: Dataset, config: str, questions: list[Question], scorer: CandidateScorer
    ) -> Iterator[tuple[Question, str]]:
        """Yield the questions of a config with the texts that answer them."""
        answer = dataset.cell(config).task.answer
        if answer == "number":
            ratings = RatingFit.on_training_split(dataset, config, scorer)
            for question, rating in zip(questions, ratings.predict(questions), strict=True):
                yield question, f"{rating:.4f}"
            return
        for question, scores in zip(questions, scorer.scores(questions), strict=True):
            ranked = self._order(question, scores)
            yield question, numbered(ranked) if answer == "ranking" else next(iter(ranked), "")

    def _order(self, question: Question, scores: Sequence[float]) -> list[str]:
        """Return the candidates by falling score, equals in random order."""
        places = [str(place) for place in range(len(scores))]
        chance = map(int, shuffled(places, draw(question, self.seed)))
        return [question.candidates[place] for place in sorted(chance, key=lambda place: -scores[place])]


def check_split_by_user(dataset: Dataset, config: str) -> None:
    """Raise UsageError for a cell whose test users may be in the training logs."""
    cell = dataset.cells.get(config)
    protocol = cell.recipe.get("split_protocol", "user") if cell else "user"
    if protocol != "user":
        raise UsageError(
            f"{config}: split by {protocol}, so that the logs hold its answers; want a dataset split by user: build "
            "one with --split-protocol user"
        )


def check_same_raw(dataset: Dataset, config: str, log: Log) -> None:
    """Raise UsageError for a cell that was built from other raw files than the log."""
    cell = dataset.cells.get(config)
    others = [file.name for file in cell.raw if file.sha256 not in log.raw_hashes] if cell else []
    if others:
        raise UsageError(
            f"{config}: built from another {others[0]} than the one under --raw; want the raw files it was built from"
        )
