"""The extractive writer: short, varied, natural, and nothing in it that the example does not say."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from itdr_hf import catalogue
from itdr_hf.raw.source import Attribute, Source
from itdr_hf.runtime.text import sentences
from itdr_hf.tasks.itdr import _audience, _interests
from itdr_hf.tasks.itdr._extractive import Opinion, Review, interests, target_users
from itdr_hf.tasks.itdr._prose import BLAME, PRAISE, closed, quoted, telling

MOVIES = catalogue.source("movielens32m")
GAMES = catalogue.source("steam")
GENRES, TAGS = Attribute(name="genres", column="genres"), Attribute(name="tags", column="tags")
MAKER = Attribute(name="developer", column="d")
PLOT = Attribute(name="description", column="description", kind="text")

LIKES = (
    Opinion(
        "Harbour of Kites", "Adventure, Indie", 31.5, "I loved the wind. The ending is a beautiful surprise for all."
    ),
    Opinion("The Last Tram", "Adventure", 12.0, "Moving."),
    Opinion("Kelp Farm", "Simulation", 11.0, "Calm days, good soil and a great tune to plant by."),
)
DISLIKES = (
    Opinion("Ashen Circuit", "Racing", 0.4, "It crashes at the start. A waste of a whole evening for me."),
    Opinion("Deep Cellar", "Horror, Indie", 1.0, "Boring corridors."),
    Opinion("Teapot Tactics", None, 1.9, ""),
)
WORDS = re.compile(r"[\w'-]+")


def counted(text: str) -> int:
    return len(text.split())


def test_likes_dislikes_and_their_reasons_are_told_in_two_to_four_sentences_of_40_to_110_words():
    text = interests(LIKES, DISLIKES, GAMES)
    assert 40 <= counted(text) <= 110
    assert all(f"“{opinion.title}”" in text for opinion in (*LIKES, *DISLIKES))
    assert "were played for more than ten hours" in text
    assert "were put down within two hours" in text
    assert "“Calm days, good soil and a great tune to plant by”" in text
    assert "“A waste of a whole evening for me”" in text


def test_kinds_of_most_likes_are_named_and_those_of_the_dislikes_are_not_among_them():
    text = interests(LIKES, DISLIKES, GAMES)
    assert "Adventure and Simulation" in text
    assert "Racing and Horror" in text


def test_kinds_on_both_sides_are_said_to_be_so():
    told = [opinion._replace(review="") for opinion in (*LIKES, *DISLIKES)]
    assert "Indie" in interests(told[:3], told[3:], GAMES)


def test_the_highest_rated_is_named_where_ratings_are_shown():
    rated = [Opinion("Naruto", "Action", 9), Opinion("Mushishi", "Slice of Life", 10), Opinion("Bleach", "Action", 8)]
    text = interests(rated, [Opinion("School Days", "Drama", 2)], catalogue.source("anime2023"))
    assert re.search(r"“Mushishi”[^.]*\b10\b", text) or re.search(r"\b10\b[^.]*“Mushishi”", text)


@pytest.mark.parametrize(("likes", "dislikes"), [(LIKES, ()), ((), DISLIKES), (LIKES[:1], DISLIKES[:1]), ((), ())])
def test_one_sided_and_empty_facts_still_read_well(likes, dislikes):
    text = interests(likes, dislikes, GAMES)
    assert text.endswith((".", "”", "!", "?"))
    assert text[0].isupper() or text[0] == "“"
    assert not re.search(r" ,|\s\s|“”|\(\)|: *\.|\bNone\b|[{}]", text)
    assert ("were" in text) == (max(len(likes), len(dislikes)) > 1)


def test_without_labels_and_reviews_it_still_has_forty_words():
    plain = [Opinion(title) for title in ("Heat", "Alien", "Big")]
    text = interests(plain, [Opinion(title) for title in ("Jaws", "Up", "Saw")], MOVIES)
    assert counted(text) >= 40
    assert "“Heat”, “Alien” and “Big” were liked" in text or "“Heat”, “Alien” and “Big”" in text


def test_a_movie_with_nothing_but_genres_reads_well():
    text = target_users("The American President (1995)", [(GENRES, "Comedy, Drama, Romance")], [], MOVIES)
    assert 40 <= counted(text) <= 110
    assert "“The American President (1995)”" in text
    assert "Comedy, Drama and Romance" in text
    assert "1990s" in text


def test_an_item_of_which_nothing_is_known_still_has_an_audience():
    text = target_users("Untold", [], [], MOVIES)
    assert counted(text) >= 35
    assert not re.search(r"  |“”|\( *\)|[{}]", text)


def test_praise_and_blame_are_told_apart_by_rating():
    reviews = [
        Review("A wonderful film for a rainy evening.", 5.0),
        Review("The sound is terrible in the second half.", 1.0),
    ]
    text = target_users("Fog", [(GENRES, "Drama")], reviews, MOVIES)
    praise, blame = text.index("“A wonderful film"), text.index("“The sound is terrible")
    assert any(text[:praise].rstrip().endswith(v.split("{quote}")[0].rstrip()[-20:]) for v in _audience.PRAISED)
    assert any(text[:blame].rstrip().endswith(v.split("{quote}")[0].rstrip()[-20:]) for v in _audience.BLAMED)


@pytest.mark.parametrize(
    "said, variants",
    [
        ("It is a great game about fog and ships.", _audience.PRAISED),
        ("It is not a great game, fog or no fog.", _audience.BLAMED),
        ("It is a game about fog and ships.", _audience.SAID),
    ],
)
def test_hours_are_no_judgement_so_the_words_of_a_game_review_tell_which_side_it_is_on(said, variants):
    text = target_users("Fog", [(GENRES, "Indie")], [Review(said, 99.0)], GAMES)
    assert any(text.count(v.split("{quote}")[0]) for v in variants)


def test_dispraise_alone_recommends_nothing_to_anybody():
    reviews = [Review("Avoid it, the controls are terrible."), Review("A boring waste of time, sadly enough.")]
    text = target_users("Fog", [(GENRES, "Indie")], reviews, GAMES)
    quoting = [v.split("{quote}")[0] for v in (*_audience.PRAISED, *_audience.SAID)]
    assert not any(v in text for v in quoting) and any(v.split("{quote}")[0] in text for v in _audience.BLAMED)


def test_a_stop_of_a_company_ends_no_sentence_and_stands_once():
    text = target_users("Fog", [(GENRES, "Indie"), (MAKER, "Ships & Co.")], [], GAMES)
    assert "Co.." not in text
    assert sentences("Sold by Ships & Co. of Hull. It is good.") == ["Sold by Ships & Co. of Hull.", "It is good."]
    assert sentences("U.S. Sen. Roe won on Nov. 8. Well.") == ["U.S. Sen. Roe won on Nov. 8.", "Well."]


def test_the_first_whole_sentence_of_a_description_is_quoted():
    text = target_users("Fog", [(PLOT, "Wow! A keeper loses her lighthouse to the tide. More follows.")], [], MOVIES)
    assert "“A keeper loses her lighthouse to the tide”" in text


def test_a_kind_contained_in_another_is_not_named_twice():
    facts = [(Attribute(name="category", column="c"), "news"), (Attribute(name="topic", column="t"), "US news")]
    text = target_users("Ducks stop the traffic", facts, [], catalogue.source("mind"))
    assert "news and US news" not in text
    assert "US news" in text


def test_what_a_heading_says_is_no_part_of_a_kind():
    facts = [(Attribute(name="category", column="c"), "sports"), (Attribute(name="topic", column="t"), "more sports")]
    text = target_users("Ducks win", facts, [], catalogue.source("mind"))
    assert "sports" in text and "more sports" not in text


def test_nobody_is_said_to_look_for_what_a_tag_finds_fault_with():
    facts = [(GENRES, "Action, Drama"), (TAGS, "bad plot, plot holes, robots, way too long")]
    text = target_users("The Last Engine", facts, [], MOVIES)
    assert "robots" in text
    assert not re.search("bad plot|holes|too long", text)


def test_movies_are_childrens_and_never_of_a_liking_for_children():
    text = target_users("The Kite (1999)", [(GENRES, "Adventure, Children")], [], MOVIES)
    assert "Adventure and Children's movies" in text and not re.search(
        "some Children|with Children|and Children[^']", text
    )


def test_two_makers_are_joined_by_and_but_a_firm_is_one():
    assert "by Pier and Arms" in target_users("Fog", [(MAKER, "Pier, Arms")], [], GAMES)
    assert "Making Fun, Inc" in target_users("Fog", [(MAKER, "Making Fun, Inc.")], [], GAMES)


def test_views_in_the_millions_are_told_and_fewer_are_not():
    views = Attribute(name="views", column="views", kind="number")
    videos = catalogue.source("microlens")
    assert "1,301,143 views" in target_users("goats", [(TAGS, "animals"), (views, "1301143")], [], videos)
    assert "9,100" not in target_users("goats", [(TAGS, "animals"), (views, "9100")], [], videos)


def test_the_wording_varies_with_the_content_and_never_with_the_run():
    texts = [target_users(f"Film {n}", [(GENRES, "Drama, War")], [], MOVIES) for n in range(40)]
    assert texts == [target_users(f"Film {n}", [(GENRES, "Drama, War")], [], MOVIES) for n in range(40)]
    assert len({text.replace(f"Film {n}", "Film") for n, text in enumerate(texts)}) >= 20
    told = [interests([Opinion(f"Film {n}")], [Opinion("Saw")], MOVIES).replace(f"Film {n}", "Film") for n in range(40)]
    assert len(set(told)) >= 6


def test_braces_in_titles_reviews_and_attributes_are_left_alone():
    text = target_users(
        "A {title} of {0}", [(GENRES, "{kinds}")], [Review("The {quote} is the best part of it.")], MOVIES
    )
    assert "“A {title} of {0}”" in text
    assert "{kinds}" in text
    assert "{title}" in interests([Opinion("{title}")], [Opinion("{items}", "{kinds}")], MOVIES)


def test_quotation_marks_inside_become_single_and_every_mark_is_closed():
    assert quoted('She said "no".') == "“She said 'no'”"
    text = interests([Opinion('The "quiet" one', None, None, 'A "great" read, I must say so.')], [], MOVIES)
    assert text.count("“") == text.count("”")
    assert '"' not in text


def test_a_sentence_is_closed_once():
    assert closed("of it: “Great!”") == "Of it: “Great!”"
    assert closed("of it: “great”") == "Of it: “great”."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is set in the U.S. in winter. Fine.", ["It is set in the U.S. in winter.", "Fine."]),
        ("Dr. Vance and J. B. Okoro wrote it. Read it!", ["Dr. Vance and J. B. Okoro wrote it.", "Read it!"]),
        ("So good.Bought two. Node.js is no end.", ["So good.", "Bought two.", "Node.js is no end."]),
        ("Wait… what? Yes.", ["Wait…", "what?", "Yes."]),
        ("HULL, Mass. (AP) She is ill. Rest.", ["HULL, Mass. (AP) She is ill.", "Rest."]),
    ],
)
def test_sentences_end_at_a_full_stop_with_or_without_a_blank_and_not_at_an_abbreviation(text, told):
    assert sentences(text) == told


def test_a_category_that_holds_a_comma_is_one_thing_where_the_source_says_so():
    books = catalogue.source("amazonbooks")
    likes = [Opinion(f"Book {n}", "Body, Mind & Spirit", 5.0, "") for n in range(3)]
    assert "Body, Mind & Spirit" in interests(likes, [Opinion("Book 9", "Fiction", 1.0, "")], books)
    facts = [(a, "Body, Mind & Spirit") for a in books.item_attributes if a.name == "categories"]
    assert "Body, Mind & Spirit" in target_users("Book 1", facts, [], books)


def test_where_room_is_short_the_reason_for_liking_stands_before_the_one_for_disliking():
    long = " ".join(["and then some more of it"] * 5)
    likes = [o._replace(review=f"I loved this one {long}.") for o in LIKES]
    dislikes = [o._replace(review=f"I hated this one {long}.") for o in DISLIKES]
    longer = [o._replace(title=f"{o.title} and the Very Long Road to the End of the Known World") for o in likes]
    text = interests(longer, dislikes, GAMES)
    assert "I loved" in text or "I hated" not in text


@pytest.mark.parametrize("title", ["Kelp Farm", "Deep Cellar", "Bolt & Anvil", "Nine Doors", "Small Hours", "Echo"])
def test_one_thing_liked_is_spoken_of_as_one(title):
    text = interests([Opinion(title, None, 12.0, "")], [Opinion("Ashen Circuit", None, 0.4, "")], GAMES)
    assert not re.search(r"was played[^.]*\bsay\b|games played[^.]*” are|” show,", text), text


def test_the_telling_sentence_has_opinion_words_and_a_length_to_quote():
    review = ["I bought it in May. The plot is wonderful and the end is perfect. Wow."]
    assert telling(review, PRAISE) == "The plot is wonderful and the end is perfect."
    assert telling(["It arrived on Monday morning. The cover is a terrible mess of glue."], BLAME).startswith(
        "The cover"
    )
    assert telling(["", "★★★", "10/10"], PRAISE) is None


def draws(count: int = 300) -> list[random.Random]:
    return [random.Random(n) for n in range(count)]


def some_text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(["a", "great", "the", "lighthouse", "boring", "(1999)", "“x”", "no.", "été", "#", "{y}"])
                    for _ in range(words))  # fmt: skip


def some_opinions(rng: random.Random) -> list[Opinion]:
    kinds = ["Action", "Drama", "Slice of Life", "Documentary about something long", "Indie"]
    return [
        Opinion(
            f"{n} {some_text(rng, rng.randint(1, 40))}",
            rng.choice([None, ", ".join(rng.sample(kinds, rng.randint(1, 5)))]),
            rng.choice([None, float(rng.randint(1, 5))]),
            rng.choice(["", some_text(rng, rng.randint(1, 200))]),
        )
        for n in range(3)
    ]


@pytest.mark.parametrize(
    "source", [MOVIES, GAMES, replace(MOVIES, words=GAMES.words)], ids=["movies", "games", "mixed"]
)
def test_whatever_the_facts_the_length_holds_and_all_quotes_are_the_examples_own(source: Source):
    for rng in draws():
        likes, dislikes = some_opinions(rng), some_opinions(rng)
        text = interests(likes, dislikes, source)
        assert 40 <= counted(text) <= 110, text
        told = " ".join([o.title + " " + o.review for o in (*likes, *dislikes)]).replace("“", "'").replace("”", "'")
        for piece in re.findall(r"“([^”]*)”", text):
            assert piece.rstrip("…").rstrip() in told, (piece, text)


def test_whatever_is_known_of_an_item_its_text_keeps_to_the_length():
    kinds = [GENRES, TAGS, PLOT, Attribute(name="developer", column="d"), Attribute(name="location", column="l")]
    for rng in draws():
        facts = [
            (a, some_text(rng, rng.randint(1, 30)).replace(" ", ", ", 2)) for a in rng.sample(kinds, rng.randint(1, 5))
        ]
        reviews = [
            Review(some_text(rng, rng.randint(1, 80)), float(rng.randint(1, 5))) for _ in range(rng.randint(0, 3))
        ]
        text = target_users(some_text(rng, rng.randint(1, 60)), facts, reviews, MOVIES)
        assert 30 <= counted(text) <= 110, text


def test_all_wordings_fill_their_slots():
    tables = [v for module in (_audience, _interests) for v in vars(module).values() if isinstance(v, tuple)]
    wordings = [text for table in tables for text in table if isinstance(text, str) and " " in text]
    assert len(wordings) > 60
    assert all(len(sentences(text)) == 1 for text in wordings)
    assert all(WORDS.search(text) for text in wordings)
