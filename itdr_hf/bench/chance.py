"""Check a dataset of choices before any model is scored on it: `python -m itdr_hf.bench.chance instructrec/`.

Who ranks at random has to be right in one of as many cases as there are candidates, within the interval, and who knows
the answers always; both by generation, a text that is read, and by likelihood, scores of the candidates that go through
the same groups and the same order as those of a model. With `--scores`, the differences of `itdr score --against` have
to lie above nought for some cells. Exit code 1 where one of these is not so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.predict.likelihood import best_answer, has_candidates
from itdr_hf.models.predict.questions import COLUMNS, Question
from itdr_hf.models.recommenders.baselines import draw
from itdr_hf.records import Example
from itdr_hf.score.parsed import RawAnswer, read_answers, read_examples
from itdr_hf.score.scoring import score_system
from itdr_hf.tasks.answers import numbered, shuffled

METRIC = "H@1"
SEED = 0
Answerer = Callable[[Question, Example], str]


class Checked(NamedTuple):
    """One figure, what it had to be, and whether it is."""

    cell: str
    who: str
    value: float
    low: float
    high: float
    wanted: float

    @property
    def holds(self) -> bool:
        """Whether what was wanted lies within the interval; of what has to be perfect the figure itself counts."""
        return self.value == 1.0 if self.wanted == 1.0 else self.low <= self.wanted <= self.high

    def __str__(self) -> str:
        verdict = "as wanted" if self.holds else "WRONG"
        found = f"{METRIC} {self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.cell:24} {self.who:24} {found}, want {self.wanted:.3f}: {verdict}"


def checked(dataset: Dataset, split: str = "test") -> Iterator[Checked]:
    """Yield the figure of everybody who answers, for each cell whose answers are among its candidates."""
    for config in dataset.names:
        cell = dataset.cell(config)
        if not has_candidates(cell.task.id):
            continue
        examples = read_examples(dataset, config, split)
        questions = [_question(config, example) for example in examples]
        chance = sum(1 / len(example.candidates) for example in examples) / len(examples)
        for who, answer in WHO.items():
            said = [RawAnswer(answer(*pair), "stop") for pair in zip(questions, examples, strict=True)]
            score = score_system(who, [read_answers(cell, examples, said)])
            value = score.cells[config].figures[METRIC].interval.value
            wanted = 1.0 if who.startswith("oracle") else chance
            yield Checked(config, who, value, *wilson(value, len(examples)), wanted)


def wilson(share: float, cases: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of so many cases by Wilson's score: of none in thirty, too, it is not empty."""
    z = 1.96
    middle, spread = share + z * z / (2 * cases), z * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases**2))
    return (middle - spread) / (1 + z * z / cases), (middle + spread) / (1 + z * z / cases)


def beaten(scores: Path, cells: Sequence[str]) -> Iterator[str]:
    """Yield a line for each cell in which the scored system is not better than the other, beyond the interval."""
    found = {d["config"]: d for d in json.loads(scores.read_text())["differences"] if d["metric"] == METRIC}
    for cell in cells:
        low = found[cell]["low"] if cell in found else float("-inf")
        if not low > 0:
            yield f"{cell}: {METRIC} better by {low:.3f} at least; want more than 0; see {scores}"


def _question(config: str, example: Example) -> Question:
    return Question(config=config, **{name: getattr(example, name) for name in COLUMNS})


def _random_text(question: Question, example: Example) -> str:
    ranked = shuffled(question.candidates, draw(question, SEED))
    return ranked[0] if catalogue.task(question.subtask).answer == "choice" else numbered(ranked)


def _random_scores(question: Question, example: Example) -> str:
    return best_answer(question, lambda titles: [_number(question, title) for title in titles])


def _known_scores(question: Question, example: Example) -> str:
    return best_answer(question, lambda titles: [float(title in example.targets) for title in titles])


def _number(question: Question, title: str) -> float:
    digest = hashlib.md5(f"{SEED}|{question.id}|{title}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


WHO: dict[str, Answerer] = {
    "random by generation": _random_text,
    "random by likelihood": _random_scores,
    "oracle by generation": lambda question, example: example.output,
    "oracle by likelihood": _known_scores,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every figure and what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a dataset folder")
    parser.add_argument("--scores", type=Path, help="scores.json of `itdr score --against`")
    parser.add_argument("--better", action="append", default=[], help="a cell in which it has to be better")
    given = parser.parse_args(arguments)
    rows = list(checked(Dataset.open(given.folder)))
    worse = list(beaten(given.scores, given.better)) if given.scores else []
    print("\n".join([*map(str, rows), *worse]))
    return 0 if all(row.holds for row in rows) and not worse else 1


if __name__ == "__main__":
    raise SystemExit(main())
