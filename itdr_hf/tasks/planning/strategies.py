"""Which items an example's negatives are drawn from: the strategies of the recipe's `negative_sampling`.

    uniform     the whole catalogue, as the paper
    popularity  for each positive in turn the band of items about as popular as it: popularity is then no answer
    hard        for each positive in turn the items of the same genre or category, then of the same leading one
    matched     for each positive the items nearest to it in popularity and newness: what is left is taste
    co-occurrence  what a recommender that counts would offer for the history: `cooccurrence`, of leave-one-out alone
    shown       what the user was offered and did not click: `impressions`, of a release that has them (MIND)

With `availability` "known", the default, all of them were seen in the data by the time of the positive, where the
release has a clock. Who finds too little on the near shelves ends on the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import digest
from itdr_hf.tasks.planning.catalogue_walk import bounded, everywhere, share
from itdr_hf.tasks.planning.cooccurrence import cooccurring
from itdr_hf.tasks.planning.impressions import shown
from itdr_hf.tasks.planning.nearest import matched
from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.walks import Walks, meet, positives

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

BANDS = 20  # of popularity, each with the same share of all interactions

Strategy = Callable[["PlanContext", "ir.Table", "ir.Table", "ir.Table", int, bool], "ir.Table"]


def uniform(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Anything of the catalogue."""
    return meet(plan, everywhere(plan, items, chosen, shown), share(plan, count), far=far)


def popularity(
    plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool
) -> ir.Table:
    """Return what as many people touched: the positive's band, then the bands on either side, one and two away."""
    import ibis

    banded = _banded(items)
    shelves = _placed(banded, _shelf(banded.domain, "band", banded.band))
    found = positives(plan, chosen, shown).inner_join(banded.select("item", "band", home="domain"), ["home", "item"])
    offsets = ibis.union(*[
        _walkers(plan, found.mutate(shelf=_shelf(found.home, "band", found.band + offset)), level)
        for level, offset in enumerate((0, -1, 1, -2, 2))
    ])  # fmt: skip
    return meet(plan, _before(Walks(shelves, offsets), everywhere(plan, items, chosen, shown)), count, far=far)


def hard(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Return what is alike: of the same label (all its genres, its category), then of the same first genre."""
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
    shelves, walkers = [], []
    for level, kind in enumerate(("label", "first")):
        shelves.append(_placed(known, _shelf(known.domain, kind, _kind(known.label, kind))))
        walkers.append(_walkers(plan, found.mutate(shelf=_shelf(found.home, kind, _kind(found.kinds, kind))), level))
    near = Walks(ibis.union(*shelves), ibis.union(*walkers))
    return meet(plan, _before(near, everywhere(plan, items, chosen, shown)), count, far=far)


STRATEGIES: dict[str, Strategy] = {
    "uniform": uniform,
    "popularity": popularity,
    "hard": hard,
    "matched": matched,
    "shown": shown,
    "co-occurrence": cooccurring,
}


def _before(near: Walks, whole: Walks) -> Walks:
    """Return walks of which those over the whole catalogue come last."""
    import ibis

    shelves = (walks.shelves.mutate(place=walks.shelves.place.cast("int64")) for walks in (near, whole))
    return Walks(ibis.union(*shelves), near.walkers, whole.walkers)


def _placed(items: ir.Table, shelf: ir.StringValue) -> ir.Table:
    """Items on shelves of their own, each with its place there."""
    shelved = items.select("item", "title", "norm", "label", "first_seen", shelf=shelf)
    placed = digest.placed(shelved, ["shelf"])
    return placed.select("item", "title", "norm", "label", "place", "first_seen", "shelf")


def _shelf(domain: ir.Value, kind: str, name: ir.Value) -> ir.StringValue:
    """Return a shelf's name; the separator tells it from the whole catalogue of a domain."""
    import ibis

    return ibis.literal("\x1f").join([domain.cast("string"), ibis.literal(kind), name.cast("string")])


def _kind(label: ir.StringValue, kind: str) -> ir.StringValue:
    """Return a label, or the first of the genres that it lists."""
    return label if kind == "label" else label.split(",")[0].strip()


def _banded(items: ir.Table) -> ir.Table:
    """Items with their popularity band: 0 the most popular; whole numbers only, so that engines agree."""
    import ibis

    order = [ibis.desc(items.popularity), digest.digest("shelf", items.item), items.item]
    through = items.popularity.sum().over(group_by=items.domain, order_by=order, rows=(None, 0))
    total = items.popularity.sum().over(group_by=items.domain)
    counted = items.mutate(before=(through - items.popularity).cast("int64"), total=total.cast("int64"))
    band = (counted.before * BANDS) // ibis.greatest(counted.total, 1)
    return counted.mutate(band=band.cast("int64"))


def _walkers(plan: PlanContext, found: ir.Table, level: int) -> ir.Table:
    """Positives as the walkers of a level, over the shelf that each has."""
    import ibis

    key = ibis.literal("|").join([found[name].cast("string") for name in (*KEYS, "shelf", "turn")])
    until = found.when if bounded(plan) else ibis.null("float64")
    return found.select(
        *KEYS,
        "shelf",
        level=ibis.literal(level, type="int64"),
        turn=found.turn,
        until=until,
        reach=ibis.null("int64"),
        key=key,
    )
