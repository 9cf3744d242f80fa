"""Plan product search, whose subjects are items: a query for each, from its categories, a review, a user's taste."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from itdr_hf.tasks.instructrec import forms, statements
from itdr_hf.tasks.instructrec.pools import drawn
from itdr_hf.tasks.instructrec.sequences import pivoted
from itdr_hf.tasks.planning import core, queries
from itdr_hf.tasks.planning.negatives import OTHER_ITEMS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext


def eligible(plan: PlanContext) -> ir.Table:
    """Return the items of the core, each with its split: by a hash of its title, 80/10/10."""
    items = plan.engine.parquet(core.items(plan.tables, plan.engine, plan.recipe.order))
    return items.select(*plan.domain, subject="item")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return title, categories, fine instructions and candidates of each item, and `has`, which texts there are."""
    import ibis

    keys = chosen.select(*queries.KEYS, item="subject")
    known = statements.described(plan, keys)
    rank, when = ibis.literal(plan.recipe.history, type="int64"), ibis.null("float64")
    known = plan.engine.materialise(known.mutate(rank=rank, timestamp=when))
    facts = known.select(*queries.KEYS, target="title", categories="categories", target_item="item")
    rows = chosen.inner_join(facts, queries.KEYS)
    rows = rows.left_join(_texts(plan, chosen), queries.KEYS).drop("domain_right", "subject_right")
    mine = known.select(*queries.KEYS, "item")
    timeless = replace(plan, recipe=replace(plan.recipe, availability="any"))
    rows = rows.left_join(drawn(timeless, chosen, mine, mine, known), queries.KEYS)
    rows = rows.drop("domain_right", "subject_right", "negative_labels")
    few = rows.negatives.length().fill_null(0) < plan.recipe.negatives
    return rows.mutate(
        history=ibis.literal([], type="array<string>"),
        left_out=queries.reason((few, OTHER_ITEMS)),
        has=forms.has(rows.general.notnull(), rows.wish_user.notnull(), rows.categories.notnull()),
    )


def _texts(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the wish in one review of the item, and the taste of the user who wrote it."""
    said = statements.statements(plan)
    if plan.tables.has("texts"):
        by = statements.reviewed(plan)
    else:
        by = statements.core_rows(plan).select("domain", "subject", "item").limit(0)
    by = by.select("domain", subject="item", user=by.subject.cast("string"), about=by["item"].cast("string"))
    mine = by.inner_join(chosen.select(*queries.KEYS), queries.KEYS).inner_join(said, ["domain", "user"])
    return pivoted(mine.filter((mine["kind"] == "P2") | (mine["item"] == mine.about)))
