"""The description of a source: one release, its origin and licence, its files, and its vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from itdr_hf.raw.layout import Download, Layout

ARROW = " > "  # between the domains of a pair, where it is named


@dataclass(frozen=True, kw_only=True)
class Words:
    """A source's vocabulary for what its users do: 'She {did} this {item}'."""

    item: str
    items: str
    do: str
    did: str
    doing: str
    done: str = ""  # the participle, as in 'has {done}', where it is not `did`
    liked: str = "Liked"
    disliked: str = "Disliked"
    acted: str = "interaction"  # the noun for one row of the history: viewing, purchase, listen

    @property
    def participle(self) -> str:
        return self.done or self.did


@dataclass(frozen=True, kw_only=True)
class RatingScale:
    """The scale users rate on; `decimals` as the release writes them ('4.0' has one)."""

    low: float
    high: float
    step: float
    decimals: int = 0

    def text(self, rating: float) -> str:
        """Return the rating as written in the release."""
        return _written(rating + 0.0, self.decimals)  # turns -0.0 into 0.0


@lru_cache(maxsize=1_024)  # a scale has few ratings, which are formatted many millions of times
def _written(rating: float, decimals: int) -> str:
    return f"{rating:.{decimals}f}"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A column of `users` to be predicted (UAP) or of `items` to be shown (TUI), and its readable name."""

    name: str
    column: str
    kind: Literal["category", "number", "text"] = "category"
    whole: bool = False  # a value is not split at commas: "Body, Mind & Spirit"
    labels: tuple[str, ...] = ()  # every value of a closed set
    scale: tuple[float, float] | None = None  # the plausible range of a number that is predicted, its ends included


@dataclass(frozen=True, kw_only=True)
class Source:
    """One public dataset: its origin and licence, how it is read, and how prompts refer to it."""

    id: str
    title: str
    homepage: str
    licence: str
    licence_source: str  # where the licence is stated
    redistributable: bool
    citation: str  # BibTeX
    obtain: str  # how a user gets it by hand
    downloads: tuple[Download, ...] = ()  # what `itdr download` downloads
    folders: tuple[str, ...]  # folder names under the raw folder, the preferred first
    layouts: tuple[Layout, ...]
    words: Words
    scale: RatingScale | None = None
    liked_above: float | None = None  # a rating above it is a like …
    disliked_below: float | None = None  # … and one below it a dislike
    domains: tuple[str, ...] = ()
    domain_words: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()  # cross-domain: (source domain, target domain)
    by_time: bool = True  # False: the release has no timestamps, and the file's order is used instead
    snapshots: tuple[str, ...] = ()  # three dates: where two periods begin and end, for training and for testing
    unique_pairs: bool = False  # the release promises one row per (user, item)
    label: str | None = None  # the items column shown after a title where a hint helps (genre, category)
    user_attributes: tuple[Attribute, ...] = ()
    item_attributes: tuple[Attribute, ...] = ()
    remarks: tuple[str, ...] = ()  # what was inferred of custom tables rather than stated, a sentence each
    wording: Mapping[str, str] = field(default_factory=dict)  # kind of answer -> custom template
