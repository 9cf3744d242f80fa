"""Whether a rebuilt dataset is the one that somebody else published, by its ledger alone: cell by cell, and why not.

Rows of most sources may not be passed on, but what they hash to may: who has the same raw files builds the same cells,
and can show it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A cell of either dataset: `state` is same, differs, not published or not built here; `why` is what differs."""

    cell: str
    state: str
    splits: tuple[str, ...] = ()  # whose files have another hash
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {', '.join(self.splits)}" if self.splits else ""
        return f"{self.cell}: {self.state}{where}" + (f" ({'; '.join(self.why)})" if self.why else "")


def compare(mine: Ledger, published: Ledger) -> list[Rebuilt]:
    """Compare every cell that was built here, and say which published ones were not."""
    cells = [_compare(cell, published.cells.get(name), mine, published) for name, cell in mine.cells.items()]
    missing = [name for name in published.cells if name not in mine.cells]
    return [*cells, *(Rebuilt(cell=name, state="not built here") for name in missing)]


def _compare(mine: BuiltCell, theirs: BuiltCell | None, here: Ledger, there: Ledger) -> Rebuilt:
    if theirs is None:
        return Rebuilt(cell=mine.name, state="not published")
    splits = tuple(split for split in mine.counts if _hashes(mine, split) != _hashes(theirs, split))
    if not splits and mine.content == theirs.content:
        return Rebuilt(cell=mine.name, state="same")
    why = (*_raw(mine, theirs), *_recipe(mine.recipe, theirs.recipe))
    return Rebuilt(cell=mine.name, state="differs", splits=splits, why=why or _code(here, there))


def _hashes(cell: BuiltCell, split: str) -> list[str]:
    return [facts.sha256 for name, facts in sorted(cell.files.items()) if name.startswith(f"{split}-")]


def _raw(mine: BuiltCell, theirs: BuiltCell) -> list[str]:
    """Raw files of other bytes, and those that only one of the two read."""
    here, there = ({file.name: file.sha256 for file in cell.raw} for cell in (mine, theirs))
    differ = [f"raw: {name} has other bytes" for name in here if there.get(name, here[name]) != here[name]]
    return differ + [
        f"raw: {name} was read only {'here' if name in here else 'there'}"
        for name in sorted(here.keys() ^ there.keys())
    ]


def _recipe(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    names = sorted({*mine, *theirs})
    return [
        f"recipe: {n} is {mine.get(n)!r} here, {theirs.get(n)!r} there" for n in names if mine.get(n) != theirs.get(n)
    ]


def _code(here: Ledger, there: Ledger) -> tuple[str, ...]:
    """Return packages of other versions; what is left where raw files and recipe are alike is our own code, or the salt."""
    versions = [
        f"{name} {here.packages.get(name, 'none')} here, {there.packages.get(name, 'none')} there"
        for name in sorted({*here.packages, *there.packages})
        if here.packages.get(name) != there.packages.get(name)
    ]
    return (f"code: {', '.join(versions) or 'the same versions; another salt, or changed source'}",)
