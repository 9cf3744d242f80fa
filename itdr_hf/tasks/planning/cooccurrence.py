"""Draw negatives that a recommender would offer: what the same users have together with the history shown.

The recommender counts. Two items are as near as the cosine of their users, and an item's score is the sum of that over
the history. It learns from the core of the log without each user's last interactions, which validation and test ask
for. Cosines are integer millionths, so that every engine adds up the same numbers; ties are in an order that has nothing to
do with the items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning import core, derived, digest
from itdr_hf.tasks.planning.draws import FOUND, NO_LIMIT, draw, positives
from itdr_hf.tasks.planning.queries import KEYS, first
from itdr_hf.tasks.planning.whole_catalogue import bounded, everywhere

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

UNSEEN = len(SPLITS) - 1  # of each user's interactions: what validation and test ask for
LATEST = 20  # interactions of a user that are counted: the newest
NEAREST = 50  # items that each item lends its weight to
UNIT = 1_000_000  # of a cosine
SPARE, MORE = 60, 2_000  # ranked beyond those wanted, for what the user knows; and for users who know most of those


def cooccurring(
    plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool
) -> ir.Table:
    """Return what has most in common with each history; then, for those who find too little, any item.

    Raises BuildError for a protocol under which there is no log without the answers.
    """
    import ibis

    if plan.recipe.split_protocol != "leave-one-out":
        raise BuildError(
            f"negative_sampling 'co-occurrence': examples are split by {plan.recipe.split_protocol}; want histories whose "
            "last interactions are left out one by one (split_protocol 'leave-one-out'); choose 'uniform' or 'hard'"
        )
    ranked = _ranked(plan, items, chosen, shown)
    few = ranked.filter(ranked["rank"] < count + (MORE if far else SPARE))
    zero = ibis.literal(0, type="int64")
    near = few.select(*KEYS, *FOUND, "rank", slot=zero, last=ibis.literal(False), side=zero, wanted=zero + NO_LIMIT)
    if not far:
        return near
    rest = draw(plan, everywhere(plan, items, chosen, shown), count, far=far)
    return near.union(rest.mutate(last=ibis.literal(True)).select(*near.columns))


def _ranked(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> ir.Table:
    """Return every item that has anything in common with a history, with `rank`, from 0."""
    import ibis

    past = shown.filter(shown["rank"] < plan.recipe.history).select(*KEYS, "item")
    past = past.inner_join(chosen.select(*KEYS, home="pool"), KEYS)
    alike = plan.engine.parquet(derived.kept(plan.tables, plan.engine, _name(plan), lambda: _alike(plan)))
    together = past.inner_join(alike if plan.domain else alike.mutate(home=ibis.literal("")), ["home", "item"])
    scored = together.group_by([*KEYS, "home", "other"]).agg(score=together.weight.sum().cast("int64"))
    named = items.select(*FOUND, "first_seen", "place", home="domain").rename(other="item")
    found = scored.inner_join(named, ["home", "other"]).rename(item="other")
    if bounded(plan):
        asked = positives(plan, chosen, shown)
        found = found.inner_join(asked.group_by(KEYS).agg(when=asked.when.max()), KEYS)
        found = found.filter(found.first_seen <= found.when)
    place = ibis.row_number().over(
        group_by=[found[key] for key in KEYS], order_by=[ibis.desc(found.score), found.place, found["item"]]
    )
    return found.mutate(rank=place.cast("int64"))


def _alike(plan: PlanContext) -> ir.Table:
    """Return for each item those it is nearest to: [home,] item, other, weight (of 0 to UNIT)."""
    rows = plan.engine.parquet(core.interactions(plan.tables, plan.engine, plan.recipe.order))
    rows = rows.filter((rows.back >= UNSEEN) & (rows.back < UNSEEN + LATEST)).select(*plan.domain, "user", "item")
    rows = rows.rename(home="domain") if plan.domain else rows
    home = ["home"] if plan.domain else []
    degrees = rows.group_by([*home, "item"]).agg(degree=rows.count())
    both = rows.inner_join(rows.rename(other="item"), [*home, "user"]).filter(lambda t: t["item"] != t.other)
    counted = both.group_by([*home, "item", "other"]).agg(together=both.count())
    counted = counted.inner_join(degrees, [*home, "item"])
    counted = counted.inner_join(degrees.rename(other="item", others="degree"), [*home, "other"])
    cosine = counted.together / (counted.degree * counted.others).cast("float64").sqrt()
    weighed = counted.mutate(weight=(cosine * UNIT).floor().cast("int64"))
    weighed = weighed.select(*home, "item", "other", "weight")
    by = {"less": -weighed.weight, "tie": digest.digest("alike", weighed.other), "other": weighed.other}
    return first(weighed, [*home, "item"], by, NEAREST).drop("rank")


def _name(plan: PlanContext) -> str:
    return f"alike-{derived.key(__name__, plan.recipe.order)}"
