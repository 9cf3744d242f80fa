"""The interactions of the users sampled first, kept beside the tables: cells of one source mostly ask for the same.

All cells sample users in one order, so whoever is chosen by any of them is among the first of it. What is kept are
the interactions of everybody up to a place in that order, a little beyond what was asked for; a cell that looks
further makes a larger file. A superset of what a plan needs never changes its result.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from itdr_hf import sampling
from itdr_hf.fingerprint import fingerprint
from itdr_hf.planner import Planner
from itdr_hf.tables import Tables

if TYPE_CHECKING:
    import ibis.expr.types as ir

BEYOND = 1.25  # times as many users as asked for, so that the next cell finds its own among them
WORTHWHILE = 0.5  # of all users: beyond that the whole table is read as fast
DIGITS = 8  # of an order, enough to tell one user in 4 billion


def sampling_order(tables: Tables, seed: int, *keys: ir.Value) -> ir.StringValue:
    """Where in the order of sampling a user or item stands: hex digits."""
    return sampling.digest(f"sample|{seed}|{tables.source.id}", *keys)


def sampled_histories(tables: Tables, engine: Planner, seed: int, chosen: ir.Table) -> Path | None:
    """A Parquet file with all interactions of the chosen users, or None where the table itself serves as well.

    `chosen` has `subject` and `order`, of a source without domains (with them each domain has its own order).
    """
    last = engine.fetch(chosen.agg(last=chosen.order.max()))[0]["last"]
    if tables.source.domains or last is None:
        return None
    needed = int(last[:DIGITS], 16)
    if needed > WORTHWHILE * 16**DIGITS:
        return None
    name = f"histories-{fingerprint([seed], {__name__, sampling.__name__})}"
    with FileLock(tables.folder / f"{name}.lock"):
        large = [p for p in sorted(tables.folder.glob(f"{name}-*.parquet")) if int(p.stem[-DIGITS:], 16) >= needed]
        return large[0] if large else _write(tables, engine, seed, f"{name}-{int(needed * BEYOND):0{DIGITS}x}")


def _write(tables: Tables, engine: Planner, seed: int, name: str) -> Path:
    import ibis

    users = engine.parquet(tables.path("activity"))
    place = sampling_order(tables, seed, ibis.literal(""), users["user"])
    first = users.filter(place <= name[-DIGITS:] + "f" * 24).select("user")
    draft, path = tables.folder / f".{name}.{engine.name}.draft", tables.folder / f"{name}.parquet"
    engine.write(engine.parquet(tables.path("interactions")).semi_join(first, "user"), draft)
    draft.replace(path)
    return path
