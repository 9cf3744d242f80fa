"""Reading answers: whatever the titles hold the truth comes back, and whatever the text holds nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from itdr_hf import catalogue
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.answers import numbered, read_choice, read_named, read_number, read_ranking, read_text
from itdr_hf.tasks.itdr import family
from itdr_hf.tasks.title_matching import norm

settings.register_profile("patient", deadline=None)  # a loaded machine is no bug
settings.load_profile("patient")

PIECES = st.sampled_from(
    ["Heat", "heat", "1. ", "2. ", "10", ", ", '"', "'", "*", "- ", "(1995)", "[Drama]", "The", " ", ".", ": ", "é",
     "\u2028", "\x85", "…", "</think>", "<think>", "A", "Alien", "Aliens", "3", "\\n", "{x}", "\U0001f600"]
)  # fmt: skip
ANY_TEXT = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.just("\n"), st.text(max_size=3))).map("".join))


def _title(text: str) -> str:
    """A title as the tables hold it: one line, one blank between words."""
    return " ".join(text.replace("\u2028", "_").replace("\x85", "_").split())


TITLES = st.lists(
    st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=6).map("".join)).map(_title).filter(norm),
    min_size=1,
    max_size=8,
    unique_by=norm,
)
BROKEN = st.lists(
    st.lists(st.sampled_from(["a", "b", "A", "Heat", " ", "\n", "\n\n", "1", "-"]), min_size=1, max_size=5).map(
        "".join
    ),
    min_size=1,
    max_size=6,
    unique_by=norm,
)


@given(TITLES, st.data(), st.booleans())
def test_a_numbered_list_of_any_titles_is_read_back_in_its_order(titles, data, strict):
    order = data.draw(st.permutations(titles))
    assert read_ranking(numbered(order), titles, [], strict) == (tuple(order), None)


@given(BROKEN, st.data(), st.booleans())
def test_titles_with_line_breaks_are_read_back_in_their_order(titles, data, strict):
    assume(all(norm(title) for title in titles))
    order = data.draw(st.permutations(titles))
    assert read_ranking(numbered(order), titles, [], strict) == (tuple(order), None)


@given(TITLES, st.data(), st.booleans())
def test_any_single_title_is_read_back(titles, data, strict):
    chosen = data.draw(st.sampled_from(titles))
    assert read_choice(chosen, titles, [], strict) == ((chosen,), None)


@given(BROKEN, st.data(), st.booleans())
def test_a_single_title_with_line_breaks_is_read_back(titles, data, strict):
    chosen = data.draw(st.sampled_from(titles))
    assert read_choice(chosen, titles, [], strict) == ((chosen,), None)


@given(ANY_TEXT, TITLES, TITLES, st.booleans())
def test_no_text_whatever_raises_and_only_candidates_come_back_once_each(text, candidates, history, strict):
    ranked = read_ranking(text, candidates, history, strict)
    assert set(ranked.values) <= set(candidates) and len(set(ranked.values)) == len(ranked.values)
    assert ranked.fault or sorted(ranked.values) == sorted(candidates)
    chosen = read_choice(text, candidates, history, strict)
    assert set(chosen.values) <= set(candidates) and (len(chosen.values) == 1) is (chosen.fault is None)
    value = read_number(text, 1, 5, strict)
    assert value.fault or 1 <= float(value.values[0]) <= 5
    assert len(read_named(text, ["age", "home town"], strict).values) in (0, 2)
    read_text(text, strict)


@given(ANY_TEXT, TITLES)
def test_what_strict_accepts_lenient_reads_alike(text, candidates):
    for read in (read_ranking, read_choice):
        strict = read(text, candidates, [], True)
        if strict.fault is None:
            assert read(text, candidates, [], False) == strict


@given(st.dictionaries(st.sampled_from(["age", "gender", "home town"]), st.text(min_size=1).map(_title), min_size=1))
def test_named_values_are_read_back(facts):
    assume(all(facts.values()))
    text = "\n".join(f"{name}: {value}" for name, value in facts.items())
    assert read_named(text, list(facts), True) == (tuple(facts.values()), None)


FIVE = ["Alien", "Aliens", "Heat (1995)", "Love, Actually", "10, the movie"]


@pytest.mark.parametrize(
    ("text", "ranked", "fault"),
    [
        ("", [], "empty"),
        (" \n ", [], "empty"),
        (numbered(FIVE), FIVE, None),
        ("Sure! Here is the list:\n\n" + numbered(FIVE) + "\n\nEnjoy!", FIVE, None),
        ("\r\n".join(f"{n}) **{t}**" for n, t in enumerate(FIVE, 1)), FIVE, None),
        ("<think>Aliens first? No.</think>" + numbered(FIVE), FIVE, None),
        ("Love, Actually, Aliens, 10, the movie, Alien, Heat (1995)", [FIVE[k] for k in (3, 1, 4, 0, 2)], None),
        ('["Love, Actually", "Aliens", "Alien"]', ["Love, Actually", "Aliens", "Alien"], "too few"),
        ("1. Aliens [Action]\n2. Alien - it is older\n3. heat (1995)", ["Aliens", "Alien", "Heat (1995)"], "too few"),
        ("1. Alien\n2. Alien\n3. Aliens", ["Alien", "Aliens"], "duplicate"),
        ("1. Alien\n2. Alien 3\n3. Aliens", ["Alien", "Aliens"], "not a candidate"),
        ("1. Alien\n2. Aliens\n3. Heat (19", ["Alien", "Aliens"], "truncated"),
        ("1. Alien\n2. Aliens\n3.", ["Alien", "Aliens"], "truncated"),
        ("1. Jaws\n2. Tron", [], "copied history"),
        ("1. Alien\n2. jaws\n3. Aliens", ["Alien", "Aliens"], "copied history"),
        ("Nobody can know that.", [], "not a candidate"),
    ],
)  # fmt: skip
def test_a_ranking_is_read_with_goodwill_and_its_fault_is_named(text, ranked, fault):
    assert read_ranking(text, FIVE, ["Jaws", "Tron"], False) == (tuple(ranked), fault)


@pytest.mark.parametrize(
    ("text", "chosen", "fault"),
    [
        ("Aliens", "Aliens", None),
        ('"Love, Actually".', "Love, Actually", None),
        ("The user will most likely watch Aliens next.", "Aliens", None),
        ("Aliens\nbecause of Alien", "Aliens", None),
        ("Aliens [Action, Sci-Fi]", "Aliens", None),
        ("Either Alien or Heat (1995).", None, "several candidates"),
        ("Jaws", None, "copied history"),
        ("Love, Ac", None, "truncated"),
        ("Alien 3", "Alien", None),
        ("Inalienable", None, "not a candidate"),
    ],
)
def test_a_choice_is_read_with_goodwill_and_its_fault_is_named(text, chosen, fault):
    assert read_choice(text, FIVE, ["Jaws"], False) == (() if chosen is None else (chosen,), fault)


@pytest.mark.parametrize(
    ("text", "value", "fault"),
    [
        ("4", "4", None), ("4.0", "4", None), ("4,5", "4.5", None), ("4/5", "4", None), ("4 out of 5", "4", None),
        ("On a scale from 1 to 5 I would say 4.", "4", None), ("After 10 ratings, the rating is 3.5", "3.5", None),
        ("**4.5**", "4.5", None), ("Two of 7 liked it.\n4\n", "4", None), ("9", "9", "out of range"),
        ("-3", "-3", "out of range"), ("four", None, "not a number"), ("", None, "empty"),
    ],
)  # fmt: skip
def test_a_number_is_read_with_goodwill_and_its_fault_is_named(text, value, fault):
    assert read_number(text, 1, 5, False) == (() if value is None else (value,), fault)


def test_strict_wants_the_number_alone_and_the_title_alone():
    assert read_number("about 4", 1, 5, True).fault == "not a number"
    assert read_choice("Aliens, surely", FIVE, [], True).fault == "not a candidate"
    assert read_choice("Aliens\nsurely", FIVE, [], True).fault == "not a candidate"
    assert read_ranking("Here:\n" + numbered(FIVE), FIVE, [], True).fault == "not a candidate"


@pytest.mark.parametrize(
    ("text", "values", "fault"),
    [
        ("Age: 25\nHome town: Washington, D.C.", ["25", "Washington, D.C."], None),
        ("- **Age**: 25\n- **Home town**: `Rome`.", ["25", "Rome"], None),
        ("age: 25; home town: Rome", ["25", "Rome"], None),
        ("Sure: here it is\nhome town: Rome.", ["", "Rome"], "missing attribute"),
        ("I do not know", ["", ""], "missing attribute"),
        ("", [], "empty"),
    ],
)
def test_named_values_are_read_with_goodwill_and_their_fault_is_named(text, values, fault):
    answer = read_named(text, ["age", "home town"], False)
    assert (list(answer.values), answer.fault) == (values, fault)


def test_norm_is_that_of_titles():
    assert answers.norm is norm


@pytest.mark.parametrize("subtask", catalogue.family().task_ids)
@given(text=ANY_TEXT, strict=st.booleans())
def test_no_subtask_raises_on_any_text(subtask, text, strict):
    source = next(iter(family.GRID[subtask]))
    example = Example(
        id="x", subtask=subtask, source=source, domain="", instruction="", input="", output="", history=["Jaws"],
        history_ratings=[3.0], candidates=FIVE, targets=["3"], target_names=["age"], user="", template="default",
        reference_by="data",
    )  # fmt: skip
    answer = catalogue.cell(f"{example.subtask}-{example.source}").parse(text, example, strict=strict)
    assert answer.fault is None or isinstance(answer.fault, str)
