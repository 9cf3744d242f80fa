"""Users and those around them: what is shown of each, which item is held out, and which items may be asked for.

Of each user the newest `history` items of train are shown. An item is asked for only where a neighbour's list shows
it, whether the user took to it or not, so that the list alone does not give the answer away. One such item of a user's
own train history is held out: it is in no prompt as the user's and in no profile, so that it can be asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning import derived, digest, neighbours, queries, snapshots

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

KEYS = queries.KEYS


def parts(plan: PlanContext) -> ir.Table:
    """Return the interactions of the snapshots with `domain` ("" where the source has none) and `subject`."""
    import ibis

    rows = snapshots.interactions(plan).rename(subject="user")
    rows = rows if plan.domain else rows.mutate(domain=ibis.literal(""))
    return rows.filter(rows.domain == plan.recipe.domain) if plan.recipe.domain else rows


def around(plan: PlanContext) -> ir.Table:
    """Return the neighbours that are shown: domain, subject, neighbour, rank."""
    import ibis

    rows = neighbours.neighbours(plan, "user")
    rows = rows if plan.domain else rows.mutate(domain=ibis.literal(""))
    rows = rows.filter(rows["rank"] < plan.recipe.neighbours)
    return rows.filter(rows.domain == plan.recipe.domain) if plan.recipe.domain else rows


def held(plan: PlanContext) -> ir.Table:
    """Return the item that is held out of each user's history, where there is one: domain, subject, item, norm."""
    return plan.engine.parquet(derived.kept(plan.tables, plan.engine, f"held-{key(plan)}", lambda: _held(plan)))


def shown(plan: PlanContext, *, without_held: bool) -> ir.Table:
    """Return the newest items of each user's train part: domain, subject, item, norm, rank (the oldest 0)."""
    rows = parts(plan)
    rows = rows.filter(rows.part == "train")
    rows = rows.anti_join(held(plan), [*KEYS, "norm"]) if without_held else rows
    return _newest(rows, plan.recipe.history)


def offered(plan: PlanContext) -> ir.Table:
    """Return what the neighbours' lists show: domain, subject, item, norm, each title once, with how many show it."""
    lists = shown(plan, without_held=False).select("domain", "item", "norm", neighbour="subject")
    rows = around(plan).inner_join(lists, ["domain", "neighbour"])
    return rows.group_by([*KEYS, "norm"]).agg(item=rows["item"].min(), times=rows.count())


def key(plan: PlanContext) -> str:
    """Return a name for what depends on who is near, what is shown and what is held out."""
    recipe = plan.recipe
    facts: tuple[str | int, ...] = (
        recipe.snapshots,
        *plan.source.snapshots,
        recipe.neighbours,
        recipe.near,
        recipe.history,
    )
    return derived.key(__name__, *facts, recipe.seed, recipe.domain, plan.source.label)


def by_chance(plan: PlanContext, rows: ir.Table, what: str) -> ir.Table:
    """Return one row of each subject, decided by a stable hash of its title."""
    place = digest.digest(f"{what}|{plan.recipe.seed}|{plan.source.id}", rows.subject, rows.norm)
    return queries.first(rows, KEYS, {"place": place, "norm": rows.norm}, 1).drop("rank")


def _held(plan: PlanContext) -> ir.Table:
    rows = parts(plan)
    mine = rows.filter(rows.part == "train").select(*KEYS, "item", "norm")
    counted = mine.group_by(KEYS).agg(n=mine.count())
    several = mine.semi_join(counted.filter(counted.n > 1), KEYS)  # something is left to be shown
    candidates = several.semi_join(offered(plan), [*KEYS, "norm"])
    return by_chance(plan, candidates, "held").order_by(KEYS)


def _newest(rows: ir.Table, count: int) -> ir.Table:
    import ibis

    window = {"group_by": [rows[key] for key in KEYS], "order_by": [ibis.desc(rows.timestamp), ibis.desc(rows["item"])]}
    rows = rows.mutate(back=ibis.row_number().over(**window).cast("int64"))
    return rows.filter(rows.back < count).select(*KEYS, "item", "norm", rank=count - rows.back)
