"""Split protocols other than by user: which of a user's interactions a split asks for, and which it may show.

    leave-last  asked for are each user's last ZONE interactions (test), the ZONE before them (validation) and
                the ZONE before those (train); shown as history is what comes right before
    time        two moments cut the whole source, 80 % of its interactions before the first and 90 % before the
                second; a split asks only for what lies between its moments, and shows what comes right before

The zones and moments are the same for every subtask, so what one cell asks for in its test split is nowhere
shown or asked for in train by another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf import sampling
from itdr_hf.errors import BuildError
from itdr_hf.records import SPLITS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

PROTOCOLS = ("user", "leave-last", "time")
ZONE = 5  # interactions a split may ask for under leave-last: the most that any subtask asks for
HOUR = 3600  # the moments are full hours


def moments(g: Gathering) -> tuple[int, int]:
    """The two times in seconds that divide the source. Raises BuildError where the release has no times."""
    if not g.source.by_time:
        raise BuildError(
            f"{g.source.id}: its release has no times; want them to split by time; "
            "choose split_protocol 'user' or 'leave-last'"
        )
    rows = g.table("interactions")
    hours = rows.group_by(hour=(rows.timestamp // HOUR).cast("int64")).agg(n=rows.count()).order_by("hour")
    counts = [(row["hour"], row["n"]) for row in g.engine.fetch(hours)]
    total, seen, cuts = sum(n for _, n in counts), 0, []
    shares = [sampling.SHARES["train"], sampling.SHARES["train"] + sampling.SHARES["validation"]]
    for hour, n in counts:
        seen += n
        while shares and seen >= shares[0] * total:
            cuts.append((hour + 1) * HOUR)
            shares.pop(0)
    return cuts[0], cuts[1]


def users_with(g: Gathering, rows: ir.Table) -> ir.Table:
    """The (domain, user)s of whose interactions an example of this split can be made."""
    keys = [*g.domain, "user"]
    rows = _first_of_a_title(g, rows, keys)
    if g.recipe.split_protocol == "leave-last":
        _check_zone(g)
        counted = rows.group_by(keys).agg(n=rows.count())
        return counted.filter(counted.n >= g.recipe.history + ZONE + _after(g)).drop("n")
    asked = _asked(g, _numbered(rows, keys))
    counted = asked.group_by(keys).agg(n=asked.count())
    return counted.filter(counted.n >= g.recipe.positives).drop("n")


def span(g: Gathering, mine: ir.Table) -> ir.Table:
    """Of all interactions of the chosen, those from the first to be shown on: the split's example begins there."""
    keys = ["domain", "subject"]
    mine = _first_of_a_title(g, mine, keys)
    if g.recipe.split_protocol == "leave-last":
        import ibis

        back = ibis.row_number().over(
            group_by=[mine[k] for k in keys], order_by=[ibis.desc(mine.timestamp), ibis.desc(mine.item)]
        )
        after = _after(g)
        rows = mine.mutate(back=back)
        return rows.filter((rows.back >= after) & (rows.back < after + ZONE + g.recipe.history)).drop("back")
    rows = _numbered(mine, keys)
    asked = _asked(g, rows)
    first = asked.group_by(keys).agg(begin=asked.number.min() - g.recipe.history)
    rows = rows.inner_join(first, keys)
    return rows.filter((rows.number >= rows.begin) & _before_end(g, rows)).drop("number", "begin")


def _first_of_a_title(g: Gathering, rows: ir.Table, keys: list[str]) -> ir.Table:
    """Rows without those whose title the user met before under another id: it would be asked for and known."""
    import ibis

    named = rows.inner_join(g.table("items").select(*g.domain, "item", "norm"), [*g.domain, "item"])
    again = ibis.row_number().over(
        group_by=[*(named[k] for k in keys), named.norm], order_by=[named.timestamp, named.item]
    )
    return named.mutate(again=again).filter(lambda t: t.again == 0).drop("again", "norm")


def _after(g: Gathering) -> int:
    """How many of a user's interactions come after the zone of this split."""
    return (len(SPLITS) - 1 - SPLITS.index(g.period)) * ZONE


def _check_zone(g: Gathering) -> None:
    if g.recipe.positives > ZONE:
        raise BuildError(
            f"positives: {g.recipe.positives}; want at most {ZONE} where each user's last {ZONE} are left out; "
            "ask for fewer, or choose split_protocol 'user' or 'time'"
        )


def _numbered(rows: ir.Table, keys: list[str]) -> ir.Table:
    """Rows with `number`, their place from 0 in the order of time."""
    import ibis

    return rows.mutate(
        number=ibis.row_number().over(group_by=[rows[k] for k in keys], order_by=[rows.timestamp, rows.item])
    )


def _asked(g: Gathering, rows: ir.Table) -> ir.Table:
    """The interactions that this split may ask for: in its period, with enough before them to show."""
    begin = {"train": None, "validation": g.cuts[0], "test": g.cuts[1]}[g.period]
    asked = rows.filter((rows.number >= g.recipe.history) & _before_end(g, rows))
    return asked if begin is None else asked.filter(asked.timestamp >= begin)


def _before_end(g: Gathering, rows: ir.Table) -> ir.BooleanValue:
    import ibis

    end = {"train": g.cuts[0], "validation": g.cuts[1], "test": None}[g.period]
    return ibis.literal(True) if end is None else rows.timestamp < end
