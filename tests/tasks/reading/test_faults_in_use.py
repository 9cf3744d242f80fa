"""Faults found in use: what is right for each."""

from __future__ import annotations

import math

import pytest

from itdr_hf.errors import UsageError
from itdr_hf.metrics.ranking import relevance
from itdr_hf.tasks.reading import (
    AskedAttribute,
    Fault,
    fold_label,
    read_attributes,
    read_choice,
    read_number,
    read_ranking,
    reader_signature,
    shown_candidates,
)

TEN = [
    f"{name} ({1990 + k})"
    for k, name in enumerate(["Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine"])
]


def n_at_10(hits, positives):
    ideal = sum(1 / math.log2(place + 2) for place in range(min(positives, 10)))
    return sum(1 / math.log2(place + 2) for place, hit in enumerate(hits[:10]) if hit) / ideal


def test_five_invented_titles_before_the_five_positives_score_half():
    lines = [f"Nowhere {k} (2000)" for k in range(5)] + TEN[:5]
    answer = read_ranking("\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1)), TEN)
    hits = relevance(answer.values, TEN[:5], TEN)
    assert answer.fault == Fault.NOT_A_CANDIDATE
    assert hits[:5] == [False] * 5
    assert round(n_at_10(hits, 5), 3) == 0.541


def test_a_repeated_title_keeps_its_rank_and_is_a_miss():
    assert relevance(["a", "a", "b"], {"a", "b"}) == [True, False, True]
    assert relevance(["x", "", "a"], {"a", ""}, {"a", "b"}) == [False, False, True]
    assert relevance([], {"a"}) == []


def test_the_line_as_shown_is_strictly_a_title():
    shown = [f"{title} [Tree]" for title in TEN]
    text = "\n".join(f"{n}. {line}" for n, line in enumerate(shown, 1))
    assert read_ranking(text, TEN, shown=shown, strict=True) == (tuple(TEN), None)
    assert read_choice(shown[3], TEN, shown=shown, strict=True) == ((TEN[3],), None)
    assert read_choice("1. " + shown[3], TEN, shown=shown, strict=True).fault == Fault.NOT_A_CANDIDATE


def test_candidates_are_found_as_the_prompt_shows_them():
    prompt = "Seen:\n1. Ash (1990) [Old]\nWhich next?\n- Birch (1991) [Tree]\n- Ash (1990)\nAnswer with the title."
    assert shown_candidates(prompt, ["Birch (1991)", "Ash (1990)", "Yew (1)"]) == [
        "Birch (1991) [Tree]",
        "Ash (1990)",
        "Yew (1)",
    ]


@pytest.mark.parametrize(
    "said", ["Ocean’s Eleven (2001)", "Ocean&#39;s Eleven (2001)", "Oceans Eleven", "OCEAN'S ELEVEN (2001)"]
)
def test_typography_is_no_difference(said):
    assert read_choice(said, ["Ocean's Eleven (2001)", "Heat (1995)"]).values == ("Ocean's Eleven (2001)",)


@pytest.mark.parametrize(
    ("title", "said"),
    [*(("Catch-22 (1970)", f"Catch{dash}22 (1970)") for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"),
     ("Pokémon Live (1999)", "Pok\u0065\u0301mon Live (1999)"), ("Punch & Judy (1990)", "Punch &amp; Judy (1990)"),
     ("And then… Silence (2000)", "And then... Silence (2000)"), ("And then... Silence (2000)", "And then… Silence (2000)"),
     ("Don't Look (1973)", "Don\u2019t Look (1973)"), ('The "Best" (1980)', "The “Best” (1980)")],
)  # fmt: skip
def test_a_title_in_other_characters_is_the_candidate_that_it_looks_like(title, said):
    assert read_choice(said, [title, "Heat (1995)"]) == ((title,), None)
    assert read_ranking(f"1. Heat (1995)\n2. {said}", [title, "Heat (1995)"]).values == ("Heat (1995)", title)


def test_a_title_cut_within_its_year_is_the_one_that_begins_so_unless_the_list_breaks_off_there():
    titles = ["Heat (1995)", "Alien (1979–1986)", "Tron (1982)"]
    assert read_ranking("1. Alien (197\n2. Heat (1995)\n3. Tron (19", titles) == (
        (titles[1], titles[0], titles[2]),
        None,
    )
    assert read_ranking("1. Tron (1982)\n2. Heat (19", titles) == (("Tron (1982)", ""), Fault.TRUNCATED)
    assert read_choice("Alien (1979–19", titles) == (("Alien (1979–1986)",), None)
    assert read_choice("Alien (19", ["Alien (1979)", "Alien (2003)"]).values == ()


def test_a_title_without_its_year_that_two_candidates_have_is_neither():
    answer = read_choice("Heat", ["Heat (1986)", "Heat (1995)"])
    assert answer == ((), Fault.SEVERAL_CANDIDATES)
    assert read_ranking("1. Heat\n2. Fargo", ["Heat (1986)", "Heat (1995)", "Fargo (1996)"]).values == (
        "",
        "Fargo (1996)",
    )


def test_a_title_of_the_history_is_not_taken_for_a_candidate_with_its_first_words():
    answer = read_ranking(
        "1. Alien (1979)\n2. Heat (1995)", ["Alien: Covenant (2017)", "Heat (1995)"], ["Alien (1979)"]
    )
    assert answer == (("", "Heat (1995)"), Fault.COPIED_HISTORY)


def test_moved_articles_and_subtitles_fit_the_one_candidate_that_has_them():
    candidates = ["Matrix, The (1999)", "Star Wars: Episode IV - A New Hope (1977)", "Heat (1995)"]
    assert read_ranking("1. The Matrix\n2. Star Wars\n3. Heat", candidates) == (tuple(candidates), None)


@pytest.mark.parametrize(
    ("text", "value"), [("1850", "1900"), ("2100", "2020"), ("1987", "1987"), ("about 1987", "1987")]
)
def test_a_number_off_a_fixed_scale_is_clipped_to_its_nearer_end(text, value):
    answer = read_number(text, 1900, 2020)
    assert answer.values == (value,)
    assert answer.fault == (None if value == "1987" else Fault.OUT_OF_RANGE)


@pytest.mark.parametrize(
    ("one", "other"),
    [("M", "male"), ("woman", "F"), ("USA", "United States"), ("UK", "United Kingdom"), ("25 to 34", "25-34"), ("25–34", "25-34"),
     ("56+", "56 or over"), ("<18", "under 18"), ("K12 student", "K-12 student"), ("Korea, Republic of", "South Korea"),
     ("Self employed", "self-employed"), ("The Netherlands", "Holland"), ("Türkiye", "Turkey"), ("Côte d'Ivoire", "Ivory Coast")],
)  # fmt: skip
def test_variants_of_a_label_fold_alike_whichever_side_writes_them(one, other):
    assert fold_label(one) == fold_label(other)
    for said, label in ((one, other), (other, one)):
        assert read_attributes(f"x: {said}", [AskedAttribute("x", (label, "nowhere"))]) == ((label,), None)


def test_different_labels_do_not_fold_alike():
    labels = ["male", "female", "25-34", "35-44", "under 18", "18-24", "Niger", "Nigeria", "Guinea", "Guinea-Bissau", "North Korea", "South Korea", "K-12 student", "college/grad student"]  # fmt: skip
    assert len({fold_label(label) for label in labels}) == len(labels)


def test_strict_wants_the_form_that_was_asked_for():
    assert read_number("about 4", 1, 5, strict=True).fault == Fault.NOT_A_NUMBER
    assert read_number("<think>3</think>4", 1, 5, strict=True) == (("4",), None)
    asked = [AskedAttribute("age", (), (5, 100)), AskedAttribute("gender", ("male", "female"))]
    assert read_attributes("age: 25\ngender: male", asked, strict=True) == (("25", "male"), None)
    assert read_attributes("age: 25\ngender: M", asked, strict=True).fault == Fault.NOT_A_LABEL
    assert read_attributes("**age:** 25\ngender: male", asked, strict=True).fault == Fault.MISSING_ATTRIBUTE


def test_every_step_stands_in_the_signature():
    assert "unknown:miss-in-place" in reader_signature("ranking")
    assert reader_signature("number").startswith("reader:3|thoughts:removed|")
    with pytest.raises(UsageError, match="no kind of answer 'list'"):
        reader_signature("list")


def test_titles_with_words_that_announce_an_answer_announce_none():
    titles = ["The Last Verdict of Juniper (2002)", "Final Order (1999)", "My Answer", "Heat (1995)"]
    for order in (titles, titles[::-1]):
        assert read_ranking("\n".join(order), titles) == (tuple(order), None)
        assert read_ranking("\n".join(f"**{title}**" for title in order), titles) == (tuple(order), None)
    text = "My ranking:\n" + "\n".join(titles)
    assert read_ranking(text, titles) == (tuple(titles), None)


@pytest.mark.parametrize(
    "first", ["1. First of the List (1966)", "- (1998)", "A. I. Love (2001)", "First. Of All (1990)"]
)
def test_a_title_that_begins_like_a_mark_is_one_of_a_plain_list_and_of_a_numbered_one(first):
    titles = ["Heat (1995)", first, "Alien (1979)", "Tron (1982)"]
    assert read_ranking("\n".join(titles), titles) == (tuple(titles), None)
    assert read_ranking("\n".join(f"{n}. {title}" for n, title in enumerate(titles, 1)), titles) == (
        tuple(titles),
        None,
    )


def test_a_list_that_numbers_its_lines_is_numbered_though_a_title_begins_with_its_number():
    titles = ["1. First of the List (1966)", "Heat (1995)", "Alien (1979)"]
    text = "Here it is:\n1. First of the List (1966)\n2. Alien (1979)\n3. Heat (1995)"
    assert read_ranking(text, titles) == ((titles[0], titles[2], titles[1]), None)


def test_a_title_that_begins_like_markup_keeps_its_label_in_the_prompt():
    prompt = "Candidates:\n1. *batteries not included [Film]\n2. _why? [Book]\nRank them."
    shown = ["*batteries not included [Film]", "_why? [Book]"]
    assert shown_candidates(prompt, ["*batteries not included", "_why?"]) == shown
