"""What a source is: one release, where it comes from, what may be done with it, how it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from itdr_hf.raw.layout import Download, Layout


@dataclass(frozen=True, kw_only=True)
class Words:
    """How a source speaks of what its users do: 'She {did} this {item}'."""

    item: str
    items: str
    do: str
    did: str
    doing: str
    liked: str = "Liked"
    disliked: str = "Disliked"
    acted: str = "interaction"  # what one row of the history is: viewing, purchase, listen


@dataclass(frozen=True, kw_only=True)
class RatingScale:
    """The scale users rate on; `decimals` as the release writes them ('4.0' has one)."""

    low: float
    high: float
    step: float
    decimals: int = 0

    def text(self, rating: float) -> str:
        """Return the rating as the release writes it."""
        return _written(rating + 0.0, self.decimals)  # -0.0 is 0 too


@lru_cache(maxsize=1_024)  # a scale has few ratings, and they are written many millions of times
def _written(rating: float, decimals: int) -> str:
    return f"{rating:.{decimals}f}"


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """A column of `users` to be predicted (UAP), or of `items` to be shown (TUI), and its plain name."""

    name: str
    column: str
    kind: Literal["category", "number", "text"] = "category"
    whole: bool = False  # a value is one thing, whatever commas are in it: "Body, Mind & Spirit"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One public dataset: where it comes from, what may be done with it, how it is read and spoken of."""

    id: str
    title: str
    homepage: str
    licence: str
    licence_source: str  # where the wording of the licence stands
    redistributable: bool
    citation: str  # BibTeX
    obtain: str  # how a person gets it
    downloads: tuple[Download, ...] = ()  # how `itdr download` does
    folders: tuple[str, ...]  # folder names under the raw folder, the preferred first
    layouts: tuple[Layout, ...]
    words: Words
    scale: RatingScale | None = None
    liked_above: float | None = None  # a rating above it is a like …
    disliked_below: float | None = None  # … and one below it a dislike
    domains: tuple[str, ...] = ()
    domain_words: Mapping[str, str] = field(default_factory=dict)
    pairs: tuple[tuple[str, str], ...] = ()  # cross-domain: (source domain, target domain)
    by_time: bool = True  # False: the release has no timestamps and the file's order stands for it
    snapshots: tuple[str, ...] = ()  # three dates: where two periods begin and end, for training and for testing
    unique_pairs: bool = False  # the release promises one row per (user, item)
    label: str | None = None  # the items column shown behind a title where a hint helps (genre, category)
    user_attributes: tuple[Attribute, ...] = ()
    item_attributes: tuple[Attribute, ...] = ()
    wording: Mapping[str, str] = field(default_factory=dict)  # subtask id -> template of its own
