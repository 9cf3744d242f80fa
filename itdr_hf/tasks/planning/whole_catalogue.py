"""Draw from the whole catalogue, or from what was known of it by the time of each positive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning.derived import TICKS
from itdr_hf.tasks.planning.draws import Draws, positives
from itdr_hf.tasks.planning.queries import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

AVAILABILITIES = ("known", "any")


def bounded(plan: PlanContext) -> bool:
    """Return whether negatives have to be known by the time of their positive: asked for, and the release has times."""
    return plan.recipe.availability == "known" and plan.clocked


def everywhere(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Draws:
    """Return draws from the whole catalogue: from what was known by the time of each positive, or from all of it."""
    import ibis

    zero, any_time = ibis.literal(0, type="int64"), ibis.null("float64")
    if not bounded(plan):
        pools = items.select("item", "title", "norm", "label", "place", "first_seen", pool=items.domain)
        key = ibis.literal("|").join([chosen.domain.cast("string"), chosen.subject.cast("string")])
        draws = chosen.select(*KEYS, "pool", level=zero, slot=zero, until=any_time, reach=ibis.null("int64"), key=key)
        return Draws(pools, draws)
    pools = items.select("item", "title", "norm", "label", "first_seen", pool=items.domain, place=items.since)
    known = _known(plan, positives(plan, chosen, shown))
    key = ibis.literal("|").join([known[name].cast("string") for name in (*KEYS, "slot")])
    return Draws(
        pools,
        known.select(*KEYS, pool=known.home, level=zero, slot=known.slot, until=any_time, reach=known.known, key=key),
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
    """Return how many negatives one draw has to find: where each positive has draws of its own, its share."""
    return -(-count // max(plan.recipe.positives, 1)) if bounded(plan) else count
