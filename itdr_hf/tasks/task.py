"""What a task is: its words, its relational plan, the example made of a row, and the parser that undoes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from itdr_hf.raw.source import Source
from itdr_hf.tasks.planning.recipe import Recipe

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


class ParsedAnswer(NamedTuple):
    """A parsed answer: values in the form of `Example.targets`, and what was wrong with it, if anything: empty, not a
    number, out of range, not a candidate, several candidates, duplicate, too few, copied history, missing attribute,
    truncated."""

    values: Sequence[str]
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """How a language model is asked to write a subtask's reference (`itdr annotate`).

    `template` has the slot {input}; `words` are the fewest and the most of an accepted answer. Another wording
    is another `version`: it stands in `reference_by`, and its answers are other answers.
    """

    version: str
    system: str
    template: str
    words: tuple[int, int]
    field: str  # what the answer is called when it is asked for as JSON
    mode: Literal["plain", "json"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One subtask: its words, its relational plan, the example made of a row, and the parser that undoes it.

    `eligible` and `gather` are relational (see `rows.py`); `example` and `parse(text, example, strict=False)`, which
    reads a model's answer, are pure. `defaults` are Recipe fields; `templates` maps a template id to a text with
    {slots}: those named in `slots`, which `example` fills, and the source's words (see `render.constants`).
    """

    id: str
    title: str
    root: Literal["UII", "UIU"]
    subject: Literal["user", "item"]
    description: str
    templates: Mapping[str, str]
    slots: frozenset[str]
    metrics: tuple[str, ...]
    defaults: Mapping[str, Any]
    needs: Callable[[Source], tuple[str, ...]]  # the tables the plan reads
    eligible: Callable[[PlanContext], ir.Table]
    gather: Callable[[PlanContext, ir.Table], ir.Table]
    example: Callable[[Mapping[str, Any], TaskContext], ExampleParts]
    parse: Callable[..., ParsedAnswer]
    teacher: Teacher | None = None  # how a language model is asked for the reference, where one may write it
    fixed: frozenset[str] = frozenset()  # Recipe fields that cannot be otherwise: a change for many cells passes by


@dataclass(frozen=True, kw_only=True)
class TaskContext:
    """What `Task.example` may know besides the row: the source's words and the recipe."""

    source: Source
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A subtask on a source; `size` is the paper's number of examples."""

    subtask: Task
    source: Source
    size: int
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.subtask.id}-{self.source.id}"

    def recipe(self, **changes: Any) -> Recipe:
        """The cell's own recipe, with the given fields changed (None leaves a field alone)."""
        scale = {"liked_above": self.source.liked_above, "disliked_below": self.source.disliked_below}
        base: dict[str, Any] = {"num_examples": self.size, **{k: v or 0.0 for k, v in scale.items()}}
        base |= {"history": 0, "positives": 0, "negatives": 0, **self.subtask.defaults, **self.overrides}
        open_ = {k: v for k, v in changes.items() if v is not None and k not in self.subtask.fixed}
        return replace(Recipe(**base), **open_)
