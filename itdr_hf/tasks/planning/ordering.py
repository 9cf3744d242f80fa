"""In which order a user's interactions stand: by time, and what time leaves open by a hash that says nothing of them.

Lists of real releases run by title or ISBN, and ten ratings may share a second. Ordered by file or id, the next item
would be the next in the alphabet. So ties, and all of a release without times, are ordered by the md5 of user and
item: the same in every cell, whatever the seed. `order` "file" keeps the release's order and breaks ties by item id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.raw.source import Source
from itdr_hf.tasks.planning import digest

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

ORDERS = ("hash", "file")
FUTURES = ("hidden", "shown")  # of what one domain shows, where another asks
DIGITS = 15  # of the hash, as a number: of two of a user's items the hash is never the same in practice


def keys(plan: PlanContext, rows: ir.Table) -> dict[str, ir.Value]:
    """Return what interactions are ordered by, most important first: unique within a user (and domain), never NULL.

    `rows` has item, timestamp, and the user as `subject` or `user`.
    """
    return sort_keys(plan.source, plan.recipe.order, rows)


def sort_keys(source: Source, order: str, rows: ir.Table) -> dict[str, ir.Value]:
    """Return the same, for tables that are made once per source and order."""
    if order == "file":
        return {"timestamp": rows.timestamp, "item": rows.item}
    user = rows["subject"] if "subject" in rows.columns else rows["user"]
    place = digest.whole(digest.digest(f"order|{source.id}", user, rows.item), 0, DIGITS)
    when = {"timestamp": rows.timestamp} if source.by_time else {}
    return {**when, "tie": place, "item": rows.item}


def numbered(plan: PlanContext, rows: ir.Table, group: list[str], *, last_first: bool = False) -> ir.Column:
    """Return each row's number from 0 in the order of its group, or in the reverse order."""
    import ibis

    by = list(keys(plan, rows).values())
    return ibis.row_number().over(
        group_by=[rows[name] for name in group], order_by=[ibis.desc(key) for key in by] if last_first else by
    )
