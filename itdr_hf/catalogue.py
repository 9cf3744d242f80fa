"""GRID: which source feeds which subtask, and the published size. The one list.

Config names, cards, tables and command line listings are derived from it. Sizes: the paper's Table 5.
A source or subtask of your own joins with `register`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.errors import UsageError, unknown
from itdr_hf.raw.source import Source
from itdr_hf.sources.own import _file, own_source
from itdr_hf.tasks.itdr.family import GRID, OVERRIDES, ROOTS
from itdr_hf.tasks.task import Cell, Task

DATA_VERSION = "1.0.0"  # of the dataset: builder, card, folder and tag carry it


_own_sources: dict[str, Source] = {}
_own_subtasks: dict[str, Task] = {}
_own_cells: dict[str, Cell] = {}
_offered: set[str] = set()  # of the own sources those that nobody registered


def source_ids() -> list[str]:
    """The ids of all sources, the paper's in its order, then your own."""
    return list(dict.fromkeys([s for row in GRID.values() for s in row])) + list(_own_sources)


def subtask_ids() -> list[str]:
    """The ids of all subtasks, the paper's in its order, then your own."""
    return [*GRID, *(s for s in _own_subtasks if s not in GRID)]


def source(source_id: str) -> Source:
    """The source with an id. Raises UsageError for an unknown one."""
    if source_id in _own_sources:
        return _own_sources[source_id]
    if source_id not in source_ids():
        raise unknown("source", source_id, source_ids())
    return _load(f"itdr_hf.sources.{source_id}", "SOURCE")  # type: ignore[no-any-return]


def subtask(subtask_id: str) -> Task:
    """The subtask with an id. Raises UsageError for an unknown one."""
    if subtask_id in _own_subtasks:
        return _own_subtasks[subtask_id]
    if subtask_id not in GRID:
        raise unknown("subtask", subtask_id, subtask_ids())
    return _load(f"itdr_hf.tasks.itdr.{subtask_id}", "TASK")  # type: ignore[no-any-return]


@cache
def _load(module: str, name: str) -> Any:
    return getattr(import_module(module), name)


def published() -> list[str]:
    """The names of the paper's 33 cells: `<subtask>-<source>`."""
    return [f"{subtask_id}-{source_id}" for subtask_id, row in GRID.items() for source_id in row]


def cell_names() -> list[str]:
    """The names of all cells, the paper's and your own."""
    return published() + list(_own_cells)


def cell(name: str) -> Cell:
    """The cell with a name such as 'tkr-pixelrec'. Raises UsageError for an unknown one."""
    if name in _own_cells:
        return _own_cells[name]
    subtask_id, _, source_id = name.partition("-")
    size = GRID.get(subtask_id, {}).get(source_id)
    if size is None:
        raise unknown("config", name, [*cell_names(), *unions()])
    return Cell(subtask=subtask(subtask_id), source=source(source_id), size=size, overrides=OVERRIDES.get(name, {}))


def unions() -> dict[str, tuple[str, ...]]:
    """Union configs, name -> subtasks: `all`, the roots `uii` and `uiu`, and each subtask."""
    own = {s.root.lower(): s.id for s in _own_subtasks.values() if s.id not in GRID}
    roots = {root: (*subtasks, *(i for r, i in own.items() if r == root)) for root, subtasks in ROOTS.items()}
    return {"all": tuple(subtask_ids()), **roots, **{s: (s,) for s in subtask_ids()}}


def select(names: Iterable[str] | None = None) -> list[str]:
    """Cell names from config names, unions and `*` patterns, in catalogue order; None is all.

    Raises UsageError for a name that matches nothing.
    """
    from fnmatch import fnmatchcase

    chosen: set[str] = set()
    for name in names if names is not None else ["all"]:
        if name in unions():
            hits = [c for c in cell_names() if c.split("-")[0] in unions()[name]]
        else:
            hits = [c for c in cell_names() if fnmatchcase(c, name)]
        if not hits:
            raise unknown("config", name, [*cell_names(), *unions()])
        chosen.update(hits)
    return [c for c in cell_names() if c in chosen]


def register(
    new_source: Source, *, subtasks: Mapping[str, int] | None = None, new_subtasks: Iterable[Task] = ()
) -> list[str]:
    """Add a source of your own; returns the names of its new cells.

    `subtasks` maps subtask ids to numbers of examples (default: every subtask its tables can feed, 6,250
    each); `new_subtasks` are subtasks of your own. Raises UsageError for an id that is taken.
    """
    if new_source.id in source_ids() and new_source.id not in _offered:
        raise UsageError(f"source {new_source.id!r}: this id is taken; want a new one; have: {', '.join(source_ids())}")
    new_subtasks = list(new_subtasks)
    for own in new_subtasks:
        if own.id in subtask_ids():
            raise UsageError(f"subtask {own.id!r}: this id is taken; want a new one; have: {', '.join(subtask_ids())}")
    offered = {own.id: own for own in new_subtasks}
    known = {**{name: subtask(name) for name in subtask_ids()}, **offered}
    sizes = subtasks if subtasks is not None else {s: 6250 for s in known if _feeds(new_source, known[s])}
    if strange := [name for name in sizes if name not in known]:
        raise unknown("subtask", strange[0], known)
    cells = [Cell(subtask=known[s], source=new_source, size=n) for s, n in sizes.items()]
    unregister(new_source.id)
    _own_sources[new_source.id] = new_source
    _own_subtasks.update(offered)
    _own_cells.update({c.name: c for c in cells})
    return [c.name for c in cells]


def offer(new_source: Source, *, subtasks: Mapping[str, int] | None = None) -> None:
    """Add a source that was met by the way, beside releases or in a built dataset; one that is registered goes before.

    Of two that were met, one that knows its files goes before one that does not.
    """
    met = new_source.id in _offered and not source(new_source.id).layouts and bool(new_source.layouts)
    if met or new_source.id not in source_ids():
        register(new_source, subtasks=subtasks)
        _offered.add(new_source.id)


def own(source_id: str) -> bool:
    """Whether a source is one of your own."""
    return source_id in _own_sources


def unregister(source_id: str) -> None:
    """Take a source of your own, its cells and the subtasks only it feeds out again."""
    _own_sources.pop(source_id, None)
    _offered.discard(source_id)
    for name in [n for n, c in _own_cells.items() if c.source.id == source_id]:
        del _own_cells[name]
    for name in [s for s in _own_subtasks if not any(c.subtask.id == s for c in _own_cells.values())]:
        del _own_subtasks[name]


def _feeds(new_source: Source, candidate: Task) -> bool:
    have = {table for layout in new_source.layouts for table in layout.tables}
    try:
        return set(candidate.needs(new_source)) <= have
    except UsageError:
        return False


def register_found(raw: Path) -> None:
    """Make every folder of tables under a raw folder a source, unless it is registered. Raises as `own_source` does."""
    for folder in sorted(raw.iterdir()) if raw.is_dir() else ():
        known = catalogue.own(folder.name) and catalogue.source(folder.name).layouts
        if not known and all(_file(folder, role) for role in ("interactions", "items")):
            catalogue.offer(own_source(folder))
