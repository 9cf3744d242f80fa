"""Preferences and intentions written by rules, until a language model writes better ones; and which are accepted.

A preference names what a history has most of. An intention is the most telling sentence of a review of the item that
was chosen afterwards: by design it says what is wanted, and it must not say which item that is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from itdr_hf.runtime.text import join_words, sentences, show_text

PREFERENCE_WORDS, INTENTION_WORDS = 40, 30  # the longest of each
FEWEST = 5  # words of a review, or of a sentence of it, that says anything
RECENT = 3  # choices that a short-term preference is read from
NAMED = 3  # categories that a preference names
DISTINCTIVE = 4  # letters of a title's word that gives the title away
MAX_CHARS = 2_000  # of a review that are looked at

_WORD = re.compile(r"[^\W_]+")
_OWN = re.compile(r"\b(?:i|i'm|i've|my|me|we|our)\b", re.IGNORECASE)
_COMMON = frozenset(
    word
    for line in (
        "about after again album another because before best book buy cd color collection could disc does edition even",
        "ever every first from game games good great have included item just like love made make more most much music",
        "never only other pack part pieces play player product really record series size some than that their them then",
        "there these they thing this time very video vinyl volume want well were what when which will with work would",
    )
    for word in line.split()
)


class Choice(NamedTuple):
    """One item of a history, oldest first: its title and what is known of its kind and maker."""

    title: str
    label: str | None = None
    maker: str | None = None


class Chosen(NamedTuple):
    """The item that was chosen after a history, and what the user wrote about it."""

    title: str
    review: str
    label: str = ""
    maker: str = ""


def preferences(history: Sequence[Choice]) -> Iterator[tuple[str, str]]:
    """Yield the views of a preference and their texts: general, long (what keeps coming back), short (what is new)."""
    kinds = [_kinds(choice) for choice in history]
    counted = Counter(kind for found in kinds for kind in dict.fromkeys(found))
    makers = Counter(choice.maker for choice in history if choice.maker)
    if not counted:
        return
    usual = [kind for kind, _ in counted.most_common(NAMED)]
    maker = next((name for name, n in makers.most_common(1) if n > 1), None)
    liking = f"The user prefers {join_words(usual)}"
    yield "general", _short(f"{liking}, often from {maker}." if maker else f"{liking}.", PREFERENCE_WORDS)
    lasting = [kind for kind, n in counted.most_common(NAMED) if n > 1] or usual[:1]
    yield "long", _short(f"The user has kept coming back to {join_words(lasting)}.", PREFERENCE_WORDS)
    recent = Counter(kind for found in kinds[-RECENT:] for kind in dict.fromkeys(found))
    fresh = [kind for kind, _ in recent.most_common() if kind not in lasting] or list(recent)
    yield "short", _short(f"The user has lately turned to {join_words(fresh[:NAMED] or usual[:1])}.", PREFERENCE_WORDS)


def intentions(chosen: Chosen) -> Iterator[tuple[str, str]]:
    """Yield the views of an intention and their texts: user (what they want it for), item (what it should be like)."""
    said = [_bare(sentence) for sentence in sentences(show_text(chosen.review[:MAX_CHARS], MAX_CHARS))]
    words = {text: _words(text) for text in said}
    fit = [text for text in said if _refusal(words[text], chosen) is None]
    own = [text for text in fit if _OWN.search(text)]
    other = [text for text in fit if text not in own]

    def telling(texts: Sequence[str]) -> str:
        """Return the sentence with the most distinctive words; the first of equals."""
        return max(texts, key=lambda text: len(_distinctive(words[text]))) if len(texts) > 1 else texts[0]

    if fit:
        yield "user", f"I want something that I could say this about: {telling(own or fit)}"
        yield "item", f"I want something that fits this description: {telling(other or fit)}"


def refusal(text: str, chosen: Chosen) -> str | None:
    """Say why a text cannot be an intention: too short, too long, or it reveals title, maker or a distinctive word."""
    return _refusal(_words(text), chosen)


def _refusal(words: Sequence[str], chosen: Chosen) -> str | None:
    if len(words) < FEWEST:
        return "too short"
    if len(words) > INTENTION_WORDS:
        return "too long"
    shown = f" {' '.join(words)} "
    if (title := _spelled(chosen.title)) and title in shown:
        return "reveals the title"
    if (maker := _spelled(chosen.maker)) and maker in shown:
        return "reveals the maker"
    return "reveals a distinctive word" if not distinctive(chosen.title).isdisjoint(words) else None


@lru_cache(maxsize=65_536)
def distinctive(title: str) -> frozenset[str]:
    """Return the words of a title that give it away: long enough, and common in no shop."""
    return _distinctive(_words(title))


def _distinctive(words: Sequence[str]) -> frozenset[str]:
    long = {word for word in words if len(word) >= DISTINCTIVE}
    return frozenset(word for word in long - _COMMON if not word.isdigit())


@lru_cache(maxsize=65_536)
def _spelled(name: str) -> str:
    """Return the words of a name between blanks, by which it is found in a text; "" for none."""
    found = " ".join(_words(name))
    return found and f" {found} "


def _kinds(choice: Choice) -> list[str]:
    """Return what an item is one of; without a label, the distinctive words of its title."""
    if choice.label:
        return [part for part in map(str.strip, choice.label.split(",")) if part]
    return sorted(distinctive(choice.title))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _bare(sentence: str) -> str:
    return sentence.strip(" \"'“”").rstrip(".!?… ") + "."


def _short(text: str, most: int) -> str:
    words = text.split()
    return text if len(words) <= most else " ".join(words[:most]).rstrip(",;") + "."
