"""An oracle that answers rightly in each of sixty styles reads 1.000 in every kind; an adversary never reads right."""

from __future__ import annotations

import pytest
from tasks.reading.styles import STYLES, Said

from itdr_hf.tasks.reading import (
    AskedAttribute,
    read_attributes,
    read_choice,
    read_number,
    read_ranking,
    read_text,
    read_yes_no,
)

MOVIES = [
    "12 Angry Men (1957)",
    "Ocean's Eleven (2001)",
    "Love, Actually (2003)",
    "Star Wars: Episode IV - A New Hope (1977)",
    "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
    "WALL·E (2008)",
]
PLAIN = ["Alien", "Aliens", "10, the movie", "Heat", "The Who", "Wait... What?"]
ASKED = [
    AskedAttribute("age group", ("under 18", "18-24", "25-34", "56 or over")),
    AskedAttribute("gender", ("male", "female")),
    AskedAttribute("birth year", (), (1900, 2020)),
    AskedAttribute("location"),
]
PROSE = ("They like slow films with good music; loud comedies leave them cold.", "A fan of sport and of nothing else.")


def numbered(titles):
    return "\n".join(f"{n}. {title}" for n, title in enumerate(titles, 1))


def named(values):
    return "\n".join(f"{one.name}: {value}" for one, value in zip(ASKED, values, strict=True))


def said(kind, items, other, *, candidates=()):
    names = [one.name for one in ASKED] if kind == "attributes" else []
    write = {"ranking": numbered, "attributes": named}.get(kind, lambda values: values[0])
    return Said(kind=kind, asked=write(items), items=items, names=names, other=write(other), candidates=candidates)


def readings():
    """Kind, right items, wrong items, and how an answer is read."""
    for titles in (MOVIES, PLAIN):
        right, wrong = [titles[k] for k in (3, 0, 5, 1, 4, 2)], titles
        yield "ranking", right, wrong, lambda text, c=titles: read_ranking(text, c, ["Jaws (1975)"]).values
        for k in range(len(titles)):
            yield (
                "choice",
                [titles[k]],
                [titles[k - 1]],
                lambda text, c=titles: read_choice(text, c, ["Jaws (1975)"]).values,
            )
    for right, wrong in (("4.5", "3"), ("4", "5"), ("0.5", "1.0")):
        yield (
            "number",
            [right],
            [wrong],
            lambda text: tuple(map(float, read_number(text, 0.5, 5, titles=MOVIES).values)),
        )
    facts = (["25-34", "female", "1985", "Portland, Oregon"], ["18-24", "male", "1990", "Rome"])
    yield "attributes", *facts, lambda text: read_attributes(text, ASKED).values
    yield "attributes", *facts[::-1], lambda text: read_attributes(text, ASKED).values
    yield "yes-no", ["yes"], ["no"], lambda text: read_yes_no(text).values
    yield "yes-no", ["no"], ["yes"], lambda text: read_yes_no(text).values
    yield "text", [PROSE[0]], [PROSE[1]], lambda text: read_text(text).values


CASES = list(readings())


def expected(kind, items):
    return tuple(map(float, items)) if kind == "number" else tuple(items)


def test_there_are_sixty_styles():
    assert len(STYLES) == 60


@pytest.mark.parametrize("style", STYLES)
def test_an_oracle_reads_right_in_every_kind_of_answer(style):
    for kind, right, wrong, read in CASES:
        text = STYLES[style](said(kind, right, wrong))
        assert read(text) == expected(kind, right), (kind, text)


@pytest.mark.parametrize("style", STYLES)
def test_an_adversary_never_reads_right_in_any_kind_of_answer(style):
    for kind, right, wrong, read in CASES:
        text = STYLES[style](said(kind, wrong, right))
        assert read(text) != expected(kind, right), (kind, text)
