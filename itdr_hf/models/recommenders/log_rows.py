"""Which interactions of a release a recommender may train on that answers a dataset's examples, by how it was split.

    user                       those of the users that are in train
    leave-last, leave-one-out  those of everybody, without what validation and test ask for: the last of each user

The last are taken out of all a user has, of what they rated and of the core, since tasks count from different rows, and
in every order that a dataset may have. A title that is taken out is so under every id and at every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.errors import UsageError
from itdr_hf.records import SPLITS
from itdr_hf.runtime.engine import Engine
from itdr_hf.tables.cache import Tables
from itdr_hf.tasks.planning import core, ordering
from itdr_hf.tasks.planning.split_protocols import ZONES
from itdr_hf.tasks.planning.splits import split_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

SEPARABLE = ("user", *ZONES)
"""The split protocols under which a log can be had without the answers."""


def training_rows(tables: Tables, engine: Engine, protocol: str | None) -> ir.Table:
    """Return the interactions to train on; all of them without a protocol. UsageError for one not in SEPARABLE."""
    rows = engine.parquet(tables.path("interactions"))
    if protocol is None:
        return rows
    if protocol == "user":
        return rows.filter(split_of(tables.source.id, rows["user"], "user") == "train")
    if protocol not in ZONES:
        raise UsageError(f"{tables.source.id}: no log without the answers of {protocol}; have: {', '.join(SEPARABLE)}")
    named = _named(tables, engine, rows)
    held_out = _held_out(tables, engine, named, last=(len(SPLITS) - 1) * ZONES[protocol])
    return named.anti_join(engine.materialise(held_out), [*_user(tables), "norm"]).drop("norm")


def _held_out(tables: Tables, engine: Engine, named: ir.Table, last: int) -> ir.Table:
    """Return the (user, norm) of each user's last titles, of each kind of rows and in each order."""
    import ibis

    rated = named.filter(named.rating.notnull()) if "rating" in named.columns else None
    kinds = []
    for order in ordering.ORDERS:
        of_core = _named(tables, engine, engine.parquet(core.interactions(tables, engine, order)))
        kinds.append(of_core.filter(of_core.back < last))
        kinds += [_last(tables, rows, order, last) for rows in (named, rated) if rows is not None]
    return ibis.union(*(rows.select(*_user(tables), "norm") for rows in kinds)).distinct()


def _last(tables: Tables, named: ir.Table, order: str, last: int) -> ir.Table:
    """Return each user's `last` titles in an order, each title where it is first."""
    import ibis

    user = _user(tables)

    def number(rows: ir.Table, keys: list[str], *by: ir.Value) -> ir.IntegerValue:
        return ibis.row_number().over(group_by=[rows[key] for key in keys], order_by=list(by))

    firsts = named.mutate(
        again=number(named, [*user, "norm"], *ordering.sort_keys(tables.source, order, named).values())
    )
    firsts = firsts.filter(firsts.again == 0)
    later = map(ibis.desc, ordering.sort_keys(tables.source, order, firsts).values())
    counted = firsts.mutate(back=number(firsts, user, *later))
    return counted.filter(counted.back < last)


def _named(tables: Tables, engine: Engine, rows: ir.Table) -> ir.Table:
    """Return interactions with `norm`, the title as titles are compared."""
    keys = [*_user(tables)[:-1], "item"]
    return rows.inner_join(engine.parquet(tables.path("items")).select(*keys, "norm"), keys)


def _user(tables: Tables) -> list[str]:
    return ["domain", "user"] if tables.source.domains else ["user"]
