"""Draw negatives that were offered and not clicked, from a release that records what it offered.

Offers of the impression in which a positive was clicked come first, then those of the user's other impressions, the
nearest in time before the farther ones. Where the recipe wants negatives `known` by the time of their positive, only
impressions up to then count. What a release lists as read before its first impression has none of its own: with
`split_protocol` "leave-last" positives are a user's last clicks, which have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import digest
from itdr_hf.tasks.planning.draws import FOUND, NO_LIMIT, draw, positives
from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.whole_catalogue import bounded, everywhere

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

TABLE = "impressions"
PASSED, CLICKED = "-0", "-1"  # at the end of an offer


def shown(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table, count: int, far: bool) -> ir.Table:
    """Return what each subject was offered and did not click; then, for those who were offered too little, any item."""
    import ibis

    if not plan.tables.has(TABLE):
        raise BuildError(
            f"{plan.source.id}: its release does not record what was offered; want impressions for negatives that were "
            "shown; choose negative_sampling 'uniform' or 'matched'"
        )
    passed = plan.engine.materialise(_passed(plan, positives(plan, chosen, shown)))
    named = items.select(*FOUND, "first_seen", home="domain")
    found = passed.inner_join(named, ["home", "item"])
    if bounded(plan):
        found = found.filter(found.first_seen <= found.when)
    zero = ibis.literal(0, type="int64")
    near = found.select(*KEYS, *FOUND, "rank", "slot", last=ibis.literal(False), side=zero, wanted=zero + NO_LIMIT)
    if not far:
        return near
    rest = draw(plan, everywhere(plan, items, chosen, shown), count, far=far)
    return near.union(rest.mutate(last=ibis.literal(True)).select(*near.columns))


def _passed(plan: PlanContext, asked: ir.Table) -> ir.Table:
    """Return for each positive what its user did not click, with `rank`: how near to the click it was offered."""
    import ibis

    lines = plan.table(TABLE).drop_null(["reader", "moment", "offers"])
    lines = lines.select(subject="reader", moment=lines.moment.cast("float64"), offers="offers")
    lines = asked.inner_join(lines, "subject")
    if bounded(plan):
        lines = lines.filter(lines.moment <= lines.when)
    own = lines.offers.contains(lines["item"].cast("string").concat(CLICKED))
    lines = lines.select(
        *KEYS, "home", "slot", "when", "moment", other=(~own).cast("int64"), offer=lines.offers.unnest()
    )
    lines = lines.filter(lines.offer.endswith(PASSED))
    lines = lines.mutate(item=lines.offer.split("-")[0], away=(lines.moment - lines.when).abs())
    tie = digest.digest(f"shown|{plan.recipe.seed}|{plan.source.id}", lines.subject, lines["item"])
    place = ibis.row_number().over(
        group_by=[*(lines[name] for name in KEYS), lines.slot], order_by=[lines.other, lines.away, tie, lines["item"]]
    )
    return lines.mutate(rank=place.cast("int64")).drop("offer", "moment", "other", "away")
