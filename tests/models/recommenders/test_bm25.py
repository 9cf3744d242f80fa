"""BM25 over the texts of items: by hand, and blind to the candidates of the prompt."""

from __future__ import annotations

from math import log
from types import SimpleNamespace
from typing import Any

import pytest

from itdr_hf.metrics.bm25 import Bm25
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.recommenders.bm25 import TextScorer, without_candidates

TEXTS = ["red kite sky", "red boat sea sea", "blue kite"]
CODES = {("", "Kite"): 0, ("", "Boat"): 1, ("", "Blue Kite"): 2}


def question(text: str, candidates: list[str]) -> Question:
    nothing: dict[str, Any] = {"history": [], "history_ratings": [], "target_names": []}
    named = {"id": "a", "config": "c", "subtask": "tkr", "source": "s", "domain": "", "instruction": ""}
    return Question(**named, **nothing, input=text, candidates=candidates)


@pytest.fixture
def scorer() -> TextScorer:
    items: Any = SimpleNamespace(texts=TEXTS)
    return TextScorer(log=items, codes=CODES, bm25=Bm25.over(TEXTS))


def test_scores_are_those_of_the_formula(scorer):
    found = scorer.scores([question("A boat on the sea, red", ["Boat", "Kite", "Blue Kite"])])[0]
    norm = 1.2 * (0.25 + 0.75 * 4 / 3)
    rare, common = log(1 + 2.5 / 1.5), log(1 + 1.5 / 2.5)
    boat = rare * 2.2 / (1 + norm) + rare * 2 * 2.2 / (2 + norm) + common * 2.2 / (1 + norm)
    assert found == pytest.approx([boat, common * 2.2 / (1 + 1.2), 0.0])


def test_the_candidates_listed_in_a_prompt_are_no_part_of_the_query(scorer):
    assert without_candidates(question("Liked Kite.\nWhich?\n- Boat\n- Kite", ["Boat", "Kite"])).split() == [
        "Liked", "Kite.", "Which?", "-", "-",
    ]  # fmt: skip
    assert scorer.scores([question("Which?\n- Boat\n- Kite", ["Boat", "Kite"])]) == [[0.0, 0.0]]


def test_a_candidate_that_the_log_does_not_have_is_known_by_its_title(scorer):
    assert scorer.scores([question("something blue", ["Blue Stranger", "Boat"])])[0][0] > 0
