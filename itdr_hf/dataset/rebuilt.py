"""Compare a rebuilt dataset with a published one, using only their ledgers: cell by cell, with the reasons.

The rows of most sources may not be redistributed, but their hashes may: anyone with the same raw files can build the
same cells, and prove it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.ledger import Ledger

SOURCE = "code: the same versions; another salt, or changed source"


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """A cell of either dataset: `state` is same, differs, not published or not built here; `why` lists differences."""

    cell: str
    state: str
    splits: tuple[str, ...] = ()  # splits with different files
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" in {', '.join(self.splits)}" if self.splits else ""
        return f"{self.cell}: {self.state}{where}" + (f" ({'; '.join(self.why)})" if self.why else "")


def compare(local: Ledger, published: Ledger) -> list[Rebuilt]:
    """Compare every cell that was built here, and add the published ones that were not."""
    cells = [_compare(cell, published.cells.get(name), local, published) for name, cell in local.cells.items()]
    missing = [name for name in published.cells if name not in local.cells]
    return [*cells, *(Rebuilt(cell=name, state="not built here") for name in missing)]


def _compare(local: BuiltCell, theirs: BuiltCell | None, here: Ledger, there: Ledger) -> Rebuilt:
    if theirs is None:
        return Rebuilt(cell=local.name, state="not published")
    splits = tuple(split for split in local.counts if _hashes(local, split) != _hashes(theirs, split))
    if not splits and local.content == theirs.content:
        return Rebuilt(cell=local.name, state="same")
    why = (*_raw(local, theirs), *_recipe(local.recipe, theirs.recipe), *_versions(here, there))
    return Rebuilt(cell=local.name, state="differs", splits=splits, why=why or (SOURCE,))


def _hashes(cell: BuiltCell, split: str) -> list[str]:
    return [facts.sha256 for name, facts in sorted(cell.files.items()) if name.startswith(f"{split}-")]


def _raw(local: BuiltCell, theirs: BuiltCell) -> list[str]:
    """Return the raw files with different bytes, and those that only one of the two read."""
    here, there = ({file.name: file.sha256 for file in cell.raw} for cell in (local, theirs))
    differ = [f"raw: {name} has other bytes" for name in here if there.get(name, here[name]) != here[name]]
    return differ + [
        f"raw: {name} was read only {'here' if name in here else 'there'}"
        for name in sorted(here.keys() ^ there.keys())
    ]


def _recipe(local: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    names = sorted({*local, *theirs})
    return [
        f"recipe: {n} is {local.get(n)!r} here, {theirs.get(n)!r} there" for n in names if local.get(n) != theirs.get(n)
    ]


def _versions(here: Ledger, there: Ledger) -> tuple[str, ...]:
    """Return the packages with different versions, as one difference."""
    versions = [
        f"{name} {here.packages.get(name, 'none')} here, {there.packages.get(name, 'none')} there"
        for name in sorted({*here.packages, *there.packages})
        if here.packages.get(name) != there.packages.get(name)
    ]
    return (f"code: {', '.join(versions)}",) if versions else ()
