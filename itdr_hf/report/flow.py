"""The flow picture: root task → subtask → source, each as high as it has examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from itdr_hf.catalogue import Catalogue
from itdr_hf.report.drawing import Box, Drawing, Ribbon, Shape, Words, paints
from itdr_hf.report.names import root_of, root_titles, source_title, task_title

WIDTH, BAR = 960.0, 14.0
COLUMNS = (2.0, 295.0, 715.0)  # where the bars of roots, subtasks and sources begin
HEIGHT, GAP, SLOT = 560.0, 9.0, 17.0  # of all examples together; between nodes; the least a label needs
TOP = 8.0


@dataclass
class Node:
    """A bar, and how far it is filled by the ribbons that begin or end there."""

    x: float
    y: float
    height: float
    left: float = 0.0
    right: float = 0.0


class Stream(NamedTuple):
    """A cell as it flows from its task to its source, as wide as it has examples."""

    cell: str
    task: str
    source: str
    examples: int


def flow(streams: Iterable[Stream], catalogue: Catalogue) -> Drawing:
    """Draw cells and their numbers of examples; the catalogue says what tasks and sources are called."""
    cells = [stream for stream in streams if stream.examples]
    total = sum(cell.examples for cell in cells) or 1
    tasks = _sums(cells, lambda cell: cell.task)
    root = {task: root_of(catalogue, task) for task in tasks}
    titles = list(dict.fromkeys([*root_titles(catalogue), *root.values()]))
    roots = {name: sum(n for task, n in tasks.items() if root[task] == name) for name in titles}
    tasks = {task: tasks[task] for task in sorted(tasks, key=lambda task: titles.index(root[task]))}
    levels = [{r: n for r, n in roots.items() if n}, tasks, _sources(cells, list(tasks))]
    tallest = max(_height(level, total) for level in levels)
    placed = [_place(level, x, total, tallest) for level, x in zip(levels, COLUMNS, strict=True)]
    shapes = [*_ribbons(cells, tasks, placed, total, catalogue), *_nodes(levels, placed, catalogue)]
    said = ", ".join(f"{task_title(catalogue, task)} {n:,}" for task, n in tasks.items())
    return Drawing(
        width=WIDTH,
        height=tallest + 2 * TOP,
        title="Root task, subtask and source, by number of examples",
        says=f"{total:,} examples in {len(cells)} configs: {said}. The table of configs has every number.",
        shapes=shapes,
    )


def _sums(cells: Iterable[Stream], key: Callable[[Stream], str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for cell in cells:
        sums[key(cell)] = sums.get(key(cell), 0) + cell.examples
    return sums


def _sources(cells: Sequence[Stream], tasks: Sequence[str]) -> dict[str, int]:
    """Return sources, those first that feed the tasks at the top, so that few ribbons cross."""
    sums = _sums(cells, lambda cell: cell.source)
    weights = dict.fromkeys(sums, 0.0)
    for cell in cells:
        weights[cell.source] += cell.examples * tasks.index(cell.task) / sums[cell.source]
    return {source: sums[source] for source in sorted(sums, key=lambda s: (weights[s], s))}


def _height(level: Mapping[str, int], total: int) -> float:
    return sum(max(n * HEIGHT / total, SLOT) for n in level.values()) + GAP * (len(level) - 1)


def _place(level: Mapping[str, int], x: float, total: int, tallest: float) -> dict[str, Node]:
    y = TOP + (tallest - _height(level, total)) / 2
    nodes = {}
    for name, n in level.items():
        height = n * HEIGHT / total
        slot = max(height, SLOT)
        nodes[name] = Node(x=x, y=y + (slot - height) / 2, height=height)
        y += slot + GAP
    return nodes


def _ribbons(
    cells: Sequence[Stream],
    tasks: Mapping[str, int],
    placed: Sequence[dict[str, Node]],
    total: int,
    catalogue: Catalogue,
) -> Iterator[Shape]:
    roots, middles, ends = placed
    for task, n in tasks.items():
        tip = f"{task_title(catalogue, task)}: {n:,} examples"
        yield _ribbon(roots[root_of(catalogue, task)], middles[task], n * HEIGHT / total, paint(task), tip)
    places = {source: place for place, source in enumerate(ends)}
    order = {task: place for place, task in enumerate(tasks)}
    for cell in sorted(cells, key=lambda cell: (order[cell.task], places[cell.source])):
        tip, thickness = f"{cell.cell}: {cell.examples:,} examples", cell.examples * HEIGHT / total
        yield _ribbon(middles[cell.task], ends[cell.source], thickness, paint(cell.task), tip, cell.cell)


def _ribbon(start: Node, end: Node, thickness: float, colour: str, tip: str, cell: str = "") -> Ribbon:
    y0, y1 = start.y + start.right, end.y + end.left
    start.right += thickness
    end.left += thickness
    return Ribbon(x0=start.x + BAR, y0=y0, x1=end.x, y1=y1, thickness=thickness, paint=colour, tip=tip, cell=cell)


def _nodes(
    levels: Sequence[Mapping[str, int]], placed: Sequence[dict[str, Node]], catalogue: Catalogue
) -> Iterator[Shape]:
    for column, (level, nodes) in enumerate(zip(levels, placed, strict=True)):
        for name, node in nodes.items():
            title, colour = _look(column, name, catalogue)
            tip = f"{title}: {level[name]:,} examples"
            yield Box(x=node.x, y=node.y, width=BAR, height=max(node.height, 1), paint=colour, tip=tip)
            yield Words(x=node.x + BAR + 6, y=node.y + node.height / 2 + 4.5, text=f"{title}  {level[name]:,}")


def _look(column: int, name: str, catalogue: Catalogue) -> tuple[str, str]:
    """Return the title and paint of a root, a subtask or a source."""
    if column == 0:
        return root_titles(catalogue).get(name, name), paint(name.lower())
    if column == 1:
        return task_title(catalogue, name), paint(name)
    return source_title(catalogue, name), "own"


def paint(subtask: str) -> str:
    """Return the paint of a subtask, one for all that are not the paper's."""
    return subtask if subtask in paints() else "own"
