"""Split protocols other than by user: which of a user's interactions a split asks for, and which it may show.

    leave-last  asked for are each user's last ZONE interactions (test), the ZONE before them (validation) and
                the ZONE before those (train); shown as history is what comes right before
    leave-one-out  the same with a zone of one: each user's last interaction is the test's, the one before it the
                validation's, the one before that the training's
    snapshots   as `time`, with two periods in place of the whole source: see `snapshots`
    time        two moments cut the whole source, 80 % of its interactions before the first and 90 % before the
                second; a split asks only for what lies between its moments, and shows what comes right before

The zones and moments are the same for every subtask, so what one cell asks for in its test split is nowhere
shown or asked for in train by another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.errors import BuildError
from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning import ordering, snapshots, splits

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

PROTOCOLS = ("user", "leave-last", "leave-one-out", "time", "snapshots")
ZONE = 5  # interactions a split may ask for under leave-last: the most that any subtask asks for
ZONES = {"leave-last": ZONE, "leave-one-out": 1}
KEYS = ["domain", "subject"]
HOUR = 3600  # the moments are full hours


def moments(plan: PlanContext) -> tuple[int, int]:
    """Return the two times in seconds that divide the source. Raises BuildError where the release has no times."""
    if not plan.source.by_time:
        raise BuildError(
            f"{plan.source.id}: its release has no times; want them to split by time; "
            "choose split_protocol 'user' or 'leave-last'"
        )
    if plan.recipe.split_protocol == "snapshots":
        return snapshots.moments(plan)
    rows = plan.table("interactions")
    hours = rows.group_by(hour=(rows.timestamp // HOUR).cast("int64")).agg(n=rows.count()).order_by("hour")
    counts = [(row["hour"], row["n"]) for row in plan.engine.collect(hours)]
    total, seen, cuts = sum(n for _, n in counts), 0, []
    shares = [splits.SHARES["train"], splits.SHARES["train"] + splits.SHARES["validation"]]
    for hour, n in counts:
        seen += n
        while shares and seen >= shares[0] * total:
            cuts.append((hour + 1) * HOUR)
            shares.pop(0)
    return cuts[0], cuts[1]


def users_with(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the (domain, user)s of whose interactions an example of this split can be made."""
    keys = [*plan.domain, "user"]
    rows = _first_of_a_title(plan, rows, keys)
    if plan.recipe.split_protocol in ZONES:
        _check_zone(plan)
        counted = rows.group_by(keys).agg(n=rows.count())
        return counted.filter(counted.n >= plan.recipe.history + _zone(plan) + after(plan)).drop("n")
    asked = _asked(plan, _numbered(plan, rows, keys))
    counted = asked.group_by(keys).agg(n=asked.count())
    return counted.filter(counted.n >= plan.recipe.positives).drop("n")


def span(plan: PlanContext, mine: ir.Table) -> ir.Table:
    """Of all interactions of the chosen, those from the first to be shown on: the split's example begins there."""
    keys = KEYS
    mine = _first_of_a_title(plan, mine, keys)
    if plan.recipe.split_protocol in ZONES:
        later = after(plan)
        rows = mine.mutate(back=ordering.numbered(plan, mine, keys, last_first=True))
        return rows.filter((rows.back >= later) & (rows.back < later + _zone(plan) + plan.recipe.history)).drop("back")
    rows = _numbered(plan, mine, keys)
    asked = _asked(plan, rows)
    first = asked.group_by(keys).agg(begin=asked.number.min() - plan.recipe.history)
    rows = rows.inner_join(first, keys)
    return rows.filter((rows.number >= rows.begin) & _before_end(plan, rows)).drop("number", "begin")


def showable(plan: PlanContext, mine: ir.Table) -> ir.Table:
    """Of all interactions of the chosen, those that the split may show: not asked for in a later split."""
    mine = _first_of_a_title(plan, mine, KEYS)
    if plan.recipe.split_protocol in ZONES:
        rows = mine.mutate(back=ordering.numbered(plan, mine, KEYS, last_first=True))
        return rows.filter(rows.back >= after(plan)).drop("back")
    return mine.filter(_before_end(plan, mine))


def _first_of_a_title(plan: PlanContext, rows: ir.Table, keys: list[str]) -> ir.Table:
    """Rows without those whose title the user met before under another id: it would be asked for and known."""
    if plan.recipe.split_protocol == "snapshots":
        rows = snapshots.among(plan, rows, keys)
    named = _named(plan, rows)
    return (
        named.mutate(again=ordering.numbered(plan, named, [*keys, "norm"]))
        .filter(lambda t: t.again == 0)
        .drop("again", "norm")
    )


def _named(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Rows with the `norm` of their items."""
    return rows.inner_join(plan.table("items").select(*plan.domain, "item", "norm"), [*plan.domain, "item"])


def after(plan: PlanContext) -> int:
    """Return how many of a user's interactions come after the zone of this split."""
    return (len(SPLITS) - 1 - SPLITS.index(plan.period)) * _zone(plan)


def _zone(plan: PlanContext) -> int:
    return ZONES[plan.recipe.split_protocol]


def _check_zone(plan: PlanContext) -> None:
    zone = _zone(plan)
    if plan.recipe.positives > zone:
        raise BuildError(
            f"positives: {plan.recipe.positives}; want at most {zone} where each user's last {zone} are left out; "
            "ask for fewer, or choose split_protocol 'user' or 'time'"
        )


def _numbered(plan: PlanContext, rows: ir.Table, keys: list[str]) -> ir.Table:
    """Rows with `number`, their place from 0 in the order of time."""
    return rows.mutate(number=ordering.numbered(plan, rows, keys))


def _asked(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the interactions that this split may ask for: in its period, with enough before them to show."""
    begin = {"train": None, "validation": plan.cuts[0], "test": plan.cuts[1]}[plan.period]
    asked = rows.filter((rows.number >= plan.recipe.history) & _before_end(plan, rows))
    return asked if begin is None else asked.filter(asked.timestamp >= begin)


def _before_end(plan: PlanContext, rows: ir.Table) -> ir.BooleanValue:
    import ibis

    end = {"train": plan.cuts[0], "validation": plan.cuts[1], "test": None}[plan.period]
    return ibis.literal(True) if end is None else rows.timestamp < end
