"""Few-shot questions: solved examples of the training split before each question, never of the user who is asked about.

The training examples of a config are ordered by the md5 of seed and id; a question gets the first ones of other users,
one a user, in its own wording (column `template`). So all questions of a config have nearly the same shots, on every
machine, and what was asked is known from the seed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.predictions import Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.predict.run import Shortfall, System

FROM = "train"  # shots are of this split only
TEXTS = ("instruction", "input", "output")
Pools = dict[str, list[dict[str, str]]]  # template -> its first examples, one a user


@dataclass(frozen=True, kw_only=True)
class FewShot:
    """A system whose questions have shots: it answers as it did, and its run says how many there were, and of what."""

    system: System
    facts: Mapping[str, Any]

    @property
    def run(self) -> Run:
        """The system's run with the shots among its settings, so that its files never mix with others."""
        run = self.system.run
        return replace(run, settings={**run.settings, "shots": dict(self.facts)})

    def takes(self, task: str) -> bool:
        """Tell whether the system answers a task."""
        takes = getattr(self.system, "takes", None)
        return takes is None or bool(takes(task))

    def answer(self, questions: Sequence[Question], keep: Keep) -> Shortfall | None:
        """Answer as the system does."""
        return self.system.answer(questions, keep)


def with_shots(
    questions: Sequence[Question], dataset: Dataset, *, split: str, count: int, seed: int
) -> tuple[list[Question], dict[str, Any]]:
    """Return the questions of a split with `count` shots each, and the facts to record.

    The facts are the count, the seed, and a hash of the ids that shots were chosen from. Raises UsageError for a config
    whose training split has too few users.
    """
    made, chosen = [], {}
    for config in dict.fromkeys(question.config for question in questions):
        pools = chosen[config] = shot_pools(dataset, config, count + 1, seed)
        asked = {row["id"]: row for row in dataset.rows(config, split, ("id", "user", "template"))}
        for question in questions:
            if question.config == config:
                made.append(replace(question, shots=_shots_of(asked[question.id], pools, config, count)))
    return made, {"count": count, "seed": seed, "from": _digest(chosen)}


def shot_pools(dataset: Dataset, config: str, size: int, seed: int, *, without: Iterable[str] = ()) -> Pools:
    """Return the first `size` training examples of each template in the order of the seed, at most one a user.

    Users in `without` have none. Target user identification has no users: there an example stands for itself.
    """
    barred = {*without} - {""}
    first: dict[str, dict[str, tuple[str, dict[str, str]]]] = {}
    for row in dataset.rows(config, FROM, ("id", "user", "template", *TEXTS)):
        if row["user"] in barred:
            continue
        found, key, place = first.setdefault(row["template"], {}), _subject(row), _place(seed, row["id"])
        if key not in found or place < found[key][0]:
            found[key] = (place, row)
        if len(found) > 4 * size:
            first[row["template"]] = dict(sorted(found.items(), key=lambda pair: pair[1][0])[:size])
    return {
        template: [row for _, row in sorted(found.values(), key=_first)[:size]] for template, found in first.items()
    }


def _first(pair: tuple[str, dict[str, str]]) -> str:
    return pair[0]


def _shots_of(asked: Mapping[str, str], pools: Pools, config: str, count: int) -> tuple[dict[str, str], ...]:
    pool = pools.get(asked["template"], [])
    others = [row for row in pool if _subject(row) != _subject(asked)][:count]
    if len(others) < count:
        raise too_few(config, asked["template"], len(others), count)
    return tuple({name: row[name] for name in TEXTS} for row in others)


def too_few(config: str, template: str, found: int, wanted: int) -> UsageError:
    """Return the error for a config without enough shots."""
    return UsageError(
        f"{config}: {found} examples of other users in {FROM} with the wording {template!r}; want {wanted} shots; "
        "lower --shots, or build more examples"
    )


def _subject(row: Mapping[str, str]) -> str:
    """Return what an example is about: its user, or itself where there is none."""
    return row["user"] or row["id"]


def _place(seed: int, example: str) -> str:
    return hashlib.md5(f"shots|{seed}|{example}".encode(), usedforsecurity=False).hexdigest()


def _digest(chosen: Mapping[str, Pools]) -> str:
    ids = {
        config: {name: [row["id"] for row in pool] for name, pool in pools.items()} for config, pools in chosen.items()
    }
    return hashlib.sha256(json.dumps(ids, sort_keys=True).encode()).hexdigest()[:16]
