"""The core of a log: the users and items that are left when those with few interactions go, again and again.

    core       interactions of the k-core [domain,] user, item, timestamp [, text_row], back
    core-items its items, as negatives are drawn from them (see `derived.catalogue`)

`back` counts a user's interactions from the last one, 0. Removing items takes interactions from users and the other
way round, so both are removed until nothing changes. Of records with one title a user's first is kept afterwards: a
title that a user has is never asked for as new.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.runtime.engine import Engine
from itdr_hf.tables.cache import Tables
from itdr_hf.tasks.planning import derived, ordering

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEAST = 5  # interactions of every user and of every item


def interactions(tables: Tables, engine: Engine, order: str, least: int = LEAST) -> Path:
    """Return the Parquet file with the interactions of the core, in an `order` of `ordering.ORDERS`; computed once."""
    name = f"core-{derived.key(__name__, order, least)}"
    return derived.kept(tables, engine, name, lambda: _sequences(tables, engine, order, least))


def items(tables: Tables, engine: Engine, order: str, least: int = LEAST) -> Path:
    """Return the Parquet file with the items of the core, placed as `derived.catalogue` places the catalogue."""

    def query() -> ir.Table:
        keys = [*_domain(tables), "item"]
        rows = engine.parquet(interactions(tables, engine, order, least)).select(*keys).distinct()
        return derived.placed_items(tables, engine, rows)

    return derived.kept(tables, engine, f"core-items-{derived.key(__name__, order, least)}", query)


def _sequences(tables: Tables, engine: Engine, order: str, least: int) -> ir.Table:
    import ibis

    domain = _domain(tables)
    pairs = _stable(tables, engine, least)
    columns = [c for c in ("timestamp", "text_row") if c in engine.parquet(tables.path("interactions")).columns]
    rows = engine.parquet(tables.path("interactions")).select(*domain, "user", "item", *columns)
    rows = rows.semi_join(pairs, [*domain, "user", "item"])
    named = rows.inner_join(engine.parquet(tables.path("items")).select(*domain, "item", "norm"), [*domain, "item"])
    again = ibis.row_number().over(
        group_by=[*(named[k] for k in domain), named["user"], named.norm],
        order_by=list(ordering.sort_keys(tables.source, order, named).values()),
    )
    once = named.mutate(again=again).filter(lambda t: t.again == 0).drop("again", "norm")
    back = ibis.row_number().over(
        group_by=[*(once[k] for k in domain), once["user"]],
        order_by=[ibis.desc(key) for key in ordering.sort_keys(tables.source, order, once).values()],
    )
    return once.mutate(back=back.cast("int64"))


def _stable(tables: Tables, engine: Engine, least: int) -> ir.Table:
    """Return the (domain, user, item) of the core: rounds of removing until one removes nothing."""
    domain = _domain(tables)
    rows = engine.parquet(tables.path("interactions")).select(*domain, "user", "item")
    before = -1
    while (size := _size(engine, rows)) != before:
        before = size
        for side in ("user", "item"):
            counted = rows.group_by([*domain, side]).agg(n=rows.count())
            rows = rows.semi_join(counted.filter(counted.n >= least), [*domain, side])
        rows = engine.materialise(rows)
    if not before:
        raise BuildError(
            f"{tables.source.id}: no users and items have {least} interactions each once the others are left out, so its "
            f"{least}-core is empty; want more interactions of the same users and items; choose a larger release"
        )
    return rows


def _size(engine: Engine, rows: ir.Table) -> int:
    return int(engine.collect(rows.agg(n=rows.count()))[0]["n"])


def _domain(tables: Tables) -> list[str]:
    return ["domain"] if tables.source.domains else []
