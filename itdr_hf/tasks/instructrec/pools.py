"""Candidates of a choice: items of the core that the user never touched, the same for every system that is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from itdr_hf.tasks.planning import core, negatives

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext


def drawn(plan: PlanContext, chosen: ir.Table, everything: ir.Table, mine: ir.Table, shown: ir.Table) -> ir.Table:
    """Return up to `recipe.negatives` items of the core for each chosen, as `negatives.negatives` draws them.

    Left out is whatever the user touched at any time, validation and test included, and every title that one of
    these has.
    """
    among = replace(plan, catalogue_path=core.items(plan.tables, plan.engine, plan.recipe.order))
    return negatives.negatives(among, chosen, everything, mine, shown, plan.recipe.negatives)
