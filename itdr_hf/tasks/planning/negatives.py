"""Which negatives an example has: up to a number of items its user never touched, drawn as the recipe says.

Where items come from is `strategies`; here those are left out that the user knows, and the rest are chosen so that
each positive has its share of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning.queries import KEYS
from itdr_hf.tasks.planning.strategies import STRATEGIES

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext


def negatives(
    plan: PlanContext, chosen: ir.Table, everything: ir.Table, mine: ir.Table, shown: ir.Table, count: int
) -> ir.Table:
    """For each chosen: up to `count` items its user never touched: `negatives` (titles), `negative_labels`,
    `negative_items`.

    Items in `mine` (all the user's interactions), titles in `shown` (those in the example) and titles the user knows
    from another record or domain (of `everything` that was touched) are passed over, and repeated titles taken once.
    Hardly anybody has to go far for them.
    """
    known = _titles_touched(plan, everything)
    near = plan.engine.materialise(_met(plan, chosen, known, mine, shown, count, far=False))
    enough = near.filter(near.negatives.length() == count)
    others = plan.engine.materialise(chosen.anti_join(enough, KEYS))
    if not plan.engine.collect(others.agg(n=others.count()))[0]["n"]:
        return enough
    return enough.union(_met(plan, others, known, mine, shown, count, far=True))


def _met(
    plan: PlanContext, chosen: ir.Table, known: ir.Table, mine: ir.Table, shown: ir.Table, count: int, *, far: bool
) -> ir.Table:
    """Return the first `count` of what each subject meets: the first one of each positive, then the second ones, …

    Of a positive's own, those come first of which as many are met as are `wanted` of their side; what is met on the
    whole catalogue as a last resort comes behind all else.
    """
    import ibis

    draws = _draw(plan, chosen, shown, count, far=far)
    untouched = draws.anti_join(mine.select(*KEYS, "item"), [*KEYS, "item"])
    unseen = untouched.anti_join(shown.select(*KEYS, "norm"), [*KEYS, "norm"])
    unseen = unseen.anti_join(known, ["subject", "norm"])
    names = ("last", "rank", "turn", "side", "wanted", "title", "label", "item")
    again = _number(unseen, [*KEYS, "norm"], [unseen[name] for name in names])
    once = unseen.mutate(again=again).filter(lambda t: t.again == 0).select(*KEYS, *names)
    once = once.mutate(number=_number(once, [*KEYS, "last", "turn", "side"], [once["rank"], once.title]))
    late = once.number >= once.wanted
    once = once.mutate(turn_number=_number(once, [*KEYS, "last", "turn"], [late, once.number, once.side]))
    place = _number(once, KEYS, [once["last"], once.turn_number, once.turn])  # of a dozen or two: a sort is fastest
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
    """Return the items each subject meets: KEYS, FOUND, and rank, turn, side, wanted and last, by which to choose.

    `shown` is the example's window; its ranks from `recipe.history` on are the positives. Not `far`: only the first
    steps over the whole catalogue.
    """
    import ibis

    items = plan.shelves if plan.domain else plan.shelves.mutate(domain=ibis.literal(""))
    if "shelf" not in chosen.columns:
        chosen = chosen.mutate(shelf=chosen.domain)
    return STRATEGIES[plan.recipe.negative_sampling](plan, items, chosen, shown, count, far)


def _number(rows: ir.Table, group: list[str], order: list[ir.Value]) -> ir.IntegerColumn:
    import ibis

    return ibis.row_number().over(group_by=[rows[name] for name in group], order_by=order)


def _titles_touched(plan: PlanContext, everything: ir.Table) -> ir.Table:
    """subject, norm: of everything that was touched anywhere in the source, the titles that several records have.

    A title of one record only is met only with that record, which is known by its item.
    """
    several = plan.shelves.filter(lambda t: t.alike > 1).select(*plan.domain, "item", "norm")
    return plan.engine.materialise(
        everything.inner_join(several, [*plan.domain, "item"]).select("subject", "norm").distinct()
    )
