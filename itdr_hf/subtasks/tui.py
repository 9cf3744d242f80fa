"""Target user identification: whom to recommend an item to (the paper's appendix C, Table 24).

Shown are the item's attributes and a sample of its reviews, dispraise included. The reference is written by
`_extractive` from the same facts until a teacher writes a better one (`itdr annotate`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf import sampling
from itdr_hf.errors import UsageError
from itdr_hf.prompts import HELD_OUT
from itdr_hf.records import Answer, Example, Parts, Source, Subtask, Teacher, Wording
from itdr_hf.subtasks import _answers, _extractive, _plans
from itdr_hf.texts import show_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

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


def eligible(g: Gathering) -> ir.Table:
    """Items of which at least one attribute is known."""
    import ibis

    items = g.table("items")
    known = items.filter(ibis.or_(*[items[a.column].notnull() for a in g.source.item_attributes]))
    return known.select(*g.domain, subject="item")


def gather(g: Gathering, chosen: ir.Table) -> ir.Table:
    import ibis

    items = g.table("items").rename(subject="item")
    columns = [a.column for a in g.source.item_attributes]
    keys = [*g.domain, "subject"]
    rows = chosen.inner_join(items.select(*keys, "title", *columns), keys)
    if g.tables.has("texts"):
        rows = rows.left_join(_reviews(g, chosen), _plans.KEYS)
        rows = rows.drop(*[c for c in rows.columns if c.endswith("_right")])
    else:
        rows = rows.mutate(
            reviews=ibis.literal([], type="array<string>"), ratings=ibis.literal([], type="array<double>")
        )
    return rows.mutate(left_out=_plans.reason((rows.title.isnull(), "no title")))


def _reviews(g: Gathering, chosen: ir.Table) -> ir.Table:
    """A few reviews of each chosen item, whichever their md5 puts first."""
    import ibis

    rows = g.table("interactions").rename(subject="item")
    rows = rows.filter(rows.text_row.notnull())
    keys = chosen.select("subject", *g.domain, *([] if g.domain else ["domain"]))
    rows = rows.inner_join(keys, [*g.domain, "subject"])
    place = sampling.digest(f"reviews|{g.recipe.seed}", rows.subject, rows["user"])
    few = _plans.first(rows, _plans.KEYS, {"place": place, "user": rows["user"]}, g.recipe.reviews)
    few = few.inner_join(g.texts, "text_row")
    few = few.mutate(rating=few.rating.cast("float64") if "rating" in few.columns else ibis.null("float64"))
    return few.group_by(_plans.KEYS).agg(reviews=_plans.in_order(few, "text"), ratings=_plans.in_order(few, "rating"))


def example(row: Mapping[str, Any], wording: Wording) -> Parts:
    source, most = wording.source, wording.recipe.max_chars
    known = [(a, row[a.column]) for a in source.item_attributes if row[a.column] is not None]
    facts = [(a, text) for a, value in known if (text := show_text(str(value), most))]
    said = [
        _extractive.Review(text, rating)
        for review, rating in zip(row["reviews"] or (), row["ratings"] or (), strict=True)
        if (text := show_text(review, most))
    ]
    reviews = f"What users say about it:\n{_answers.numbered([review.text for review in said])}\n" if said else ""
    reference = _extractive.target_users(row["title"], facts, said, source)
    return Parts(
        slots={
            "title": row["title"],
            "attributes": "".join([f"{attribute.name}: {value}\n" for attribute, value in facts]),
            "reviews": reviews,
        },
        output=reference,
        targets=(reference,),
        reference_by=_extractive.NAME,
    )


def parse(text: str, example: Example, *, strict: bool = False) -> Answer:
    """The text itself."""
    return _answers.read_text(text, strict)


SUBTASK = Subtask(
    id="tui",
    title="Target user identification",
    root="UIU",
    subject="item",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"title", "attributes", "reviews"}),
    metrics=("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L"),
    defaults={"reviews": 3},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
    teacher=TEACHER,
)
