"""What could be read off a cell's candidates without any taste, played on its rows as long as ids and times are at hand.

Players that need only what an example says play in the audit (`dataset/audit/players.py`); those here need an item's
id, when it was first seen in the data, or how many interacted with it. Each ranks the candidates of every example by
one fact; its figure is how often the first one is a positive, ties counted by their share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.raw.source import ARROW
from itdr_hf.tasks.planning.queries import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.runtime.engine import Record
    from itdr_hf.tasks.planning.context import PlanContext

NEEDED = ("positive_items", "negative_items", "last_item", "shown_until", "asked_from", "asked_until")
FAR = 1e18  # seconds: when what was never seen was first seen


def played(plan: PlanContext, rows: ir.Table) -> list[Record]:
    """Return for each player: player, examples, hit (the mean), spread (its standard deviation), chance.

    `rows` are those of a ranking or choice, with positive_items, negative_items, last_item, shown_until, asked_from
    and asked_until. Times tell nothing where a release has no clock, so nobody plays them there.
    """
    import ibis

    if not set(NEEDED) <= set(rows.columns):
        return []  # of a task that gathers its rows in another way
    candidates = _candidates(plan, rows)
    games = {
        "next id": [candidates.item <= candidates.last_item, candidates.item],
        "lowest id": [candidates.item],
        "most popular in the data": [-candidates.uses],
        "least popular in the data": [candidates.uses],
    }
    if plan.clocked:
        games["future"] = [(candidates.first_seen.fill_null(FAR) > candidates.asked_until)]
        games["first seen last"] = [-candidates.first_seen.fill_null(0)]
        games["first seen first"] = [candidates.first_seen.fill_null(0)]
    keys = [candidates[name] for name in KEYS]
    placed = candidates.select(
        *KEYS,
        "positive",
        **{f"p{n}": ibis.rank().over(group_by=keys, order_by=by) for n, by in enumerate(games.values())},
    )
    hits = placed.group_by(KEYS).agg(
        chance=placed.positive.mean(),
        **{f"p{n}": placed.positive.mean(where=placed[f"p{n}"] == 0) for n in range(len(games))},
    )
    [played] = plan.engine.collect(
        hits.agg(
            n=hits.count(),
            chance=hits.chance.mean(),
            **{f"m{n}": hits[f"p{n}"].mean() for n in range(len(games))},
            **{f"s{n}": hits[f"p{n}"].std(how="pop") for n in range(len(games))},
        )
    )
    found = [
        _figure(name, played["n"], played[f"m{n}"], played[f"s{n}"], played["chance"]) for n, name in enumerate(games)
    ]
    return [*found, *_later(plan, rows)] if played["n"] else []


def _candidates(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """One row for each candidate: KEYS, item, positive, uses (those of others), first_seen, last_item, asked_until."""
    import ibis

    base = rows.mutate(home=rows.domain.re_replace(f"^.*{ARROW}", "") if plan.source.pairs else rows.domain)
    facts = ("home", "last_item", "asked_until")
    sides = [
        base.select(*KEYS, *facts, item=base[column].unnest(), positive=ibis.literal(value, "int64").cast("float64"))
        for column, value in (("positive_items", 1), ("negative_items", 0))  # 1.0 is a decimal to Spark
    ]
    both = ibis.union(*sides)
    catalogue = plan.catalogue.select(*plan.domain, "item", "popularity", "first_seen")
    catalogue = catalogue.rename(home="domain") if plan.domain else catalogue
    joined = both.inner_join(catalogue, ["home", "item"] if plan.domain else ["item"])
    return joined.mutate(uses=joined.popularity - joined.positive.cast("int64"))


def _later(plan: PlanContext, rows: ir.Table) -> list[Record]:
    """How often something shown is later than the first positive: never, where the order is that of time."""
    if not plan.source.by_time:
        return []
    later = rows.select(later=(rows.shown_until > rows.asked_from).cast("float64"))
    [played] = plan.engine.collect(later.agg(n=later.count(), m=later.later.mean(), s=later.later.std(how="pop")))
    return [_figure("shown later than asked", played["n"], played["m"], played["s"], 0.0)]


def _figure(name: str, count: int, hit: float, spread: float | None, chance: float) -> Record:
    return {
        "player": name,
        "examples": count,
        "hit": round(float(hit), 4),
        "spread": round(float(spread or 0.0), 4),
        "chance": round(float(chance), 4),
    }
