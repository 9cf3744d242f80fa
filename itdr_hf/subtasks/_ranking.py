"""What TKR, CDR and NIR share: a history, the next items as positives, items never touched as negatives."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.subtasks import _answers, _plans

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.gathering import Gathering

LABELS = ("history_labels", "positive_labels", "negative_labels")


def gather(g: Gathering, chosen: ir.Table) -> ir.Table:
    """history, positives and negatives of each chosen user, with the items' labels."""
    everything = _plans.touched(g, chosen)
    mine = _plans.of_examples(g, everything, chosen)
    window = g.engine.keep(_plans.titled(g, _plans.window(g, mine, g.recipe.history + g.recipe.positives)))
    return assemble(g, chosen, everything, mine, window)


def assemble(g: Gathering, chosen: ir.Table, everything: ir.Table, mine: ir.Table, window: ir.Table) -> ir.Table:
    """Put a window (the first `history` of each subject's ranks are history) and drawn negatives together."""
    past = window["rank"] < g.recipe.history
    made = window.group_by(_plans.KEYS).agg(
        history=_plans.in_order(window, "title", past),
        history_labels=_plans.in_order(window, "label", past),
        positives=_plans.in_order(window, "title", ~past),
        positive_labels=_plans.in_order(window, "label", ~past),
        titles=window.norm.nunique(),
        shown=window.count(),
    )
    drawn = _plans.negatives(g, chosen, everything, mine, window, g.recipe.negatives)
    rows = chosen.inner_join(made, _plans.KEYS).left_join(drawn, _plans.KEYS)
    rows = rows.drop(*[c for c in rows.columns if c.endswith("_right")])
    left_out = _plans.reason(
        (rows.titles < rows.shown, "two titles alike in one example"),
        (rows.negatives.length().fill_null(0) < g.recipe.negatives, "too few items never touched"),
    )
    return rows.mutate(left_out=left_out).drop("titles", "shown")


def candidates(row: Mapping[str, Any]) -> list[str]:
    """Positives and negatives in an order that only the example's content decides."""
    titles = [*row["positives"], *row["negatives"]]
    seed = int.from_bytes(hashlib.md5("|".join([row["order"], *titles]).encode()).digest(), "big")
    return _answers.shuffled(titles, seed)


def ranked(positives: Sequence[str], candidates: Sequence[str]) -> list[str]:
    """The positives, then the other candidates in the order they are shown in."""
    return list(dict.fromkeys([*positives, *candidates]))


def labelled(titles: Sequence[str], labels: Sequence[str | None]) -> list[str]:
    """'Title [label]', or the title alone where there is no label."""
    return [f"{title} [{label}]" if label else title for title, label in zip(titles, labels, strict=True)]
