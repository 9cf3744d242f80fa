"""Rating prediction: ten rated items, the rating of the next (the paper's appendix C, Table 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.prompts import HELD_OUT
from itdr_hf.records import Answer, Example, Parts, Source, Subtask, Wording
from itdr_hf.subtasks import _answers, _plans

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

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


def eligible(g: Gathering) -> ir.Table:
    return _plans.users_with(g, g.recipe.history + 1, only_rated=True)


def gather(g: Gathering, chosen: ir.Table) -> ir.Table:
    count = g.recipe.history
    window = _plans.window(g, _plans.rated(_plans.interactions_of(g, chosen)), count + 1)
    shown = _plans.titled(g, window)
    past = shown["rank"] < count
    made = shown.group_by(_plans.KEYS).agg(
        history=_plans.in_order(shown, "title", past),
        ratings=_plans.in_order(shown, "rating", past),
        target=shown.title.max(where=~past),
        rating=shown.rating.max(where=~past),
        titles=shown.norm.nunique(),
    )
    left_out = _plans.reason((made.titles <= count, "two titles alike in one example"))
    return chosen.inner_join(made.mutate(left_out=left_out).drop("titles"), _plans.KEYS)


def example(row: Mapping[str, Any], wording: Wording) -> Parts:
    scale = wording.source.scale
    assert scale is not None
    rated = [f"{title}: {scale.text(rating)}" for title, rating in zip(row["history"], row["ratings"], strict=True)]
    rating = scale.text(row["rating"])
    return Parts(
        slots={"history": _answers.numbered(rated), "target": row["target"]},
        output=rating,
        history=row["history"],
        history_ratings=row["ratings"],
        candidates=(row["target"],),
        targets=(rating,),
    )


def parse(text: str, example: Example, *, strict: bool = False) -> Answer:
    """The rating, on the scale of the example's source."""
    from itdr_hf import catalogue

    scale = catalogue.source(example.source).scale
    assert scale is not None
    answer = _answers.read_number(text, scale.low, scale.high, strict)
    return answer._replace(values=tuple(_answers.as_written(value, scale.text) for value in answer.values))


SUBTASK = Subtask(
    id="rp",
    title="Rating prediction",
    root="UII",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "target"}),
    metrics=("RMSE",),
    defaults={"history": 10, "positives": 1},
    fixed=frozenset({"positives"}),
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
