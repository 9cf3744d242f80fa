"""audit, stats, ledger, diff: check a dataset, describe its content and origin, and compare two of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from itdr_hf.cli.options import CHECK, FOLDER, Folder, Json, Memory, one_of
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.dataset import Dataset
    from itdr_hf.dataset.audit import Report


def audit(
    folder: Annotated[Path, typer.Argument(help="A dataset folder, or one of the authors' Alpaca files.")] = FOLDER,
    check: Annotated[list[str] | None, one_of(CHECK, help="Only this check; may be given again.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print the infos too.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
    memory_limit: Memory = None,
    json: Json = False,
) -> None:
    """Look for leaks, repeats and given-away answers; exit code 1 on a breach.

    Checks users, items, answers and prompts between splits, candidates, positions, popularity, labels, encoding,
    ids, prompts and the ledger. The card of a folder that `itdr build` wrote shows the result.
    """
    from itdr_hf.cli.show_reports import print_audit
    from itdr_hf.dataset import Dataset
    from itdr_hf.dataset.audit import audit as run
    from itdr_hf.runtime.terminal import print_json, show_progress

    dataset = Dataset.open(folder, lenient=True)
    with show_progress("auditing") as progress:
        report = run(dataset, only=check or None, memory_limit=memory_limit, progress=progress)
    if out:
        _write(out, report.as_dict())
    print_json(report.as_dict()) if json else print_audit(report, verbose=verbose)
    if not check:
        _note(dataset, report)
    if report.breaches:
        raise typer.Exit(1)


def stats(
    folder: Folder = FOLDER,
    tokenizer: Annotated[str | None, typer.Option(help="A tokenizer.json, its folder, or a model's id.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Draw plots into this folder.")] = None,
    json: Json = False,
) -> None:
    """Show examples, lengths in characters, words and tokens, and labels, next to the paper's averages."""
    from itdr_hf.cli.show_reports import print_statistics
    from itdr_hf.dataset.statistics import load_tokenizer, plot, statistics
    from itdr_hf.runtime.terminal import print_json, show_progress

    count = load_tokenizer(tokenizer) if tokenizer else None
    with show_progress("counting") as progress:
        made = statistics(folder, tokenizer=count, progress=progress)
        drawn = plot(made, plots) if plots else []
    print_json([s.as_dict() for s in made]) if json else print_statistics(made)
    if drawn and not json:
        print_line(f"\n{len(drawn)} plots in {plots}/")


def ledger(
    folder: Folder = FOLDER,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Also print raw files, seeds, times and contents.")
    ] = False,
    json: Json = False,
) -> None:
    """Account for every row: raw files, rows read, left out and why; exit code 1 if it does not add up."""
    from itdr_hf.cli.show_ledger import faults, print_ledger
    from itdr_hf.dataset import Dataset
    from itdr_hf.dataset.notes import read_timings
    from itdr_hf.runtime.terminal import print_json

    dataset, timings = Dataset.open(folder).as_built(), read_timings(folder)
    wrong = faults(dataset)
    if json:
        print_json({**dataset.ledger.as_dict(), "timings": timings, "faults": wrong})
    else:
        print_ledger(dataset, timings, verbose=verbose)
    if wrong:
        raise typer.Exit(1)


def diff(
    old: Annotated[Path, typer.Argument(help="A dataset folder.")],
    new: Annotated[Path, typer.Argument(help="Another dataset folder.")],
    out: Annotated[Path | None, typer.Option(help="Write the differences as JSON to this file.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit code 1 when they differ.")] = False,
    json: Json = False,
) -> None:
    """Show what was added, removed, changed or moved between two dataset folders, per cell."""
    from itdr_hf.cli.show_reports import print_diff
    from itdr_hf.dataset.diff import diff as compare
    from itdr_hf.runtime.terminal import print_json, show_progress

    with show_progress("comparing") as progress:
        difference = compare(old, new, progress=progress)
    if out:
        _write(out, difference.as_dict())
    print_json(difference.as_dict()) if json else print_diff(difference)
    if exit_code and difference.any:
        raise typer.Exit(1)


def _note(dataset: Dataset, report: Report) -> None:
    """Show the result on the card, if the folder agrees with its ledger and is writable."""
    from itdr_hf.dataset.card import note_audit
    from itdr_hf.errors import OutputError

    other = ("schema", "files-as-built", "ledger-as-written")
    if not dataset.cells or any(finding.check in other for finding in report.breaches):
        return
    try:
        note_audit(dataset, report)
    except OutputError as error:
        print_line(f"the card was not updated: {error}", error=True)


def _write(path: Path, value: object) -> None:
    from json import dumps

    from itdr_hf.runtime.files import write_atomically

    write_atomically(path, dumps(value, indent=1, ensure_ascii=False))
