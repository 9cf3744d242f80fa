"""Which items an example's negatives are drawn from: the strategies of the recipe's `negative_sampling`.

    uniform     the whole catalogue, as the paper
    popularity  for each positive in slot the band of items about as popular as it: popularity is then no answer
    hard        for each positive in slot the items of the same genre or category, then of the same leading one
    matched     for each positive the items nearest to it in popularity and newness: what is left is taste
    co-occurrence  what a recommender that counts would offer for the history: `cooccurrence`, of leave-one-out alone
    shown       what the user was offered and did not click: `impressions`, of a release that has them (MIND)

With `availability` "known", the default, all of them were seen in the data by the time of the positive, where the
release has a clock. An example that finds too little in the near pools draws from the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import digest
from itdr_hf.tasks.planning.cooccurrence import cooccurring
from itdr_hf.tasks.planning.draws import Draws, draw, positives
from itdr_hf.tasks.planning.impressions import shown
from itdr_hf.tasks.planning.nearest import matched
from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.whole_catalogue import bounded, everywhere, share

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

BANDS = 20  # of popularity, each with the same share of all interactions

Strategy = Callable[["PlanContext", "ir.Table", "ir.Table", "ir.Table", int, bool], "ir.Table"]


def uniform(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Return items of the whole catalogue."""
    return draw(plan, everywhere(plan, items, chosen, shown), share(plan, count), far=far)


def popularity(
    plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool
) -> ir.Table:
    """Return items about as popular: of the positive's band, then of the bands on either side, one and two away."""
    import ibis

    banded = _banded(items)
    pools = _placed(banded, _pool(banded.domain, "band", banded.band))
    found = positives(plan, chosen, shown).inner_join(banded.select("item", "band", home="domain"), ["home", "item"])
    offsets = ibis.union(*[
        _draws(plan, found.mutate(pool=_pool(found.home, "band", found.band + offset)), level)
        for level, offset in enumerate((0, -1, 1, -2, 2))
    ])  # fmt: skip
    return draw(plan, _before(Draws(pools, offsets), everywhere(plan, items, chosen, shown)), count, far=far)


def hard(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Return similar items: of the same label (all its genres, its category), then of the same first genre."""
    import ibis

    if plan.source.label is None:
        raise BuildError(
            f"{plan.source.id}: its items have no genre or category; want one for hard negatives; "
            "choose negative_sampling 'uniform' or 'popularity'"
        )
    known = items.filter(items.label.notnull())
    found = positives(plan, chosen, shown).inner_join(
        known.select("item", kinds="label", home="domain"), ["home", "item"]
    )
    pools, draws = [], []
    for level, kind in enumerate(("label", "first")):
        pools.append(_placed(known, _pool(known.domain, kind, _kind(known.label, kind))))
        draws.append(_draws(plan, found.mutate(pool=_pool(found.home, kind, _kind(found.kinds, kind))), level))
    near = Draws(ibis.union(*pools), ibis.union(*draws))
    return draw(plan, _before(near, everywhere(plan, items, chosen, shown)), count, far=far)


STRATEGIES: dict[str, Strategy] = {
    "uniform": uniform,
    "popularity": popularity,
    "hard": hard,
    "matched": matched,
    "shown": shown,
    "co-occurrence": cooccurring,
}


def _before(near: Draws, whole: Draws) -> Draws:
    """Return draws of which those from the whole catalogue come last."""
    import ibis

    pools = (some.pools.mutate(place=some.pools.place.cast("int64")) for some in (near, whole))
    return Draws(ibis.union(*pools), near.draws, whole.draws)


def _placed(items: ir.Table, pool: ir.StringValue) -> ir.Table:
    """Return items in pools, each numbered within its own."""
    grouped = items.select("item", "title", "norm", "label", "first_seen", pool=pool)
    placed = digest.placed(grouped, ["pool"])
    return placed.select("item", "title", "norm", "label", "place", "first_seen", "pool")


def _pool(domain: ir.Value, kind: str, name: ir.Value) -> ir.StringValue:
    """Return a pool's name; its separator distinguishes it from the whole catalogue of a domain."""
    import ibis

    return ibis.literal("\x1f").join([domain.cast("string"), ibis.literal(kind), name.cast("string")])


def _kind(label: ir.StringValue, kind: str) -> ir.StringValue:
    """Return a label, or the first of the genres that it lists."""
    return label if kind == "label" else label.split(",")[0].strip()


def _banded(items: ir.Table) -> ir.Table:
    """Return items with their popularity band, 0 the most popular; in integers only, so that engines agree."""
    import ibis

    order = [ibis.desc(items.popularity), digest.digest("shelf", items.item), items.item]
    through = items.popularity.sum().over(group_by=items.domain, order_by=order, rows=(None, 0))
    total = items.popularity.sum().over(group_by=items.domain)
    counted = items.mutate(before=(through - items.popularity).cast("int64"), total=total.cast("int64"))
    band = (counted.before * BANDS) // ibis.greatest(counted.total, 1)
    return counted.mutate(band=band.cast("int64"))


def _draws(plan: PlanContext, found: ir.Table, level: int) -> ir.Table:
    """Return the draws of a level: one for each positive, from its pool."""
    import ibis

    key = ibis.literal("|").join([found[name].cast("string") for name in (*KEYS, "pool", "slot")])
    until = found.when if bounded(plan) else ibis.null("float64")
    return found.select(
        *KEYS,
        "pool",
        level=ibis.literal(level, type="int64"),
        slot=found.slot,
        until=until,
        reach=ibis.null("int64"),
        key=key,
    )
