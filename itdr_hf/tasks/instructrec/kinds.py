"""Kinds of instruction: what each tells of a user's preference and intention, and what it asks for.

    preference  P0 nothing   P1 titles of the history   P2 a statement in words   P1P2 both
    intention   I0 nothing   I1 a vague wish   I2 the categories wanted   P2 a preference in place of a query
    form        T0 judge one item   T2 name an item   T3 choose among candidates, and forms that turn these round

The paper defines T1, the choice between two items, and uses it nowhere; it is not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

Form = Literal["T0", "T2", "T3", "cot", "reverse-preference", "reverse-query", "reverse-history", "relatedness"]
Target = Literal["item", "yes-no", "preference", "query", "history", "preference+item", "query+item", "history+item"]
PREFERENCE, VAGUE, SPECIFIC = 1, 2, 4  # what of a datum an instruction needs, besides the history
NEEDS = {"P2": PREFERENCE, "I1": VAGUE, "I2": SPECIFIC}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of instruction; `wordings` maps a wording's name to its text.

    `order` lists the parts as they come: H history, P preference, Q query, X one item, C candidates. What stands in
    [[double brackets]] of a wording is left out where the preference is. `queries` are what the query may be, or the
    query that is asked for.
    """

    id: str
    preference: str
    form: Form
    target: Target
    order: str
    wordings: Mapping[str, str]
    queries: tuple[str, ...] = ("I0",)
    optional: bool = False  # whether the stated preference may be left out


class Variant(NamedTuple):
    """A kind with one choice of preference and query: what the text of a template is written for."""

    kind: Kind
    preference: str
    intention: str

    @property
    def id(self) -> str:
        """The id that the column `template` shows, such as A7/P1-I0-T3."""
        return f"{self.kind.id}/{self.preference}-{self.intention}-{self.kind.form}"

    @property
    def needs(self) -> int:
        """The texts it needs, as a sum of PREFERENCE, VAGUE and SPECIFIC."""
        asked = {self.intention, *(["P2"] if "P2" in self.preference else [])}
        asked |= {"P2"} if "preference" in self.kind.target else set()
        return sum(bit for name, bit in NEEDS.items() if name in asked)


def variants(kinds: Iterable[Kind]) -> list[Variant]:
    """Return every variant of kinds: with and without an optional preference, with each query."""
    return [
        Variant(kind, preference, query)
        for kind in kinds
        for query in kind.queries
        for preference in _told(kind, query)
    ]


def _told(kind: Kind, query: str) -> list[str]:
    """Return the preferences a kind may tell; a stated one is not told twice."""
    if not kind.optional:
        return [kind.preference]
    return ["P1"] if query == "P2" else ["P1", "P1P2"]


def templates(kinds: Iterable[Kind]) -> dict[str, str]:
    """Return template id -> text of every variant in every wording; the default wording's id has no suffix."""
    made = {}
    for variant in variants(kinds):
        for wording, text in variant.kind.wordings.items():
            suffix = "" if wording == "default" else f":{wording}"
            made[variant.id + suffix] = _with_or_without(text, variant)
    return made


def _with_or_without(text: str, variant: Variant) -> str:
    """Return a wording with its bracketed part, or without it where the optional preference is left out."""
    before, opened, rest = text.partition("[[")
    if not opened:
        return text
    inside, _, after = rest.partition("]]")
    told = variant.preference == "P1P2" or not variant.kind.optional
    return before + (inside if told else "") + after


class Facets(NamedTuple):
    """What the id of a template says."""

    kind: str
    preference: str
    intention: str
    form: str
    wording: str


@cache
def facets(template: str) -> Facets:
    """Read a template's id: 'C10/P1-I1-T3:plain' -> C10, P1, I1, T3, plain."""
    variant, _, wording = template.partition(":")
    kind, _, rest = variant.partition("/")
    preference, intention, form = rest.split("-", 2)
    return Facets(kind, preference, intention, form, wording or "default")
