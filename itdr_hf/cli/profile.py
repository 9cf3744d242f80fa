"""profile: the profiles of all users and items from a tuned model, as a table for recommenders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from itdr_hf.cli.asking import (
    UNFINISHED,
    Adapter,
    Address,
    BatchTokens,
    Concurrency,
    Dtype,
    Model,
    ModelName,
    OtherPrompts,
    Revision,
    check_adapter,
    open_system,
)  # fmt: skip
from itdr_hf.cli.options import (
    FOLDER,
    Config,
    Folder,
    Json,
    Memory,
    Parameter,
    Retries,
    Timeout,
    separated,
)
from itdr_hf.runtime.terminal import print_line

AFTER = "What is made of the answers"  # the panel of these options in --help


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
    model: Model = None,
    adapter: Adapter = None,
    revision: Revision = None,
    other_prompts: OtherPrompts = False,
    dtype: Dtype = "auto",
    batch_tokens: BatchTokens = 16_384,
    endpoint: Address = None,
    model_name: ModelName = None,
    concurrency: Concurrency = 16,
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
    from itdr_hf.models.profiling import profile_cells, profile_into
    from itdr_hf.models.profiling.encoder import Encoder
    from itdr_hf.runtime.terminal import print_json, show_progress

    dataset = Dataset.open(folder)
    system = open_system(
        "profile", model, endpoint, model_name,
        {"max_tokens": max_tokens},
        {"adapter": adapter, "revision": revision, "dtype": dtype, "batch_tokens": batch_tokens, "plain": plain or None},
        {"concurrency": concurrency, "plain": plain, "timeout": timeout, "retries": retries, "parameter": parameter},
    )  # fmt: skip
    check_adapter(
        system, dataset, profile_cells(dataset, separated(config)), split="train", other_prompts=other_prompts
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
