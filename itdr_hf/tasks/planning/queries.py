"""Plan steps that subtasks share, as Ibis expressions: who has enough, what came first, what a user never chose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from itdr_hf.tasks.planning import ordering, split_protocols

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

KEYS = ["domain", "subject"]


def users_with(plan: PlanContext, least: int, *, only_rated: bool = False) -> ir.Table:
    """Return the (domain, user)s with at least `least` interactions, or `least` ratings with `only_rated`.

    Where splits go by time, they are those with enough in the split's period; where they go by user, each comes with its
    `split` and `order`.
    """
    if plan.period:
        interactions = plan.table("interactions")
        return split_protocols.users_with(plan, rated(interactions) if only_rated else interactions).rename(
            subject="user"
        )
    users = plan.users(least)
    users = users.filter(users.ratings >= least) if only_rated else users
    return users.select(*plan.domain, "split", "order", subject="user")


def rated(interactions: ir.Table) -> ir.Table:
    """Return the interactions that have a rating; a source may have others."""
    return interactions.filter(interactions.rating.notnull())


def interactions_of(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return all interactions of the chosen, with the domain and subject of their example."""
    return of_examples(plan, plan.histories.rename(subject="user"), chosen)


def all_interactions(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return all interactions of the users among the chosen, in every domain: subject [, domain], item, timestamp."""
    users = chosen.select("subject").distinct()
    rows = plan.histories.select(*plan.domain, "item", "timestamp", subject="user").inner_join(users, "subject")
    return rows if plan.sampled else plan.engine.materialise(rows)  # read again and again, from what is small already


def of_examples(plan: PlanContext, rows: ir.Table, chosen: ir.Table) -> ir.Table:
    """Return the rows of each example's user, with its domain and subject; once for every example."""
    keys = chosen.select("subject", *plan.domain, *([] if plan.domain else ["domain"]))
    return rows.inner_join(keys, [*plan.domain, "subject"])


def window(plan: PlanContext, mine: ir.Table, count: int) -> ir.Table:
    """Return the interactions an example is made of: each subject's first ones, or those of the split's period."""
    return first_in_order(plan, split_protocols.span(plan, mine) if plan.period else mine, count)


def first_in_order(
    plan: PlanContext, interactions: ir.Table, count: int, *, before: Mapping[str, ir.Value] = {}
) -> ir.Table:
    """Return each subject's first interactions in the order of `ordering`, or by `before` first, with `rank` from 0."""
    return first(interactions, KEYS, {**before, **ordering.keys(plan, interactions)}, count)


def first(rows: ir.Table, keys: Sequence[str], by: Mapping[str, ir.Value], count: int) -> ir.Table:
    """Return the first this many rows of each key, with `rank` from 0; together the values of `by` are unique, and none is NULL.

    Ordered by one value, and with the number compared directly, DuckDB keeps only the first few of each key, in a third
    of the time that sorting all rows takes. It holds them in memory, so a plan has a limited number of keys at a time.
    """
    import ibis

    window = ibis.window(group_by=[rows[key] for key in keys], order_by=ibis.struct(by), rows=(None, 0))
    numbered = rows.mutate(number=_row_number()().over(window))
    few = numbered.filter(numbered.number <= count)
    return few.mutate(rank=few.number - 1).drop("number")


@cache
def _row_number() -> Callable[[], ir.IntegerColumn]:
    """SQL's own row_number(), from 1: what `ibis.row_number` takes 1 from."""
    import ibis

    @ibis.udf.agg.builtin(name="row_number", signature=((), "int64"))
    def row_number():  # type: ignore[no-untyped-def]
        """Of a window."""

    return row_number  # type: ignore[no-any-return]


def titled(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the rows with `title`, `norm` and `label` of their items."""
    import ibis

    items = plan.table("items")
    label = items[plan.source.label] if plan.source.label else ibis.null("string")
    return rows.inner_join(items.select(*plan.domain, "item", "title", "norm", label=label), [*plan.domain, "item"])


def in_order(rows: ir.Table, column: str, where: ir.BooleanValue | None = None) -> ir.ArrayValue:
    """Return an aggregate: the values of a column as a list in order of `rank`.

    Structs that begin with the rank are collected and sorted, since not every engine collects in order.
    """
    import ibis

    pairs = ibis.struct({"rank": rows["rank"], "value": rows[column]})
    return pairs.collect(where=where).sort().map(lambda pair: pair.value)


def reason(*cases: tuple[ir.BooleanValue, str]) -> ir.StringValue:
    """Why a row is left out: the first case that holds, or NULL."""
    import ibis

    return ibis.cases(*cases, else_=ibis.null("string"))
