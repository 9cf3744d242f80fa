"""Target user identification: whom to recommend an item to (the paper's appendix C, Table 24).

Shown are the item's attributes and a sample of its reviews, dispraise included. The reference is written by
`_extractive` from the same facts until a teacher writes a better one (`itdr annotate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.runtime.text import show_text
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _extractive
from itdr_hf.tasks.planning import digest, queries
from itdr_hf.tasks.reading import ParsedAnswer, read_text
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext, Teacher
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "Target user identification: from what an item is and what people say about it, tell which groups of users "
    "are likely to welcome it, so that it can be recommended to them."
)
DEFAULT = (
    "{Item}: {title}\n{attributes}{reviews}"
    "From this, describe briefly which groups of users the {item} should be recommended to."
)
PLAIN = (
    "Read what is known of the {item} {title}.\n{attributes}{reviews}"
    "Say in a few sentences what kinds of users will welcome this {item} if it is suggested to them."
)
BRIEF = "{title} ({item})\n{attributes}{reviews}Whom does it suit? Answer briefly."
UNSEEN = (
    "A shop wants to point the right people to the {item} {title}. It knows this:\n{attributes}{reviews}"
    "Describe these people in a short paragraph: their tastes, and why the {item} meets them."
)

TEACHER = Teacher(
    version="tui-1",
    system=(
        "You advise a shop on who will enjoy what it offers. You are given one item: what it is and, where there are "
        "any, what people wrote about it. Name the kinds of people it suits and for each the reason, taken from the "
        "item itself; say for whom it is not meant when the reviews show it. Keep to what you are told: invent no "
        "facts, and guess neither gender nor origin. Write plain English prose of 80 to 180 words, without a heading, "
        "a list or a word about yourself."
    ),
    template="{input}",
    words=(40, 320),
    field="audience",
)


def needs(source: Source) -> tuple[str, ...]:
    if not source.item_attributes:
        raise UsageError(f"tui: {source.id} knows only titles; want item_attributes; choose another subtask")
    return ("items",)


def eligible(plan: PlanContext) -> ir.Table:
    """Items of which at least one attribute is known."""
    import ibis

    items = plan.table("items")
    known = items.filter(ibis.or_(*[items[a.column].notnull() for a in plan.source.item_attributes]))
    return known.select(*plan.domain, subject="item")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    import ibis

    items = plan.table("items").rename(subject="item")
    columns = [a.column for a in plan.source.item_attributes]
    keys = [*plan.domain, "subject"]
    rows = chosen.inner_join(items.select(*keys, "title", *columns), keys)
    if plan.tables.has("texts"):
        rows = rows.left_join(_reviews(plan, chosen), queries.KEYS)
        rows = rows.drop(*[c for c in rows.columns if c.endswith("_right")])
    else:
        rows = rows.mutate(
            reviews=ibis.literal([], type="array<string>"), ratings=ibis.literal([], type="array<double>")
        )
    return rows.mutate(left_out=queries.reason((rows.title.isnull(), "no title")))


def _reviews(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return a few reviews of each chosen item, whichever their md5 puts first."""
    import ibis

    rows = plan.table("interactions").rename(subject="item")
    rows = rows.filter(rows.text_row.notnull())
    keys = chosen.select("subject", *plan.domain, *([] if plan.domain else ["domain"]))
    rows = rows.inner_join(keys, [*plan.domain, "subject"])
    place = digest.digest(f"reviews|{plan.recipe.seed}", rows.subject, rows["user"])
    few = queries.first(rows, queries.KEYS, {"place": place, "user": rows["user"]}, plan.recipe.reviews)
    few = few.inner_join(plan.texts, "text_row")
    few = few.mutate(rating=few.rating.cast("float64") if "rating" in few.columns else ibis.null("float64"))
    return few.group_by(queries.KEYS).agg(
        reviews=queries.in_order(few, "text"), ratings=queries.in_order(few, "rating")
    )


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    source, most = context.source, context.recipe.max_chars
    known = [(a, row[a.column]) for a in source.item_attributes if row[a.column] is not None]
    facts = [(a, text) for a, value in known if (text := show_text(str(value), most))]
    said = [
        _extractive.Review(text, rating)
        for review, rating in zip(row["reviews"] or (), row["ratings"] or (), strict=True)
        if (text := show_text(review, most))
    ]
    reviews = f"What users say about it:\n{answers.numbered([review.text for review in said])}\n" if said else ""
    reference = _extractive.target_users(row["title"], facts, said, source)
    return ExampleParts(
        slots={
            "title": row["title"],
            "attributes": "".join([f"{attribute.name}: {value}\n" for attribute, value in facts]),
            "reviews": reviews,
        },
        output=reference,
        targets=(reference,),
        reference_by=_extractive.NAME,
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the text itself."""
    return read_text(text, strict=strict)


TASK = Task(
    id="tui",
    title="Target user identification",
    root="UIU",
    subject="item",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"title", "attributes", "reviews"}),
    answer="text",
    metrics=("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L"),
    defaults={"reviews": 3, "max_chars": 600},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
    teacher=TEACHER,
)
