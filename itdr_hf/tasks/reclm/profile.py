"""Profiles: from what a user chose to who they are and what they are after, in three identities and three interests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.tasks import answers
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reclm import gathering
from itdr_hf.tasks.reclm.rules import in_form
from itdr_hf.tasks.reclm.templates import PROFILE
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext, Teacher

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

TEACHER = Teacher(
    version="reclm-profile-1",
    system=(
        "You write short profiles of users for a recommender. You are given what one user chose. Answer in two lines "
        "and nothing else. The first begins with 'Identity:' and names the three likeliest kinds of user this is; the "
        "second begins with 'Interests:' and names three things the user is after. Part the entries with semicolons, "
        "keep each to a few words, name no title of the list, and guess neither gender nor origin."
    ),
    template="{input}",
    words=(8, 80),
    field="profile",
    form=in_form,
)


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the chosen with their own list and profile."""
    rows = gathering.with_circle(plan, chosen)
    return rows.mutate(left_out=queries.reason((rows.lists.length() == 0, "nothing to show")))


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    """Return the list of a user and the profile."""
    profile = row["profiles"][0]
    return ExampleParts(
        slots={"history": answers.numbered(row["lists"][0])},
        output=profile,
        history=row["titles"],
        targets=(profile,),
        reference_by=gathering.author(row),
    )


TASK = Task(
    id="profile",
    title="User profiles",
    root="RecLM",
    subject="user",
    description="User profiles: tell from what a user chose who they are and what they are after.",
    templates=PROFILE,
    slots=frozenset({"history"}),
    answer="text",
    max_answer_tokens=128,
    metrics=gathering.METRICS,
    defaults={**gathering.DEFAULTS, "neighbours": gathering.DEFAULTS["neighbours"]},
    fixed=gathering.FIXED,
    needs=gathering.needs,
    eligible=gathering.users,
    gather=gather,
    example=example,
    parse=gathering.read_text,
    teacher=TEACHER,
    facts=gathering.facts,
)
