"""Top-k recommendation: rank the next five items among five never touched (appendix C, Table 19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import ParsedAnswer, read_ranking, shown_candidates
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "Top-K recommendation: from what a person did before, judge how well each candidate suits them, and put the "
    "candidates in order so that those they are most likely to choose next come first."
)
DEFAULT = (
    "These are the {items} a user {did}, {order}:\n{history}\n"
    "Rank the candidate {items} by how likely this user is to {do} each of them {next}, the most likely first.\n"
    "Candidates:\n{candidates}\nAnswer with all the candidates as a numbered list, one a line."
)
PLAIN = (
    "Someone {did} the {items} below, {order}.\n{history}\n"
    "Here are more {items}. Sort them, beginning with the one this person is most likely to {do} {next} and ending with "
    "the least likely:\n{candidates}\nWrite the whole list in your order, numbered, one title a line."
)
BRIEF = (
    "Already {done}, {order}:\n{history}\nTo be ranked, likeliest {choice} first:\n{candidates}\n"
    "Reply with the complete ranking as a numbered list."
)
UNSEEN = (
    "Judge a person's taste by the {items} they {did}, listed {order}:\n{history}\n"
    "Which of the following would they {do}? Bring all of them into an order, from the surest guess to the most "
    "doubtful one.\n{candidates}\nNumber your lines and put one title on each."
)


def needs(source: Source) -> tuple[str, ...]:
    return ("interactions", "items")


def eligible(plan: PlanContext) -> ir.Table:
    """One interaction more than is shown: the paper asks for 11 where it shows 10."""
    return queries.users_with(plan, plan.recipe.history + plan.recipe.positives + 1)


def gather(plan: PlanContext, chosen: ir.Table) -> ir.Table:
    """Titles alone are shown."""
    return _ranking.gather(plan, chosen).drop(*_ranking.LABELS)


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    candidates = _ranking.candidates(row)
    return ExampleParts(
        slots={"history": answers.numbered(row["history"]), "candidates": answers.numbered(candidates)},
        output=answers.numbered(_ranking.ranked(row["positives"], candidates)),
        history=row["history"],
        candidates=candidates,
        targets=row["positives"],
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the candidates as ranked by the answer."""
    shown = shown_candidates(f"{example.instruction}\n{example.input}", example.candidates)
    return read_ranking(text, example.candidates, example.history, shown=shown, strict=strict)


TASK = Task(
    id="tkr",
    title="Top-K recommendation",
    root="UII",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "candidates"}),
    answer="ranking",
    timed=True,
    metrics=("N@10", "H@1", "P@5"),
    defaults={"history": 5, "positives": 5, "negatives": 5},
    needs=needs,
    eligible=eligible,
    gather=gather,
    example=example,
    parse=parse,
)
