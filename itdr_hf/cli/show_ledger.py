"""Print the ledger: what happened to every row, whether it adds up, and on request files, seeds and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itdr_hf.dataset import BuiltCell, Dataset
from itdr_hf.dataset.audit.findings import counted
from itdr_hf.dataset.audit.provenance import unbalanced
from itdr_hf.dataset.cell import Step
from itdr_hf.runtime.terminal import print_line, print_table

KEPT = ("read", "kept")  # steps that are not losses
Sources = Mapping[str, BuiltCell]  # source -> the entry of one of its cells


def print_ledger(dataset: Dataset, timings: Mapping[str, Any], *, verbose: bool = False) -> None:
    """Print the steps from raw rows to tables and from tables to examples, unused files, and the verdict."""
    sources = {cell.source: cell for cell in dataset.cells.values()}
    if verbose:
        _print_files(sources)
        _print_builds(dataset, timings)
    numbers = dict.fromkeys(("read", "left out", "kept"), "right")
    rows = [row for source, cell in sources.items() for row in _tables(source, cell.tables)]
    print_table({"source": "left", "table": "left", **numbers, "why": "fold"}, rows)
    print_line()
    columns = {"config": "left", "from": "right", "left out": "right", "examples": "right", "why": "fold"}
    print_table(columns, [_examples(dataset, name) for name in dataset.cells])
    packages = ", ".join(f"{name} {version}" for name, version in dataset.ledger.packages.items())
    print_line(f"\nversion {dataset.version}; {packages}")
    for name, why in {n: why for cell in sources.values() for n, why in cell.unread.items()}.items():
        print_line(f"present but not read: {name}: {why}")
    for note, names in _by_note(dataset.ledger.not_built).items():
        print_line(f"not built: {', '.join(names)}: {note}")
    print_line(f"\n{verdict(dataset, sources)}")


def faults(dataset: Dataset) -> list[str]:
    """Return the differences, cell by cell, where the numbers do not add up."""
    return [f"{name}: {text}" for name, cell in dataset.cells.items() for text in unbalanced(cell)]


def verdict(dataset: Dataset, sources: Sources) -> str:
    """Return a sentence stating that every row is accounted for, or the differences."""
    if wrong := faults(dataset):
        return "\n".join([*wrong, f"It does not add up: {counted(len(wrong), 'difference')}"])
    steps = [step for cell in sources.values() for step in cell.tables]
    read = sum(step.rows for step in steps if step.what == "read")
    lost = -sum(step.rows for step in steps if step.what not in KEPT)
    examples = sum(cell.examples for cell in dataset.cells.values())
    return (
        f"It adds up: {read:,} rows read from {counted(len(sources), 'source')}, {lost:,} left out, each named above\n"
        f"and {counted(examples, 'example')} in {counted(len(dataset.cells), 'cell')}"
    )


def _tables(source: str, steps: Sequence[Step]) -> Iterator[list[str]]:
    """Yield a line for each table: the rows read, excluded and kept, and the reasons."""
    for table in dict.fromkeys(step.table for step in steps):
        own = [step for step in steps if step.table == table]
        read, kept = (sum(step.rows for step in own if step.what == what) for what in KEPT)
        lost = [step for step in own if step.what not in KEPT]
        noted = f"{-sum(step.rows for step in lost):,}"
        yield [source, table, f"{read:,}", noted, f"{kept:,}", "; ".join(map(_reason, lost))]


def _examples(dataset: Dataset, name: str) -> list[str]:
    """Return a cell's line: the possible subjects, those excluded, the examples, and the reasons."""
    steps, lost = dataset.cells[name].steps, list[Step]()
    first = steps[0]
    start = first.rows if first.of is None else first.of
    for step in steps:
        if step.of is not None and step.of != step.rows:
            lost.append(Step(what="below a minimum", rows=step.rows - step.of))
        if step.rows < 0:
            lost.append(step)
    subject = dataset.catalogue.task(dataset.task_of(name)).subject
    out = f"{-sum(step.rows for step in lost):,}"
    return [name, counted(start, subject), out, f"{steps[-1].rows:,}", "; ".join(map(_reason, lost))]


def _reason(step: Step) -> str:
    return f"{-step.rows:,} {step.what}" if step.rows else step.what


def _by_note(not_built: Mapping[str, str]) -> dict[str, list[str]]:
    """Group the cells that were not built by their reason."""
    reasons: dict[str, list[str]] = {}
    for name, note in not_built.items():
        reasons.setdefault(note, []).append(name)
    return reasons


def _print_files(sources: Sources) -> None:
    rows = [[s, f.name, f"{f.size:,}", f.sha256[:12]] for s, cell in sources.items() for f in cell.raw]
    print_table({"source": "left", "raw file": "fold", "bytes": "right", "sha256": "left"}, rows)
    print_line()


def _print_builds(dataset: Dataset, timings: Mapping[str, Any]) -> None:
    columns = {"config": "left", "seed": "right", "engine": "left", "tables, s": "right", "cell, s": "right"}
    rows = [
        [name, str(cell.recipe["seed"]), cell.engine, *_took(timings.get(name, {})), cell.content[:12]]
        for name, cell in dataset.cells.items()
    ]
    print_table({**columns, "peak, MB": "right", "content": "left"}, rows)
    print_line()


def _took(timing: Mapping[str, Any]) -> list[str]:
    names = ("tables_seconds", "cell_seconds", "peak_memory_mb")
    return [f"{timing[name]:,}" if name in timing else "-" for name in names]
