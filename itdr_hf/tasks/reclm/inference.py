"""What a tuned model is asked for every user: their own profile, with the users around them as a background.

The prompts for items are those of `itemprofile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reclm import gathering, profile
from itdr_hf.tasks.reclm.templates import INFERENCE
from itdr_hf.tasks.task import ExampleParts, TaskContext

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the chosen with the lists of their circle."""
    rows = gathering.with_circle(plan, chosen)
    return rows.mutate(left_out=queries.reason((rows.lists.length() < 2, "no neighbour")))


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    """Return the lists of a user and of those around them, and the user's profile."""
    written = row["profiles"][0]
    return ExampleParts(
        slots={"people": gathering.people(row["lists"])},
        output=written,
        history=row["titles"],
        targets=(written,),
        reference_by=gathering.author(row),
    )


TASK = replace(
    profile.TASK,
    id="inference",
    title="User profiles among neighbours",
    profiles="user",
    description="User profiles: tell from what a user and similar users chose who that user is and what they are after.",
    templates=INFERENCE,
    slots=frozenset({"people"}),
    eligible=gathering.users_with_neighbours,
    gather=gather,
    example=example,
    teacher=None,
)
