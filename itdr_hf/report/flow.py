"""The flow picture: root task → subtask → source, each as high as it has examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from itdr_hf.report.drawing import PAINTS, Box, Drawing, Ribbon, Shape, Words
from itdr_hf.report.names import root_of, source_title, subtask_title

ROOTS = {"UII": "User–item interaction", "UIU": "User–item understanding"}
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


def flow(counts: Mapping[str, int]) -> Drawing:
    """The picture of cells and their numbers of examples."""
    cells = {name: n for name, n in counts.items() if n}
    total = sum(cells.values()) or 1
    subtasks = _sums(cells, lambda name: name.partition("-")[0])
    roots = {root: sum(n for s, n in subtasks.items() if root_of(s) == root) for root in ROOTS}
    subtasks = {s: subtasks[s] for s in sorted(subtasks, key=lambda s: list(ROOTS).index(root_of(s)))}
    levels = [{r: n for r, n in roots.items() if n}, subtasks, _sources(cells, list(subtasks))]
    tallest = max(_height(level, total) for level in levels)
    placed = [_place(level, x, total, tallest) for level, x in zip(levels, COLUMNS, strict=True)]
    shapes = [*_ribbons(cells, subtasks, placed, total), *_nodes(levels, placed)]
    said = ", ".join(f"{subtask_title(s)} {n:,}" for s, n in subtasks.items())
    return Drawing(
        width=WIDTH,
        height=tallest + 2 * TOP,
        title="Root task, subtask and source, by number of examples",
        says=f"{total:,} examples in {len(cells)} configs: {said}. The table of configs has every number.",
        shapes=shapes,
    )


def _sums(cells: Mapping[str, int], key: Callable[[str], str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, n in cells.items():
        sums[key(name)] = sums.get(key(name), 0) + n
    return sums


def _sources(cells: Mapping[str, int], subtasks: Sequence[str]) -> dict[str, int]:
    """Sources, those first that feed the subtasks at the top, so that few ribbons cross."""
    sums = _sums(cells, lambda name: name.partition("-")[2])
    weights = dict.fromkeys(sums, 0.0)
    for name, n in cells.items():
        subtask, _, source = name.partition("-")
        weights[source] += n * subtasks.index(subtask) / sums[source]
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
    cells: Mapping[str, int], subtasks: Mapping[str, int], placed: Sequence[dict[str, Node]], total: int
) -> Iterator[Shape]:
    roots, middles, ends = placed
    for subtask, n in subtasks.items():
        tip = f"{subtask_title(subtask)}: {n:,} examples"
        yield _ribbon(roots[root_of(subtask)], middles[subtask], n * HEIGHT / total, paint(subtask), tip)
    places = {source: place for place, source in enumerate(ends)}
    order = {subtask: place for place, subtask in enumerate(subtasks)}
    parted = [(*name.partition("-")[::2], name, n) for name, n in cells.items()]
    for subtask, source, name, n in sorted(parted, key=lambda c: (order[c[0]], places[c[1]])):
        tip = f"{name}: {n:,} examples"
        yield _ribbon(middles[subtask], ends[source], n * HEIGHT / total, paint(subtask), tip, name)


def _ribbon(start: Node, end: Node, thickness: float, colour: str, tip: str, cell: str = "") -> Ribbon:
    y0, y1 = start.y + start.right, end.y + end.left
    start.right += thickness
    end.left += thickness
    return Ribbon(x0=start.x + BAR, y0=y0, x1=end.x, y1=y1, thickness=thickness, paint=colour, tip=tip, cell=cell)


def _nodes(levels: Sequence[Mapping[str, int]], placed: Sequence[dict[str, Node]]) -> Iterator[Shape]:
    for column, (level, nodes) in enumerate(zip(levels, placed, strict=True)):
        for name, node in nodes.items():
            title, colour = _look(column, name)
            tip = f"{title}: {level[name]:,} examples"
            yield Box(x=node.x, y=node.y, width=BAR, height=max(node.height, 1), paint=colour, tip=tip)
            yield Words(x=node.x + BAR + 6, y=node.y + node.height / 2 + 4.5, text=f"{title}  {level[name]:,}")


def _look(column: int, name: str) -> tuple[str, str]:
    """The title and paint of a root, a subtask or a source."""
    if column == 0:
        return ROOTS[name], name.lower()
    return (subtask_title(name), paint(name)) if column == 1 else (source_title(name), "own")


def paint(subtask: str) -> str:
    """The paint of a subtask, one for all that are not the paper's."""
    return subtask if subtask in PAINTS else "own"
