"""Plan steps that subtasks share, as Ibis expressions: who has enough, what came first, what was never touched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from itdr_hf.subtasks import _negatives, _periods

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

KEYS = ["domain", "subject"]


def users_with(g: Gathering, least: int, *, only_rated: bool = False) -> ir.Table:
    """The (domain, user)s with at least so many interactions, or so many with a rating; by time, with as many
    as the split's period needs. Where it goes by user, with everybody's `split` and `order`, which are known."""
    if g.period:
        interactions = g.table("interactions")
        return _periods.users_with(g, rated(interactions) if only_rated else interactions).rename(subject="user")
    people = g.people(least)
    people = people.filter(people.ratings >= least) if only_rated else people
    return people.select(*g.domain, "split", "order", subject="user")


def rated(interactions: ir.Table) -> ir.Table:
    """Those with a rating: a source may know of interactions without an opinion."""
    return interactions.filter(interactions.rating.notnull())


def interactions_of(g: Gathering, chosen: ir.Table) -> ir.Table:
    """All interactions of the chosen, with the domain and subject of their example."""
    return of_examples(g, g.histories.rename(subject="user"), chosen)


def touched(g: Gathering, chosen: ir.Table) -> ir.Table:
    """All that the users among the chosen touched, in every domain: subject [, domain], item, timestamp."""
    users = chosen.select("subject").distinct()
    rows = g.histories.select(*g.domain, "item", "timestamp", subject="user").inner_join(users, "subject")
    return rows if g.sampled else g.engine.keep(rows)  # read again and again, from what is small already


def of_examples(g: Gathering, rows: ir.Table, chosen: ir.Table) -> ir.Table:
    """Rows of users, as many times as there are examples of them, each with its domain and subject."""
    keys = chosen.select("subject", *g.domain, *([] if g.domain else ["domain"]))
    return rows.inner_join(keys, [*g.domain, "subject"])


def window(g: Gathering, mine: ir.Table, count: int) -> ir.Table:
    """The interactions an example is made of: each subject's first ones, or those of the split's period."""
    return first_by_time(_periods.span(g, mine) if g.period else mine, count)


def first_by_time(interactions: ir.Table, count: int, *, before: Mapping[str, ir.Value] = {}) -> ir.Table:
    """Each subject's first interactions by (timestamp, item), or by what goes `before`, with `rank` from 0."""
    by = {**before, "timestamp": interactions.timestamp, "item": interactions.item}
    return first(interactions, KEYS, by, count)


def first(rows: ir.Table, keys: Sequence[str], by: Mapping[str, ir.Value], count: int) -> ir.Table:
    """The first so many rows of each key, with `rank` from 0; together the values of `by` are unique, and none is NULL.

    Ordered by one value, and the number compared as it comes, DuckDB keeps the few least of each key, in a third of
    the time that sorting all rows takes; it holds them in memory, so that a plan has only so many keys at a time.
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


def titled(g: Gathering, rows: ir.Table) -> ir.Table:
    """The rows with `title`, `norm` and `label` of their items."""
    import ibis

    items = g.table("items")
    label = items[g.source.label] if g.source.label else ibis.null("string")
    return rows.inner_join(items.select(*g.domain, "item", "title", "norm", label=label), [*g.domain, "item"])


def in_order(rows: ir.Table, column: str, where: ir.BooleanValue | None = None) -> ir.ArrayValue:
    """An aggregate: the values of a column as a list in order of `rank`.

    Structs that begin with the rank are collected and sorted, since not every engine collects in order.
    """
    import ibis

    pairs = ibis.struct({"rank": rows["rank"], "value": rows[column]})
    return pairs.collect(where=where).sort().map(lambda pair: pair.value)


def reason(*cases: tuple[ir.BooleanValue, str]) -> ir.StringValue:
    """Why a row is left out: the first case that holds, or NULL."""
    import ibis

    return ibis.cases(*cases, else_=ibis.null("string"))


def negatives(
    g: Gathering, chosen: ir.Table, everything: ir.Table, mine: ir.Table, shown: ir.Table, count: int
) -> ir.Table:
    """For each chosen: up to `count` items its user never touched: `negatives` (titles), `negative_labels`.

    They are met in the order that `_negatives` decides by the recipe's `negative_sampling`. Items in `mine`
    (all the user's interactions), titles in `shown` (those in the example) and titles the user knows from another
    record or domain (of `everything` that was touched) are passed over, and repeated titles taken once. Hardly
    anybody has to go far for them.
    """
    known = _titles_touched(g, everything)
    near = g.engine.keep(_met(g, chosen, known, mine, shown, count, far=False))
    enough = near.filter(near.negatives.length() == count)
    others = g.engine.keep(chosen.anti_join(enough, KEYS))
    if not g.engine.fetch(others.agg(n=others.count()))[0]["n"]:
        return enough
    return enough.union(_met(g, others, known, mine, shown, count, far=True))


def _met(
    g: Gathering, chosen: ir.Table, known: ir.Table, mine: ir.Table, shown: ir.Table, count: int, *, far: bool
) -> ir.Table:
    import ibis

    draws = _negatives.draw(g, chosen, shown, count, far=far)
    untouched = draws.anti_join(mine.select(*KEYS, "item"), [*KEYS, "item"])
    unseen = untouched.anti_join(shown.select(*KEYS, "norm"), [*KEYS, "norm"])
    unseen = unseen.anti_join(known, ["subject", "norm"])
    visit = ibis.struct({"rank": unseen["rank"], "title": unseen.title, "label": unseen.label})
    once = unseen.group_by([*KEYS, "norm"]).agg(first=visit.min())
    once = once.select(*KEYS, **{name: once["first"][name] for name in ("rank", "title", "label")})
    taken = first(once, KEYS, {"met": once["rank"]}, count)
    return taken.group_by(KEYS).agg(negatives=in_order(taken, "title"), negative_labels=in_order(taken, "label"))


def _titles_touched(g: Gathering, everything: ir.Table) -> ir.Table:
    """subject, norm: of everything that was touched anywhere in the source, the titles that several records have.

    A title of one record only is met only with that record, which is known by its item.
    """
    several = g.shelves.filter(lambda t: t.alike > 1).select(*g.domain, "item", "norm")
    return g.engine.keep(everything.inner_join(several, [*g.domain, "item"]).select("subject", "norm").distinct())
