"""report: write a page about a dataset folder for any browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from itdr_hf.cli.options import FOLDER, Folder, Json
from itdr_hf.report.samples import DEFAULT
from itdr_hf.runtime.terminal import print_line


def report(
    folder: Folder = FOLDER,
    scores: Annotated[
        list[Path] | None, typer.Option(help="scores.json of `itdr score --out`; may be given again.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    examples: Annotated[int, typer.Option(min=1, help="Of each split of a config, at most.")] = DEFAULT,
    tokenizer: Annotated[str | None, typer.Option(help="A tokenizer.json, its folder, or a model's id.")] = None,
    card: Annotated[bool, typer.Option("--card", help="Draw the pictures of the folder's card too.")] = False,
    json: Json = False,
) -> None:
    """Write one self-contained page: content, ledger, lengths, labels, audit, examples, scores.

    The audit is shown if `itdr audit` was run on exactly this content. `--card` needs the extra [plots].
    """
    from itdr_hf.dataset import Dataset
    from itdr_hf.dataset.statistics import load_tokenizer
    from itdr_hf.report.page import write_report
    from itdr_hf.report.pictures import draw_for_card
    from itdr_hf.runtime.terminal import print_json, show_progress

    count = load_tokenizer(tokenizer) if tokenizer else None
    dataset = Dataset.open(folder)
    with show_progress("reporting") as progress:
        made = write_report(dataset, out, scores=scores or (), most=examples, tokenizer=count, progress=progress)
        drawn = draw_for_card(dataset, made.drawings) if card else []
    if json:
        return print_json({**made.as_dict(), "pictures": [str(path) for path in drawn]})
    print_line(
        f"{out}: {made.bytes / 1e6:.1f} MB, {made.shown:,} of {made.examples:,} examples of {made.cells} configs"
    )
    for path in drawn:
        print_line(f"wrote {path}")
    if not made.audited:
        print_line(f"\nNot audited; to show the audit, run `itdr audit {folder}/` and then this command again")
