"""What a task is: its words, its relational plan, the example made of a row, and the parser that undoes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from itdr_hf.raw.source import Source
from itdr_hf.records import INSTRUCTION, Example, Shape, Turn
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.reading import ParsedAnswer

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext


class ExampleParts(NamedTuple):
    """What a subtask makes of one row; the rest of an Example is the same for all subtasks."""

    slots: Mapping[str, str]
    output: str
    history: Sequence[str] = ()
    history_ratings: Sequence[float] = ()
    candidates: Sequence[str] = ()
    targets: Sequence[str] = ()
    target_names: Sequence[str] = ()
    reference_by: str = "data"


class ConversationParts(NamedTuple):
    """What a task with the shape CONVERSATION makes of one row."""

    turns: Sequence[Turn]
    targets: Sequence[str] = ()
    reference_by: str = "data"


class PreferenceParts(NamedTuple):
    """What a task with the shape PREFERENCE makes of one row."""

    prompt: Sequence[Turn]
    chosen: Sequence[Turn]
    rejected: Sequence[Turn]
    rejected_kind: str
    reference_by: str = "data"


Parts = ExampleParts | ConversationParts | PreferenceParts
AnswerKind = Literal["ranking", "choice", "number", "attributes", "text", "yes-no", "none"]


def no_players(plan: PlanContext, rows: ir.Table) -> Sequence[Mapping[str, Any]]:
    """Return nothing: the players that a task lets rank its candidates besides those that all tasks have."""
    return ()


def one_each(plan: PlanContext, gathered: ir.Table) -> ir.Table:
    """Return the gathered as they are: one example of each subject."""
    return gathered


def no_facts(plan: PlanContext) -> dict[str, str | int]:
    """Return nothing: what a task reports of the periods and neighbours that it is made with, where it has none."""
    return {}


def any_recipe(recipe: Recipe) -> None:
    """Accept any recipe: what a task has against some, where it has nothing."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """How a language model is asked to write a subtask's reference (`itdr annotate`).

    `template` has the slot {input}; `words` are the fewest and the most of an accepted answer. Another wording
    is another `version`: it stands in `reference_by`, and its answers are other answers. `form` is for answers that are
    no prose: it tells whether a text is in the asked form, and then neither its language nor its topic is judged.
    """

    version: str
    system: str
    template: str
    words: tuple[int, int]
    field: str  # what the answer is called when it is asked for as JSON
    mode: Literal["plain", "json"] = "plain"
    form: Callable[[str], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task: its words, its relational plan, the example made of a row, and the parser that undoes it.

    `eligible` and `gather` are relational (see `build/rows.py`); `example` and `parse(text, example, context,
    strict=False)`, which reads a model's answer, are pure. `shape` is that of its rows; `answer` is the kind of its
    answers, by which everything else decides what to do with them, and `max_answer_tokens` how long one may be. `defaults` are Recipe fields; `templates` maps a template id to a text with
    {slots}: those named in `slots`, which `example` fills, and the source's words (see `render.constants`).
    """

    id: str
    title: str
    root: str  # the group of tasks it belongs to, as headings name it
    subject: Literal["user", "item"]
    description: str
    templates: Mapping[str, str]
    slots: frozenset[str]
    answer: AnswerKind
    metrics: tuple[str, ...]
    defaults: Mapping[str, Any]
    needs: Callable[[Source], tuple[str, ...]]  # the tables the plan reads
    eligible: Callable[[PlanContext], ir.Table]
    gather: Callable[[PlanContext, ir.Table], ir.Table]
    example: Callable[[Mapping[str, Any], TaskContext], Parts]
    parse: Callable[..., ParsedAnswer]
    teacher: Teacher | None = None  # how a language model is asked for the reference, where one may write it
    shape: Shape = INSTRUCTION
    max_answer_tokens: int = 512
    profiles: Literal["", "user", "item"] = ""  # it asks once for the profile of every user, or of every item
    timed: bool = False  # whether its answers have a time, so that splits may go by it
    spread: Callable[[PlanContext, ir.Table], ir.Table] = one_each  # the examples of what is gathered of each subject
    facts: Callable[[PlanContext], Mapping[str, str | int]] = no_facts  # for the ledger: periods, neighbours …
    players: Callable[[PlanContext, ir.Table], Sequence[Mapping[str, Any]]] = no_players  # see `planning.giveaways`
    check: Callable[[Recipe], None] = any_recipe  # raises UsageError for a recipe that makes no example of any data
    fixed: frozenset[str] = frozenset()  # Recipe fields that cannot be otherwise: a change for many cells passes by

    @property
    def planned_by(self) -> frozenset[str]:
        """The modules of the functions that its rows depend on."""
        return frozenset(f.__module__ for f in (self.eligible, self.gather, self.spread, self.facts, self.players))


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """What `Task.example` and `Task.parse` may know besides the row: the source, the recipe, and the template.

    `template` is set for shapes other than INSTRUCTION, whose templates are filled by what renders the rows.
    """

    source: Source
    recipe: Recipe
    template: str = "default"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A task on a source; `size` is the published number of examples, `family` the id of the task's family."""

    task: Task
    source: Source
    size: int
    family: str = "itdr"
    version: str = ""  # of the family's data
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.task.id}-{self.source.id}"

    @cached_property
    def context(self) -> TaskContext:
        """What its answers are read with: its source and its own recipe."""
        return TaskContext(source=self.source, recipe=self.recipe())

    def parse(self, text: str, example: Example, *, strict: bool = False) -> ParsedAnswer:
        """Read a model's answer to one of its examples."""
        return self.task.parse(text, example, self.context, strict=strict)

    def recipe(self, **changes: Any) -> Recipe:
        """Return the cell's own recipe, with the given fields changed (None leaves a field alone)."""
        scale = {"liked_above": self.source.liked_above, "disliked_below": self.source.disliked_below}
        base: dict[str, Any] = {"num_examples": self.size, **{k: v or 0.0 for k, v in scale.items()}}
        base |= {"history": 0, "positives": 0, "negatives": 0, **self.task.defaults, **self.overrides}
        open_ = {k: v for k, v in changes.items() if v is not None and k not in self.task.fixed}
        return replace(Recipe(**base), **open_)
