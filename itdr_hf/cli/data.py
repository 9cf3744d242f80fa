"""sources, simulate, build, show: from raw releases to a dataset folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from itdr_hf.cli import completion

Raw = Annotated[Path, typer.Option("--raw", help="Folder of the raw releases, one folder each.", envvar="ITDR_RAW")]


def sources(
    raw: Raw = Path("raw"), json: Annotated[bool, typer.Option("--json", help="For machines.")] = False
) -> None:
    """What raw releases are there, what is missing, how to get it, under which licence."""
    from itdr_hf.catalogue import current
    from itdr_hf.cli.show_build import print_sources, source_states
    from itdr_hf.runtime.terminal import print_json

    states = source_states(raw, current().with_found(raw))
    print_json(states) if json else print_sources(states)


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write the releases to, one folder each.")],
    source: Annotated[
        list[str] | None, typer.Option(help="Only this source; may be given again.", autocompletion=completion.sources)
    ] = None,
    scale: Annotated[float, typer.Option(help="1.0: large enough for the paper's numbers of examples.")] = 1.0,
    seed: int = 0,
) -> None:
    """Write synthetic raw releases in the sources' true file formats, for trying everything without a download."""
    from itdr_hf.runtime.terminal import show_progress
    from itdr_hf.simulate import simulate as write

    with show_progress("simulating") as progress:
        write(out, sources=source, scale=scale, seed=seed, progress=progress)


def build(
    raw: Raw = Path("raw"),
    out: Annotated[Path, typer.Option(help="The dataset folder; what is in it and unchanged is kept.")] = Path("itdr"),
    config: Annotated[
        list[str] | None,
        typer.Option(help="A config, union or pattern; may be given again.", autocompletion=completion.configs),
    ] = None,
    num_examples: Annotated[int | None, typer.Option(min=1, help="Examples per cell; default: the paper's.")] = None,
    history: Annotated[int | None, typer.Option(min=1, help="Interactions shown.")] = None,
    source_history: Annotated[int | None, typer.Option(min=1, help="CDR: those of the source domain.")] = None,
    positives: Annotated[int | None, typer.Option(min=1)] = None,
    negatives: Annotated[int | None, typer.Option(min=1)] = None,
    reviews: Annotated[int | None, typer.Option(min=1, help="TUI: reviews; IR: liked and disliked items.")] = None,
    max_chars: Annotated[int | None, typer.Option(min=1, help="Longest review or description.")] = None,
    liked_above: Annotated[float | None, typer.Option(help="A rating above it is a like.")] = None,
    disliked_below: Annotated[float | None, typer.Option(help="A rating below it is a dislike.")] = None,
    seed: int | None = None,
    salt: Annotated[str | None, typer.Option(help="Of the hashes that stand for users.")] = None,
    description: Annotated[bool, typer.Option(help="With the task description as instruction.")] = True,
    template: Annotated[str, typer.Option(help="default, plain, brief, unseen; mixed: all but unseen.")] = "default",
    negative_sampling: Annotated[
        str, typer.Option(help="uniform, popularity (as popular) or hard (alike).")
    ] = "uniform",
    split_protocol: Annotated[str, typer.Option(help="user, leave-last (of each user) or time.")] = "user",
    on_bad_row: Annotated[str, typer.Option(help="error, or skip: count malformed rows and go on.")] = "error",
    max_bad_rows: Annotated[int | None, typer.Option(min=0, help="With skip: no more than so many a table.")] = None,
    num_proc: Annotated[int, typer.Option(min=1, help="Processes that render examples.")] = 1,
    memory_limit: Annotated[
        str | None, typer.Option(help="Of the whole process, such as 2GB; default: a quarter.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="That plans: duckdb, or spark (extra [spark], see docs/spark.md).")
    ] = "duckdb",
    spark_master: Annotated[str | None, typer.Option(help="Such as local[4] or spark://host:7077.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Of the tables; default: $ITDR_CACHE or the user's.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Build all cells whose sources are present into a dataset folder that plain `datasets` reads."""
    from dataclasses import asdict
    from itertools import count

    from itdr_hf.build.folder import build_folder
    from itdr_hf.build.prepare import Settings
    from itdr_hf.cli.show_build import print_outcomes
    from itdr_hf.raw.malformed import BadRows
    from itdr_hf.runtime.progress import Progress
    from itdr_hf.runtime.terminal import print_json, show_progress

    changes: dict[str, object] = {"num_examples": num_examples, "history": history, "source_history": source_history}
    changes |= {"positives": positives, "negatives": negatives, "reviews": reviews, "max_chars": max_chars}
    changes |= {"liked_above": liked_above, "disliked_below": disliked_below, "seed": seed, "salt": salt}
    changes |= {"template": template, "negative_sampling": negative_sampling, "split_protocol": split_protocol}
    changes["with_description"] = description
    number = count(1)
    with show_progress("building") as progress:
        settings = Settings(
            raw=raw,
            cache=cache,
            bad=BadRows(policy=on_bad_row, most=max_bad_rows),
            memory_limit=memory_limit,
            num_proc=num_proc,
            engine=engine,
            spark_master=spark_master,
            progress=progress,
            warn=lambda text: None,  # the table says it
        )
        total = len(settings.known.select(config))
        outcomes = build_folder(
            out,
            settings,
            configs=config,
            changes=changes,
            done=lambda o: progress(Progress("cells", next(number), total, detail=f"{o.cell}: {o.state}")),
        )
    print_json([asdict(o) for o in outcomes]) if json else print_outcomes(outcomes, out)


def show(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    config: Annotated[str, typer.Argument(help="A cell, such as tkr-pixelrec.", autocompletion=completion.cells)],
    split: Annotated[str, typer.Option(help="train, validation or test.", autocompletion=completion.splits)] = "test",
    index: Annotated[int, typer.Option(min=0, help="Which example, from 0.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """One example of a cell, readable in the terminal."""
    from itdr_hf.cli.show_example import print_example
    from itdr_hf.dataset.folder import read_example
    from itdr_hf.runtime.terminal import print_json

    row = read_example(folder, config, split, index)
    print_json(row) if json else print_example(row, split=split, index=index)
