"""The ledger as funnels: of each source from rows read to tables, of each cell from users or items to examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from itdr_hf.catalogue import Catalogue
from itdr_hf.dataset.cell import BuiltCell, RawFile, Step
from itdr_hf.dataset.folder import Dataset
from itdr_hf.report.names import source_title, subject_of


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
    files: Sequence[RawFile]
    tables: Sequence[Funnel]
    cells: Sequence[Funnel]
    examples: int


def funnels(dataset: Dataset) -> list[SourceFunnels]:
    """One for each source; two where cells of a source were built from different files."""
    groups: dict[tuple[str, str], list[BuiltCell]] = {}
    for cell in dataset.cells.values():
        read = repr((cell.layout, cell.raw, cell.tables))
        groups.setdefault((cell.source, read), []).append(cell)
    found = sorted(groups.items(), key=lambda pair: pair[0][0])
    return [_source(source, cells, dataset.catalogue) for (source, _), cells in found]


def _source(source: str, cells: Sequence[BuiltCell], catalogue: Catalogue) -> SourceFunnels:
    steps: dict[str, list[Step]] = {}
    for step in cells[0].tables:
        steps.setdefault(step.table, []).append(step)
    return SourceFunnels(
        source=source,
        title=source_title(catalogue, source),
        layout=cells[0].layout,
        simulated=cells[0].simulated,
        files=cells[0].raw,
        tables=[Funnel(name=table, stages=list(stages(found))) for table, found in steps.items()],
        cells=[Funnel(name=c.name, stages=list(stages(_of_cell(c, subject_of(catalogue, c.task))))) for c in cells],
        examples=sum(cell.examples for cell in cells),
    )


def stages(steps: Iterable[Step]) -> Iterator[Stage]:
    """Yield steps with their bars: what was read from the left, what is left out where it was lost, what is kept."""
    steps = list(steps)
    begin = max((abs(step.rows) for step in steps), default=0) or 1
    left = 0
    for step in steps:
        rows = step.rows
        kind = "lost" if rows < 0 else "kept" if rows else "note"
        if step.what == "read":
            left += rows  # a table may be read from several files
        elif rows < 0:
            left += rows
        elif rows:
            left = rows
        lost = -rows if rows < 0 else 0
        start, width = (left, lost) if lost else (0, rows)
        yield Stage(what=step.what, rows=rows, start=100 * start / begin, width=100 * width / begin, kind=kind)


def _of_cell(cell: BuiltCell, subject: str) -> Iterator[Step]:
    for step in cell.steps:
        if step.of is not None:
            yield Step(what=f"{subject}s", rows=step.of)
            if step.rows != step.of:
                yield Step(what="below a minimum", rows=step.rows - step.of)
        yield step
