"""User attribute prediction: who likes these items? (the paper's appendix C, Table 22)

Only attributes the release knows of a user are asked for and given; a user without any is not eligible.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Attribute, Source
from itdr_hf.records import Example
from itdr_hf.runtime.text import join_words
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import AskedAttribute, ParsedAnswer, read_attributes
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "User attribute prediction: infer lasting facts about a person, such as age, gender, occupation or where they "
    "live, from nothing but the things they like."
)
DEFAULT = (
    "A user likes these {items}, {order}:\n{history}\n"
    "From these likes, predict the user's {attributes}.\nAnswer with one line for each, in this form:\n{form}"
)
PLAIN = (
    "These are {items} that one person likes, {order}:\n{history}\n"
    "Make your best guess at the person's {attributes}. Write each on a line of its own, like this:\n{form}"
)
BRIEF = "Liked by one user, {order}:\n{history}\nGuess the user's {attributes}. Reply in this form:\n{form}"
UNSEEN = (
    "Picture the person who chose all of the following {items} as favourites ({order}).\n{history}\n"
    "What do you take their {attributes} to be? Fill in every line and add nothing:\n{form}"
)

MAX_LISTED = 25  # values of a closed set that a prompt lists


def needs(source: Source) -> tuple[str, ...]:
    if not source.user_attributes:
        raise UsageError(f"uap: {source.id} knows nothing of its users; want user_attributes; choose another subtask")
    if endless := [a.name for a in source.user_attributes if a.kind == "number" and a.scale is None]:
        raise UsageError(f"uap: {source.id}: {endless[0]} is a number without a scale; want Attribute(scale=…); add it")
    return ("interactions", "items", "users")


def eligible(plan: PlanContext) -> ir.Table:
    import ibis

    users = plan.table("users")
    known = users.filter(ibis.or_(*[users[a.column].notnull() for a in plan.source.user_attributes]))
    likes = _likes(plan, plan.table("interactions"))
    return known.semi_join(likes, "user").select(subject="user")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    import ibis

    mine = queries.interactions_of(plan, chosen)
    likes = _likes(plan, mine)
    # plays say how much an item is liked
    most_played = {"plays": -likes.plays.fill_null(0)} if "plays" in likes.columns else {}
    shown = queries.titled(plan, queries.first_in_order(plan, likes, plan.recipe.history, before=most_played))
    made = shown.group_by(queries.KEYS).agg(
        history=queries.in_order(shown, "title"), history_labels=queries.in_order(shown, "label")
    )
    users = plan.table("users").rename(subject="user")
    columns = [a.column for a in plan.source.user_attributes]
    rows = chosen.inner_join(made, queries.KEYS).inner_join(users.select("subject", *columns), "subject")
    again = ibis.row_number().over(group_by=rows.history.join("\n"), order_by=[rows.order, rows.subject])
    rows = rows.mutate(again=again)
    left_out = queries.reason((rows.again > 0, "the same favourites as another user"))
    return rows.mutate(left_out=left_out).drop("again")


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    asked = [a for a in context.source.user_attributes if row[a.column] is not None]
    known = [(a.name, str(row[a.column])) for a in asked]
    names = [a.name for a in asked]
    liked = _ranking.labelled(row["history"], row["history_labels"])
    return ExampleParts(
        slots={
            "history": answers.numbered(liked),
            "attributes": join_words([_with_labels(a) for a in asked]),
            "form": "\n".join([f"{name}: ..." for name in names]),
        },
        output="\n".join([f"{name}: {value}" for name, value in known]),
        history=row["history"],
        targets=[value for _, value in known],
        target_names=names,
    )


def _with_labels(attribute: Attribute) -> str:
    """Return an attribute's name, with the values it can have where these are few: 'gender (one of: male, female)'."""
    few = 0 < len(attribute.labels) <= MAX_LISTED
    return f"{attribute.name} (one of: {', '.join(attribute.labels)})" if few else attribute.name


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Read the values of the attributes, in the order of `target_names`; of a numeric one the number alone."""
    known = {attribute.name: attribute for attribute in context.source.user_attributes}
    asked = [_asked(known[name]) if name in known else AskedAttribute(name) for name in example.target_names]
    return read_attributes(text, asked, strict=strict)


def _asked(attribute: Attribute) -> AskedAttribute:
    return AskedAttribute(attribute.name, attribute.labels, attribute.scale)


def _likes(plan: PlanContext, interactions: ir.Table) -> ir.Table:
    """Return the interactions that say 'like': rated above the threshold, or all where there are no ratings."""
    return interactions.filter(interactions.rating > plan.recipe.liked_above) if plan.source.scale else interactions


TASK = Task(
    id="uap",
    title="User attribute prediction",
    root="UIU",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "attributes", "form"}),
    answer="attributes",
    max_answer_tokens=256,
    metrics=("ACC", "RMSE"),
    defaults={"history": 20},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
