"""Intentions of users in words: two views of the wish behind a choice, from the review of it, its title untold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import BuildError
from itdr_hf.runtime.text import show_text
from itdr_hf.tasks.instructrec import statements
from itdr_hf.tasks.instructrec.rules import INTENTION_WORDS, MAX_CHARS
from itdr_hf.tasks.instructrec.stating import Stating, stating, teacher, texts_of
from itdr_hf.tasks.planning import queries, split_protocols
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

VIEWS = {"user": "what the user wanted it for", "item": "what it had to be like"}


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the review of each user's target in this split, and the intentions that are read from it."""
    import ibis

    if not plan.tables.has("texts"):
        raise BuildError(f"intention: {plan.source.id} has no reviews; want them to read wishes from; leave it out")
    rows = statements.core_rows(plan)
    rows = rows.filter((rows.back == split_protocols.after(plan)) & rows.text_row.notnull())
    asked = rows.select(*queries.KEYS, "item", "text_row").inner_join(chosen.select(*queries.KEYS), queries.KEYS)
    asked = plan.engine.materialise(
        asked.inner_join(plan.texts, "text_row").select(*queries.KEYS, "item", review="text")
    )
    told = chosen.inner_join(asked.drop("item"), queries.KEYS)
    told = told.inner_join(texts_of(plan, chosen, asked), queries.KEYS)
    return told.mutate(left_out=ibis.null("string"))


def shown(row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the review as plain text."""
    return "review", show_text(row["review"], MAX_CHARS)


TASK = stating(
    Stating(columns={view: f"wish_{view}" for view in VIEWS}, views=VIEWS, shown=shown),
    gather,
    id="intention",
    title="Intentions in words",
    description="Intentions in words: state the wish that a review shows its writer had before the choice.",
    templates={
        "default": "A user wrote about one of the {items} they {did}: {review}\nState {view} in one sentence that begins "
        "with 'I want', as the user would have put it before the choice. Do not reveal which {item} it is.",
        "plain": "Review: {review}\nSay in one sentence, in the first person and without revealing the {item}: {view}.",
        HELD_OUT: "This was written after a choice: {review}\nWrite the wish that came before it, in one sentence: {view}. "
        "The {item} must stay unknown.",
    },
    slots=frozenset({"review", "view"}),
    timed=True,
    defaults={"with_description": False, "split_protocol": "leave-one-out"},
    fixed=frozenset({"split_protocol"}),
    teacher=teacher(
        "intention", "You are given a user's review of something they chose, and never its name; state what is asked of the "
        "wish that led to it, in the first person, and reveal neither title nor maker.", "I want", INTENTION_WORDS,
    ),
)  # fmt: skip
