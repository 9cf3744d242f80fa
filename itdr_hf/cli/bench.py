"""bench: measure builds relative to only parsing the same file, and to pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from itdr_hf.cli.options import PART, Json, one_of
from itdr_hf.runtime.terminal import print_line


def bench(
    out: Annotated[Path, typer.Option(help="Folder for bench.json and bench.png.")] = Path("bench"),
    work: Annotated[
        Path | None, typer.Option(help="Folder for simulated releases, kept for the next time; default: OUT/work.")
    ] = None,
    ratings: Annotated[
        list[int] | None, typer.Option(min=20_000, help="Rows of MovieLens; may be given again.")
    ] = None,
    reviews: Annotated[list[int] | None, typer.Option(min=10_000, help="Rows of Amazon; may be given again.")] = None,
    blocks: Annotated[
        list[int] | None, typer.Option(min=20_000, help="Rows of Netflix Prize; may be given again.")
    ] = None,
    vectors: Annotated[int | None, typer.Option(min=2000, help="Whose nearest are looked for.")] = None,
    pairs: Annotated[
        int | None, typer.Option(min=1_000, help="Pairs of the log that recommenders train on; needs torch.")
    ] = None,
    only: Annotated[list[str] | None, one_of(PART, help="Only this source, or the rest; may be given again.")] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="Repetitions, of which the fastest counts.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="32 and 100 million ratings, 3 million reviews: two hours.")
    ] = False,
    memory_limit: Annotated[str, typer.Option(help="Memory limit of a build.")] = "1GB",
    json: Json = False,
) -> None:
    """Measure builds of simulated releases, relative to only parsing the same file and to plain pandas."""
    from dataclasses import replace

    from itdr_hf.bench.report import as_dict, print_bench, write_bench
    from itdr_hf.bench.run import FULL, Sizes, run
    from itdr_hf.runtime.terminal import print_json, show_progress

    sizes = FULL if full else Sizes()
    sizes = replace(
        sizes,
        ratings=tuple(sorted(ratings)) if ratings else sizes.ratings,
        reviews=tuple(sorted(reviews)) if reviews else sizes.reviews,
        blocks=tuple(sorted(blocks)) if blocks else sizes.blocks,
        rounds=rounds or sizes.rounds,
        near=(vectors, 16, vectors // 20) if vectors else sizes.near,
        indexed=(vectors, 16) if vectors else sizes.indexed,
        log=(pairs, max(10, pairs // 20), max(50, pairs // 50)) if pairs else sizes.log,
    ).only(only or [])
    with show_progress("measuring") as progress:
        found = run(work or out / "work", sizes, memory=memory_limit, progress=progress)
    paths = write_bench(found, out)
    if json:
        return print_json(as_dict(found))
    print_bench(found)
    for path in paths:
        print_line(f"wrote {path}")
