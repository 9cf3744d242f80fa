"""Item profiles: whom an item suits, told from its text and from the items nearest to it with their profiles.

Of an item with users in train the profile is made of theirs; of a cold one, of those of similar items. A similar item
with the very same profile is not shown: it would be the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.text import show_text
from itdr_hf.tasks.planning import neighbours, queries, snapshots
from itdr_hf.tasks.planning.written import RULE
from itdr_hf.tasks.reclm import gathering, profile, profiles
from itdr_hf.tasks.reclm.templates import ITEM
from itdr_hf.tasks.task import ExampleParts, TaskContext

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

KEYS = queries.KEYS


def eligible(plan: PlanContext) -> ir.Table:
    """Return the items that have a profile."""
    rows = profiles.items(plan)
    return rows.semi_join(profiles.near_items(plan), KEYS).select(*plan.domain, "subject")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the chosen with their text and profile, and those of the items near them."""
    known = profiles.items(plan).select("domain", "cold", profile="text", member="subject")
    told = profiles.described(plan, known.rename(item="member")).rename(member="item")
    told = _with_text(plan, told.mutate(shown=gathering.labelled(told)))
    near = profiles.near_items(plan).rename(member="neighbour").inner_join(chosen.select(*KEYS), KEYS)
    own = known.select("domain", subject="member", mine="profile")
    near = near.select(*KEYS, "member", "rank").inner_join(told, ["domain", "member"]).inner_join(own, KEYS)
    near = plan.engine.materialise(near.filter(~near.profile.contains(near.mine)))
    similar = near.group_by(KEYS).agg(
        near=queries.in_order(near, "shown"),
        near_texts=queries.in_order(near, "words"),
        near_profiles=queries.in_order(near, "profile"),
    )
    mine = told.select("domain", "title", "shown", "words", "profile", "cold", subject="member")
    rows = chosen.inner_join(mine, KEYS).left_join(similar, KEYS).drop("domain_right", "subject_right")
    return rows.mutate(left_out=queries.reason((rows.near.isnull(), "no similar item with another profile")))


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    """Return what an item is, what those near it are and whom they suit, and the profile."""
    most = context.recipe.max_chars
    alike = zip(row["near"], row["near_texts"], row["near_profiles"], strict=True)
    similar = [f"{n}. {_about(title, text, most)}\n{suits}" for n, (title, text, suits) in enumerate(alike, 1)]
    return ExampleParts(
        slots={
            "about": _about(row["shown"], row["words"], most),
            "similar": "\n".join(similar),
            "title": row["title"],
        },
        output=row["profile"],
        targets=(row["profile"],),
        reference_by=RULE,
    )


def facts(plan: PlanContext) -> dict[str, str | int]:
    """Return what the ledger says of the two periods and of the neighbours among items."""
    return {**snapshots.facts(plan), **neighbours.facts(plan, "item")}


def _about(title: str, text: str, most: int) -> str:
    shown = show_text(text, most)
    return f"{title}: {shown}" if shown else title


def _with_text(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the rows with `words`, the longer text of each item; "" where there is none."""
    import ibis

    names = [attribute.column for attribute in plan.source.item_attributes if attribute.kind == "text"]
    names = [name for name in names if name in plan.table("items").columns and name != plan.source.label]
    if not names:
        return rows.mutate(words=ibis.literal(""))
    items = plan.table("items")
    texts = items.select(*plan.domain, member="item", words=items[names[0]].cast("string").fill_null(""))
    return rows.inner_join(texts, [*plan.domain, "member"])


TASK = replace(
    profile.TASK,
    id="itemprofile",
    title="Item profiles",
    profiles="item",
    subject="item",
    description="Item profiles: tell from what an item is and from the items most like it whom it suits.",
    templates=ITEM,
    slots=frozenset({"about", "similar", "title"}),
    max_answer_tokens=192,
    eligible=eligible,
    gather=gather,
    example=example,
    teacher=None,
    facts=facts,
)
