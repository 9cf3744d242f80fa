"""sources, simulate, build, show: list or simulate raw releases, build a dataset folder, show an example."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli import completion
from itdr_hf.cli.options import (
    AVAILABILITY,
    BAD_ROWS,
    DIALOGUE,
    ENGINE,
    FAMILY,
    FOLDER,
    FUTURE,
    NEGATIVE_SAMPLING,
    NEIGHBOURS_BY,
    ORDER,
    RAW,
    SIMULATED,
    SPLIT,
    SPLIT_PROTOCOL,
    TEMPLATE,
    Config,
    Json,
    Memory,
    Raw,
    one_of,
    separated,
)  # fmt: skip
from itdr_hf.runtime.progress import OnProgress, Progress
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.build.folder import Outcome
    from itdr_hf.build.prepare import Settings
    from itdr_hf.errors import ItdrError
    from itdr_hf.raw.source import Source
    from itdr_hf.tasks.task import Cell


def sources(
    raw: Raw = RAW,
    check_links: Annotated[
        bool, typer.Option("--check-links", help="Check the links of every file; exit 1 if a file is gone.")
    ] = False,
    json: Json = False,
) -> None:
    """List raw releases: which are present or missing, how to get them, and their licences."""
    from itdr_hf.catalogue import current
    from itdr_hf.cli.show_build import print_links, print_sources, source_states
    from itdr_hf.runtime.terminal import print_json

    if check_links:
        raise typer.Exit(print_links([current().source(name) for name in current().source_ids()], json))
    states = source_states(raw, current().with_found(raw))
    print_json(states) if json else print_sources(states)


def init(
    folder: Annotated[Path, typer.Argument(help="A folder with tables of your own, such as raw/myshop.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a source.toml that is there.")] = False,
    json: Json = False,
) -> None:
    """Look at tables of your own and write source.toml with what they show, to be edited.

    Then the tables are read as `itdr build` reads them, so that what does not fit is named now.
    """
    from itdr_hf.catalogue import current
    from itdr_hf.cli.show_build import print_draft
    from itdr_hf.runtime.terminal import print_json, show_progress
    from itdr_hf.sources.own import described, draft_settings

    source = draft_settings(folder, replace=force)
    cells = list(current().without_source(source.id).with_source(source).own_cells)
    with show_progress("reading") as progress:
        steps, problem = _read_tables(source, folder.resolve().parent, progress)
    if json:
        why = str(problem) if problem else None
        print_json({"source": described(source), "cells": cells, "steps": steps, "problem": why})
    else:
        print_draft(folder, source, [] if problem else cells, steps)
    if problem:
        raise problem


def _read_tables(source: Source, raw: Path, progress: OnProgress) -> tuple[list[dict[str, Any]], ItdrError | None]:
    """Read the tables of a source into the cache; return what happened to their rows, and what does not fit."""
    from itdr_hf.errors import ItdrError
    from itdr_hf.runtime.duckdb_engine import open_duckdb
    from itdr_hf.tables.cache import ensure_tables

    try:
        with open_duckdb() as engine:
            return ensure_tables(source, raw, engine=engine, progress=progress).record["steps"], None
    except ItdrError as error:
        return [], error


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder to write the releases to, one folder each.")],
    source: Annotated[list[str] | None, one_of(SIMULATED, help="Only this source; may be given again.")] = None,
    scale: Annotated[
        float, typer.Option(help="1.0 suffices for the paper's numbers of examples; with --published, of that size.")
    ] = 1.0,
    published: Annotated[
        list[str] | None,
        one_of(SIMULATED, help="This source as large as its owners publish it, up to 80 GB; may be given again."),
    ] = None,
    domain: Annotated[
        list[str] | None, typer.Option(help="With --published amazon2023: only this category; may be given again.")
    ] = None,
    compress: Annotated[bool, typer.Option("--compress", help="With --published amazon2023: as .jsonl.gz.")] = False,
    seed: int = 0,
    json: Json = False,
) -> None:
    """Write synthetic raw releases in the original file formats, to try everything without a download."""
    from itdr_hf.dataset.audit.findings import counted
    from itdr_hf.runtime.terminal import print_json, show_progress
    from itdr_hf.simulate import simulate as write
    from itdr_hf.simulate import simulate_published

    with show_progress("simulating") as progress:
        written: dict[str, list[Path]] = {}
        if source or not published:
            written |= write(out, sources=source, scale=scale, seed=seed, progress=progress)
        if published:
            written |= simulate_published(
                out, published, scale=scale, seed=seed, domains=domain or (), compress=compress, progress=progress
            )
    if json:
        return print_json({name: [str(path) for path in paths] for name, paths in written.items()})
    print_line(f"{out}: {counted(len(written), 'source')}. To build: itdr build --raw {out}")


def build(
    raw: Raw = RAW,
    out: Annotated[
        Path | None, typer.Option(help="The dataset folder; unchanged cells are kept; default: ./<family>.")
    ] = None,
    family: Annotated[str, one_of(FAMILY, help="The family of tasks.")] = "itdr",
    config: Config = None,
    num_examples: Annotated[int | None, typer.Option(min=1, help="Examples per cell; default: the paper's.")] = None,
    history: Annotated[int | None, typer.Option(min=1, help="Interactions shown.")] = None,
    source_history: Annotated[int | None, typer.Option(min=1, help="CDR: interactions in the source domain.")] = None,
    positives: Annotated[int | None, typer.Option(min=1, help="Candidates the user did choose.")] = None,
    negatives: Annotated[int | None, typer.Option(min=1, help="Candidates the user never touched.")] = None,
    reviews: Annotated[int | None, typer.Option(min=1, help="TUI: reviews; IR: liked and disliked items.")] = None,
    details: Annotated[
        bool | None, typer.Option(help="RP: labels behind titles; IR: what the release says of each item.")
    ] = None,
    max_chars: Annotated[int | None, typer.Option(min=1, help="Maximum length of a review or description.")] = None,
    liked_above: Annotated[float | None, typer.Option(help="A rating above it is a like.")] = None,
    disliked_below: Annotated[float | None, typer.Option(help="A rating below it is a dislike.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which users and negatives are drawn.")] = None,
    salt: Annotated[str | None, typer.Option(help="For the hashes of user ids.")] = None,
    description: Annotated[bool | None, typer.Option(help="Include the task description as instruction.")] = None,
    template: Annotated[str | None, one_of(TEMPLATE, help="Wording of the prompts; mixed: all but unseen.")] = None,
    negative_sampling: Annotated[
        str | None,
        one_of(
            NEGATIVE_SAMPLING,
            help="Default: uniform; popularity: as popular; hard: alike; matched: as popular and as new; co-occurrence (InstructRec): what a recommender would offer; shown (MIND): offered, not clicked.",
        ),
    ] = None,
    order: Annotated[
        str | None, one_of(ORDER, help="Where times say nothing. Default: hash; file: as the paper.")
    ] = None,
    availability: Annotated[
        str | None, one_of(AVAILABILITY, help="Of negatives at the time of the positive; any: as the paper.")
    ] = None,
    future: Annotated[
        str | None, one_of(FUTURE, help="CDR: what is later than the answer; shown: as the paper.")
    ] = None,
    split_protocol: Annotated[
        str | None, one_of(SPLIT_PROTOCOL, help="Default: user; leave-last, leave-one-out: of each user.")
    ] = None,
    forms: Annotated[str | None, typer.Option(help="InstructRec: one, all, or kinds such as 'A7/*,A8/*'.")] = None,
    held_out: Annotated[str | None, typer.Option(help="InstructRec: an intention only for the test, as I1.")] = None,
    domain: Annotated[str | None, typer.Option(help="Only this one of the source's domains.")] = None,
    max_prompt: Annotated[int | None, typer.Option(min=0, help="InstructRec: tokens of a prompt, 0 for any.")] = None,
    snapshots: Annotated[
        str | None, typer.Option(help="RecLM: where two periods begin and end, as 2001-01-01,2002-01-01,2003-01-01.")
    ] = None,
    neighbours: Annotated[
        int | None, typer.Option(min=1, max=5, help="RecLM: users or items shown beside one.")
    ] = None,
    neighbours_by: Annotated[
        str, one_of(NEIGHBOURS_BY, help="RecLM: lightgcn: by vectors learnt from train, with the extra [recommend].")
    ] = "cooccurrence",
    dialogue: Annotated[
        str | None, one_of(DIALOGUE, help="RecLM: default: two-turn; the others are for ablations.")
    ] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            help="A folder whose profiles (RecLM), preferences or intentions (InstructRec) a model wrote, to quote."
        ),
    ] = None,
    on_bad_row: Annotated[str, one_of(BAD_ROWS, help="skip: count malformed rows and continue.")] = "error",
    max_bad_rows: Annotated[int | None, typer.Option(min=0, help="With skip: at most this many per table.")] = None,
    num_proc: Annotated[int, typer.Option(min=1, help="Processes that render examples.")] = 1,
    memory_limit: Memory = None,
    engine: Annotated[
        str, one_of(ENGINE, help="For planning; spark needs the extra [spark], see docs/guides/spark.md.")
    ] = "duckdb",
    spark_master: Annotated[str | None, typer.Option(help="Such as local[4] or spark://host:7077.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Cache folder; default: $ITDR_CACHE or the user's.")] = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="Accept only the raw files recorded in RAW/itdr.lock.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash all existing files, not only those with a changed time.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate rows, bytes, time, memory and disk; build nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Build all cells whose sources are present into a dataset folder that plain `datasets` reads."""
    from dataclasses import asdict
    from functools import partial
    from itertools import count

    from itdr_hf.build.estimate import estimate_build
    from itdr_hf.build.folder import CellsFailedError, build_folder
    from itdr_hf.build.prepare import Settings
    from itdr_hf.cli.lock import check_locked
    from itdr_hf.cli.show_build import print_estimates, print_outcomes
    from itdr_hf.raw.malformed import BadRows
    from itdr_hf.runtime.terminal import print_json, show_progress

    changes: dict[str, object] = {"num_examples": num_examples, "history": history, "source_history": source_history}
    changes |= {"positives": positives, "negatives": negatives, "reviews": reviews, "max_chars": max_chars}
    changes |= {"details": details}
    changes |= {"liked_above": liked_above, "disliked_below": disliked_below, "seed": seed, "salt": salt}
    changes |= {"template": template, "negative_sampling": negative_sampling, "split_protocol": split_protocol}
    changes |= {"forms": forms, "held_out": held_out, "domain": domain, "max_prompt": max_prompt}
    changes |= {"order": order, "availability": availability, "future": future, "with_description": description}
    changes |= {"snapshots": snapshots, "neighbours": neighbours, "dialogue": dialogue}
    changes["profiles"] = _kept_profiles(profiles, cache, salt)
    out = out or Path(family)
    with show_progress("building") as progress:
        settings = Settings(
            raw=raw,
            cache=cache,
            bad=BadRows(policy=on_bad_row, max_rows=max_bad_rows),
            memory_limit=memory_limit,
            num_proc=num_proc,
            engine=engine,
            spark_master=spark_master,
            progress=progress,
            warn=lambda text: None,  # the table shows the notes
        )
        configs = separated(config)
        chosen = settings.known.select(configs, family)
        if locked:
            check_locked(raw, {settings.known.source_of(name) for name in chosen}, cache)
        if dry_run:
            found = estimate_build(out, settings, configs=configs, family=family, changes=changes)
            return print_json([one.as_dict() for one in found]) if json else print_estimates(found)
        if neighbours_by != "cooccurrence":
            changes["near"] = _made_neighbours([settings.known.cell(name) for name in chosen], changes, settings)
        done = partial(_report_cell, progress, count(1), len(chosen))
        try:
            outcomes = build_folder(
                out, settings, configs=configs, family=family, changes=changes, verify=verify, done=done
            )
            failure = None
        except CellsFailedError as error:
            outcomes, failure = list(error.outcomes), error
    print_json([asdict(o) for o in outcomes]) if json else print_outcomes(outcomes, out)
    if failure:
        raise failure


def _kept_profiles(folder: Path | None, cache: Path | None, salt: str | None) -> str | None:
    """Return the hash by which a recipe names the profiles of a dataset folder; warn of those in another form."""
    if folder is None:
        return None
    from itdr_hf.build.written_profiles import keep_profiles

    kept = keep_profiles(folder, cache, salt=salt)
    if kept.warning:
        print_line(f"warning: {folder}: {kept.warning}", error=True)
    return kept.digest


def _made_neighbours(cells: list[Cell], changes: dict[str, object], settings: Settings) -> str:
    """Find the neighbours of each source by LightGCN, unless they are there; return the name a recipe has for them."""
    from itdr_hf.models.recommenders.near import keep_for, near_key
    from itdr_hf.models.recommenders.threads import one_thread

    one_thread()
    key = near_key()
    keep_for(cells, {**changes, "near": key}, settings)
    return key


def _report_cell(progress: OnProgress, number: Iterator[int], total: int, outcome: Outcome) -> None:
    place = next(number)
    if not outcome.absent:
        progress(Progress("cells", place, total, detail=f"{outcome.cell}: {outcome.state}"))


def show(
    folder: Annotated[Path, typer.Argument(help="A dataset folder; may be omitted: itdr.")],
    config: Annotated[
        str | None, typer.Argument(help="A cell, such as tkr-pixelrec.", autocompletion=completion.cells)
    ] = None,
    split: Annotated[str, one_of(SPLIT, help="Which split.")] = "test",
    index: Annotated[int, typer.Option(min=0, help="Which example, from 0.")] = 0,
    json: Json = False,
) -> None:
    """Show one example of a cell."""
    from itdr_hf.cli.show_example import print_example
    from itdr_hf.dataset import Dataset
    from itdr_hf.runtime.terminal import print_json

    place, cell = (folder, config) if config else (FOLDER, str(folder))
    dataset = Dataset.open(place)
    row = dataset.example(cell, split, index)
    print_json(row) if json else print_example(row, dataset.catalogue, split=split, index=index)
