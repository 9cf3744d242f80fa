"""Profiles written by rules, until a language model writes better ones; their form, and how it is read back.

A profile has identities, what kind of user this is, and interests, what they are after. Both are read from the items
alone: their genres or categories, without these the decades and distinctive words of their titles.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from itdr_hf.raw.source import Words

PARTS = 3  # identities, and interests, of a user, as published
ITEM_PARTS = 5  # of an item
OWN = 2  # kinds of an item itself that its profile begins with
FOCUSED = 0.6  # share of one kind beyond which a user stays with it
WIDE = 6  # kinds from which on a user ranges widely
FEW = 4  # items of a user who is new
_WORD = re.compile(r"[^\W\d_]{4,}")
_YEAR = re.compile(r"\((\d{3})\d\)\s*$")
_LINE = re.compile(r"^\W*(identit(?:y|ies)|interests?)\W*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_PIECE = re.compile(r"\s*[;\]\[]+[\s,]*")


class Profile(NamedTuple):
    """What a profile says: identities and interests, the foremost first."""

    identities: tuple[str, ...]
    interests: tuple[str, ...]

    @property
    def text(self) -> str:
        """The profile as it is written."""
        return f"{self.identity}\nInterests: {'; '.join(self.interests)}"

    @property
    def identity(self) -> str:
        """The line with the identities."""
        return f"Identity: {'; '.join(self.identities)}"


class Choice(NamedTuple):
    """One item of a history: what it is and how many users train knows of it."""

    title: str
    label: str | None
    users: int


def read_profile(text: str) -> Profile | None:
    """Read a profile back from a text; None where a line of either kind is wanting."""
    found: dict[str, tuple[str, ...]] = {}
    for name, listed in _LINE.findall(text):
        pieces = tuple(piece.strip().rstrip(".,") for piece in _PIECE.split(listed) if piece.strip(" .,"))
        found.setdefault(name.lower()[:3], pieces)
    if not found.get("ide") or not found.get("int"):
        return None
    return Profile(found["ide"], found["int"])


def in_form(text: str) -> bool:
    """Return whether a text is the profile of a user as it is asked for: three identities and three interests."""
    found = read_profile(text)
    return found is not None and len(found.identities) == len(found.interests) == PARTS


def kinds(title: str, label: str | None) -> list[str]:
    """Return what an item is one of: its genres or categories, else the decade and distinctive words of its title."""
    if label:
        return [part.replace(";", ",") for part in map(str.strip, label.split(",")) if part]
    decade = _YEAR.search(title)
    words = sorted(set(_WORD.findall(title.lower())) - {"with", "from", "this", "that", "your", "vol"})
    return [*([f"the {decade[1]}0s"] if decade else []), *words]


def rarity(items: Iterable[tuple[str, str | None]]) -> dict[str, float]:
    """Return how much each kind tells of a user: the fewer items are of it, the more."""
    counts: Counter[str] = Counter()
    total = 0
    for title, label in items:
        counts.update(set(kinds(title, label)))
        total += 1
    return {kind: math.log(1 + total / n) for kind, n in counts.items()}


def user_profile(history: Sequence[Choice], telling: Mapping[str, float], usual: float, words: Words) -> Profile:
    """Return the profile of a user with this history; `usual` is how many users an item of train has on average."""
    of = [list(dict.fromkeys(kinds(choice.title, choice.label))) for choice in history]
    counts = Counter(kind for found in of for kind in found)
    first = counts.most_common(1)[0][0] if counts else words.items
    share = counts[first] / len(history)
    known = sum(choice.users for choice in history) / len(history)
    breadth = "stays close to one kind" if share >= FOCUSED else "has a few favourite kinds"
    breadth = "ranges widely" if len(counts) >= WIDE and share < FOCUSED else breadth
    taste = "goes with what many choose" if known >= usual else "looks beyond what is best known"
    identities = (f"follower of {first}", f"new here, {taste}" if len(history) < FEW else taste, breadth)
    ranked = sorted(counts, key=lambda kind: (-counts[kind] * telling.get(kind, 1.0), kind))
    fill = [f"popular {words.items}", f"recent {words.items}", f"{words.items} of any kind"]
    return Profile(identities, tuple([*ranked, *fill][:PARTS]))


def item_profile(of: Sequence[str], identities: Sequence[str], interests: Sequence[str]) -> Profile:
    """Return the profile of an item: who its users are and what they are after, beginning with what the item is one of."""
    listed = dict.fromkeys([*of[:OWN], *interests])
    return Profile(tuple(identities[:ITEM_PARTS]), tuple(listed)[:ITEM_PARTS])
