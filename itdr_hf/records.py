"""What the layers hand each other: the one example schema, and the seams Source, Subtask, Cell, Recipe.

Nothing here reads a file or knows an engine. A source never sees a subtask, nor the reverse: both are
described by these records, and `catalogue` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from itdr_hf.layouts import Download, Layout

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

SPLITS = ("train", "validation", "test")

# Column names and types of every example of every config; the one place that says so.
COLUMNS: dict[str, str] = {
    "id": "string",  # <config>-<16 hex digits>, from the content: stable across builds
    "subtask": "string",
    "source": "string",
    "domain": "string",  # Amazon's category, or "A > B" for cross-domain; else ""
    "instruction": "string",  # the task description; "" when built without
    "input": "string",  # the prompt
    "output": "string",  # what a model should answer
    "history": "list<string>",  # titles shown as history, in the order shown
    "history_ratings": "list<double>",  # RP: the rating beside each of them; else empty
    "candidates": "list<string>",
    "targets": "list<string>",  # RP the rating, TKR/CDR the positives, NIR the item, UAP values, IR/TUI text
    "target_names": "list<string>",  # UAP: the attribute each target is of
    "user": "string",  # salted hash, never the raw id; "" for TUI
    "template": "string",  # which wording of the prompt
    "reference_by": "string",  # who wrote the output: data, extractive, or <model>@<version of the teacher prompt>
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One instruction, as it stands in a Parquet row; fields as in COLUMNS."""

    id: str
    subtask: str
    source: str
    domain: str
    instruction: str
    input: str
    output: str
    history: list[str]
    history_ratings: list[float]
    candidates: list[str]
    targets: list[str]
    target_names: list[str]
    user: str
    template: str
    reference_by: str


class Parts(NamedTuple):
    """What a subtask makes of one row; the rest of an Example is the same for all subtasks."""

    slots: Mapping[str, str]
    output: str
    history: Sequence[str] = ()
    history_ratings: Sequence[float] = ()
    candidates: Sequence[str] = ()
    targets: Sequence[str] = ()
    target_names: Sequence[str] = ()
    reference_by: str = "data"


class Answer(NamedTuple):
    """A parsed answer: values in the form of `Example.targets`, and what was wrong with it, if anything: empty, not a
    number, out of range, not a candidate, several candidates, duplicate, too few, copied history, missing attribute,
    truncated."""

    values: Sequence[str]
    fault: str | None = None


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
        """The rating as the release writes it."""
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
    unique_pairs: bool = False  # the release promises one row per (user, item)
    label: str | None = None  # the items column shown behind a title where a hint helps (genre, category)
    user_attributes: tuple[Attribute, ...] = ()
    item_attributes: tuple[Attribute, ...] = ()
    wording: Mapping[str, str] = field(default_factory=dict)  # subtask id -> template of its own


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides the examples of a cell, apart from the raw data."""

    num_examples: int
    history: int
    positives: int
    negatives: int
    liked_above: float
    disliked_below: float
    seed: int = 0
    salt: str = "itdr"
    with_description: bool = True
    template: str = "default"  # or another id of `Subtask.templates`, or "mixed": one of them by stable hash
    negative_sampling: str = "uniform"  # "popularity": as popular as the positives; "hard": of their genre or category
    split_protocol: str = "user"  # "leave-last" or "time" for UII; UIU's answers have no time: always by user or item
    source_history: int = 0  # CDR: how many of the source domain are shown; `history` is of the target domain
    reviews: int = 3  # TUI: how many reviews are shown; IR: how many liked and how many disliked items
    max_chars: int = 300  # a review or description is cut at a sentence end before this


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """How a language model is asked to write a subtask's reference (`itdr annotate`).

    `template` has the slot {input}; `words` are the fewest and the most of an accepted answer. Another wording
    is another `version`: it stands in `reference_by`, and its answers are other answers.
    """

    version: str
    system: str
    template: str
    words: tuple[int, int]
    field: str  # what the answer is called when it is asked for as JSON
    mode: Literal["plain", "json"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Subtask:
    """One subtask: its words, its relational plan, the example made of a row, and the parser that undoes it.

    `eligible` and `gather` are relational (see `rows.py`); `example` and `parse(text, example, strict=False)`, which
    reads a model's answer, are pure. `defaults` are Recipe fields; `templates` maps a template id to a text with
    {slots}: those named in `slots`, which `example` fills, and the source's words (see `render.constants`).
    """

    id: str
    title: str
    root: Literal["UII", "UIU"]
    subject: Literal["user", "item"]
    description: str
    templates: Mapping[str, str]
    slots: frozenset[str]
    metrics: tuple[str, ...]
    defaults: Mapping[str, Any]
    needs: Callable[[Source], tuple[str, ...]]  # the tables the plan reads
    eligible: Callable[[Gathering], ir.Table]
    gather: Callable[[Gathering, ir.Table], ir.Table]
    example: Callable[[Mapping[str, Any], Wording], Parts]
    parse: Callable[..., Answer]
    teacher: Teacher | None = None  # how a language model is asked for the reference, where one may write it
    fixed: frozenset[str] = frozenset()  # Recipe fields that cannot be otherwise: a change for many cells passes by


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What `Subtask.example` may know besides the row: the source's words and the recipe."""

    source: Source
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A subtask on a source; `size` is the paper's number of examples."""

    subtask: Subtask
    source: Source
    size: int
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.subtask.id}-{self.source.id}"

    def recipe(self, **changes: Any) -> Recipe:
        """The cell's own recipe, with the given fields changed (None leaves a field alone)."""
        scale = {"liked_above": self.source.liked_above, "disliked_below": self.source.disliked_below}
        base: dict[str, Any] = {"num_examples": self.size, **{k: v or 0.0 for k, v in scale.items()}}
        base |= {"history": 0, "positives": 0, "negatives": 0, **self.subtask.defaults, **self.overrides}
        open_ = {k: v for k, v in changes.items() if v is not None and k not in self.subtask.fixed}
        return replace(Recipe(**base), **open_)
