"""experiment list, show, run, data, leaks, profiles, collect: the papers' experiments, step by step."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.command import Command
from itdr_hf.cli.options import DTYPE, EXPERIMENTS, PRESET, SPLIT_BY, WAY, Config, Json, one_of, separated
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.experiments import Experiment

DATA, TUNING, ASKING, RECOMMENDERS = "Data", "Tuning", "Asking and scoring", "Experiments of recommenders"
HOME = Path("experiments")

experiment = typer.Typer(
    name="experiment",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Run the experiments of the papers and put ours next to the published figures.",
)

Name = Annotated[
    str,
    typer.Argument(
        help="Such as itdr-main; see `itdr experiment list`.",
        metavar="NAME",
        parser=EXPERIMENTS,
        autocompletion=EXPERIMENTS.complete,
    ),
]
Out = Annotated[
    Path, typer.Option(help="Folder of data, adapters, answers, scores and results; shared by experiments.")
]
Sampled = Annotated[float, typer.Option(help="Share of each cell in the sample.", rich_help_panel=DATA)]
SplitBy = Annotated[
    str, one_of(SPLIT_BY, "--split-by", help="example: as the paper, users are in both.", rich_help_panel=DATA)
]


def list_experiments(json: Json = False) -> None:
    """List the experiments: name, tables of the paper, arms, question."""
    from itdr_hf.experiments import experiments
    from itdr_hf.experiments.describe import table_numbers
    from itdr_hf.runtime.terminal import print_json, print_table

    found = experiments()
    if json:
        return print_json([{"name": one.name, "title": one.title, "arms": len(one.arms)} for one in found.values()])
    rows = [[one.name, table_numbers(one.tables), str(len(one.arms)), one.title] for one in found.values()]
    print_table({"name": "left", "tables": "left", "arms": "right", "": "fold"}, rows)


def show_experiment(
    name: Name,
    figures: Annotated[bool, typer.Option("--figures", help="Every published figure, arm by arm.")] = False,
    json: Json = False,
) -> None:
    """Show an experiment: its paper, its arms and what each is compared with, the published figures, and what differs."""
    from itdr_hf.experiments import experiment as declared
    from itdr_hf.experiments.describe import as_dict, provenance
    from itdr_hf.runtime.terminal import print_json, print_table

    one = declared(name)
    if json:
        return print_json(as_dict(one))
    print_line(f"{one.name}: {one.title}\n{one.question}\n")
    for text in provenance(one):
        print_line(textwrap.fill(text, 80, subsequent_indent="  "))
    described = as_dict(one)
    rows = [[arm["name"], arm["title"], arm["against"], str(len(arm["paper"]))] for arm in described["arms"]]
    print_line()
    print_table({"arm": "left", "what": "fold", "compared with": "left", "published figures": "right"}, rows)
    if figures:
        found = [
            [arm["name"], *(str(figure[k]) for k in ("table", "cell", "metric", "model", "value"))]
            for arm in described["arms"]
            for figure in arm["paper"]
        ]
        columns = ("arm", "table", "cell", "metric", "model", "value")
        print_table({heading: "right" if heading == "value" else "fold" for heading in columns}, found)
    print_line("\nWhat differs from the paper:")
    for text in one.differs:
        print_line(textwrap.fill(text, 80, initial_indent="- ", subsequent_indent="  "))
    print_line(f"\n    {_example(one)}")


def run_experiment(
    name: Name,
    model: Annotated[
        list[str] | None, typer.Option(help="Hub id, folder or baseline:NAME; may be given again.")
    ] = None,
    out: Out = HOME,
    arms: Annotated[str | None, typer.Option(help="Only these, separated by commas; see `show`.")] = None,
    print_commands: Annotated[
        bool, typer.Option("--print", help="Print the plain commands of every arm, run nothing.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="A dataset folder that is built already.", rich_help_panel=DATA)
    ] = None,
    raw: Annotated[
        Path | None,
        typer.Option(help="Raw releases, where cells are built.", envvar="ITDR_RAW", rich_help_panel=DATA),
    ] = None,
    config: Config = None,
    num_examples: Annotated[
        int | None, typer.Option(min=1, help="Of each cell that is built here.", rich_help_panel=DATA)
    ] = None,
    sampled: Sampled = 0.2,
    split_by: SplitBy = "user",
    preset: Annotated[str | None, one_of(PRESET, help="Recipe; default: the paper's.", rich_help_panel=TUNING)] = None,
    recipe: Annotated[Path | None, typer.Option(help="YAML of settings.", rich_help_panel=TUNING)] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(help="Of the recipe: learning_rate=4e-3; may be given again.", rich_help_panel=TUNING),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Adapters of each arm that are averaged.", rich_help_panel=TUNING)
    ] = None,
    by: Annotated[list[str] | None, one_of(WAY, "--by", help="May be given again.", rich_help_panel=ASKING)] = None,
    endpoint: Annotated[
        str | None, typer.Option(help="Of a server that has the models.", rich_help_panel=ASKING)
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Of an answer; default: by task.", rich_help_panel=ASKING)
    ] = None,
    dtype: Annotated[str, one_of(DTYPE, help="Default: as saved.", rich_help_panel=ASKING)] = "auto",
    batch_tokens: Annotated[int, typer.Option(min=1, help="Most tokens of a batch.", rich_help_panel=ASKING)] = 16_384,
    replicates: Annotated[int, typer.Option(min=1, help="Of the bootstrap.", rich_help_panel=ASKING)] = 1000,
    source: Annotated[
        str | None, typer.Option(help="Of raw releases, such as mind.", rich_help_panel=RECOMMENDERS)
    ] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="As of `itdr recommend`; default: titles.", rich_help_panel=RECOMMENDERS)
    ] = None,
    json: Json = False,
) -> None:
    """Run an experiment: data, adapters, answers and scores of every arm, then the tables next to the paper's.

    What was made of the same inputs is kept, so the same command goes on after a stop. Tuning needs the extra [train].
    """
    from itdr_hf.experiments import Options, plan, run
    from itdr_hf.experiments import experiment as declared
    from itdr_hf.experiments.options import read_settings
    from itdr_hf.runtime.terminal import show_progress

    options = Options(
        models=tuple(model or ()),
        out=out,
        folder=folder,
        raw=raw,
        configs=tuple(separated(config) or ()),
        num_examples=num_examples,
        sampled=sampled,
        by=split_by,
        arms=tuple(separated([arms]) or ()) if arms else None,
        seeds=seeds,
        ways=tuple(by or ()),
        endpoint=endpoint,
        preset=preset,
        recipe=recipe,
        settings=read_settings(setting or ()),
        dtype=dtype,
        max_tokens=max_tokens,
        batch_tokens=batch_tokens,
        replicates=replicates,
        source=source,
        profiles=profiles,
    )
    planned = plan(declared(name), options)
    if print_commands:
        return _print_commands(planned, json)
    with show_progress(name) as progress:
        made = run(planned, progress)
    for text in planned.left_out:
        print_line(f"not run: {text}", error=True)
    kept = sum(state == "kept" for state in made.values())
    print_line(f"{len(made)} steps, {kept} of them were done before", error=True)
    _report(planned.experiment, out, json)


def write_arm(
    name: Name,
    arm: Annotated[str, typer.Option(help="Of the experiment.")],
    folder: Annotated[Path, typer.Option(help="The dataset folder that the examples are from.")],
    out: Annotated[Path, typer.Option(help="The folder of the arm; what is there is replaced.")],
    asked: Annotated[bool, typer.Option("--asked", help="What it is asked, not what it is tuned on.")] = False,
    config: Config = None,
    sampled: Sampled = 0.2,
    split_by: SplitBy = "user",
    json: Json = False,
) -> None:
    """Write the dataset folder of one arm, with its ledger: to train on, export, audit, report or push."""
    from itdr_hf.experiments import experiment as declared
    from itdr_hf.experiments.folders import write_data
    from itdr_hf.experiments.plan import variant_of
    from itdr_hf.runtime.terminal import print_json

    chosen = declared(name).arm(arm)
    data = variant_of(chosen.questions if asked else chosen.data, split_by)
    made = write_data(data, folder, out, sampled=sampled, configs=tuple(separated(config) or ()))
    counts = {cell.name: dict(cell.counts) for cell in made.cells.values()}
    if json:
        return print_json({"folder": str(out), "cells": counts})
    total = {split: sum(count[split] for count in counts.values()) for split in next(iter(counts.values()))}
    print_line(f"{out}: {len(counts)} cells, {', '.join(f'{n:,} {split}' for split, n in total.items())}")


def count_leaks(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    json: Json = False,
) -> None:
    """Count the validation and test answers that train shows or asks for, for the same user, as a share by cell."""
    from itdr_hf.experiments.steps import write_leaks
    from itdr_hf.runtime.terminal import print_json, print_table

    shares = write_leaks(folder, out)
    if json:
        return print_json(shares)
    print_table({"cell": "left", "share": "right"}, [[cell, f"{100 * n:.1f} %"] for cell, n in shares.items()])


def write_profiles(
    raw: Annotated[Path, typer.Argument(help="Folder of raw releases.")],
    source: Annotated[str, typer.Option(help="Such as mind.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    json: Json = False,
) -> None:
    """Write profiles without a language model: of an item its text, of a user the titles of the items in train."""
    from itdr_hf.experiments.plain_profiles import write_plain_profiles
    from itdr_hf.experiments.recommenders import PROTOCOL
    from itdr_hf.runtime.terminal import print_json, show_progress

    with show_progress("profiles") as progress:
        count = write_plain_profiles(raw, source, out, PROTOCOL, progress)
    print_json({"file": str(out), "profiles": count}) if json else print_line(f"{out}: {count:,} profiles")


def collect_results(name: Name, out: Out = HOME, json: Json = False) -> None:
    """Put the scores of all arms in a folder together, next to the paper's: tables, Markdown, JSON, CSV, a plot."""
    from itdr_hf.experiments import experiment as declared

    _report(declared(name), out, json)


def _report(one: Experiment, out: Path, json: bool) -> None:
    from itdr_hf.experiments import collect
    from itdr_hf.experiments.exports import as_dict, can_draw, write_results
    from itdr_hf.experiments.tables import print_results
    from itdr_hf.runtime.terminal import print_json

    results = collect(one, out)
    written = write_results(results, out)
    if json:
        return print_json(as_dict(results))
    print_results(results)
    for path in written:
        print_line(f"wrote {path}")
    if not can_draw():
        print_line("no plot: matplotlib is not installed; want it: pip install 'itdr-hf[plots]'", error=True)


def _print_commands(planned: Any, json: bool) -> None:
    from itdr_hf.runtime.terminal import print_json

    commands = list(planned.commands())
    if json:
        return print_json([{"step": title, "command": words} for title, words in commands])
    for title, words in commands:
        print_line(f"# {title}\n{shlex.join(words)}")
    for text in planned.left_out:
        print_line(f"# not run: {text}")


def _example(one: Experiment) -> str:
    """Return a command that runs an experiment, with the options that it cannot do without."""
    builds = any(data.build for arm in one.arms for data in (arm.data, arm.questions))
    words = ["--raw raw/"] if builds or one.family != "itdr" else ["--folder itdr/"]
    words += ["--source mind"] if one.runner != "models" else []
    words += ["--model MODEL"] if one.runner != "recommenders" else []
    words += ["--endpoint http://127.0.0.1:8000/v1"] if one.served else []
    return " ".join(["itdr experiment run", one.name, *words])


ACTIONS: dict[str, Callable[..., None]] = {
    "list": list_experiments,
    "show": show_experiment,
    "run": run_experiment,
    "data": write_arm,
    "leaks": count_leaks,
    "profiles": write_profiles,
    "collect": collect_results,
}
for action, function in ACTIONS.items():
    experiment.command(name=action, cls=Command)(function)
