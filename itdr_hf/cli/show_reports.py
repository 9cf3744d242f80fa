"""Audit, statistics, ledger and differences as tables of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from itdr_hf.dataset.audit.findings import counted
from itdr_hf.runtime.terminal import print_table

if TYPE_CHECKING:
    from itdr_hf.dataset import BuiltCell, Dataset
    from itdr_hf.dataset.audit import Report
    from itdr_hf.dataset.diff import CellDifference, Difference
    from itdr_hf.dataset.statistics import CellStatistics
    from itdr_hf.tasks.task import Cell


def print_audit(report: Report, *, verbose: bool = False) -> None:
    """Every check with what it found; then the breaches and warnings, with `verbose` the infos too."""
    counts = report.counts()
    columns = {"check": "left", "breaches": "right", "warnings": "right", "infos": "right"}
    print_table(columns, [[name, *(str(n or "·") for n in found.values())] for name, found in counts.items()])
    shown = [f for f in report.findings if verbose or f.severity != "info"]
    for finding in shown:
        print(f"\n{finding}")
    verdict = counted(len(report.breaches), "breach") if report.breaches else "no breach"
    print(
        f"\n{verdict}, {counted(len(report.of('warning')), 'warning')} in {report.examples:,} examples of "
        f"{len(report.cells)} cells ({len(report.checks)} checks, {report.seconds:.1f} s)"
    )


def print_statistics(made: Sequence[CellStatistics]) -> None:
    """Sizes and mean lengths, beside the paper's; then what the labels are."""
    tokens = ["tokens"] if any("tokens" in s.lengths["input"] for s in made) else []
    figures = ["examples", "paper", "characters", "words", *tokens, "paper tokens"]
    columns = {"config": "left", **dict.fromkeys(figures, "right")}
    print_table(columns, [_lengths_row(s, "input") for s in made], "input, means")
    print()
    print_table(columns, [_lengths_row(s, "output") for s in made], "output, means")
    labels = [[s.cell, name, *_labels_row(values)] for s in made for name, values in s.labels.items()]
    if labels:
        print()
        heads = {"config": "left", "label": "left", "values": "right", "most frequent": "fold", "share": "right"}
        print_table(heads, labels, "labels")


def _lengths_row(s: CellStatistics, field: str) -> list[str]:
    units = s.lengths[field]
    tokens = [f"{units['tokens'].mean:,.1f}"] if "tokens" in units else []
    paper = s.paper or {}
    published = [f"{paper['examples']:,.0f}", f"{paper[f'{field}_tokens']:,.1f}"] if paper else ["-", "-"]
    means = [f"{units[unit].mean:,.1f}" for unit in ("characters", "words")]
    return [s.cell, f"{sum(s.counts.values()):,}", published[0], *means, *tokens, published[1]]


def _labels_row(values: Mapping[str, int]) -> list[str]:
    value, count = max(values.items(), key=lambda pair: (pair[1], pair[0]))
    return [f"{len(values):,}", value[:40], f"{count / sum(values.values()):.1%}"]


def print_ledger(dataset: Dataset, timings: Mapping[str, Any]) -> None:
    """Raw files, the steps from rows read to tables, the steps from the eligible to examples, and what it took."""
    cells = dataset.cells
    sources = {cell.source: cell for cell in cells.values()}
    rows = [[s, f.name, f"{f.size:,}", f.sha256[:12]] for s, cell in sources.items() for f in cell.raw]
    print_table({"source": "left", "raw file": "fold", "bytes": "right", "sha256": "left"}, rows)
    print()
    rows = [[s, step.table, step.what, f"{step.rows:,}"] for s, cell in sources.items() for step in cell.tables]
    print_table({"source": "left", "table": "left", "step": "fold", "rows": "right"}, rows)
    print()
    rows = [[name, *step] for name, cell in cells.items() for step in _steps(cell, dataset.cell(name))]
    print_table({"config": "left", "step": "fold", "rows": "right"}, rows)
    print()
    columns = {"config": "left", "seed": "right", "engine": "left", "tables, s": "right", "cell, s": "right"}
    rows = [
        [name, str(cell.recipe["seed"]), cell.engine, *_took(timings.get(name, {})), cell.content[:12]]
        for name, cell in cells.items()
    ]
    print_table({**columns, "peak, MB": "right", "content": "left"}, rows)
    packages = ", ".join(f"{name} {version}" for name, version in dataset.ledger.packages.items())
    print(f"\nversion {dataset.version}; {packages}")
    for name, why in {n: why for cell in sources.values() for n, why in cell.unread.items()}.items():
        print(f"here and not read: {name}: {why}")
    for name, note in dataset.ledger.not_built.items():
        print(f"not built: {name}: {note}")


def _steps(built: BuiltCell, cell: Cell) -> Iterator[tuple[str, str]]:
    for step in built.steps:
        if step.of is not None:
            yield f"{cell.task.subject}s", f"{step.of:,}"
            yield "below a minimum", f"{step.rows - step.of:,}"
        yield step.what, f"{step.rows:,}"


def _took(timing: Mapping[str, Any]) -> list[str]:
    names = ("tables_seconds", "cell_seconds", "peak_memory_mb")
    return [f"{timing[name]:,}" if name in timing else "-" for name in names]


def print_diff(difference: Difference) -> None:
    """Cells that differ, what changed in them, and how many are alike."""
    old, new = difference.versions
    print(f"{difference.old} (version {old}) → {difference.new} (version {new})\n")
    changed = [cell for cell in difference.cells if cell.state != "same"]
    columns = {"config": "left", "state": "left"}
    columns |= dict.fromkeys(("same", "added", "removed", "changed", "moved"), "right")
    rows = [[c.cell, c.state, *(f"{n:,}" for n in (c.same, c.added, c.removed, c.changed, c.moved))] for c in changed]
    if rows:
        print_table(columns, rows)
    for cell in changed:
        for line in _details(cell):
            print(f"{cell.cell}: {line}")
    print(f"{len(difference.cells) - len(changed)} of {len(difference.cells)} cells are the same")


def _details(cell: CellDifference) -> Iterator[str]:
    if cell.recipe:
        yield "recipe: " + ", ".join(f"{name} {old} → {new}" for name, (old, new) in cell.recipe.items())
    if cell.columns:
        yield "columns: " + ", ".join(f"{name} in {n:,}" for name, n in cell.columns.items())
    for kind, ids in cell.ids.items():
        yield f"{kind}: {', '.join(ids[:2])}" + (" …" if len(ids) > 2 else "")
