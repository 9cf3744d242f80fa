"""Titles, descriptions and reviews in plain invented English that reflect genre and sentiment."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from itdr_hf.simulate.phrases import BEYOND_LATIN, CLOSINGS, CONTACTS, EPISODES, MIDDLES, NASTY, OPENINGS
from itdr_hf.simulate.vocabulary import BLAME, LUKEWARM, PEOPLE, PLACES, PRAISE, SURNAMES, THEMES, UNCOUNTED, Theme
from itdr_hf.simulate.world import FloatArray, IntArray

Texts = NDArray[np.object_]

_NOUN_WITH_ARTICLE = re.compile(r"\b[Aa] ((?:\{[aA]\} |Free )?\{([nNmM])\})")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])(?!(?i:uni(?!n|d|m)|use|usb|one|eu))")
POOL = 48  # distinct sentences per theme and sentiment


def titles(
    rng: np.random.Generator,
    theme_of: Sequence[Theme],
    patterns: Sequence[str],
    *,
    tags: Sequence[str] = (),
    popularity: FloatArray | None = None,
) -> list[str]:
    """One title per theme given, by a random pattern; `tags` fill {tag} and default to a theme noun.

    With the `popularity` of the items, those of a theme are known alike whether their titles are short or long.
    """
    dice = rng.random((len(theme_of), 9)).tolist()
    names = [
        _title(words, patterns, row, tags[i] if tags else "")
        for i, (words, row) in enumerate(zip(theme_of, dice, strict=True))
    ]
    kinds = list(zip(map(id, theme_of), tags or [""] * len(names), strict=True))
    return names if popularity is None else _length_apart(names, kinds, popularity)


def distinct(names: Sequence[str], suffix: str = " {n}") -> list[str]:
    """Make repeated names distinct by a numbered suffix: the second gets n=2."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        candidate, number = name, seen.get(name.lower(), 0)
        while candidate.lower() in seen:
            number += 1
            candidate = name + suffix.format(n=number + 1)
        seen[name.lower()] = number
        seen[candidate.lower()] = 0
        result.append(candidate)
    return result


TWIN = "Amélie à Orléans"


def plant(names: list[str], *, latin: bool = False, first: int = 3, every: int = 7) -> list[str]:
    """Put the nasty but legal titles at fixed positions; `latin` leaves out what latin-1 cannot hold."""
    nasty = NASTY if latin else NASTY + BEYOND_LATIN
    for position, name in zip(range(first, len(names), every), nasty, strict=False):
        names[position] = name
    twins = first + 1 + every * len(nasty)
    if not latin and twins + 1 < len(names):  # one title as two records, composed and decomposed
        names[twins], names[twins + 1] = (unicodedata.normalize(form, TWIN) for form in ("NFC", "NFD"))
    return names


def sentiments(rating: FloatArray, low: float, high: float) -> IntArray:
    """0 (bad) up to `low`, 2 (good) from `high`, else 1."""
    return np.where(rating <= low, 0, np.where(rating >= high, 2, 1)).astype(np.int64)


def reviews(
    rng: np.random.Generator,
    themes: Sequence[Theme],
    theme_of: IntArray,
    sentiment: IntArray,
    *,
    thing: str,
    middles: int = 2,
    contacts: float = 0.004,
    breaks: str = " ",
) -> Texts:
    """One review per row: opening, `middles` sentences on the theme's features, closing.

    `breaks` joins opening and body ("\\n\\n", "<br /><br />"); a share `contacts` gives an address or a phone.
    """
    pools = _pools(rng, themes, thing)
    cell = (theme_of * 3 + sentiment) * POOL
    columns = [pools[0][cell + rng.integers(0, POOL, len(cell))], np.full(len(cell), breaks, dtype=object)]
    for _ in range(middles):
        columns.append(pools[1][cell + rng.integers(0, POOL, len(cell))])
    columns.append(pools[2][cell + rng.integers(0, POOL, len(cell))])
    columns.append(_contacts(rng, len(cell), contacts))
    return join(columns)


def descriptions(rng: np.random.Generator, theme_of: Sequence[Theme], kind: str, *, further: int = 0) -> list[str]:
    """Two sentences on what the item is about, and up to `further` more, mostly most of these."""
    dice = rng.random((len(theme_of), 9)).tolist()
    plots = [_description(words, kind, row) for words, row in zip(theme_of, dice, strict=True)]
    if not further:
        return plots
    many = (further * np.sqrt(rng.random(len(plots))) + 0.5).astype(int).tolist()
    told = rng.random((len(plots), further, 7))
    return [
        " ".join([plot, *(_episode(words, kind, row) for row in rows[:count].tolist())])
        for plot, words, count, rows in zip(plots, theme_of, many, told, strict=True)
    ]


def join(columns: Sequence[Texts | Sequence[str]]) -> Texts:
    """Concatenate columns of strings row by row."""
    result = np.empty(len(columns[0]), dtype=object)
    result[:] = ["".join(row) for row in zip(*columns, strict=True)]
    return result


def pick(rng: np.random.Generator, choices: Sequence[str], count: int) -> list[str]:
    """`count` random choices."""
    return [choices[i] for i in rng.integers(0, len(choices), count).tolist()]


def themes_named(names: Sequence[str]) -> list[Theme]:
    """Themes by name."""
    return [THEMES[name] for name in names]


def _pools(rng: np.random.Generator, themes: Sequence[Theme], thing: str) -> tuple[Texts, Texts, Texts]:
    pools: tuple[list[str], list[str], list[str]] = ([], [], [])
    for words in themes:
        for level, tone in enumerate((BLAME, LUKEWARM, PRAISE)):
            for dice in rng.random((POOL, 6)).tolist():
                feature, other = _one(words.features, dice[0]), _one(words.features, dice[1])
                pools[0].append(_one(OPENINGS[level], dice[2]).format(thing=thing))
                pools[1].append(_middle(feature, tone, dice[3:]) + " ")
                pools[2].append(_one(CLOSINGS[level], dice[5]).format(f=other))
    return np.array(pools[0], object), np.array(pools[1], object), np.array(pools[2], object)


def _middle(feature: str, tone: Sequence[str], dice: Sequence[float]) -> str:
    many = _is_plural(feature)
    return (
        _one(MIDDLES, dice[0])
        .format(
            f=feature,
            F=feature.capitalize(),
            w=_one(tone, dice[1]),
            w2=_one(tone, dice[2]),
            verb="are" if many else "is",
            verb2="is",
        )
        .replace("find it", "find them" if many else "find it")
    )


def _contacts(rng: np.random.Generator, count: int, share: float) -> Texts:
    column = np.full(count, "", dtype=object)
    rows = np.flatnonzero(rng.random(count) < share)
    if share > 0 and count > 8:
        rows = np.union1d(rows, np.arange(len(CONTACTS)) + count // 2)
    column[rows] = [" " + CONTACTS[row % len(CONTACTS)] for row in rows.tolist()]
    return column


def _description(words: Theme, kind: str, dice: Sequence[float]) -> str:
    person = _one(PEOPLE, dice[0]) + " " + _one(SURNAMES, dice[1])
    feature, other = _one(words.features, dice[2]), _one(words.features, dice[3])
    first = f"A {_one(words.adjectives, dice[4]).lower()} {kind} about {person} of {_one(PLACES, dice[5])}"
    second = f"Expect {feature}" + (f" and {other}" if other != feature else "")
    return _articled(f"{first} and the {_one(words.nouns, dice[6]).lower()}. {second}.")


def _length_apart(names: list[str], kinds: Sequence[object], popularity: FloatArray) -> list[str]:
    """Hand the titles of each kind out anew: from the most popular item on, the lengths are spread evenly all the way."""
    codes = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
    group = np.array([codes[kind] for kind in kinds])
    known = np.lexsort((-popularity, group)).tolist()
    by_length = np.lexsort((np.array([len(name) for name in names]), group)).tolist()
    result, first = names.copy(), 0
    for count in np.bincount(group).tolist():
        for item, rank in zip(known[first : first + count], _spread(count).tolist(), strict=True):
            result[item] = names[by_length[first + rank]]
        first += count
    return result


def _spread(count: int) -> IntArray:
    """Return the numbers below `count`, the middle first, so that any beginning is spread evenly (van der Corput)."""
    left, share, step = np.arange(1, count + 1), np.zeros(count), 0.5
    while left.any():
        share += step * (left & 1)
        left, step = left >> 1, step / 2
    return np.argsort(np.argsort(share)).astype(np.int64)


def _episode(words: Theme, kind: str, dice: Sequence[float]) -> str:
    noun, other = (chosen.lower() for chosen in _two(words.nouns, dice[1:3]))
    sentence = _agreeing(_one(EPISODES, dice[0]), noun, other).format(
        n=noun, m=other, **_agreement(noun, other), a=_one(words.adjectives, dice[3]).lower(), f=_one(words.features, dice[4]),
        H=_one(PEOPLE, dice[5]), P=_one(PLACES, dice[6]), kind=kind,
    )  # fmt: skip
    return _articled(sentence)


def _title(words: Theme, patterns: Sequence[str], dice: Sequence[float], tag: str) -> str:
    noun, other = _two(words.nouns, dice[1:3])
    adjective = _one(words.adjectives, dice[3])
    title = _agreeing(_one(patterns, dice[0]), noun, other).format(
        N=noun,
        Ns=_plural(noun),
        M=other,
        Ms=_plural(other),
        A=adjective,
        n=noun.lower(),
        m=other.lower(),
        a=adjective.lower(),
        H=_one(PEOPLE, dice[4]),
        S=_one(SURNAMES, dice[5]),
        P=_one(PLACES, dice[6]),
        count=int(dice[7] * 18) + 3,
        tag=tag or other.lower(),
        **_agreement(noun, other),
    )
    return _articled(title)


@cache
def _agreeing(pattern: str, noun: str, other: str) -> str:
    """Return the pattern without articles of nouns that take none."""
    bare = {key for key, word in (("n", noun), ("m", other)) if _is_plural(word) or word.lower() in UNCOUNTED}
    return _NOUN_WITH_ARTICLE.sub(lambda found: found[1] if found[2].lower() in bare else found[0], pattern)


@cache
def _agreement(noun: str, other: str) -> dict[str, str]:
    """Return the words and endings that agree with the two nouns of a pattern."""
    many, others = _is_plural(noun), _is_plural(other)
    return {
        "s": "" if many else "s",
        "n_is": "are" if many else "is",
        "n_has": "they have" if many else "it has",
        "This": "These" if many else "This",
        "m_s": "" if others else "s",
        "m_is": "are" if others else "is",
    }


def _articled(words: str) -> str:
    """Words with "an" for "a" where the next begins with the sound of a vowel."""
    return _ARTICLE.sub(r"\1n ", words)


def _is_plural(noun: str) -> bool:
    return noun.endswith("s") and not noun.lower().endswith(("ss", "us", "is", "canvas", "christmas"))


def _plural(noun: str) -> str:
    if _is_plural(noun) or noun.lower() in UNCOUNTED:
        return noun
    if noun.endswith("lf"):
        return noun[:-1] + "ves"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh", "z")) else "s")


def _one(choices: Sequence[str], at: float) -> str:
    return choices[int(at * len(choices))]


def _two(choices: Sequence[str], at: Sequence[float]) -> tuple[str, str]:
    """Two choices, and not the same twice."""
    first, second = (int(share * len(choices)) for share in at)
    return choices[first], choices[second if second != first else (second + 1) % len(choices)]
