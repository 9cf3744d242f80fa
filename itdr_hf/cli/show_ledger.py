"""The ledger in the terminal: where every row went, whether it adds up, and, if asked, files, seeds and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from itdr_hf import catalogue
from itdr_hf.dataset.audit.findings import counted
from itdr_hf.dataset.audit.provenance import unbalanced
from itdr_hf.runtime.terminal import print_line, print_table

Cells = Mapping[str, Mapping[str, Any]]
KEPT = ("read", "kept")  # the steps that are no loss


def print_ledger(ledger: Mapping[str, Any], timings: Mapping[str, Any], *, verbose: bool = False) -> None:
    """From raw rows to tables, from tables to examples, then what was not used, and the verdict."""
    cells: Cells = ledger["cells"]
    sources = {catalogue.source_of(name): entry for name, entry in cells.items()}
    if verbose:
        _print_files(sources)
        _print_builds(cells, timings)
    numbers = dict.fromkeys(("read", "left out", "kept"), "right")
    rows = [row for source, entry in sources.items() for row in _tables(source, entry["tables"])]
    print_table({"source": "left", "table": "left", **numbers, "why": "fold"}, rows)
    print_line()
    columns = {"config": "left", "from": "right", "left out": "right", "examples": "right", "why": "fold"}
    print_table(columns, [_examples(name, entry["rows"]) for name, entry in cells.items()])
    packages = ", ".join(f"{name} {version}" for name, version in ledger["packages"].items())
    print_line(f"\nversion {ledger['version']}; {packages}")
    for name, why in {n: why for entry in sources.values() for n, why in entry.get("unread", {}).items()}.items():
        print_line(f"present but not read: {name}: {why}")
    for note, names in _by_note(ledger.get("not_built", {})).items():
        print_line(f"not built: {', '.join(names)}: {note}")
    print_line(f"\n{verdict(cells, sources)}")


def faults(cells: Cells) -> list[str]:
    """What does not add up, cell by cell."""
    return [f"{cell}: {text}" for cell, entry in cells.items() for text in unbalanced(entry)]


def verdict(cells: Cells, sources: Cells) -> str:
    """Whether every row is accounted for, in a sentence; else what is not."""
    if wrong := faults(cells):
        return "\n".join([*wrong, f"It does not add up: {counted(len(wrong), 'difference')}"])
    steps = [step for entry in sources.values() for step in entry["tables"]]
    read = sum(step["rows"] for step in steps if step["what"] == "read")
    lost = -sum(step["rows"] for step in steps if step["what"] not in KEPT)
    examples = sum(sum(entry["counts"].values()) for entry in cells.values())
    return (
        f"It adds up: {read:,} rows read from {counted(len(sources), 'source')}, {lost:,} left out, each named above; "
        f"{counted(examples, 'example')} in {counted(len(cells), 'cell')}"
    )


def _tables(source: str, steps: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """A row for each table: how many rows it had, how many it keeps, and why the others are left out."""
    for table in dict.fromkeys(step["table"] for step in steps):
        own = [step for step in steps if step["table"] == table]
        read, kept = (sum(step["rows"] for step in own if step["what"] == what) for what in KEPT)
        lost = [step for step in own if step["what"] not in KEPT]
        noted = f"{-sum(step['rows'] for step in lost):,}"
        yield [source, table, f"{read:,}", noted, f"{kept:,}", "; ".join(map(_reason, lost))]


def _examples(cell: str, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """A cell's row: how many could be asked about, how many are, and what became of the others."""
    lost: list[Mapping[str, Any]] = []
    start = steps[0].get("of", steps[0]["rows"])
    for step in steps:
        if "of" in step and step["of"] != step["rows"]:
            lost.append({"what": "below a minimum", "rows": step["rows"] - step["of"]})
        if step["rows"] < 0:
            lost.append(step)
    subject = catalogue.current().task(catalogue.task_of(cell)).subject
    made, out = steps[-1]["rows"], -sum(step["rows"] for step in lost)
    return [cell, counted(start, subject), f"{out:,}", f"{made:,}", "; ".join(map(_reason, lost))]


def _reason(step: Mapping[str, Any]) -> str:
    return f"{-step['rows']:,} {step['what']}" if step["rows"] else str(step["what"])


def _by_note(not_built: Mapping[str, str]) -> dict[str, list[str]]:
    """The cells that were not built, by the reason they share."""
    reasons: dict[str, list[str]] = {}
    for name, note in not_built.items():
        reasons.setdefault(note, []).append(name)
    return reasons


def _print_files(sources: Cells) -> None:
    rows = [[s, f["name"], f"{f['size']:,}", f["sha256"][:12]] for s, entry in sources.items() for f in entry["raw"]]
    print_table({"source": "left", "raw file": "fold", "bytes": "right", "sha256": "left"}, rows)
    print_line()


def _print_builds(cells: Cells, timings: Mapping[str, Any]) -> None:
    columns = {"config": "left", "seed": "right", "engine": "left", "tables, s": "right", "cell, s": "right"}
    rows = [
        [name, str(e["recipe"]["seed"]), e["engine"], *_took(timings.get(name, {})), e["content"][:12]]
        for name, e in cells.items()
    ]
    print_table({**columns, "peak, MB": "right", "content": "left"}, rows)
    print_line()


def _took(timing: Mapping[str, Any]) -> list[str]:
    names = ("tables_seconds", "cell_seconds", "peak_memory_mb")
    return [f"{timing[name]:,}" if name in timing else "-" for name in names]
