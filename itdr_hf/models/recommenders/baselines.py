"""Answers without a model: what any model has to beat. Each reads the training split and the prompt's own facts.

What only sees the few titles of prompts is here; the same counts over the full logs are in log_baselines.

random         chance: a rating of the scale, a permutation, a candidate, a training value or text
popular        candidates by how many training users have the item
co-occurrence  candidates by how often training users have them together with the history (cosine, item-item)
mean           the mean training rating            user-mean   the mean of the ratings in the prompt
majority       the most frequent training value of an attribute, the mean of a numeric one
copy           what the prompt shows: the last rating, the candidates as listed, the input itself
extractive     the facts of the prompt, cut at the usual length of a training text
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import unknown
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.training_statistics import Knowledge
from itdr_hf.tasks.answers import numbered, shuffled
from itdr_hf.tasks.task import AnswerKind

Write = Callable[[Question, Knowledge, int], str]


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A baseline over a dataset; `seed` matters to random only."""

    name: str
    dataset: Dataset | Path
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in BASELINES:
            raise unknown("baseline", self.name, BASELINES)

    @property
    def run(self) -> Run:
        return Run(model=f"baseline:{self.name}", revision="", settings={"seed": self.seed})

    def takes(self, task: str) -> bool:
        """Whether it has an answer for examples of a task."""
        return catalogue.task(task).answer in BASELINES[self.name]

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        """Answer the questions of the subtasks it takes; each config's training split is read once."""
        known: dict[str, Knowledge] = {}
        dataset = opened(self.dataset)
        for question in questions:
            if self.takes(question.subtask):
                knowledge = known.get(question.config) or known.setdefault(
                    question.config, Knowledge(dataset, question.config)
                )
                write = BASELINES[self.name][catalogue.task(question.subtask).answer]
                keep(question, Completion(write(question, knowledge, self.seed), "stop", 0, 0))


def baselines_of(task: str) -> list[str]:
    """Return the baselines that answer examples of a task."""
    return [name for name, answers in BASELINES.items() if catalogue.task(task).answer in answers]


def _random_rating(question: Question, knowledge: Knowledge, seed: int) -> str:
    scale = knowledge.dataset.catalogue.source(question.source).scale
    assert scale is not None
    steps = round((scale.high - scale.low) / scale.step) + 1
    return scale.text(scale.low + scale.step * (draw(question, seed) % steps))


def _random_ranking(question: Question, knowledge: Knowledge, seed: int) -> str:
    return numbered(shuffled(question.candidates, draw(question, seed)))


def _random_choice(question: Question, knowledge: Knowledge, seed: int) -> str:
    return question.candidates[draw(question, seed) % len(question.candidates)] if question.candidates else ""


def _random_values(question: Question, knowledge: Knowledge, seed: int) -> str:
    number = draw(question, seed)
    values = ((name, knowledge.values.get(name)) for name in question.target_names)
    return "\n".join(f"{name}: {have[number % len(have)]}" for name, have in values if have)


def _random_text(question: Question, knowledge: Knowledge, seed: int) -> str:
    texts = knowledge.texts
    return texts[draw(question, seed) % len(texts)] if texts else ""


def _popular(question: Question, knowledge: Knowledge, seed: int) -> list[str]:
    """Candidates by popularity; equals in random order, so that their order in the prompt does not help."""
    chance = shuffled(question.candidates, draw(question, seed))
    return sorted(chance, key=lambda title: -knowledge.popularity(title))


def _together(question: Question, knowledge: Knowledge, seed: int) -> list[str]:
    score = {title: sum(knowledge.cosine(title, past) for past in question.history) for title in question.candidates}
    return sorted(_popular(question, knowledge, seed), key=lambda title: -score[title])


def _mean(question: Question, knowledge: Knowledge, seed: int) -> str:
    return f"{knowledge.mean:.4f}"


def _user_mean(question: Question, knowledge: Knowledge, seed: int) -> str:
    ratings = question.history_ratings
    return f"{sum(ratings) / len(ratings):.4f}" if ratings else _mean(question, knowledge, seed)


def _majority(question: Question, knowledge: Knowledge, seed: int) -> str:
    kinds = {a.name: a.kind for a in knowledge.dataset.catalogue.source(question.source).user_attributes}
    typical = ((name, knowledge.typical(name, kinds.get(name) == "number")) for name in question.target_names)
    return "\n".join(f"{name}: {value}" for name, value in typical if value)


def _last_rating(question: Question, knowledge: Knowledge, seed: int) -> str:
    scale = knowledge.dataset.catalogue.source(question.source).scale
    return scale.text(question.history_ratings[-1]) if scale and question.history_ratings else ""


def _facts(question: Question, knowledge: Knowledge, seed: int) -> str:
    """Return the prompt without its last line, which asks, at the usual length."""
    words = " ".join(question.input.split("\n")[:-1] or [question.input]).split()
    return " ".join(words[: knowledge.usual_length])


def draw(question: Question, seed: int) -> int:
    """Return a large number that depends on the question and the seed alone."""
    return int.from_bytes(hashlib.md5(f"{seed}|{question.id}".encode()).digest(), "big")


def _ranking(order: Callable[[Question, Knowledge, int], list[str]]) -> Mapping[AnswerKind, Write]:
    """Rankings as a numbered list, next items as the first of it."""

    def listed(question: Question, knowledge: Knowledge, seed: int) -> str:
        return numbered(order(question, knowledge, seed))

    def first(question: Question, knowledge: Knowledge, seed: int) -> str:
        return next(iter(order(question, knowledge, seed)), "")

    return {"ranking": listed, "choice": first}


BASELINES: dict[str, Mapping[AnswerKind, Write]] = {
    "random": {
        "number": _random_rating,
        "ranking": _random_ranking,
        "choice": _random_choice,
        "attributes": _random_values,
        "text": _random_text,
    },
    "popular": _ranking(_popular),
    "co-occurrence": _ranking(_together),
    "mean": {"number": _mean},
    "user-mean": {"number": _user_mean},
    "majority": {"attributes": _majority},
    "copy": {
        "number": _last_rating,
        **_ranking(lambda question, knowledge, seed: list(question.candidates)),
        "text": lambda question, knowledge, seed: question.input,
    },
    "extractive": {"text": _facts},
}
