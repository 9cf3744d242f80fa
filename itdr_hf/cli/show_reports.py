"""Print audits, statistics and differences as tables of at most 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from itdr_hf.dataset.audit.findings import counted
from itdr_hf.runtime.terminal import print_line, print_table

if TYPE_CHECKING:
    from itdr_hf.dataset.audit import Report
    from itdr_hf.dataset.diff import CellDifference, Difference
    from itdr_hf.dataset.statistics import CellStatistics

MAX_COLUMNS = 4  # named of a cell that differs


def print_audit(report: Report, *, verbose: bool = False) -> None:
    """Print the number of findings of every check; then the breaches and warnings, with `verbose` also the infos."""
    counts = report.counts()
    columns = {"check": "left", "breaches": "right", "warnings": "right", "infos": "right"}
    print_table(columns, [[name, *(str(n or "·") for n in found.values())] for name, found in counts.items()])
    shown = [f for f in report.findings if verbose or f.severity != "info"]
    for finding in shown:
        print_line(f"\n{finding}")
    verdict = counted(len(report.breaches), "breach") if report.breaches else "no breach"
    print_line(
        f"\n{verdict}, {counted(len(report.of('warning')), 'warning')} in {report.examples:,} examples of "
        f"{len(report.cells)} cells ({len(report.checks)} checks, {report.seconds:.1f} s)"
    )


def print_statistics(made: Sequence[CellStatistics]) -> None:
    """Print sizes and mean lengths next to the paper's; then the labels."""
    tokens = ["tokens"] if any("tokens" in s.lengths["input"] for s in made) else []
    figures = ["examples", "paper", "characters", "words", *tokens, "paper tokens"]
    columns = {"config": "left", **dict.fromkeys(figures, "right")}
    print_table(columns, [_lengths_row(s, "input") for s in made], "input, means")
    print_line()
    print_table(columns, [_lengths_row(s, "output") for s in made], "output, means")
    labels = [[s.cell, name, *_labels_row(values)] for s in made for name, values in s.labels.items()]
    if labels:
        print_line()
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


def print_diff(difference: Difference) -> None:
    """Print the cells whose examples differ, with the changes, then those that differ only in their recipe."""
    old, new = difference.versions
    print_line(f"{difference.old} (version {old}) → {difference.new} (version {new})\n")
    changed = [cell for cell in difference.cells if cell.state != "same"]
    columns = {"config": "left", "state": "left"}
    columns |= dict.fromkeys(("same", "added", "removed", "changed", "moved"), "right")
    rows = [[c.cell, c.state, *(f"{n:,}" for n in (c.same, c.added, c.removed, c.changed, c.moved))] for c in changed]
    if rows:
        print_table(columns, rows)
    for cell in difference.cells:
        if cell.recipe or cell.state == "changed":
            print_line(f"{cell.cell}: {_explained(cell)}")
    print_line(f"{len(difference.cells) - len(changed)} of {counted(len(difference.cells), 'cell')} are the same")


def _explained(cell: CellDifference) -> str:
    """Return why a cell differs and in which columns, on one line; ids are in the JSON."""
    recipe = ", ".join(f"{name} {old} → {new}" for name, (old, new) in cell.recipe.items())
    if cell.state == "same":
        return f"the same examples with another recipe: {recipe}"
    by_count = sorted(cell.columns.items(), key=lambda pair: -pair[1])
    columns = [f"{name} in {count:,}" for name, count in by_count[:MAX_COLUMNS]]
    more = [f"{len(by_count) - MAX_COLUMNS} more"] if len(by_count) > MAX_COLUMNS else []
    parts = [*cell.causes, *([recipe] if recipe else [])]
    return ", ".join(parts) + (f"; columns: {', '.join([*columns, *more])}" if columns else "")
