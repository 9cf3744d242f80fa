"""What a subtask plans its examples with: the tables and what cells share, as expressions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf.raw.source import Source
from itdr_hf.runtime.engine import Engine
from itdr_hf.tables.cache import Tables
from itdr_hf.tasks.planning import derived
from itdr_hf.tasks.planning.recipe import Recipe

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, kw_only=True)
class PlanContext:
    """What a plan works with: the tables as expressions, the source and the recipe."""

    engine: Engine
    tables: Tables
    recipe: Recipe
    period: str = ""  # a split, when the protocol goes by time: only its examples are planned now
    cuts: tuple[int, int] = (0, 0)  # of the protocol "time": the moments between the splits
    catalogue_path: Path | None = None  # the items that negatives are drawn from, where they are not the catalogue
    sampled: Path | None = None  # the interactions of the chosen users, and of others, where they are at hand

    @property
    def source(self) -> Source:
        return self.tables.source

    @property
    def domain(self) -> list[str]:
        """['domain'] for a source that has domains, else []: put it before the other keys of a join."""
        return ["domain"] if self.source.domains else []

    def table(self, name: str) -> ir.Table:
        """Return a table as an expression."""
        return self.engine.parquet(self.tables.path(name))

    @property
    def clocked(self) -> bool:
        """Whether the release's timestamps are moments, which compare between users."""
        return self.source.by_time and self.tables.release.layout.clock

    @property
    def texts(self) -> ir.Table:
        """The reviews: text, text_row."""
        return self.engine.numbered(self.tables.path("texts"), "text_row").select("text", "text_row")

    def users(self, least: int) -> ir.Table:
        """Return the activity of users with at least `least` interactions, with `split` and `order`."""
        users = self.engine.parquet(derived.users(self.tables, self.engine, self.recipe.seed, least))
        return users.filter(users.interactions >= least)

    @property
    def catalogue(self) -> ir.Table:
        """The items that negatives are drawn from: the catalogue, or `catalogue_path`."""
        catalogue = self.engine.parquet(self.catalogue_path or derived.catalogue(self.tables, self.engine))
        return catalogue.mutate(place=catalogue.place.cast("int64"))  # Spark numbers rows in 32 bits

    @property
    def calendar(self) -> ir.Table:
        """How many items of each domain are known at which tick of the source's time: `derived.calendar`."""
        return self.engine.parquet(derived.calendar(self.tables, self.engine, self.catalogue_path))

    @property
    def histories(self) -> ir.Table:
        """The interactions at least of the chosen users: what `gather` reads them from."""
        return self.engine.parquet(self.sampled) if self.sampled else self.table("interactions")
