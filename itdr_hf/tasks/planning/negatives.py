"""Choose the negatives of an example: items its user never interacted with, drawn as the recipe says.

`strategies` draws items; here those that the user knows are left out, and the rest are chosen so that each positive has
its share of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.strategies import STRATEGIES

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

NEVER_TOUCHED, OTHER_ITEMS = "too few items never touched", "too few other items"  # why an example has no negatives


def negatives(
    plan: PlanContext, chosen: ir.Table, everything: ir.Table, mine: ir.Table, shown: ir.Table, count: int
) -> ir.Table:
    """Return up to `count` negatives for each chosen subject: `negatives` (titles), `negative_labels`, `negative_items`.

    Left out are items in `mine` (all the user's interactions), titles in `shown` (those in the example), and titles that
    the user knows from another record or domain (of `everything`); repeated titles are taken once. Few examples need
    the second, longer draw.
    """
    known = _known_titles(plan, everything)
    near = plan.engine.materialise(_drawn(plan, chosen, known, mine, shown, count, far=False))
    enough = near.filter(near.negatives.length() == count)
    others = plan.engine.materialise(chosen.anti_join(enough, KEYS))
    if not plan.engine.collect(others.agg(n=others.count()))[0]["n"]:
        return enough
    return enough.union(_drawn(plan, others, known, mine, shown, count, far=True))


def _drawn(
    plan: PlanContext, chosen: ir.Table, known: ir.Table, mine: ir.Table, shown: ir.Table, count: int, *, far: bool
) -> ir.Table:
    """Return the first `count` of what each subject draws: the first one of each positive, then the second ones, …

    A positive's own draws come in order of rank, those beyond the number `wanted` of their side after the others; what
    the whole catalogue gives as a last resort comes behind all else.
    """
    import ibis

    draws = _draw(plan, chosen, shown, count, far=far)
    unknown = draws.anti_join(mine.select(*KEYS, "item"), [*KEYS, "item"])
    unseen = unknown.anti_join(shown.select(*KEYS, "norm"), [*KEYS, "norm"])
    unseen = unseen.anti_join(known, ["subject", "norm"])

    names = ("last", "rank", "slot", "side", "wanted", "title", "label", "item")
    again = _number(unseen, [*KEYS, "norm"], [unseen[name] for name in names])
    once = unseen.mutate(again=again).filter(lambda t: t.again == 0).select(*KEYS, *names)

    once = once.mutate(number=_number(once, [*KEYS, "last", "slot", "side"], [once["rank"], once.title]))
    late = once.number >= once.wanted
    once = once.mutate(slot_number=_number(once, [*KEYS, "last", "slot"], [late, once.number, once.side]))
    place = _number(once, KEYS, [once["last"], once.slot_number, once.slot])  # of a dozen or two: a sort is fastest
    taken = once.mutate(place=place).filter(lambda t: t.place < count)

    found = ibis.struct({name: taken[name] for name in ("place", "title", "label", "item")}).collect().sort()
    listed = taken.group_by(KEYS).agg(found=found)
    return listed.select(
        *KEYS,
        negatives=listed.found.map(lambda one: one.title),
        negative_labels=listed.found.map(lambda one: one.label),
        negative_items=listed.found.map(lambda one: one.item),
    )


def _draw(plan: PlanContext, chosen: ir.Table, shown: ir.Table, count: int, *, far: bool) -> ir.Table:
    """Return the items that each subject draws: KEYS, FOUND, and rank, slot, side, wanted and last, by which to choose.

    `shown` is the example's window; its ranks from `recipe.history` on are the positives. Not `far`: only the first
    steps over the whole catalogue.
    """
    import ibis

    items = plan.catalogue if plan.domain else plan.catalogue.mutate(domain=ibis.literal(""))
    if "pool" not in chosen.columns:
        chosen = chosen.mutate(pool=chosen.domain)
    return STRATEGIES[plan.recipe.negative_sampling](plan, items, chosen, shown, count, far)


def _number(rows: ir.Table, group: list[str], order: list[ir.Value]) -> ir.IntegerColumn:
    import ibis

    return ibis.row_number().over(group_by=[rows[name] for name in group], order_by=order)


def _known_titles(plan: PlanContext, everything: ir.Table) -> ir.Table:
    """Return subject, norm: the titles of several records among all that a user interacted with, in any domain.

    A title of one record only is left out together with that record.
    """
    several = plan.catalogue.filter(lambda t: t.alike > 1).select(*plan.domain, "item", "norm")
    return plan.engine.materialise(
        everything.inner_join(several, [*plan.domain, "item"]).select("subject", "norm").distinct()
    )
