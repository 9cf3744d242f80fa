"""A family: the tasks of one line of work, the grid of sources that feed them, and how their scores add up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from itdr_hf.errors import unknown
from itdr_hf.tasks.task import Task

if TYPE_CHECKING:
    from itdr_hf.metrics.sample import Floats


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One metric of one cell: the value and the test examples behind it."""

    subtask: str
    source: str
    metric: str
    value: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """One published figure of a cell; `variant` says how the model was tuned: no-ft, ft, ft-25%, ft-without-TKR …"""

    table: int
    cell: str
    metric: str
    model: str
    variant: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Statistic:
    """The published size of a cell and its average tokens."""

    cell: str
    examples: int
    input_tokens: float
    output_tokens: float


class Published(Protocol):
    """The published tables of a family's paper, under this project's names."""

    def cells(self) -> tuple[str, ...]:
        """Return the cells that have figures."""

    def results(self, cell: str | None = None) -> tuple[Result, ...]:
        """Return the figures of one cell, or all."""

    def totals(self, model: str, variant: str) -> Mapping[str, float]:
        """Return the scores that span cells, of one column of the tables."""

    def statistics(self) -> Mapping[str, Statistic]:
        """Sizes and average tokens by cell."""

    def test_sizes(self) -> Mapping[str, int]:
        """Test examples of the paper's experiments by cell."""


@dataclass(frozen=True, kw_only=True)
class Composites:
    """Scores that span cells: a score per task, and scores over several tasks.

    `parts` maps each score to the ids of the tasks it needs; `definitions` says of each how it is made, for its
    signature. `replicates(figures, values)` takes values of shape replicates × figures and returns a column per score,
    nan where a part is missing. Of the scores in `lower_is_better` less is better.
    """

    parts: Mapping[str, tuple[str, ...]]
    definitions: Mapping[str, str]
    replicates: Callable[[Sequence[Figure], Floats], Mapping[str, Floats]]
    lower_is_better: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Tasks that belong together; `id` names a union config, `title` a heading."""

    id: str
    title: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Family:
    """The tasks of one line of work, and the cells they make.

    `grid` maps a task id to the sources that feed it and the published number of examples; `overrides` maps a config
    name to Recipe fields in which it differs from its task's defaults. A task is `TASK` of the module of its id in
    `package`, or given in `tasks`. `version` is that of the data: another content of a default build is another version.
    """

    id: str
    title: str
    version: str
    grid: Mapping[str, Mapping[str, int]]
    package: str = ""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    after: str = ""  # the address of the paper that it implements
    citation: str = ""  # BibTeX of that paper
    published: Published | None = None
    published_facts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # source -> what cells derive
    composites: Composites | None = None
    colours: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of tasks and groups: on white, on black

    @property
    def task_ids(self) -> list[str]:
        """The ids of its tasks, in the order of the grid."""
        return list(dict.fromkeys([*self.grid, *self.tasks]))

    @property
    def source_ids(self) -> list[str]:
        """The ids of the sources in its grid, in its order."""
        return list(dict.fromkeys(source for row in self.grid.values() for source in row))

    @property
    def unions(self) -> dict[str, tuple[str, ...]]:
        """Union configs: name -> task ids. `all`, the groups, and each task."""
        groups = {group.id: group.tasks for group in self.groups}
        return {"all": tuple(self.task_ids), **groups, **{task: (task,) for task in self.task_ids}}

    def task(self, task_id: str) -> Task:
        """Return the task with an id. Raises UsageError for an unknown one."""
        if task_id in self.tasks:
            return self.tasks[task_id]
        if task_id not in self.grid:
            raise unknown("task", task_id, self.task_ids)
        return _load(f"{self.package}.{task_id}")


@cache
def _load(module: str) -> Task:
    return import_module(module).TASK  # type: ignore[no-any-return]
