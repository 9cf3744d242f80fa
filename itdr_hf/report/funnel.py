"""The ledger as funnels: of each source from rows read to tables, of each cell from users or items to examples."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from itdr_hf.report.names import source_title, subject_of

Steps = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step: `rows` as the ledger has it, and where its bar lies, in percent of where the funnel begins."""

    what: str
    rows: int
    start: float
    width: float
    kind: str  # kept, lost, or note: a step that only says something


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """The stages of a table or a cell."""

    name: str
    stages: Sequence[Stage]

    @property
    def first(self) -> int:
        return self.stages[0].rows

    @property
    def last(self) -> int:
        return self.stages[-1].rows


@dataclass(frozen=True, kw_only=True)
class SourceFunnels:
    """What was read of a release: its files and tables, and the cells made of them."""

    source: str
    title: str
    layout: str
    simulated: bool
    files: Sequence[Mapping[str, Any]]
    tables: Sequence[Funnel]
    cells: Sequence[Funnel]
    examples: int


def funnels(ledger: Mapping[str, Any]) -> list[SourceFunnels]:
    """One for each source; two where cells of a source were built from different files."""
    groups: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for name, cell in ledger["cells"].items():
        read = json.dumps([cell["layout"], cell["raw"], cell["tables"]], sort_keys=True)
        groups.setdefault((name.partition("-")[2], read), {})[name] = cell
    return [_source(source, cells) for (source, _), cells in sorted(groups.items(), key=lambda pair: pair[0][0])]


def _source(source: str, cells: Mapping[str, Mapping[str, Any]]) -> SourceFunnels:
    any_cell = next(iter(cells.values()))
    steps: dict[str, list[Mapping[str, Any]]] = {}
    for step in any_cell["tables"]:
        steps.setdefault(step["table"], []).append(step)
    return SourceFunnels(
        source=source,
        title=source_title(source),
        layout=any_cell["layout"],
        simulated=bool(any_cell.get("simulated")),
        files=any_cell["raw"],
        tables=[Funnel(name=table, stages=list(stages(found))) for table, found in steps.items()],
        cells=[Funnel(name=name, stages=list(stages(_of_cell(name, cell["rows"])))) for name, cell in cells.items()],
        examples=sum(sum(cell["counts"].values()) for cell in cells.values()),
    )


def stages(steps: Steps) -> Iterator[Stage]:
    """Steps with their bars: what was read from the left, what is left out where it was lost, what is kept."""
    steps = list(steps)
    begin = max((abs(step["rows"]) for step in steps), default=0) or 1
    left = 0
    for step in steps:
        rows = int(step["rows"])
        kind = "lost" if rows < 0 else "kept" if rows else "note"
        if step["what"] == "read":
            left += rows  # a table may be read from several files
        elif rows < 0:
            left += rows
        elif rows:
            left = rows
        lost = -rows if rows < 0 else 0
        start, width = (left, lost) if lost else (0, rows)
        yield Stage(what=step["what"], rows=rows, start=100 * start / begin, width=100 * width / begin, kind=kind)


def _of_cell(name: str, steps: Steps) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        if "of" in step:
            yield {"what": f"{subject_of(name.partition('-')[0])}s", "rows": step["of"]}
            if step["rows"] != step["of"]:
                yield {"what": "below a minimum", "rows": step["rows"] - step["of"]}
        yield step
