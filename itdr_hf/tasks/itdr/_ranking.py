"""What TKR, CDR and NIR share: a history, the next items as positives, items never touched as negatives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.tasks import answers
from itdr_hf.tasks.planning import negatives, queries

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

LABELS = ("history_labels", "positive_labels", "negative_labels")


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """history, positives and negatives of each chosen user, with the items' labels and what `giveaways` plays with."""
    everything = queries.all_interactions(plan, chosen)
    mine = queries.of_examples(plan, everything, chosen)
    window = plan.engine.materialise(
        queries.titled(plan, queries.window(plan, mine, plan.recipe.history + plan.recipe.positives))
    )
    return assemble(plan, chosen, everything, mine, window)


def assemble(plan: PlanContext, chosen: ir.Table, everything: ir.Table, mine: ir.Table, window: ir.Table) -> ir.Table:
    """Put a window (the first `history` of each subject's ranks are history) and drawn negatives together."""
    past = window["rank"] < plan.recipe.history
    made = window.group_by(queries.KEYS).agg(
        history=queries.in_order(window, "title", past),
        history_labels=queries.in_order(window, "label", past),
        positives=queries.in_order(window, "title", ~past),
        positive_labels=queries.in_order(window, "label", ~past),
        positive_items=queries.in_order(window, "item", ~past),
        last_item=window.item.argmax(window["rank"], where=past),
        shown_until=window.timestamp.max(where=past),
        asked_from=window.timestamp.min(where=~past),
        asked_until=window.timestamp.max(where=~past),
        titles=window.norm.nunique(),
        shown=window.count(),
    )
    drawn = negatives.negatives(plan, chosen, everything, mine, window, plan.recipe.negatives)
    rows = chosen.left_join(made, queries.KEYS)
    rows = rows.drop(*[c for c in rows.columns if c.endswith("_right")]).left_join(drawn, queries.KEYS)
    rows = rows.drop(*[c for c in rows.columns if c.endswith("_right")])
    whole = plan.recipe.source_history + plan.recipe.history + plan.recipe.positives
    left_out = queries.reason(
        (rows.shown.fill_null(0) < whole, "too few in the right order of time"),
        (rows.titles < rows.shown, "two titles alike in one example"),
        (rows.negatives.length().fill_null(0) < plan.recipe.negatives, negatives.NEVER_TOUCHED),
    )
    return rows.mutate(left_out=left_out).drop("titles", "shown")


def candidates(row: Mapping[str, Any]) -> list[str]:
    """Positives and negatives in an order that only the example's content decides."""
    titles = [*row["positives"], *row["negatives"]]
    seed = int.from_bytes(hashlib.md5("|".join([row["order"], *titles]).encode()).digest(), "big")
    return answers.shuffled(titles, seed)


def ranked(positives: Sequence[str], candidates: Sequence[str]) -> list[str]:
    """Return the positives, then the other candidates in the order they are shown in."""
    return list(dict.fromkeys([*positives, *candidates]))


def labelled(titles: Sequence[str], labels: Sequence[str | None]) -> list[str]:
    """'Title [label]', or the title alone where there is no label."""
    return [f"{title} [{label}]" if label else title for title, label in zip(titles, labels, strict=True)]
