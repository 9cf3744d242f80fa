"""Two consecutive periods of a source, for training and for testing: split protocol "snapshots".

    train       the first period, but for its last part      validation  that last part
    test        the second period                            users       those with interactions in both periods

The periods are those of the recipe, else the source's own, else the two consecutive years, months or days (the longest
of these that any user spans) which share the most users. An interaction is there once, at its earliest moment, so that
nothing of the first period is tested on; of records with one title a user's first counts. Interactions of which a
release tells only the order and no time (`dated` is false) belong to no period.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from itdr_hf.errors import BuildError, UsageError
from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning import derived

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

LAST_PART = 0.1  # of the first period's interactions: validation
DAY, HOUR = 86_400, 3_600  # seconds; the moment between train and validation is a full hour
UNITS = ("year", "month", "day")  # of the calendar, in UTC


class Periods(NamedTuple):
    """Moments in seconds: where the first period and the second one begin, and where that ends."""

    first: int
    second: int
    end: int

    def __str__(self) -> str:
        dates = [datetime.fromtimestamp(moment, UTC).date().isoformat() for moment in self]
        return ",".join(dates)


def interactions(plan: PlanContext) -> ir.Table:
    """Return the interactions of both periods, of users who are in both: [domain,] user, item, norm, timestamp, part.

    Raises BuildError where the source has no times, or nobody is in both periods.
    """
    name = f"snapshots-{derived.key(__name__, plan.recipe.snapshots, *plan.source.snapshots)}"
    return plan.engine.parquet(derived.kept(plan.tables, plan.engine, name, lambda: _parts(plan, periods(plan))))


def periods(plan: PlanContext) -> Periods:
    """Return the two periods of a source. Raises BuildError where nobody is in both, or there are no times."""
    if not plan.source.by_time:
        raise BuildError(
            f"{plan.source.id}: its release has no times; want them to take two periods; choose another source"
        )
    if plan.recipe.snapshots:
        given = read_periods(plan.recipe.snapshots)
        if not _shared(plan, given):
            raise BuildError(
                f"{plan.source.id}: snapshots {given}: no user is in both periods; want two that share users; "
                "choose others, or leave them out"
            )
        return given
    own = read_periods(",".join(plan.source.snapshots)) if plan.source.snapshots else None
    return own if own and _shared(plan, own) else _most_shared(plan)


def moments(plan: PlanContext) -> tuple[int, int]:
    """Return the two times in seconds at which validation and test begin."""
    rows = interactions(plan)
    begin = {part: rows.timestamp.min(where=rows.part == part) for part in SPLITS[1:]}
    found = plan.engine.collect(rows.agg(**begin))[0]
    return int(found[SPLITS[1]] or found[SPLITS[2]]), int(found[SPLITS[2]])


def among(plan: PlanContext, rows: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Return those of the rows, with these keys of a user, that are interactions of the two periods."""
    user = keys[-1]
    known = interactions(plan).select(*plan.domain, "item", **{user: "user"})
    return rows.semi_join(known, [*plan.domain, user, "item"])


def read_periods(text: str) -> Periods:
    """Read three dates with commas: where the periods begin and end. Raises UsageError."""
    try:
        dates = [date.fromisoformat(part.strip()) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(
            f"snapshots {text!r}: {error}; want three dates such as 2001-01-01,2002-01-01,2003-01-01"
        ) from error
    if len(dates) != 3 or sorted(set(dates)) != dates:
        raise UsageError(
            f"snapshots {text!r}: want three dates, each later than the one before it: two beginnings and an end"
        )
    return Periods(*map(_moment, dates))


def facts(plan: PlanContext) -> dict[str, str | int]:
    """Return what the ledger says of the snapshots: periods and users, items and interactions of each part."""
    rows = interactions(plan)
    users, item = [*plan.domain, "user"], [*plan.domain, "item"]
    counts: dict[str, str | int] = {"periods": str(periods(plan)), "users": _size(plan, rows.select(*users).distinct())}
    for part in SPLITS:
        mine = rows.filter(rows.part == part)
        counts[f"{part} interactions"] = _size(plan, mine)
        counts[f"{part} items"] = _size(plan, mine.select(*item).distinct())
    tested = rows.filter(rows.part == "test").select(*item).distinct()
    first = rows.filter(rows.part != "test").select(*item).distinct()
    counts["items of both periods"] = _size(plan, tested.semi_join(first, item))
    return counts


def _parts(plan: PlanContext, chosen: Periods) -> ir.Table:
    import ibis

    keys = [*plan.domain, "user"]
    rows = _within(plan, chosen.first, chosen.end)
    both = rows.group_by(keys).agg(late=(rows.timestamp >= chosen.second).sum(), n=rows.count())
    rows = rows.semi_join(both.filter((both.late > 0) & (both.late < both.n)), keys)
    titled = rows.inner_join(plan.table("items").select(*plan.domain, "item", "norm"), [*plan.domain, "item"])
    again = ibis.row_number().over(
        group_by=[*(titled[key] for key in keys), titled.norm], order_by=[titled.timestamp, titled.item]
    )
    once = plan.engine.materialise(titled.mutate(again=again).filter(lambda t: t.again == 0).drop("again"))
    last = _last_part(plan, once.filter(once.timestamp < chosen.second), chosen)
    part = ibis.cases((once.timestamp < last, "train"), (once.timestamp < chosen.second, "validation"), else_="test")
    return once.mutate(part=part).order_by([*keys, "timestamp", "item"])


def _within(plan: PlanContext, begin: int, end: int) -> ir.Table:
    rows = plan.table("interactions")
    rows = rows.filter((rows.timestamp >= begin) & (rows.timestamp < end))
    rows = rows.filter(rows.dated) if "dated" in rows.columns else rows
    return rows.select(*plan.domain, "user", "item", "timestamp")


def _last_part(plan: PlanContext, rows: ir.Table, chosen: Periods) -> int:
    """Return the full hour from which on about a share of LAST_PART of the first period lies, the earlier of equals."""
    hours = rows.group_by(hour=(rows.timestamp // HOUR).cast("int64")).agg(n=rows.count()).order_by("hour")
    counts = [(int(row["hour"]), int(row["n"])) for row in plan.engine.collect(hours)]
    left = total = sum(n for _, n in counts)
    begins = []
    for hour, n in counts:
        begins.append((abs(left - LAST_PART * total), hour))
        left -= n
    return min(begins[1:])[1] * HOUR if len(begins) > 1 else chosen.second


def _shared(plan: PlanContext, chosen: Periods) -> int:
    """How many users are in both periods."""
    keys = [*plan.domain, "user"]
    first, second = (_within(plan, a, b).select(*keys).distinct() for a, b in itertools.pairwise(chosen))
    return _size(plan, first.semi_join(second, keys))


def _most_shared(plan: PlanContext) -> Periods:
    """Return the consecutive years, else months, else days, that share the most users; of equals the latest."""
    keys = [*plan.domain, "user"]
    rows = _within(plan, -(2**60), 2**60)
    days = rows.select(*keys, day=(rows.timestamp // DAY).cast("int64")).distinct()
    days = plan.engine.materialise(days)
    bounds = plan.engine.collect(days.agg(low=days.day.min(), high=days.day.max()))[0]
    if bounds["low"] is not None:
        calendar = plan.engine.table([_calendar_day(day) for day in range(bounds["low"], bounds["high"] + 1)])
        dated = days.inner_join(calendar, "day")
        for unit in UNITS:
            seen = dated.select(*keys, number=dated[unit]).distinct()
            both = seen.inner_join(seen.mutate(number=seen.number - 1), [*keys, "number"])
            shared = plan.engine.collect(both.group_by("number").agg(n=both.count()))
            if shared:
                best = max(shared, key=lambda row: (row["n"], row["number"]))["number"]
                return Periods(*(_begin(unit, best + step) for step in range(3)))
    raise BuildError(
        f"{plan.source.id}: no user has interactions on two consecutive days; want two periods that share users; "
        "name them with snapshots, or choose another source"
    )


def _calendar_day(day: int) -> dict[str, int]:
    at = date(1970, 1, 1) + timedelta(days=day)
    return {"day": day, "month": at.year * 12 + at.month - 1, "year": at.year}


def _begin(unit: str, number: int) -> int:
    """Return the moment at which a year, month or day begins, by its number in `_calendar_day`."""
    if unit == "day":
        return number * DAY
    year, month = (number, 0) if unit == "year" else divmod(number, 12)
    return _moment(date(year, month + 1, 1))


def _moment(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _size(plan: PlanContext, rows: ir.Table) -> int:
    return int(plan.engine.collect(rows.agg(n=rows.count()))[0]["n"])
