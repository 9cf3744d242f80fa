"""Interest recognition: what interests this user, from liked and disliked items (the paper's appendix C, Table 23)

Where a source has reviews, only reviewed items are shown, each with its review; else each with its rating. The
reference is written by `_extractive` from the same facts until a teacher writes a better one (`itdr annotate`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Attribute, Source
from itdr_hf.records import Example
from itdr_hf.runtime.text import show_text
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _extractive, _ranking
from itdr_hf.tasks.itdr._extractive import Opinion
from itdr_hf.tasks.planning import ordering, queries
from itdr_hf.tasks.reading import ParsedAnswer, read_text
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext, Teacher
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "Interest recognition: from the things a person liked, those they disliked and the reasons they give, work out "
    "what they are interested in and put it into a few words."
)
DEFAULT = (
    "These are some {items} that a user {did}.\n{liked}:\n{likes}\n{disliked}:\n{dislikes}\n"
    "Sum up in a few sentences what interests this user, and what does not."
)
PLAIN = (
    "What follows are {items} that one person {did} and has an opinion of.\n{liked}:\n{likes}\n"
    "{disliked}:\n{dislikes}\n"
    "In two or three sentences, say what this person is interested in and what leaves them cold."
)
BRIEF = "{liked}:\n{likes}\n{disliked}:\n{dislikes}\nDescribe this user's interests briefly, dislikes included."
UNSEEN = (
    "A librarian of {items} wants to know a visitor by what they said before.\n{liked}:\n{likes}\n"
    "{disliked}:\n{dislikes}\nWrite the note the librarian would keep: the visitor's tastes, and what to spare them."
)

TEACHER = Teacher(
    version="ir-1",
    system=(
        "You read what one person liked and disliked and describe their taste to somebody who will choose for them. "
        "Say what draws this person and what puts them off, with the reasons they give themselves; join what belongs "
        "together into interests, do not go through the things one by one. Keep to what you are told: invent no "
        "facts, and guess neither gender, age nor origin. Write plain English prose of 60 to 140 words, without a "
        "heading, a list or a word about yourself."
    ),
    template="{input}",
    words=(30, 300),
    field="interests",
)


def needs(source: Source) -> tuple[str, ...]:
    if source.liked_above is None or source.disliked_below is None:
        raise UsageError(
            f"ir: {source.id} does not tell likes from dislikes; want liked_above and disliked_below; "
            "choose another subtask"
        )
    return ("interactions", "items")


def eligible(plan: PlanContext) -> ir.Table:
    """Return the (domain, user)s with enough likes and enough dislikes."""
    told = _told(plan, plan.table("interactions"))
    counted = told.group_by([*plan.domain, "user"]).agg(likes=told.liked.sum(), dislikes=(~told.liked).sum())
    enough = (counted.likes >= plan.recipe.reviews) & (counted.dislikes >= plan.recipe.reviews)
    return counted.filter(enough).drop("likes", "dislikes").rename(subject="user")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the earliest likes and dislikes of each chosen user, as lists of (rank, title, label, rating, review)."""
    import ibis

    told = _told(plan, queries.interactions_of(plan, chosen))
    by = ordering.keys(plan, told)
    shown = queries.titled(plan, queries.first(told, [*queries.KEYS, "liked"], by, plan.recipe.reviews))
    about = [f"about_{attribute.column}" for attribute in _details(plan.source)] if plan.recipe.details else []
    if about:
        items = plan.table("items")
        facts = {name: items[name.removeprefix("about_")].cast("string") for name in about}
        shown = shown.inner_join(items.select(*plan.domain, "item", **facts), [*plan.domain, "item"])
    review = ibis.null("string")
    if plan.tables.has("texts"):
        shown = plan.engine.materialise(shown.inner_join(plan.texts, "text_row"))
        review = shown.text
    fields = {name: shown[name] for name in ("rank", "title", "label", "rating")}
    opinion = ibis.struct({**fields, "review": review, **{name: shown[name] for name in about}})
    made = shown.group_by(queries.KEYS).agg(
        likes=opinion.collect(where=shown.liked).sort(),
        dislikes=opinion.collect(where=~shown.liked).sort(),
        titles=shown.norm.nunique(),
        shown=shown.count(),
    )
    left_out = queries.reason((made.titles < made.shown, "two titles alike in one example"))
    return chosen.inner_join(made.mutate(left_out=left_out).drop("titles", "shown"), queries.KEYS)


def _details(source: Source) -> list[Attribute]:
    """Return what is said of an item beside its label: what is written of it in sentences, or else all that is known."""
    others = [attribute for attribute in source.item_attributes if attribute.column != source.label]
    return [attribute for attribute in others if attribute.kind == "text"] or others


def _told(plan: PlanContext, interactions: ir.Table) -> ir.Table:
    """Return the interactions that say like or dislike, as `liked`: those with a text, where there are texts."""
    rows = interactions.mutate(rating=interactions.rating.cast("float64"))
    rows = rows.filter((rows.rating > plan.recipe.liked_above) | (rows.rating < plan.recipe.disliked_below))
    rows = rows.mutate(liked=rows.rating > plan.recipe.liked_above)
    return rows.filter(rows.text_row.notnull()) if plan.tables.has("texts") else rows


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    likes, dislikes = ([_opinion(told, context) for told in row[side]] for side in ("likes", "dislikes"))
    reference = _extractive.interests(likes, dislikes, context.source)
    return ExampleParts(
        slots={
            "likes": _listed(likes, row["likes"], context),
            "dislikes": _listed(dislikes, row["dislikes"], context),
        },
        output=reference,
        history=[opinion.title for opinion in (*likes, *dislikes)],
        targets=(reference,),
        reference_by=_extractive.NAME,
    )


def _listed(opinions: Sequence[Opinion], told: Sequence[Mapping[str, Any]], context: TaskContext) -> str:
    lines = [_shown(opinion, context) + _about(one, context) for opinion, one in zip(opinions, told, strict=True)]
    return answers.numbered(lines)


def _about(told: Mapping[str, Any], context: TaskContext) -> str:
    """Return what the release says of an item, a line for each attribute; nothing where it is not asked for."""
    if not context.recipe.details:
        return ""
    known = [(a.name, told[f"about_{a.column}"]) for a in _details(context.source)]
    shown = [(name, show_text(value, context.recipe.max_chars)) for name, value in known if value]
    return "".join([f"\n   {name.capitalize()}: {text}" for name, text in shown if text])


def _opinion(told: Mapping[str, Any], context: TaskContext) -> Opinion:
    review = show_text(told["review"] or "", context.recipe.max_chars)
    return Opinion(title=told["title"], label=told["label"], rating=told["rating"], review=review)


def _shown(opinion: Opinion, context: TaskContext) -> str:
    """'Title [label]' and under it the review, or behind it the rating where there is no review."""
    line = _ranking.labelled([opinion.title], [opinion.label])[0]
    if opinion.review:
        return f"{line}\n   Review: {opinion.review}"
    scale = context.source.scale
    return f"{line}, rated {scale.text(opinion.rating)}" if scale and opinion.rating is not None else line


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the text itself."""
    return read_text(text, strict=strict)


TASK = Task(
    id="ir",
    title="Interest recognition",
    root="UIU",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"likes", "dislikes"}),
    answer="text",
    metrics=("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L"),
    defaults={"reviews": 3, "max_chars": 1200},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
    teacher=TEACHER,
)
