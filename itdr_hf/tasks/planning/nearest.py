"""Draw negatives as popular and as new as the positives: nearest in both, so that neither gives the answer away.

Items stand in the order of popularity, those equally popular in the order of newness. Of the WINDOW before and the
WINDOW behind a positive the nearest are taken. How many of them are more popular than it is left to a hash: always
the nearest would put the positive in the middle, which would be a sign too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning import digest
from itdr_hf.tasks.planning.draws import FOUND, draw, positives
from itdr_hf.tasks.planning.queries import KEYS, first
from itdr_hf.tasks.planning.whole_catalogue import bounded, everywhere

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

WINDOW = 100  # items looked at on either side
CLOSE = 12  # of them, beyond those wanted, among which most examples find enough
WEIGHT = 1000  # units of distance for e times the popularity …
A_YEAR = 25  # … and for a year, of which a source's complete time counts as SPAN where titles have none
SPAN = 30
UNKNOWN = 10 * A_YEAR  # the distance where one of two years is unknown
DATED = 0.5  # the share of titles that need to have a year for years to be used


def matched(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Return the items nearest to each positive in popularity and newness; then, for those who find too few, any item."""
    import ibis

    share = -(-count // max(plan.recipe.positives, 1))
    asked = positives(plan, chosen, shown)
    hashed = digest.digest(f"matched|{plan.recipe.seed}|{plan.source.id}", *(asked[name] for name in (*KEYS, "slot")))
    asked = asked.mutate(more=digest.whole(hashed, 0, 7) % (share + 1))
    measured = plan.engine.materialise(_measured(plan, items, chosen, shown))
    alike = plan.engine.materialise(_alike(measured, asked, WINDOW if far else share + CLOSE))
    near = asked.rename(to="item").inner_join(alike, ["home", "to"])
    if bounded(plan):
        near = near.filter(near.first_seen <= near.when)
    near = near.select(
        *KEYS,
        *FOUND,
        "slot",
        "rank",
        "side",
        last=ibis.literal(False),
        wanted=ibis.ifelse(near.side == 1, near.more, share - near.more),
    )
    if not far:
        return near
    rest = draw(plan, everywhere(plan, items, chosen, shown), count, far=far)
    return near.union(rest.mutate(last=ibis.literal(True)).select(*near.columns))


def _alike(measured: ir.Table, asked: ir.Table, most: int) -> ir.Table:
    """Return the nearest `most` on either side of every item that is asked for (`to`): FOUND, rank, side (1: more popular)."""
    import ibis

    around = _without_own(measured, asked.select("home", to="item").distinct())
    around = around.mutate(offset=ibis.range(-WINDOW, WINDOW + 1).unnest())  # Spark has no cast around an unnest
    around = around.mutate(offset=around.offset.cast("int64"))
    around = around.filter(around.offset != 0)
    around = around.mutate(spot=around.before + around.offset - (around.offset > 0).cast("int64"))
    near = around.inner_join(measured.rename(home="domain", there="weight", then="newness"), ["home", "spot"])
    near = near.filter(near.item != near.to)
    away = (near.weight - near.there).abs() + (near.newness - near.then).abs().fill_null(UNKNOWN)
    near = near.select(
        "home",
        "to",
        *FOUND,
        "first_seen",
        away=away * (WINDOW + 1) + near.offset.abs(),
        side=(near.offset > 0).cast("int64"),
    )
    return first(near, ["home", "to", "side"], {"away": near.away, "item": near.item}, most)


def _without_own(measured: ir.Table, wanted: ir.Table) -> ir.Table:
    """Return the wanted items as if the user who is asked had not interacted: home, to, weight, newness, before.

    `before` is how many items stand before the place that they would then have.
    """
    import ibis

    columns = ("domain", "item", "weight", "newness", "place")
    less = measured.mutate(weight=_weight(measured.popularity - 1, measured.shown - 1))
    wanted = less.semi_join(wanted, [less.domain == wanted.home, less.item == wanted.to])
    both = ibis.union(
        measured.select(*columns, real=ibis.literal(1.0)), wanted.select(*columns, real=ibis.literal(0.0))
    )
    before = both["real"].sum().over(group_by=both.domain, order_by=_by(both), rows=(None, 0))
    both = both.mutate(before=before.cast("int64"))
    return both.filter(both["real"] == 0).select("weight", "newness", "before", home="domain", to="item")


def _measured(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> ir.Table:
    """Return items with `weight` and `newness` in integer units of distance, and their `spot` in the domain.

    Popular is what many interact with, and what many of the cell's own examples show or ask for: the first is the
    world's, the second is all that a model gets to see of it. Both count alike.
    """
    import ibis

    homes = shown.filter(shown["rank"] >= 0).inner_join(chosen.select(*KEYS, home="pool"), KEYS)
    counted = homes.group_by(["home", "item"]).agg(shown=lambda t: t.count()).rename(domain="home")
    items = items.left_join(counted, ["domain", "item"])
    items = items.mutate(shown=items.shown.fill_null(0), newness=_newness(plan, items))
    measured = items.mutate(weight=_weight(items.popularity, items.shown))
    spot = ibis.row_number().over(group_by=measured.domain, order_by=_by(measured)).cast("int64")
    return measured.select(
        "domain", *FOUND, "first_seen", "popularity", "shown", "weight", "newness", "place", spot=spot
    )


def _weight(popularity: ir.IntegerValue, shown: ir.IntegerValue) -> ir.IntegerValue:
    world, cell = ((number.clip(lower=0).cast("float64") + 1).ln() for number in (popularity, shown))
    return ((world + cell) * WEIGHT).round().cast("int64")


def _by(rows: ir.Table) -> list[ir.Value]:
    """Return what the items of a domain are ordered by; equals by their place, which says nothing."""
    return [rows.weight, rows.newness.fill_null(-1), rows.place]


def _newness(plan: PlanContext, items: ir.Table) -> ir.IntegerValue:
    """Return how new items are: by the years in their titles, or by when they were first seen."""
    import ibis

    seen = items.first_seen
    [facts] = plan.engine.collect(
        items.agg(dated=items.year.count(), all=items.count(), begin=seen.min(), end=seen.max())
    )
    if facts["dated"] >= DATED * facts["all"]:
        return items.year * A_YEAR
    if not plan.clocked:
        return ibis.literal(0, type="int64")
    span = max((facts["end"] or 0) - (facts["begin"] or 0), 1)
    return ((seen - (facts["begin"] or 0)) * (SPAN * A_YEAR / span)).floor().cast("int64")
