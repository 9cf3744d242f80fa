"""The walk over the whole catalogue: as far as it was known by the time of each positive, or all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning.derived import TICKS
from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.walks import Walks, positives

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

AVAILABILITIES = ("known", "any")


def bounded(plan: PlanContext) -> bool:
    """Whether negatives have to be known by the time of their positive: asked for, and with a clock to tell it by."""
    return plan.recipe.availability == "known" and plan.clocked


def everywhere(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """Return the whole catalogue: as far as it was known by the time of each positive, or all of it."""
    import ibis

    zero, any_time = ibis.literal(0, type="int64"), ibis.null("float64")
    if not bounded(plan):
        shelves = items.select("item", "title", "norm", "label", "place", "first_seen", shelf=items.domain)
        key = ibis.literal("|").join([chosen.domain.cast("string"), chosen.subject.cast("string")])
        walkers = chosen.select(
            *KEYS, "shelf", level=zero, turn=zero, until=any_time, reach=ibis.null("int64"), key=key
        )
        return Walks(shelves, walkers)
    shelves = items.select("item", "title", "norm", "label", "first_seen", shelf=items.domain, place=items.since)
    known = _known(plan, positives(plan, chosen, shown))
    key = ibis.literal("|").join([known[name].cast("string") for name in (*KEYS, "turn")])
    return Walks(
        shelves,
        known.select(*KEYS, shelf=known.home, level=zero, turn=known.turn, until=any_time, reach=known.known, key=key),
    )


def _known(plan: PlanContext, asked: ir.Table) -> ir.Table:
    """Return the positives with `known`: how many items of their domain had been seen before their moment."""
    [clock] = plan.engine.collect(plan.calendar.select("begin", "length").limit(1))
    tick = ((asked.when - clock["begin"]) // clock["length"]).cast("int64")
    timed = asked.mutate(tick=tick.clip(lower=0, upper=TICKS))
    home = {"home": "domain"} if plan.domain else {}
    calendar = plan.calendar.select(*plan.domain, "tick", "known").rename(home)
    return timed.inner_join(calendar, [*home, "tick"])


def share(plan: PlanContext, count: int) -> int:
    """How many negatives a walk has to find: where each positive has its own, its share."""
    return -(-count // max(plan.recipe.positives, 1)) if bounded(plan) else count
