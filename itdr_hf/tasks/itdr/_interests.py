"""The extractive reference of interest recognition: what draws a user and what puts them off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from itdr_hf.raw.source import Source
from itdr_hf.runtime.text import cut, join_words
from itdr_hf.tasks.itdr._prose import BLAME, LAST, MOST_WORDS, PRAISE, Part, fitted, named, quoted, telling

MOST_KINDS = 3
GENRES = frozenset({"genres", "genre"})
TITLES = (70, 40, 20)  # characters of a title, fewer where six of them would make the text too long


class Opinion(NamedTuple):
    """An item a user liked or disliked, as the prompt shows it."""

    title: str
    label: str | None = None
    rating: float | None = None
    review: str = ""


LIKES = (
    "This user is drawn to {kinds}: {titles} {were} {liked}.",
    "{titles} {were} {liked}, which speaks of a taste for {kinds}.",
    "What this user looks for is {kinds}, as {titles} {show}, which {were} {liked}.",
)
PLAIN_LIKES = (
    "What this user cares for shows in {titles}, which {were} {liked}.",
    "{titles} {were} {liked} and {say} most about what interests this user.",
    "The {those} {liked}, {titles}, {are} the best guide to this user's interests.",
)
PRAISES = (
    "What counts for them can be read in their words on {title}: {quote}",
    "Of {title} they write: {quote}",
    "Their reason in the case of {title}: {quote}",
)
TOP = (
    "None of these stands higher than {title}, rated {rating}.",
    "The clearest favourite is {title} with a rating of {rating}.",
    "With a rating of {rating}, {title} comes before all others.",
)
DISLIKES = (
    "They care less for {kinds}: {titles} {were} {disliked}.",
    "{titles} {were} {disliked}, so {kinds} may be less to their liking.",
    "On the other side, {titles} {were} {disliked}, a sign that {kinds} can put them off.",
)
PLAIN_DISLIKES = (
    "By contrast, {titles} {were} {disliked}.",
    "On the other hand, {titles} {were} {disliked}.",
    "They had less patience with {titles}, which {were} {disliked}.",
)
BLAMES = (
    "On {title} they remark: {quote}",
    "About {title} they have this to say: {quote}",
    "What puts them off shows in the case of {title}: {quote}",
)
SHARED = (
    "As there are {kinds} on both sides, the kind alone does not decide for them.",
    "With {kinds} on both sides, it takes more than the kind of {item} to win them over.",
)
MORE_LIKE = (
    "More {items} in the manner of {title} are a safe choice for them.",
    "Something close to {title} is what they are likeliest to welcome next.",
    "They can be offered further {items} that resemble {title} with some confidence.",
)
LESS_LIKE = (
    "Anything close to {title} is better left out.",
    "It is safer not to offer them {items} that resemble {title}.",
)
NOTHING = (
    "Nothing is known yet of what this user likes or dislikes, so {items} of many kinds may be offered to find out."
)


def interests(likes: Sequence[Opinion], dislikes: Sequence[Opinion], source: Source) -> str:
    """Return what a user is interested in and what puts them off, from the items shown; either side may be empty."""
    sides = ((likes, PRAISE, 1), (dislikes, BLAME, -1))
    quotes = [telling((opinion.review for opinion in side), words, side=leaning) for side, words, leaning in sides]
    text = ""
    for most in TITLES:
        short = [[opinion._replace(title=cut(opinion.title, most)) for opinion in side] for side in (likes, dislikes)]
        text = _written(short[0], short[1], quotes, source)
        if len(text.split()) <= MOST_WORDS:
            break
    return text


def _written(
    likes: Sequence[Opinion], dislikes: Sequence[Opinion], quotes: Sequence[str | None], source: Source
) -> str:
    words = source.words
    facts = {
        "item": words.item,
        "items": words.items,
        "liked": _inside(words.liked),
        "disliked": _inside(words.disliked),
    }
    key = [opinion.title for opinion in (*likes, *dislikes)]
    if not key:
        return NOTHING.format_map(facts)
    genres = any(a.name in GENRES for a in source.item_attributes if a.column == source.label)
    facts["genres"] = "yes" if genres else ""
    whole = any(a.whole for a in source.item_attributes if a.column == source.label)
    for_, against = _kinds(likes, whole), _kinds(dislikes, whole)
    parts = [
        *_side(likes, [k for k in for_ if against[k] < for_[k]], (LIKES, PLAIN_LIKES), facts, key, whole),
        *_words_on(likes, quotes[0], PRAISES, key, rank=1),
        *_favourite(likes, source, key),
        *_side(dislikes, [k for k in against if k not in for_], (DISLIKES, PLAIN_DISLIKES), facts, key, whole),
        *_words_on(dislikes, quotes[1], BLAMES, key, rank=2),
    ]
    shared = [kind for kind in for_ if kind in against][:2]
    if shared:
        parts.append(
            Part(4, SHARED, {**facts, "kinds": of_kinds(shared, genres=genres, items=words.items)}, ("shared", *key))
        )
    for side, closers in ((likes, MORE_LIKE), (dislikes, LESS_LIKE)):
        if side:
            parts.append(Part(LAST, closers, {**facts, "title": named(side[0].title)}, ("more", *key)))
    return fitted(parts)


def of_kinds(kinds: list[str], *, genres: bool, items: str) -> str:
    """'drama and war movies', or 'books under Cooking and Travel': a genre describes a thing, a category holds it."""
    return f"{join_words(kinds)} {items}" if genres else f"{items} under {join_words(kinds)}"


def _inside(phrase: str) -> str:
    """Return a heading of the prompt ('Liked') as it stands inside a sentence."""
    return phrase[:1].lower() + phrase[1:]


def _kinds(opinions: Iterable[Opinion], whole: bool) -> Counter[str]:
    """Return the labels' parts, or the labels where each is one thing, most frequent first, in the order they appear."""
    kinds = Counter([kind for opinion in opinions for kind in _kinds_of(opinion, whole)])
    return Counter(dict(kinds.most_common()))


def _kinds_of(opinion: Opinion, whole: bool) -> list[str]:
    label = opinion.label or ""
    return [kind for part in dict.fromkeys([label] if whole else label.split(",")) if (kind := part.strip())]


def _side(
    opinions: Sequence[Opinion],
    kinds: Sequence[str],
    variants: tuple[Sequence[str], Sequence[str]],
    facts: dict[str, str],
    key: Sequence[str],
    whole: bool,
) -> list[Part]:
    if not opinions:
        return []
    kinds = kinds[:MOST_KINDS]
    covered = sum([not set(kinds).isdisjoint(_kinds_of(opinion, whole)) for opinion in opinions])
    told = variants[0] if 2 * covered > len(opinions) else variants[1]  # kinds that hold for most of the items
    titles = join_words([named(opinion.title) for opinion in opinions])
    number = 0 if len(opinions) > 1 else 1
    filled = {**facts, "titles": titles, "those": facts["item" if number else "items"]}
    filled |= {
        forms[0]: forms[number] for forms in (("were", "was"), ("are", "is"), ("say", "says"), ("show", "shows"))
    }
    filled["kinds"] = of_kinds(list(kinds), genres=facts["genres"] == "yes", items=facts["items"])
    return [Part(0, told, filled, (titles, *key))]


def _words_on(
    opinions: Sequence[Opinion], sentence: str | None, variants: Sequence[str], key: Sequence[str], *, rank: int
) -> list[Part]:
    if sentence is None:
        return []
    title = next(opinion.title for opinion in opinions if sentence in opinion.review)
    return [Part(rank, variants, {"title": named(title), "quote": quoted(sentence)}, (sentence, *key))]


def _favourite(likes: Sequence[Opinion], source: Source, key: Sequence[str]) -> list[Part]:
    """Return the one item rated above the others, where ratings are what the prompt shows."""
    rated = sorted((o.rating, o.title) for o in likes if o.rating is not None and not o.review)
    if source.scale is None or len(rated) < 2 or rated[-1][0] == rated[-2][0]:
        return []
    rating, title = rated[-1]
    return [Part(3, TOP, {"title": named(title), "rating": source.scale.text(rating)}, ("top", *key))]
