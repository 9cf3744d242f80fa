"""Answers as models write them, each with the reading it should get."""

from __future__ import annotations

import pytest
from tasks.reading import corpus_choices as choices
from tasks.reading import corpus_rankings as rankings
from tasks.reading.corpus_attributes import AGES, ATTRIBUTES, FACTS, JOBS
from tasks.reading.corpus_choices import CHOICES
from tasks.reading.corpus_numbers import NUMBERS, TITLES
from tasks.reading.corpus_rankings import RANKINGS
from tasks.reading.corpus_words import TEXTS, YES_NO

from itdr_hf.tasks.reading import (
    AskedAttribute,
    read_attributes,
    read_choice,
    read_number,
    read_ranking,
    read_text,
    read_yes_no,
)

USER = [
    AskedAttribute("age group", AGES),
    AskedAttribute("gender", ("male", "female")),
    AskedAttribute("occupation", JOBS),
]
PERSON = [AskedAttribute("birth year", (), (1900, 2020)), AskedAttribute("country")]


def test_the_corpus_holds_more_than_four_hundred_answers():
    assert sum(map(len, (RANKINGS, CHOICES, NUMBERS, ATTRIBUTES, FACTS, YES_NO, TEXTS))) >= 400


@pytest.mark.parametrize(("text", "places", "fault"), RANKINGS)
def test_a_ranking_is_read_right(text, places, fault):
    values = tuple("" if place == "-" else rankings.CANDIDATES[int(place) - 1] for place in places)
    assert read_ranking(text, rankings.CANDIDATES, rankings.HISTORY, shown=rankings.SHOWN) == (values, fault)


@pytest.mark.parametrize(("text", "place", "fault"), CHOICES)
def test_a_choice_is_read_right(text, place, fault):
    values = (choices.CANDIDATES[place - 1],) if place else ()
    assert read_choice(text, choices.CANDIDATES, choices.HISTORY, shown=choices.SHOWN) == (values, fault)


@pytest.mark.parametrize(("text", "number", "fault"), NUMBERS)
def test_a_number_is_read_right(text, number, fault):
    answer = read_number(text, 0.5, 5, titles=TITLES)
    assert ([float(value) for value in answer.values], answer.fault) == ([] if number is None else [number], fault)


@pytest.mark.parametrize(("text", "values", "fault"), ATTRIBUTES)
def test_attributes_are_read_right(text, values, fault):
    assert read_attributes(text, USER) == (values, fault)


@pytest.mark.parametrize(("text", "values", "fault"), FACTS)
def test_numeric_and_open_attributes_are_read_right(text, values, fault):
    assert read_attributes(text, PERSON) == (values, fault)


@pytest.mark.parametrize(("text", "word", "fault"), YES_NO)
def test_yes_and_no_are_read_right(text, word, fault):
    assert read_yes_no(text) == (() if word is None else (word,), fault)


@pytest.mark.parametrize(("text", "said", "fault"), TEXTS)
def test_a_text_is_read_right(text, said, fault):
    assert read_text(text) == (() if said is None else (said,), fault)
