"""Recommenders that answer a dataset's examples: trained on full logs without the answers of validation and test.

popular-log         candidates by how many users of the log have them
co-occurrence-log   by the cosine of their users with those of each item shown
bm25                by the words of their title and attributes that are in the prompt
item-knn, biasmf, ncf, lightgcn, sgl, simgcl, sasrec   by the recommender, the user folded in from the items shown

They rank the candidates of an example and know of its user what the prompt shows, as a language model does. Items
are found by their title, of equal titles the one most users have; an item that is not in the log comes last. A dataset
split by user gives the logs of its train users; one that leaves out the last of each user, the logs without these.
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
from itdr_hf.models.recommenders.bm25 import TextScorer
from itdr_hf.models.recommenders.candidates import CandidateScorer
from itdr_hf.models.recommenders.log import Log, read_log
from itdr_hf.models.recommenders.log_rows import SEPARABLE
from itdr_hf.models.recommenders.rating_fit import RatingFit
from itdr_hf.models.recommenders.recommender import NETWORKS
from itdr_hf.models.recommenders.settings import DEFAULTS, Settings
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.tasks.answers import numbered, shuffled

LOG_BASELINES = ("popular-log", "co-occurrence-log", "bm25", "item-knn", *NETWORKS)
ANSWERS = ("ranking", "choice", "number")


@dataclass(frozen=True, kw_only=True)
class LogBaseline:
    """One of LOG_BASELINES over a dataset and the raw files it was built from."""

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
        answer = catalogue.task(task).answer
        return answer in ANSWERS and not (self.name == "bm25" and answer == "number")

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer the questions it takes, source by source: each log is read and trained on once per split protocol.

        Raises UsageError for cells that were split by time or were built from other raw files.
        """
        dataset = opened(self.dataset)

        def log_of(question: Question) -> tuple[str, str]:
            return question.source, protocol_of(dataset, question.config)

        taken = sorted((q for q in questions if self.takes(q.subtask)), key=lambda q: (log_of(q), q.config))
        for (source, protocol), of_log in groupby(taken, key=log_of):
            asked = list(of_log)
            log = self._log(source, protocol)
            for config in dict.fromkeys(question.config for question in asked):
                check_same_raw(dataset, config, log)
            scorer = self._fit(log)
            for config, of_config in groupby(asked, key=lambda q: q.config):
                for question, text in self._texts(dataset, config, list(of_config), scorer):
                    keep(question, Completion(text, "stop", 0, 0))

    @property
    def _chosen(self) -> Settings | None:
        given = self.settings or DEFAULTS.get(self.name)
        return given.changed(seed=self.seed) if given else None

    def _log(self, source: str, protocol: str) -> Log:
        known = catalogue.current().with_found(self.raw).source(source)
        return read_log(known, self.raw, without_answers_of=protocol, cache=self.cache, progress=self.progress)

    def _fit(self, log: Log) -> CandidateScorer | TextScorer:
        if self.name == "bm25":
            return TextScorer.on(log)
        return CandidateScorer.fit(self.name, log, self._chosen, self.progress)

    def _texts(
        self, dataset: Dataset, config: str, questions: list[Question], scorer: CandidateScorer | TextScorer
    ) -> Iterator[tuple[Question, str]]:
        """Yield the questions of a config with the texts that answer them."""
        answer = dataset.cell(config).task.answer
        if answer == "number" and isinstance(scorer, CandidateScorer):
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


def protocol_of(dataset: Dataset, config: str) -> str:
    """Return how a cell was split. Raises UsageError where no log can be had without its answers."""
    cell = dataset.cells.get(config)
    protocol = str(cell.recipe.get("split_protocol", "user")) if cell else "user"
    if protocol not in SEPARABLE:
        raise UsageError(
            f"{config}: split by {protocol}, so that the logs hold its answers; want a dataset split by user: build "
            "one with --split-protocol user"
        )
    return protocol


def check_same_raw(dataset: Dataset, config: str, log: Log) -> None:
    """Raise UsageError for a cell that was built from other raw files than the log."""
    cell = dataset.cells.get(config)
    others = [file.name for file in cell.raw if file.sha256 not in log.raw_hashes] if cell else []
    if others:
        raise UsageError(
            f"{config}: built from another {others[0]} than the one under --raw; want the raw files it was built from"
        )
