"""The configuration of a cell: every parameter of the protocol is a field; None means the cell's default."""

from __future__ import annotations

from dataclasses import dataclass, fields

import datasets

from itdr_hf.build.prepare import recipes
from itdr_hf.catalogue import DEFAULT, Catalogue
from itdr_hf.errors import UsageError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

BUILD_ONLY = ("on_bad_row", "max_bad_rows")


@dataclass
class ItdrConfig(datasets.BuilderConfig):  # type: ignore[misc]  # datasets is untyped
    """A cell such as 'tkr-pixelrec' or a union such as 'tkr'; fields as in `Recipe`."""

    num_examples: int | None = None
    history: int | None = None
    source_history: int | None = None
    positives: int | None = None
    negatives: int | None = None
    reviews: int | None = None
    liked_above: float | None = None
    disliked_below: float | None = None
    seed: int | None = None
    salt: str | None = None
    with_description: bool | None = None
    template: str | None = None
    negative_sampling: str | None = None
    split_protocol: str | None = None
    forms: str | None = None
    held_out: str | None = None
    domain: str | None = None
    max_prompt: int | None = None
    order: str | None = None
    availability: str | None = None
    future: str | None = None
    details: bool | None = None
    max_chars: int | None = None
    snapshots: str | None = None
    neighbours: int | None = None
    near: str | None = None
    dialogue: str | None = None
    profiles: str | None = None
    on_bad_row: str = "error"
    max_bad_rows: int | None = None

    def recipes(self, known: Catalogue, family: str = DEFAULT) -> list[tuple[Cell, Recipe]]:
        """Return the cells of this config, each with its recipe.

        Raises UsageError for an unknown name or a number out of range.
        """
        changes = {name: getattr(self, name) for name in RECIPE_FIELDS}
        for name in ("num_examples", "history", "source_history", "positives", "negatives", "reviews", "max_chars"):
            value = changes[name]
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
                raise UsageError(f"{self.name}: {name}={value!r}; want a whole number of at least 1; change it")
        return recipes([known.cell(name) for name in known.select([self.name], family)], changes)

    def bad_rows(self) -> BadRows:
        """Return the policy for malformed rows. Raises UsageError for an unknown one."""
        return BadRows(policy=self.on_bad_row, max_rows=self.max_bad_rows)


RECIPE_FIELDS = tuple(f.name for f in fields(Recipe))
