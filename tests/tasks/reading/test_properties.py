"""Whatever the titles hold the truth comes back, and whatever the text holds nothing raises or is invented."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itdr_hf.tasks import reading
from itdr_hf.tasks.reading import (
    AskedAttribute,
    Fault,
    read_attributes,
    read_choice,
    read_number,
    read_ranking,
    read_text,
    read_yes_no,
    remove_thoughts,
)
from itdr_hf.tasks.reading.folds import bare, norm

settings.register_profile("patient", deadline=None, max_examples=60)  # a loaded machine is no bug
settings.load_profile("patient")

PIECES = st.sampled_from(
    ["Heat", "heat", "1. ", "2. ", "10", ", ", '"', "'", "*", "- ", "(1995)", "[Drama]", "The", " ", ".", ": ", "é",
     "\u2028", "\x85", "…", "</think>", "<think>", "A", "Alien", "Aliens", "3", "\\n", "{x}", "|", "#", "\U0001f600"]
)  # fmt: skip
ANY_TEXT = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.just("\n"), st.text(max_size=3))).map("".join))


def _title(text):
    """A title as the tables hold it: one line, one blank between words."""
    return " ".join(text.replace("\u2028", "_").replace("\x85", "_").split())


TITLES = st.lists(
    st.one_of(st.text(max_size=12), st.lists(PIECES, max_size=6).map("".join)).map(_title).filter(norm),
    min_size=1,
    max_size=8,
    unique_by=norm,
)
WORDS = st.lists(st.sampled_from(["Silver", "River", "Stone", "Night", "Garden", "Bridge", "Winter", "Letter", "Ocean", "Harbour"]), min_size=2, max_size=3, unique=True)  # fmt: skip
PLAIN = st.lists(WORDS.map(" ".join), min_size=2, max_size=8, unique_by=lambda title: frozenset(title.split()))
WRAPPINGS = (
    "{}", "\n{}\n\n", "<think>Hm.</think>\n{}", "Hm.</think>{}", "```\n{}\n```", "{}</s>", "{}<|im_end|>\n", "\ufeff{}", "**{}**",
    "<answer>{}</answer>", "Final answer:\n{}", "## Final answer\n\n{}", "#### {}", "[THINK]Hm.[/THINK]\n{}", "### Response:\n{}",
)  # fmt: skip
BROKEN = st.lists(
    st.lists(st.sampled_from(["a", "b", "A", "Heat", " ", "\n", "\n\n", "1", "-"]), min_size=1, max_size=5)
    .map("".join)
    .filter(norm),
    min_size=1,
    max_size=6,
    unique_by=norm,
)
USER = [AskedAttribute("age", (), (5, 100)), AskedAttribute("gender", ("male", "female")), AskedAttribute("home town")]


@given(st.one_of(TITLES, BROKEN), st.data(), st.booleans())
def test_a_numbered_list_of_any_titles_is_read_back_in_its_order(titles, data, strict):
    order = data.draw(st.permutations(titles))
    text = "\n".join(f"{n}. {title}" for n, title in enumerate(order, 1))
    assert read_ranking(text, titles, strict=strict) == (tuple(order), None)


@given(st.one_of(TITLES, BROKEN), st.data(), st.booleans())
def test_any_single_title_is_read_back(titles, data, strict):
    title = data.draw(st.sampled_from(titles))
    assert read_choice(title, titles, strict=strict) == ((title,), None)


@given(
    PLAIN,
    st.data(),
    st.sampled_from(WRAPPINGS),
    st.sampled_from(["{}. {}", "{}) {}", "{}. **{}**", '{}. "{}"', "#{} {}"]),
)
def test_a_ranking_in_any_known_wrapping_is_read_right(titles, data, wrapping, form):
    order = data.draw(st.permutations(titles))
    text = wrapping.format("\n".join(form.format(n, title) for n, title in enumerate(order, 1)))
    assert read_ranking(text, titles) == (tuple(order), None)


@given(PLAIN, st.data(), st.sampled_from(WRAPPINGS))
def test_a_choice_in_any_known_wrapping_is_read_right(titles, data, wrapping):
    title = data.draw(st.sampled_from(titles))
    assert read_choice(wrapping.format(title), titles) == ((title,), None)


@given(
    st.integers(1, 10).map(lambda n: n / 2),
    st.sampled_from(WRAPPINGS),
    st.sampled_from(["{}", "Rating: {}", "{}/5", "I predict {}."]),
)
def test_a_number_in_any_known_wrapping_is_read_right(number, wrapping, form):
    answer = read_number(wrapping.format(form.format(number)), 0.5, 5)
    assert (float(answer.values[0]), answer.fault) == (number, None)


@given(st.integers(5, 100), st.sampled_from(["male", "female"]), WORDS.map(" ".join), st.sampled_from(WRAPPINGS[:-4]),
       st.sampled_from(["{}: {}", "**{}:** {}", "- {}: {}", "{} = {}", '"{}": "{}",', "Predicted {}: {}", "### {}\n{}"]))  # fmt: skip
def test_attributes_in_any_known_wrapping_are_read_right(age, gender, town, wrapping, form):
    values = (str(age), gender, town)
    text = "\n".join(form.format(one.name, value) for one, value in zip(USER, values, strict=True))
    assert read_attributes(wrapping.format(text), USER) == (values, None)


@given(ANY_TEXT, TITLES, TITLES, st.booleans())
def test_no_text_whatever_raises_and_nothing_is_read_that_was_not_asked_for(text, candidates, history, strict):
    ranked = read_ranking(text, candidates, history, strict=strict)
    named = [value for value in ranked.values if value]
    assert set(named) <= set(candidates) and len(set(named)) == len(named)
    assert ranked.fault or sorted(ranked.values) == sorted(candidates)
    chosen = read_choice(text, candidates, history, strict=strict)
    assert set(chosen.values) <= set(candidates) and (len(chosen.values) == 1) is (chosen.fault is None)
    number = read_number(text, 1, 5, titles=history, strict=strict)
    assert (not number.values and number.fault) or 1 <= float(number.values[0]) <= 5
    assert len(read_attributes(text, USER, strict=strict).values) in (0, 3)
    assert read_text(text, strict=strict).values or read_text(text, strict=strict).fault
    assert read_yes_no(text, strict=strict).values in ((), ("yes",), ("no",))


@given(ANY_TEXT, TITLES)
def test_what_strict_accepts_lenient_reads_alike(text, candidates):
    for read in (
        lambda strict: read_ranking(text, candidates, strict=strict),
        lambda strict: read_choice(text, candidates, strict=strict),
        lambda strict: read_number(text, 1, 5, strict=strict),
        lambda strict: read_yes_no(text, strict=strict),
    ):
        if read(True).fault is None:
            assert read(True) == read(False)


@given(ANY_TEXT)
def test_every_fault_has_its_name(text):
    for answer in (
        read_ranking(text, ["A", "Heat"]),
        read_number(text, 1, 5),
        read_attributes(text, USER),
        read_yes_no(text),
    ):
        assert answer.fault is None or answer.fault in set(Fault)


@given(ANY_TEXT, ANY_TEXT)
def test_an_unfinished_thought_is_no_answer(before, thought):
    text = f"{before}<think>{thought.replace('>', '').replace(']', '').replace('▷', '').replace('assistantfinal', '')}"
    if "&" not in text and "＞" not in text:
        assert remove_thoughts(text).finished is False


@pytest.mark.parametrize("name", [name for name in reading.__all__ if name.startswith("read_")])
def test_no_reading_sees_the_truth(name):
    assert not {"target", "targets", "truth", "output", "example"} & set(
        inspect.signature(getattr(reading, name)).parameters
    )


@given(TITLES, st.data())
def test_a_reading_is_the_same_whichever_candidate_stands_first(titles, data):
    """Only the prompt's numbers depend on the order of the candidates."""
    title = data.draw(st.sampled_from(titles))
    order = data.draw(st.permutations(titles))
    if not any(part.isdigit() for part in bare(title)):
        text = f"The answer is: {title}"
        assert read_choice(text, titles) == read_choice(text, order)
