"""Preferences of users in words: three views of what comes before their last three interactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.tasks import answers
from itdr_hf.tasks.instructrec import statements
from itdr_hf.tasks.instructrec.rules import PREFERENCE_WORDS
from itdr_hf.tasks.instructrec.stating import Stating, stating, teacher, texts_of
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

VIEWS = {
    "general": "the user's taste as a whole",
    "long": "what the user has come back to all along",
    "short": "what the user has turned to lately",
}


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return each user's history before all targets, and the preferences that are read from it."""
    import ibis

    rows = statements.before_targets(plan).inner_join(chosen.select(*queries.KEYS), queries.KEYS)
    rows = statements.described(plan, rows).mutate(rank=lambda t: -t.back)
    made = rows.group_by(queries.KEYS).agg(history=queries.in_order(rows, "title"))
    told = chosen.inner_join(made, queries.KEYS).inner_join(texts_of(plan, chosen), queries.KEYS)
    return told.mutate(left_out=ibis.null("string"))


def shown(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the titles of the history, numbered."""
    return "history", answers.numbered(row["history"])


TASK = stating(
    Stating(columns={view: view for view in VIEWS}, views=VIEWS, shown=shown),
    gather,
    id="preference",
    title="Preferences in words",
    description="Preferences in words: state what a person's choices say of their taste.",
    templates={
        "default": "A user {did} these {items}, {order}:\n{history}\nState {view} in one sentence "
        "that begins with 'The user'. Name no title.",
        "plain": "History of a user, {order}:\n{history}\nSay in one sentence, in the third person and without any title: "
        "{view}.",
        HELD_OUT: "Read this history, {order}:\n{history}\nWrite one sentence about {view}, without naming a title.",
    },
    slots=frozenset({"history", "view"}),
    defaults={"history": statements.HISTORY, "with_description": False},
    teacher=teacher(
        "preference", "You are given what one user chose; state what is asked of their taste, and name no title.", "The user",
        PREFERENCE_WORDS,
    ),
)  # fmt: skip
