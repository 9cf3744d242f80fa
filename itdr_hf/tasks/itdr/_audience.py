"""The extractive reference of target user identification: whom an item suits, and whom it does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from itdr_hf.raw.source import Attribute, Source
from itdr_hf.runtime.text import join_words, sentences
from itdr_hf.tasks.itdr._prose import BLAME, LAST, PRAISE, Part, belittles, fitted, leaning, named, quoted, telling

Facts = Sequence[tuple[Attribute, str]]

# What an attribute says of an item, by its name; the rest is skipped here, though the prompt shows it.
GENRES = frozenset({"genres", "genre"})
KINDS = GENRES | {"categories", "category", "topic", "topics", "subjects"}
TAGS = frozenset({"tags"})
MAKERS = ("authors", "author", "developer", "studios", "studio", "artist", "director", "brand", "store", "publisher")
PLACES = frozenset({"location", "city", "place"})
FEATURES = frozenset({"features"})
MOST_KINDS, MOST_TAGS, MOST_FEATURES = 4, 3, 3
LONGEST_MAKERS = 40  # characters; of a longer list the first is named
OFTEN_SEEN = 1_000_000  # views
POSSESSIVE = {"Children": "Children's", "Kids": "Kids'"}  # genres that are put so before what is of them
_HEADING = re.compile(r"^(?:more|other) (?=\w)")  # what a heading says and a kind does not: "more sports"
_OF_A_FIRM = re.compile(r", (?!(?:Inc|Ltd|LLC|Co|Corp|Limited|GmbH|Jr|Sr)\b|S\.)")  # the comma between two makers


class Review(NamedTuple):
    """A review as the prompt shows it, with its rating where there is one."""

    text: str
    rating: float | None = None


FOR_GENRES = (
    "{title} is best recommended to users who like {kinds} {items}.",
    "Users who often {do} {kinds} {items} are the first to whom {title} should be shown.",
    "{title} should find its audience among those who like {kinds} {items}.",
    "Those whose past choices lean towards {kinds} {items} are the natural audience of {title}.",
)
FOR_KINDS = (
    "{title} is best recommended to users who often {do} {items} listed under {kinds}.",
    "Users with past choices under {kinds} are the first to whom {title} should be shown.",
    "{title} should find its audience among those who look for {items} under {kinds}.",
    "Those whose past choices fall mostly under {kinds} are the natural audience of {title}.",
)
FOR_MAKER = (
    "{title} is first of all for users who like other {items} by {maker}.",
    "Users who have {done} other {items} by {maker} are the first to whom {title} should be shown.",
    "{title} should find its audience among those who follow {maker}.",
)
FOR_ANYONE = (
    "{title} may be shown to anyone who likes to {do} {items}.",
    "The audience of {title} is to be sought among all who {do} {items}.",
)
MIXED = (
    "Whoever likes {first_ones} above all and does not mind some {second} is likeliest to enjoy it.",
    "It asks for a liking of {first} together with {second}, so those who {do} {items} of both sorts come first.",
    "Its mixture of {first} and {second} is meant for those who enjoy the two together.",
)
TAGGED = (
    "Its tags ({tags}) show what else may draw people to it.",
    "Those who care for what its tags name, {tags}, belong to this audience too.",
    "It is also of interest to those who look for {tags}.",
)
DRAWN = (
    "It will catch those whom its {name} makes curious: {quote}",
    "Its {name} tells who will care for it: {quote}",
    "Anyone drawn in by how its {name} begins should be offered it: {quote}",
)
PRAISED = (
    "Among those who know it, this is what is valued: {quote}",
    "It has won people over, as one of them writes: {quote}",
    "One who liked it gives a reason that others may share: {quote}",
)
BLAMED = (
    "It is less suited to anyone who would be bothered by what another says: {quote}",
    "Users who would mind the following should not be offered it: {quote}",
    "A warning for the more demanding comes from one review: {quote}",
)
SAID = (
    "One review puts it like this: {quote}",
    "To judge by one review, expectations should be these: {quote}",
    "One of the reviews says: {quote}",
)
MADE = (
    "Followers of {maker} are worth reaching as well, whatever else they {do}.",
    "Users who came to like other {items} by {maker} are a second group to think of.",
    "It should also be shown to those who like other {items} by {maker}.",
)
PLACED = (
    "Being in {place}, it concerns first of all those who live there or plan a visit.",
    "It is of use to people in or around {place}, and to those who travel there.",
)
EQUIPPED = (
    "It also suits those to whom the following matters: {features}.",
    "What it offers ({features}) will be welcome to those who look for such things.",
)
OF_ITS_TIME = (
    "It may also please those who are fond of {items} from the {decade}s.",
    "Users with a liking for the {decade}s are a further group to think of.",
)
FREE = ("As it is free, it can also be offered to those who only want to try something new.",)
OFTEN = ("With {views} views behind it, it also suits users who follow what is popular.",)
AGED = ("Its rating, {age}, is to be minded.", "For its age group it is marked {age}.")
FIRST = (
    "Heavy followers of {first_ones} come before those who only now and then {do} them.",
    "The more {items} of this kind a user has {done} before, the better the match is likely to be.",
    "Those who have {done} several {items} of this kind of late should be approached before all others.",
)
FIRST_OF_ALL = FIRST[1:]
NOT_FOR = (
    "Users who have never shown any interest in {last_ones} are less likely to welcome it.",
    "It is of less use to those who keep away from {last_ones}.",
    "Where nothing points to {last_ones}, something else should be preferred.",
)
NOT_FOR_ALL = (
    "Users who seldom {do} {items} of this sort are less likely to welcome it.",
    "Where a user's past choices are quite different, other {items} should be preferred.",
)


def target_users(title: str, facts: Facts, reviews: Sequence[Review], source: Source) -> str:
    """Whom to recommend an item to, from its attributes and what its reviews say; any of them may be missing."""
    tags = [tag for tag in _listed(facts, TAGS) if not belittles(tag)]
    genres = [POSSESSIVE.get(genre, genre) for genre in _listed(facts, GENRES)]
    kinds = (genres or _listed(facts, KINDS))[:MOST_KINDS] or tags[:MOST_TAGS]
    key, words = (title, *(value for _, value in facts)), source.words
    slots = {"title": named(title), "do": words.do, "done": words.participle, "item": words.item, "items": words.items}
    slots |= {
        "kinds": join_words(kinds),
        "first": "".join(kinds[:1]),
        "last": "".join(kinds[-1:]),
        "tags": join_words(tags[:MOST_TAGS]),
    }
    of_kind = "{0} {1}" if genres else "{1} under {0}"
    slots |= {f"{name}_ones": of_kind.format(slots[name], source.words.items) for name in ("first", "last")}
    slots["maker"] = _maker(facts)
    chief = FOR_GENRES if genres else FOR_KINDS if kinds else FOR_MAKER if slots["maker"] else FOR_ANYONE
    parts = [
        Part(0, chief, slots, ("for", *key)),
        *_drawn(facts, slots, key),
        *_further(title, facts, slots, key),
        *_voices(reviews, source, slots),
    ]
    if tags and tags[:MOST_TAGS] != kinds:
        parts.append(Part(4, TAGGED, slots, ("tags", *key)))
    mixed = [genre for genre in genres if genre not in POSSESSIVE.values()]
    if len(mixed) > 1:
        two = {"first": mixed[0], "second": mixed[1], "first_ones": of_kind.format(mixed[0], words.items)}
        parts.append(Part(6, MIXED, {**slots, **two}, ("mixed", *key)))
    parts.append(Part(LAST, FIRST if kinds else FIRST_OF_ALL, slots, ("first", *key)))
    parts.append(Part(LAST, NOT_FOR if kinds else NOT_FOR_ALL, slots, ("not", *key)))
    return fitted(parts)


def _listed(facts: Facts, names: frozenset[str]) -> list[str]:
    """Return the parts of the attributes of these names, each once, none that another one contains as words."""
    named_so = [(attribute, value) for attribute, value in facts if attribute.name in names]
    listed = [part.strip() for a, value in named_so for part in ([value] if a.whole else value.split(","))]
    parts = [_HEADING.sub("", part) for part in listed]
    once = {part.lower(): part for part in reversed(parts) if part}
    padded = [f" {low} " for low in once]
    within = [sum(low in other for other in padded) > 1 for low in padded]
    return [part for part, inner in zip(once.values(), within, strict=True) if not inner][::-1]


def _maker(facts: Facts) -> str:
    known = {attribute.name: value for attribute, value in facts}
    makers = next((known[name] for name in MAKERS if name in known), "")
    each = _OF_A_FIRM.split(makers)
    return join_words(each) if len(makers) <= LONGEST_MAKERS else each[0]


def _drawn(facts: Facts, slots: Mapping[str, str], key: Sequence[str]) -> list[Part]:
    """Return the first whole sentence of a description."""
    for attribute, value in facts:
        if attribute.kind == "text" and attribute.name not in PLACES and len(value.split()) > 3:
            first = next((s for s in sentences(value) if len(s.split()) > 3), value)
            filled = {**slots, "name": attribute.name, "quote": quoted(first)}
            return [Part(2, DRAWN, filled, ("drawn", *key))]
    return []


def _further(title: str, facts: Facts, slots: Mapping[str, str], key: Sequence[str]) -> list[Part]:
    """Who made it, where it is, what it has, when it is from, what it costs, how often it was seen."""
    known = {attribute.name: value for attribute, value in facts}
    place = next((known[name] for name in PLACES if name in known), "")
    features = next((known[name].split(", ") for name in FEATURES if name in known), [])
    year = re.search(r"\((1[89]|20)(\d)\d\)$", title) or re.fullmatch(r"(1[89]|20)(\d)\d", _year(known))
    views = known.get("views", "").replace(",", "")
    filled = {**slots, "place": place, "features": join_words(features[:MOST_FEATURES])}
    filled |= {"decade": f"{year[1]}{year[2]}0" if year else "", "views": "", "age": known.get("audience", "")}
    found: list[tuple[int, Sequence[str], object]] = [
        (4, PLACED, place),
        (5, EQUIPPED, features),
        (5, MADE, slots["kinds"] and slots["maker"]),
    ]
    found += [(7, OF_ITS_TIME, year), (5, FREE, known.get("price") == "free"), (7, AGED, filled["age"])]
    if views.isdigit() and int(views) >= OFTEN_SEEN:
        found.append((5, OFTEN, views))
        filled["views"] = f"{int(views):,}"
    return [Part(rank, variants, filled, key) for rank, variants, there in found if there]


def _year(known: Mapping[str, str]) -> str:
    return next((value for name, value in known.items() if name.startswith("year")), "")


def _voices(reviews: Sequence[Review], source: Source, slots: Mapping[str, str]) -> list[Part]:
    """Return a sentence of praise and one of blame, told apart by ratings where there are any, and by the words in any case.

    Dispraise alone never recommends: it only says whom an item does not suit. A sentence that leans to neither side
    is quoted where there is nothing else.
    """
    above, below = source.liked_above, source.disliked_below
    rated = source.scale is not None and any(review.rating is not None for review in reviews)
    liked = [r.text for r in reviews if not rated or (r.rating is not None and above is not None and r.rating > above)]
    disliked = [
        r.text for r in reviews if not rated or (r.rating is not None and below is not None and r.rating < below)
    ]
    found = [
        *_voice(liked, PRAISE, PRAISED, slots, rank=1, side=1),
        *_voice(disliked, BLAME, BLAMED, slots, rank=3, side=-1),
    ]
    neutral = [] if found else [s for r in reviews for s in sentences(r.text) if not leaning(s)]
    return found or _voice(neutral, PRAISE | BLAME, SAID, slots, rank=1, side=0)


def _voice(
    texts: Sequence[str],
    words: frozenset[str],
    variants: Sequence[str],
    slots: Mapping[str, str],
    *,
    rank: int,
    side: int,
) -> list[Part]:
    sentence = telling(texts, words, side=side)
    return [Part(rank, variants, {**slots, "quote": quoted(sentence)}, (sentence,))] if sentence else []
