"""What the two tasks have in common whose answers are the fine instructions themselves: preferences and intentions.

They are no scenarios: nobody is scored on them. `itdr annotate` has a language model write their references, one for each
view, and `itdr build --profiles` gives these to the scenarios in place of the rules' ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itdr_hf.records import Example
from itdr_hf.tasks.instructrec import seqrec, sequences, statements
from itdr_hf.tasks.instructrec.rules import FEWEST
from itdr_hf.tasks.planning import queries
from itdr_hf.tasks.reading import ParsedAnswer, read_text
from itdr_hf.tasks.task import ExampleParts, Task, TaskContext, Teacher

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

METRICS = ("BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L")


@dataclass(frozen=True, kw_only=True)
class Stating:
    """What is asked for of a kind of statement: the columns of its texts by view, each view in words, and what it is read
    from, as the slot's name and its text."""

    columns: Mapping[str, str]
    views: Mapping[str, str]
    shown: Callable[[Mapping[str, Any]], tuple[str, str]]

    def spread(self, plan: PlanContext, gathered: ir.Table) -> ir.Table:
        """Return each subject once for every view there is a text for."""
        import ibis

        views = [
            gathered.filter(gathered[column].notnull()).mutate(view=ibis.literal(view), part=ibis.literal(n, "int64"))
            for n, (view, column) in enumerate(self.columns.items())
        ]
        return ibis.union(*views)

    def example(self, row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
        """Return what is shown, the view that is asked for, and its text."""
        name, text = self.shown(row)
        said = row[self.columns[row["view"]]]
        return ExampleParts(
            slots={name: text, "view": self.views[row["view"]]},
            output=said,
            history=row.get("history") or (),
            targets=(said,),
            target_names=(row["view"],),
            reference_by=row["texts_by"],
        )


def stating(asked: Stating, gather: Callable[[PlanContext, ir.Table], ir.Table], **words: Any) -> Task:
    """Return the task of a kind of statement."""
    return Task(
        root="InstructRec",
        subject="user",
        answer="text",
        max_answer_tokens=96,
        metrics=METRICS,
        needs=seqrec.needs,
        eligible=sequences.eligible,
        gather=gather,
        spread=asked.spread,
        example=asked.example,
        parse=parse,
        **words,
    )


def parse(text: str, example: Example, context: TaskContext, *, strict: bool = False) -> ParsedAnswer:
    """Return the statement as it is."""
    return read_text(text, strict=strict)


@dataclass(frozen=True)
class Begins:
    """Whether a text is one line that begins as it was asked to."""

    words: str

    def __call__(self, text: str) -> bool:
        return text.startswith(f"{self.words} ") and "\n" not in text


def teacher(version: str, asked: str, begins: str, most: int) -> Teacher:
    """Return how a model is asked for a statement: as JSON, so that what is no answer is refused and never replaced."""
    system = "You write short texts about users of a recommender."
    return Teacher(
        version=f"instructrec-{version}-1",
        system=f"{system} {asked} Write one sentence of at most {most} words that begins with '{begins}'.",
        template="{input}",
        words=(FEWEST, most),
        field="statement",
        mode="json",
        form=Begins(begins),
    )


def texts_of(plan: PlanContext, chosen: ir.Table, item: ir.Table | None = None) -> ir.Table:
    """Return the statements of the chosen users, those about `item` (keys, item) where it is given: a column a view."""
    said = statements.statements(plan)
    mine = chosen.select(*queries.KEYS, user=chosen.subject.cast("string"))
    if item is None:
        return sequences.pivoted(mine.inner_join(said.filter(said.kind == "P2"), ["domain", "user"]))
    mine = mine.inner_join(item.select(*queries.KEYS, item=item["item"].cast("string")), queries.KEYS)
    return sequences.pivoted(mine.inner_join(said.filter(said.kind == "I1"), ["domain", "user", "item"]))
