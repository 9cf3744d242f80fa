"""What the tasks about users have in common: the lists of a user and of those around them, with their profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers, reading
from itdr_hf.tasks.planning import neighbours, queries, snapshots
from itdr_hf.tasks.planning.written import RULE
from itdr_hf.tasks.reading.faults import ParsedAnswer
from itdr_hf.tasks.reclm import circle, profiles
from itdr_hf.tasks.task import TaskContext

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

HISTORY = 5  # items shown of each user
DEFAULTS: dict[str, Any] = {
    "history": HISTORY, "neighbours": neighbours.COUNT, "split_protocol": "snapshots", "template": "mixed",
    "with_description": False,
}  # fmt: skip
FIXED = frozenset({"split_protocol", "positives", "negatives"})
METRICS = ("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L")
KEYS = queries.KEYS


def needs(source: Source) -> tuple[str, ...]:
    """Return the tables the tasks read. Raises UsageError for a source without times."""
    if not source.by_time:
        raise UsageError(f"reclm: {source.id} has no times; want them for two periods; choose another source")
    return ("interactions", "items")


def users(plan: PlanContext) -> ir.Table:
    """Return the users who have a profile; of those with the very same list, one, so that no prompt is there twice."""
    lists = _lists(plan, circle.shown(plan, without_held=True))
    one = lists.group_by(["domain", "titles"]).agg(subject=lists.member.min())
    return profiles.users(plan).semi_join(one, KEYS).select(*plan.domain, "subject")


def users_with_neighbours(plan: PlanContext) -> ir.Table:
    """Return those of them who have a neighbour."""
    near = circle.around(plan).select(*plan.domain, "subject").distinct()
    return users(plan).semi_join(near, [*plan.domain, "subject"])


def with_circle(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the chosen with `lists`, `titles` (the first list's), `profiles` and `written`: the user, then the neighbours."""
    import ibis

    keys = chosen.select(*KEYS)
    near = circle.around(plan).inner_join(keys, KEYS)
    one = ibis.literal(1, "int64")
    members = ibis.union(
        keys.mutate(member=keys.subject, place=one - 1),
        near.select(*KEYS, member="neighbour", place=near["rank"].cast("int64") + 1),
    )
    own = _lists(plan, circle.shown(plan, without_held=True)).mutate(own=ibis.literal(True))
    others = _lists(plan, circle.shown(plan, without_held=False)).mutate(own=ibis.literal(False))
    lists = ibis.union(own, others)
    told = members.mutate(own=members.place == 0).inner_join(lists, ["domain", "member", "own"])
    known = profiles.users(plan).select("domain", "text", "written_by", member="subject")
    told = plan.engine.materialise(told.inner_join(known, ["domain", "member"]).rename(rank="place"))
    made = told.group_by(KEYS).agg(
        lists=queries.in_order(told, "listed"),
        titles=told.titles.arbitrary(where=told["rank"] == 0),
        profiles=queries.in_order(told, "text"),
        written=told.written_by.max(),
        invented=told.written_by.min(),
    )
    return chosen.inner_join(made, KEYS)


def people(lists: Sequence[Sequence[str]]) -> str:
    """Return the lists of users, each under its name."""
    return "\n".join([f"User {n}:\n{answers.numbered(items)}" for n, items in enumerate(lists, 1)])


def author(row: Mapping[str, Any]) -> str:
    """Who wrote the profiles that a row quotes: the rules, a model, or both."""
    names = dict.fromkeys((row["written"], row["invented"]))
    return "+".join(sorted(names, key=lambda name: name == RULE))


def read_text(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the text itself."""
    return reading.read_text(text, strict=strict)


def _lists(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return what is shown of each user: domain, member, titles, listed (with the label behind the title)."""
    told = profiles.described(plan, rows)
    told = told.mutate(shown=labelled(told))
    listed = told.group_by(KEYS).agg(titles=queries.in_order(told, "title"), listed=queries.in_order(told, "shown"))
    return listed.rename(member="subject")


def labelled(rows: ir.Table) -> ir.StringValue:
    """Return the titles, each with its label in brackets where it has one."""
    import ibis

    label = ibis.cases((rows.label.notnull(), rows.label), else_="")
    return ibis.cases((label != "", rows.title.concat(" (", label, ")")), else_=rows.title)


def facts(plan: PlanContext) -> dict[str, str | int]:
    """Return what the ledger says of the two periods and of the neighbours among users."""
    return {**snapshots.facts(plan), **neighbours.facts(plan, "user")}
