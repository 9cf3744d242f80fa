"""Candidates ranked by likelihood: the prompt is computed once, and the scores are those of one pass for each."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from letters import system

from itdr_hf.errors import UsageError
from itdr_hf.models.predict.likelihood import brute_force, offering, tournament
from itdr_hf.models.predict.questions import Question
from itdr_hf.prompts import token_ids
from itdr_hf.tasks.answers import listed
from itdr_hf.tasks.reading import read_choice, read_ranking

TITLES = ["Halo", "Halo 3", "A", "The Legend of a Very Long Title, Part II", "Zelda: Ocarina", "Kart"]


PROMPT = [2 + n % 60 for n in range(150)]


@pytest.mark.parametrize("normalise", ["sum", "mean"])
@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_scores_on_a_shared_prompt_are_those_of_one_pass_for_each_candidate(kind, normalise):
    asked = system(kind, normalise)
    assert asked.scores(PROMPT, TITLES) == pytest.approx(list(brute_force(asked, PROMPT, TITLES)), abs=1e-4)


def test_a_single_one_token_candidate_is_scored_too():
    asked = system("llama")
    assert asked.scores(PROMPT, [""]) == pytest.approx(list(brute_force(asked, PROMPT, [""])), abs=1e-4)


def test_of_a_prompt_only_the_last_token_is_projected_onto_the_vocabulary():
    asked, seen = system("llama"), []
    asked.model.lm_head.register_forward_hook(lambda head, given, made: seen.append(tuple(made.shape[:2])))
    asked.scores(PROMPT, TITLES)
    assert seen[0] == (1, 1) and seen[1][0] == len(TITLES)


def test_how_scores_are_normalised_makes_another_system_and_another_choice_is_an_error():
    assert system("llama").run.settings == {"seed": 0, "by": "likelihood", "normalise": "sum"}
    assert system("llama", "mean").run != system("llama").run
    with pytest.raises(UsageError, match="normalise='first'; want one of sum, mean"):
        system("llama", "first")


@pytest.mark.parametrize(("task", "lines"), [("tkr", 6), ("nir", 1)])
def test_a_ranking_is_answered_by_a_list_and_a_choice_by_one_title(task, lines):
    question = Question(
        id="q", config=f"{task}-steam", subtask=task, source="steam", domain="", instruction="", input="", history=[],
        history_ratings=[], candidates=TITLES, target_names=[],
    )  # fmt: skip
    kept: list[str] = []
    system("llama").answer([question], lambda question, completion: kept.append(completion.text))
    (text,) = kept
    read = {"tkr": read_ranking, "nir": read_choice}[task](text, TITLES, [])
    assert len(text.split("\n")) == lines == len(read.values) and read.fault is None


def asking(candidates: list[str]) -> Question:
    return Question(
        id="q", config="nir-steam", subtask="nir", source="steam", domain="", instruction="", history=[],
        input=f"Which?\n{listed(candidates)}\nOne title.", history_ratings=[], candidates=candidates, target_names=[],
    )  # fmt: skip


def test_each_group_of_many_candidates_is_asked_in_a_prompt_that_offers_no_others():
    titles = [f"{name} {number}" for number in range(4) for name in TITLES]
    question, asked = asking(titles), system("llama")
    assert offering(question, titles[3:5]).input == f"Which?\n- {titles[3]}\n- {titles[4]}\nOne title."
    assert offering(asking(TITLES), TITLES[:1]) == asking(TITLES)

    def alone(group: Sequence[str]) -> list[float]:
        return asked.scores(token_ids(asked.tokenizer, asking(list(group))), group)

    kept: list[str] = []
    asked.answer([question], lambda question, completion: kept.append(completion.text))
    assert kept == [tournament(titles, alone)[0]]


def by_length(titles: Sequence[str]) -> list[float]:
    return [float(len(title)) for title in titles]


def test_equals_are_ranked_by_title_whatever_their_place():
    assert tournament(["b", "a", "ccc"], by_length) == tournament(["a", "ccc", "b"], by_length) == ["ccc", "a", "b"]


def test_a_hundred_candidates_meet_in_ten_groups_and_a_final():
    titles = ["x" * n for n in range(1, 101)]
    asked: list[int] = []

    def counted(group: Sequence[str]) -> list[float]:
        asked.append(len(group))
        return by_length(group)

    ranked = tournament(titles, counted)
    assert asked == [10] * 11
    assert len(set(ranked)) == 100 and len(ranked[0]) == 100
    assert [len(title) for title in ranked[:10]] == [100, 90, 80, 70, 60, 50, 40, 30, 20, 10]  # winners of the groups
