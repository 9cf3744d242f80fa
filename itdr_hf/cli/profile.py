"""profile: the profiles of all users and items from a tuned model, as a table for recommenders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.options import (
    DTYPE,
    FOLDER,
    SERVER,
    Config,
    Folder,
    Json,
    Memory,
    Parameter,
    Retries,
    Timeout,
    one_of,
    separated,
)
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.models.predict.run import System

UNFINISHED = 3  # exit code: some profiles have no answer
LOCAL, AFTER = "A model on this machine", "What is made of the answers"


def profile(
    folder: Folder = FOLDER,
    out: Annotated[Path, typer.Option(help="Folder of answers, profiles and report; resumes where it stopped.")] = Path(
        "profiles"
    ),
    raw: Annotated[
        Path, typer.Option(help="Raw releases the dataset was built from, for the ids.", envvar="ITDR_RAW")
    ] = Path("raw"),
    salt: Annotated[str | None, typer.Option(help="Of the dataset's users, if it was built with one.")] = None,
    config: Config = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only this many of each config and split.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Of an answer; default: by task.")] = None,
    model: Annotated[str | None, typer.Option(help="Hub id or folder.", rich_help_panel=LOCAL)] = None,
    adapter: Annotated[str | None, typer.Option(help="Of peft: Hub id or folder.", rich_help_panel=LOCAL)] = None,
    revision: Annotated[str | None, typer.Option(help="Of the model on the Hub.", rich_help_panel=LOCAL)] = None,
    dtype: Annotated[str, one_of(DTYPE, help="Default: as saved.", rich_help_panel=LOCAL)] = "auto",
    batch_tokens: Annotated[int, typer.Option(min=1, help="Most tokens of a batch.", rich_help_panel=LOCAL)] = 16_384,
    endpoint: Annotated[str | None, typer.Option(help="Such as http://host/v1.", rich_help_panel=SERVER)] = None,
    model_name: Annotated[str | None, typer.Option(help="As the server calls it.", rich_help_panel=SERVER)] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at a time.", rich_help_panel=SERVER)] = 16,
    plain: Annotated[bool, typer.Option("--plain", help="Without the chat template.")] = False,
    timeout: Timeout = 600.0,
    retries: Retries = 6,
    parameter: Parameter = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="Hub id or folder of a text encoder, for vectors of the profiles.", rich_help_panel=AFTER),
    ] = None,
    encoder_revision: Annotated[
        str | None, typer.Option(help="Of the encoder on the Hub.", rich_help_panel=AFTER)
    ] = None,
    memory_limit: Memory = None,
    cache: Annotated[Path | None, typer.Option(help="Of the tables; default: $ITDR_CACHE or the user's.")] = None,
    json: Json = False,
) -> None:
    """Ask a model for the **profile** of every user and item, measure and embed them.

    For `itdr recommend --profiles`. Give `--model`, or `--endpoint` with `--model-name`. Exit code 3: some have no
    answer yet.
    """
    from dataclasses import asdict

    from itdr_hf.build.prepare import Settings
    from itdr_hf.dataset import Dataset
    from itdr_hf.errors import UsageError
    from itdr_hf.models.profiling import profile_into
    from itdr_hf.models.profiling.encoder import Encoder
    from itdr_hf.runtime.terminal import print_json, show_progress

    if (model is None) == (endpoint is None) or bool(endpoint) != bool(model_name):
        raise UsageError("profile: want --model, or --endpoint with --model-name; see --help")
    dataset = Dataset.open(folder)
    local = {"adapter": adapter, "revision": revision, "dtype": dtype, "batch_tokens": batch_tokens}
    served = {"concurrency": concurrency, "timeout": timeout, "retries": retries}
    system = (
        _local(model, {**local, "max_tokens": max_tokens, "plain": plain or None})
        if model
        else _served(endpoint, model_name, parameter, {**served, "max_tokens": max_tokens, "plain": plain})
    )
    embed = Encoder(encoder, revision=encoder_revision) if encoder else None
    settings = Settings(raw=raw, cache=cache, memory_limit=memory_limit, warn=lambda text: None)
    with show_progress("asking") as progress:
        found = profile_into(
            out, dataset, system, settings, configs=separated(config), limit=limit, encoder=embed, salt=salt,
            progress=progress,
        )  # fmt: skip
    if warning := found.made.warning():
        print_line(f"warning: {warning}", error=True)
    if json:
        print_json({"folder": str(out), "answers": asdict(found.made), **found.report})
    else:
        _print(out, found.report) if found.report else print_line(found.made.sentence(out, folder))
    if found.made.missing:
        raise typer.Exit(UNFINISHED)


def _local(model: str, options: dict[str, Any]) -> System:
    from itdr_hf.models.predict.local import LocalModel

    system = LocalModel(model, **options)
    for warning in system.warnings:
        print_line(f"warning: {warning}", error=True)
    return system


def _served(endpoint: str | None, name: str | None, parameter: list[str] | None, options: dict[str, Any]) -> System:
    from itdr_hf.models.endpoint import read_parameters
    from itdr_hf.models.predict.served import Endpoint

    return Endpoint(url=endpoint or "", model=name or "", parameters=read_parameters(parameter), **options)


def _print(out: Path, report: Any) -> None:
    """Print the figures of each side beside those of the references, and what to do next."""
    for side, made in report["sides"].items():
        for what, found in made.items():
            repeats = "no neighbours to compare with"
            if found["repeats"] is not None:
                chance = f"{found['repeats_by_chance']:.1%} of as many others"
                repeats = f"repeats {found['repeats']:.1%} of its neighbours' entries, {chance}"
            print_line(
                f"{side} {what}: {found['profiles']:,}, {found['parsed']:.1%} parsed, {found['words']:g} words, "
                f"{found['distinct']:.1%} distinct, {repeats}"
            )
    print_line(f"\n    itdr recommend … --profiles {out / 'profiles.parquet'}")
