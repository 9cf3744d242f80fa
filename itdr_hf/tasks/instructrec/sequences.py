"""Plan the scenarios that have a user: what comes before the split's target, the target, and items never touched."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from itdr_hf.tasks.instructrec import forms, statements
from itdr_hf.tasks.instructrec.pools import drawn
from itdr_hf.tasks.planning import derived, digest, queries, split_protocols
from itdr_hf.tasks.planning.negatives import NEVER_TOUCHED

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

FEWEST = statements.TARGETS + 1  # interactions of a user: a target for each split, and one at least before them
# Fields of a recipe that say in which instructions, and how many of them, a scenario asks of what is gathered.
OF_A_SCENARIO = ("num_examples", "forms", "held_out", "template", "with_description", "max_prompt", "max_chars", "salt")


def eligible(plan: PlanContext) -> ir.Table:
    """Return the users of the core who have a target in every split and a history before the first."""
    rows = statements.core_rows(plan)
    counted = rows.group_by(queries.KEYS).agg(n=rows.count())
    return counted.filter(counted.n >= FEWEST).select(*plan.domain, "subject")


def core_facts(plan: PlanContext) -> dict[str, str | int]:
    """Return the size of the core: users, items, and interactions, all of them and the newest 20 of each user."""
    import ibis

    rows = statements.core_rows(plan)
    counted = rows.group_by(queries.KEYS).agg(n=rows.count())
    shown = ibis.least(counted.n, statements.HISTORY).sum()
    [users] = plan.engine.collect(counted.agg(users=counted.count(), n=counted.n.sum(), shown=shown))
    [items] = plan.engine.collect(rows.select("domain", "item").distinct().agg(n=lambda t: t.count()))
    found = (users["users"], items["n"], users["n"], users["shown"])
    names = core_names(plan.recipe.domain)
    return {name: int(value or 0) for name, value in zip(names, found, strict=True)}


def core_names(domain: str) -> tuple[str, ...]:
    """Return what the numbers of `core_facts` are called."""
    of = f"of the 5-core{domain and ', ' + domain.replace('_', ' ')}"
    return (f"users {of}", f"items {of}", f"interactions {of}", f"newest {statements.HISTORY} of each user {of}")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return history, target, fine instructions and negatives of each user, and `has`, which texts there are.

    Sequential recommendation and personalised search are made of the same: gathered for one, it is kept for the other.
    """
    facts = {name: value for name, value in asdict(plan.recipe).items() if name not in OF_A_SCENARIO}
    name = f"sequences-{derived.key(__name__, str(facts), plan.period, *_told_apart(plan, chosen))}"
    return plan.engine.parquet(derived.kept(plan.tables, plan.engine, name, lambda: _gathered(plan, chosen)))


def _told_apart(plan: PlanContext, chosen: ir.Table) -> list[int]:
    """Return numbers that tell the chosen from any others: how many there are, and sums over their digests."""
    sums = {f"d{start}": digest.whole(chosen.order, start, 7).sum().cast("int64") for start in (0, 7, 14)}
    [found] = plan.engine.collect(chosen.agg(n=chosen.count(), **sums))
    return [int(number or 0) for number in found.values()]


def _gathered(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    window = plan.engine.materialise(_window(plan, chosen))
    rows = chosen.inner_join(_histories(plan, window), queries.KEYS)
    rows = rows.left_join(texts_of(plan, window), queries.KEYS).drop("domain_right", "subject_right")
    mine = queries.interactions_of(plan, chosen)
    known = queries.all_interactions(plan, chosen)
    rows = rows.left_join(drawn(plan, chosen, known, mine, window), queries.KEYS)
    rows = rows.drop("domain_right", "subject_right", "negative_labels")
    few = rows.negatives.length().fill_null(0) < plan.recipe.negatives
    return rows.mutate(
        left_out=queries.reason((few, NEVER_TOUCHED)),
        has=forms.has(rows.general.notnull(), rows.wish_user.notnull(), rows.categories.notnull()),
    )


def _window(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Return the target (rank `history`) and what comes right before it (ranks up to it, the oldest least)."""
    later, most = split_protocols.after(plan), plan.recipe.history
    rows = statements.core_rows(plan)
    rows = rows.filter((rows.back >= later) & (rows.back <= later + most))
    rows = rows.inner_join(chosen.select(*queries.KEYS), queries.KEYS)
    rows = rows.mutate(rank=most + later - rows.back)
    return statements.described(plan, rows)


def _histories(plan: PlanContext, window: ir.Table) -> ir.Table:
    """Of each subject the titles of the history, and title and categories of the target."""
    target = window["rank"] == plan.recipe.history
    return window.group_by(queries.KEYS).agg(
        history=queries.in_order(window, "title", ~target),
        target=window.title.max(where=target),
        categories=window.categories.max(where=target),
        target_item=window["item"].max(where=target),
    )


def texts_of(plan: PlanContext, window: ir.Table) -> ir.Table:
    """Return the fine instructions of each subject: a column for every view, and who wrote them."""
    said = statements.statements(plan)
    target = window.filter(window["rank"] == plan.recipe.history)
    target = target.select(*queries.KEYS, user=target.subject.cast("string"), about=target["item"].cast("string"))
    mine = target.inner_join(said, ["domain", "user"])
    mine = mine.filter((mine["kind"] == "P2") | (mine["item"] == mine.about))
    return pivoted(mine)


def pivoted(said: ir.Table) -> ir.Table:
    """Return statements with a column for every view, NULL where there is none, and `texts_by`, who wrote them."""
    views = {
        **{view: ("P2", view) for view in statements.KINDS["P2"]},
        **{f"wish_{view}": ("I1", view) for view in statements.KINDS["I1"]},
    }
    columns = {
        name: said.text.max(where=(said["kind"] == kind) & (said["view"] == view))
        for name, (kind, view) in views.items()
    }
    return said.group_by(queries.KEYS).agg(**columns, texts_by=said.written_by.max())
