"""The catalogue: which source feeds which task, by family. Config names, cards, tables and listings derive from it.

A `Catalogue` is an immutable value that is passed on: adding sources, such as those of a raw folder or of a built
dataset, gives another catalogue. Only `register` changes the default one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import ItdrError, UsageError, unknown
from itdr_hf.raw.source import Source
from itdr_hf.sources.own import Found, found_in
from itdr_hf.tasks.family import Family, Statistic
from itdr_hf.tasks.task import Cell, Task

FAMILIES = {  # id -> the module with its FAMILY, the default one first
    "itdr": "itdr_hf.tasks.itdr.family",
    "instructrec": "itdr_hf.tasks.instructrec.family",
    "reclm": "itdr_hf.tasks.reclm.family",
}
OTHER_SOURCES = ("netflix", "amazon2018")  # modules of `itdr_hf.sources` without default cells
DEFAULT = next(iter(FAMILIES))
OWN_SIZE = 6_250  # default number of examples of a custom source's cell


@cache
def _family(family_id: str) -> Family:
    return import_module(FAMILIES[family_id]).FAMILY  # type: ignore[no-any-return]


@cache
def _source(source_id: str) -> Source:
    return import_module(f"itdr_hf.sources.{source_id}").SOURCE  # type: ignore[no-any-return]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Families, sources and cells: those of this package, and the added ones in `own_*`."""

    own_families: Mapping[str, Family] = field(default_factory=dict)
    own_sources: Mapping[str, Source] = field(default_factory=dict)
    own_tasks: Mapping[str, Task] = field(default_factory=dict)
    own_cells: Mapping[str, Cell] = field(default_factory=dict)
    broken: Mapping[str, ItdrError] = field(
        default_factory=dict
    )  # folders of custom tables that cannot be read, and why

    # families

    def families(self) -> list[str]:
        """Return the ids of all families."""
        return [*FAMILIES, *self.own_families]

    def family(self, family_id: str = DEFAULT) -> Family:
        """Return the family with an id. Raises UsageError for an unknown one."""
        if family_id in self.own_families:
            return self.own_families[family_id]
        if family_id not in FAMILIES:
            raise unknown("family", family_id, self.families())
        return _family(family_id)

    def family_of(self, task_id: str) -> Family | None:
        """Return the family of a task, or None for a task of no family."""
        found = (family for family in map(self.family, self.families()) if task_id in family.task_ids)
        return next(found, None)

    # sources and tasks

    @cached_property
    def _published_sources(self) -> list[str]:
        listed = (source for family in map(self.family, self.families()) for source in family.source_ids)
        return [s for s in dict.fromkeys([*listed, *OTHER_SOURCES]) if s not in self.own_sources]

    def source_ids(self) -> list[str]:
        """Return the ids of all sources, the published ones in the order of the grids, then the added ones."""
        return [*self._published_sources, *self.own_sources]

    def source(self, source_id: str) -> Source:
        """Return the source with an id. Raises UsageError for an unknown one."""
        if source_id in self.own_sources:
            return self.own_sources[source_id]
        if source_id not in self._published_sources:
            raise unknown("source", source_id, self.source_ids())
        return _source(source_id)

    def own(self, source_id: str) -> bool:
        """Return whether a source was added, rather than published with this package."""
        return source_id in self.own_sources

    def task_ids(self) -> list[str]:
        """Return the ids of all tasks, family by family, then the added ones."""
        listed = [task for family in map(self.family, self.families()) for task in family.task_ids]
        return [*dict.fromkeys(listed), *(task for task in self.own_tasks if task not in listed)]

    def task(self, task_id: str) -> Task:
        """Return the task with an id. Raises UsageError for an unknown one."""
        if task_id in self.own_tasks:
            return self.own_tasks[task_id]
        family = self.family_of(task_id)
        if family is None:
            raise unknown("task", task_id, self.task_ids())
        return family.task(task_id)

    # cells

    def published(self, family_id: str = DEFAULT) -> list[str]:
        """Return the names of a family's published cells: `<task>-<source>`."""
        return [f"{task}-{source}" for task, row in self.family(family_id).grid.items() for source in row]

    def cell_names(self, family_id: str = DEFAULT) -> list[str]:
        """Return the names of all cells of a family: the published ones, then those of added sources."""
        own = [name for name, cell in self.own_cells.items() if cell.family == family_id]
        return [*self.published(family_id), *own, *self._fed_by_own(family_id)]

    def _fed_by_own(self, family_id: str) -> list[str]:
        """Return the cells of a further family on added sources: of its tasks that any published source feeds, where the
        tables suffice. Those of the default family are chosen when a source is added."""
        if family_id == DEFAULT:
            return []
        tasks = [self.task(task) for task, row in self.family(family_id).grid.items() if row]
        fed = [f"{t.id}-{name}" for name, s in self.own_sources.items() for t in tasks if _feeds(s, t)]
        return [name for name in fed if name not in self.own_cells]

    def optional(self, family_id: str = DEFAULT) -> list[str]:
        """Return the names of cells that are built only on request: a family's tasks on OTHER_SOURCES."""
        tasks = {task: self.task(task) for task in self.family(family_id).task_ids}
        fed = [f"{t}-{s}" for s in OTHER_SOURCES for t, task in tasks.items() if _feeds(self.source(s), task)]
        return [name for name in fed if name not in self.published(family_id)]

    def cell(self, name: str) -> Cell:
        """Return the cell with a name such as 'tkr-pixelrec', of any family. Raises UsageError for an unknown one."""
        if name in self.own_cells:
            return self.own_cells[name]
        task_id, _, source_id = name.partition("-")
        family = self.family_of(task_id)
        size = family.grid.get(task_id, {}).get(source_id) if family else None
        if size is None and family and name in (*self.optional(family.id), *self._fed_by_own(family.id)):
            size = OWN_SIZE
        if family is None or size is None:
            self._raise_broken(name)
            raise unknown("config", name, [*self.cell_names(), *self.unions()])
        return Cell(
            task=self.task(task_id),
            source=self.source(source_id),
            size=size,
            family=family.id,
            version=family.version,
            overrides=family.overrides.get(name, {}),
        )

    def unions(self, family_id: str = DEFAULT) -> dict[str, tuple[str, ...]]:
        """Return the union configs of a family, name -> task ids: `all`, its groups, and each task."""
        family = self.family(family_id)
        added = [task for task in self.own_tasks.values() if task.id not in family.task_ids]
        unions = {
            name: (*tasks, *(t.id for t in added if t.root.lower() == name)) for name, tasks in family.unions.items()
        }
        return {**unions, "all": (*unions["all"], *(t.id for t in added)), **{t.id: (t.id,) for t in added}}

    def select(self, names: Iterable[str] | None = None, family_id: str = DEFAULT) -> list[str]:
        """Return the cells that match config names, unions and `*` patterns, in catalogue order; all for None.

        Raises UsageError for a name that matches nothing.
        """
        cells, unions = self.cell_names(family_id), self.unions(family_id)
        chosen: set[str] = set()
        for name in names if names is not None else ["all"]:
            hits = [c for c in cells if self._matches(c, name, unions)]
            hits = hits or [c for c in self.optional(family_id) if fnmatchcase(c, name)]
            if not hits:
                self._raise_broken(name)
                raise unknown("config", name, [*cells, *unions])
            chosen.update(hits)
        return [c for c in [*cells, *self.optional(family_id)] if c in chosen]

    def _raise_broken(self, name: str) -> None:
        """Raise what is wrong with the folder whose cell somebody asks for."""
        if error := self.broken.get(name.partition("-")[2]):
            raise error

    def _matches(self, cell: str, name: str, unions: Mapping[str, tuple[str, ...]]) -> bool:
        return self.task_of(cell) in unions[name] if name in unions else fnmatchcase(cell, name)

    def task_of(self, name: str) -> str:
        """Return the id of a cell's task, even for a cell in no grid: the text before the first '-'."""
        return self.own_cells[name].task.id if name in self.own_cells else name.partition("-")[0]

    def source_of(self, name: str) -> str:
        """Return the id of a cell's source, even for a cell in no grid: the text after the first '-'."""
        return self.own_cells[name].source.id if name in self.own_cells else name.partition("-")[2]

    def statistic(self, name: str) -> Statistic | None:
        """Return the published size and average tokens of a cell, or None if there are none."""
        family = self.family_of(self.task_of(name))
        return family.published.statistics().get(name) if family and family.published else None

    # changed copies

    def with_family(self, family: Family) -> Catalogue:
        """Return a catalogue with an additional family. Raises UsageError for an id that is taken."""
        if family.id in self.families():
            raise UsageError(
                f"family {family.id!r}: this id is taken; want a new one; have: {', '.join(self.families())}"
            )
        return replace(self, own_families={**self.own_families, family.id: family})

    def with_source(
        self, source: Source, *, tasks: Mapping[str, int] | None = None, new_tasks: Iterable[Task] = ()
    ) -> Catalogue:
        """Return a catalogue with an additional source and its cells, replacing an added source with the same id.

        `tasks` maps task ids to numbers of examples (default: every task of the default family that its tables
        suffice for); `new_tasks` are custom tasks. Raises UsageError for an id that is taken.
        """
        if source.id in self._published_sources:
            raise UsageError(
                f"source {source.id!r}: this id is taken; want a new one; have: {', '.join(self.source_ids())}"
            )
        base = self.without_source(source.id)

        offered = {task.id: task for task in new_tasks}
        if taken := [name for name in offered if name in base.task_ids()]:
            raise UsageError(f"task {taken[0]!r}: this id is taken; want a new one; have: {', '.join(base.task_ids())}")

        known = {name: base.task(name) for name in base.task_ids()} | offered
        feeding = [*self.family().task_ids, *base.own_tasks, *offered]
        sizes = tasks if tasks is not None else {s: OWN_SIZE for s in feeding if _feeds(source, known[s])}
        if unknown_tasks := [name for name in sizes if name not in known]:
            raise unknown("task", unknown_tasks[0], known)

        cells = [base._new_cell(known[name], source, size) for name, size in sizes.items()]
        return replace(
            base,
            own_sources={**base.own_sources, source.id: source},
            own_tasks={**base.own_tasks, **offered},
            own_cells={**base.own_cells, **{cell.name: cell for cell in cells}},
        )

    def _new_cell(self, task: Task, source: Source, size: int) -> Cell:
        family = self.family_of(task.id) or self.family()
        return Cell(task=task, source=source, size=size, family=family.id, version=family.version)

    def without_source(self, source_id: str) -> Catalogue:
        """Return a catalogue without an added source, its cells and the custom tasks that only it feeds."""
        cells = {name: cell for name, cell in self.own_cells.items() if cell.source.id != source_id}
        gone = {cell.task.id for cell in self.own_cells.values()} - {cell.task.id for cell in cells.values()}
        return replace(
            self,
            own_sources={name: source for name, source in self.own_sources.items() if name != source_id},
            own_tasks={name: task for name, task in self.own_tasks.items() if name not in gone},
            own_cells=cells,
        )

    def with_found(self, raw: Path) -> Catalogue:
        """Return a catalogue with the custom sources found under a raw folder, except those already registered.

        A broken one is in `broken`: its error is raised by whoever asks for its cells. Raises MissingFileError where
        the raw folder holds tables itself.
        """
        folders = self.folders_under(raw)
        found = self
        for each in folders:
            found = found.with_source(each.source) if each.source else found
        return replace(found, broken={each.folder.name: each.error for each in folders if each.error})

    def folders_under(self, raw: Path) -> list[Found]:
        """Return the folders of custom tables under a raw folder whose files this catalogue does not know yet."""
        registered = {name for name, source in self.own_sources.items() if source.layouts}
        published = {name for s in self._published_sources for name in (s, *self.source(s).folders)}
        return found_in(raw, registered | published)


def _feeds(source: Source, candidate: Task) -> bool:
    have = {table for layout in source.layouts for table in layout.tables}
    try:
        return set(candidate.needs(source)) <= have
    except UsageError:
        return False


_current = [Catalogue()]


def current() -> Catalogue:
    """Return the default catalogue, with everything published and registered."""
    return _current[0]


def register(
    new_source: Source, *, tasks: Mapping[str, int] | None = None, new_tasks: Iterable[Task] = ()
) -> list[str]:
    """Add a custom source to the current catalogue, and return the names of its new cells.

    Arguments and errors are those of `Catalogue.with_source`; the id of a registered source is taken, too.
    """
    if current().own(new_source.id) and current().source(new_source.id).layouts:
        have = ", ".join(current().source_ids())
        raise UsageError(f"source {new_source.id!r}: this id is taken; want a new one; have: {have}")
    _current[0] = current().with_source(new_source, tasks=tasks, new_tasks=new_tasks)
    return [name for name, cell in current().own_cells.items() if cell.source.id == new_source.id]


def register_family(family: Family) -> None:
    """Add a custom family to the current catalogue. Raises UsageError for an id that is taken."""
    _current[0] = current().with_family(family)


def unregister_family(family_id: str) -> None:
    """Remove a registered family from the current catalogue."""
    kept = {name: family for name, family in current().own_families.items() if name != family_id}
    _current[0] = replace(current(), own_families=kept)


def unregister(source_id: str) -> None:
    """Remove a registered source, its cells and its custom tasks from the current catalogue."""
    _current[0] = current().without_source(source_id)


# The methods of the current catalogue as functions of this module: `catalogue.cell("tkr-mind")`.
DATA_VERSION: str
if TYPE_CHECKING:
    families = Catalogue().families
    family = Catalogue().family
    family_of = Catalogue().family_of
    source = Catalogue().source
    source_ids = Catalogue().source_ids
    own = Catalogue().own
    task = Catalogue().task
    task_ids = Catalogue().task_ids
    published = Catalogue().published
    cell_names = Catalogue().cell_names
    cell = Catalogue().cell
    optional = Catalogue().optional
    unions = Catalogue().unions
    select = Catalogue().select
    task_of = Catalogue().task_of
    source_of = Catalogue().source_of
    statistic = Catalogue().statistic

else:

    def __getattr__(name: str) -> Any:
        if name == "DATA_VERSION":
            return current().family().version
        if name.startswith("_") or not hasattr(Catalogue, name):
            raise AttributeError(f"module 'itdr_hf.catalogue' has no attribute {name!r}")
        return getattr(current(), name)
