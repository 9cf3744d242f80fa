"""Next item recommendation: pick the next item among four never touched (appendix C, Table 21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from itdr_hf.raw.source import Source
from itdr_hf.records import Example
from itdr_hf.tasks import answers
from itdr_hf.tasks.itdr import _ranking
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import ParsedAnswer, read_choice, shown_candidates
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext
from itdr_hf.tasks.templates import HELD_OUT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

DESCRIPTION = (
    "Next item recommendation: follow the order in which a person chose things so far, and name the one thing "
    "among the candidates that they are most likely to choose next."
)
DEFAULT = (
    "A user {did} the following {items}, {order}:\n{history}\n"
    "Which one of these {items} will the user most likely {do} {next}?\n{candidates}\n"
    "Answer with its title alone."
)
PLAIN = (
    "Someone {did} these {items}, {order}:\n{history}\n"
    "Exactly one of the {items} below is what they {did} {afterwards}. Which one?\n{candidates}\n"
    "Write its title and nothing more."
)
BRIEF = "So far, {order}:\n{history}\nThe {choice} is one of:\n{candidates}\nReply with its title only."
UNSEEN = (
    "Follow this person from one {item} to another ({order}):\n{history}\n"
    "One of these continues the list; the others have nothing to do with this person.\n{candidates}\n"
    "Copy out the title that continues it."
)


def needs(source: Source) -> tuple[str, ...]:
    return ("interactions", "items")


def eligible(plan: PlanContext) -> ir.Table:
    return queries.users_with(plan, plan.recipe.history + plan.recipe.positives)


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    candidates = _ranking.candidates(row)
    titles = [*row["positives"], *row["negatives"]]
    shown = dict(
        zip(titles, _ranking.labelled(titles, [*row["positive_labels"], *row["negative_labels"]]), strict=True)
    )
    history = _ranking.labelled(row["history"], row["history_labels"])
    return ExampleParts(
        slots={
            "history": answers.numbered(history),
            "candidates": "\n".join(["- " + shown[title] for title in candidates]),
        },
        output=row["positives"][0],
        history=row["history"],
        candidates=candidates,
        targets=row["positives"],
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the candidate the answer names."""
    shown = shown_candidates(f"{example.instruction}\n{example.input}", example.candidates)
    return read_choice(text, example.candidates, example.history, shown=shown, strict=strict)


TASK = Task(
    id="nir",
    title="Next item recommendation",
    root="UII",
    subject="user",
    description=DESCRIPTION,
    templates={"default": DEFAULT, "plain": PLAIN, "brief": BRIEF, HELD_OUT: UNSEEN},
    slots=frozenset({"history", "candidates"}),
    answer="choice",
    max_answer_tokens=256,
    timed=True,
    metrics=("H@1",),
    defaults={"history": 5, "positives": 1, "negatives": 4},
    fixed=frozenset({"positives"}),
    needs=needs,
    eligible=eligible,
    gather=_ranking.gather,
    example=example,
    parse=parse,
)
