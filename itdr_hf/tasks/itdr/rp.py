"""Rating prediction: ten rated items, the rating of the next (the paper's appendix C, Table 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import ParsedAnswer, read_number
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "Rating prediction: learn from the ratings a person has already given which kinds of things they value and "
    "which they do not, and estimate the rating they will give to one they have not rated yet."
)
DEFAULT = (
    "A user {did} these {items} and rated each from {low} to {high}, {order}:\n{history}\n"
    "Predict the rating from {low} to {high} that this user gives to: {target}\nAnswer with the number only."
)
PLAIN = (
    "Below are {items} that someone {did}, {order}, each with the rating they gave it. Ratings go from {low} to "
    "{high}.\n{history}\nWhich rating would the same person give to this {item}: {target}\n"
    "Write just the number, between {low} and {high}."
)
BRIEF = (
    "Ratings by one user ({low} to {high}, {order}):\n{history}\n"
    "The user's rating of {target}? Reply with a number and nothing else."
)
UNSEEN = (
    "Here is what a person thinks of some {items}; the figure after each is their rating out of {high}, {low} being "
    "the worst. The list is {order}.\n{history}\n"
    "Now they come to {target}. Put down the figure you expect from them, without any words."
)


def needs(source: Source) -> tuple[str, ...]:
    if source.scale is None:
        raise UsageError(f"rp: {source.id} has no ratings; want a source with a rating scale; choose another subtask")
    return ("interactions", "items")


def eligible(plan: PlanContext) -> ir.Table:
    return queries.users_with(plan, plan.recipe.history + 1, only_rated=True)


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    count = plan.recipe.history
    window = queries.window(plan, queries.rated(queries.interactions_of(plan, chosen)), count + 1)
    shown = queries.titled(plan, window)
    past = shown["rank"] < count
    made = shown.group_by(queries.KEYS).agg(
        history=queries.in_order(shown, "title", past),
        history_labels=queries.in_order(shown, "label", past),
        ratings=queries.in_order(shown, "rating", past),
        target=shown.title.max(where=~past),
        target_label=shown.label.max(where=~past),
        rating=shown.rating.max(where=~past),
        titles=shown.norm.nunique(),
    )
    left_out = queries.reason((made.titles <= count, "two titles alike in one example"))
    return chosen.inner_join(made.mutate(left_out=left_out).drop("titles"), queries.KEYS)


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    scale = context.source.scale
    assert scale is not None
    shown, target = row["history"], row["target"]
    if context.recipe.details:
        shown = _ranking.labelled(shown, row["history_labels"])
        [target] = _ranking.labelled([target], [row["target_label"]])
    rated = [f"{title}: {scale.text(rating)}" for title, rating in zip(shown, row["ratings"], strict=True)]
    rating = scale.text(row["rating"])
    return ExampleParts(
        slots={"history": answers.numbered(rated), "target": target},
        output=rating,
        history=row["history"],
        history_ratings=row["ratings"],
        candidates=(row["target"],),
        targets=(rating,),
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the rating, on the scale of the example's source."""
    scale = context.source.scale
    assert scale is not None
    titles = (*example.history, *example.candidates)
    answer = read_number(text, scale.low, scale.high, titles=titles, strict=strict)
    return answer._replace(values=tuple(answers.as_written(value, scale.text) for value in answer.values))


TASK = Task(
    id="rp",
    title="Rating prediction",
    root="UII",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "target"}),
    answer="number",
    max_answer_tokens=256,
    timed=True,
    metrics=("RMSE",),
    defaults={"history": 10, "positives": 1},
    fixed=frozenset({"positives"}),
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
