"""What the three scenarios have in common, as one function that makes their tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from itdr_hf.raw.source import Source
from itdr_hf.records import FACETED
from itdr_hf.tasks.instructrec import forms
from itdr_hf.tasks.instructrec.kinds import Kind, templates
from itdr_hf.tasks.instructrec.oracles import query_alone
from itdr_hf.tasks.instructrec.reading import parse
from itdr_hf.tasks.instructrec.sequences import core_facts
from itdr_hf.tasks.instructrec.writing import SLOTS, example
from itdr_hf.tasks.task import Task

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

    Plan = Callable[[PlanContext], ir.Table]
    Gather = Callable[[PlanContext, ir.Table], ir.Table]

METRICS = ("H@1", "H@3", "H@5", "N@3", "N@5")  # as the paper's tables have them; N@1 is H@1
HISTORY, NEGATIVES = 20, 9


def scenario(
    *,
    id: str,
    title: str,
    description: str,
    subject: Literal["user", "item"],
    kinds: Sequence[Kind],
    needs: Callable[[Source], tuple[str, ...]],
    eligible: Plan,
    gather: Gather,
    **defaults: Any,
) -> Task:
    """Return the task of a scenario."""
    spread = forms.Spread(tuple(kinds))
    return Task(
        id=id,
        title=title,
        root="InstructRec",
        subject=subject,
        description=description,
        templates=templates(kinds),
        slots=SLOTS,
        answer="ranking",
        max_answer_tokens=128,
        timed=subject == "user",
        shape=FACETED,
        metrics=METRICS,
        defaults={
            "positives": 1, "negatives": NEGATIVES, "with_description": False, "template": "mixed", "max_prompt": 512,
            **defaults,
        },
        fixed=frozenset({"positives", "split_protocol"}),
        needs=needs,
        eligible=eligible,
        gather=gather,
        spread=spread,
        check=spread.check,
        players=query_alone,
        facts=core_facts,
        example=example,
        parse=parse,
    )  # fmt: skip
