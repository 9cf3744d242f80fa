"""annotate: have a language model write the references of IR and TUI, and RecLM's profiles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.asking import UNFINISHED
from itdr_hf.cli.options import FOLDER, MODE, SPLIT, Config, Folder, Json, one_of, separated
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.models.endpoint.batch_api import BatchApi
    from itdr_hf.models.teacher.annotate import RateLimits
    from itdr_hf.models.teacher.budget import Budget, Prices
    from itdr_hf.models.teacher.selection import Selection
    from itdr_hf.models.teacher.store import Store
    from itdr_hf.models.teacher.writer import Writer


Strings = list[str] | None
Number = float | None


def annotate(
    folder: Folder = FOLDER,
    config: Config = None,
    endpoint: Annotated[
        str, typer.Option(help="Address of an OpenAI-compatible server, up to /v1.", envvar="OPENAI_BASE_URL")
    ] = "",
    model: Annotated[str, typer.Option(help="The endpoint's name of the model.")] = "deepseek-chat",
    key_variable: Annotated[
        str, typer.Option(help="Environment variable with the key; a server on this machine needs none.")
    ] = "OPENAI_API_KEY",
    split: Annotated[str | None, one_of(SPLIT, help="Only this split.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many examples of each config.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the requests and their price.")] = False,
    price_in: Annotated[Number, typer.Option(min=0, help="Price of a million prompt tokens.")] = None,
    price_out: Annotated[Number, typer.Option(min=0, help="Price of a million answer tokens.")] = None,
    max_cost: Annotated[Number, typer.Option(min=0, help="Stop before this run costs more.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at a time.")] = 8,
    requests_per_minute: Annotated[Number, typer.Option(min=0.1)] = None,
    tokens_per_minute: Annotated[Number, typer.Option(min=1)] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one answer.")] = 120.0,
    retries: Annotated[int, typer.Option(min=0, help="Retries of a request without an answer.")] = 6,
    tries: Annotated[int, typer.Option(min=1, help="Answers per example, while they are rejected.")] = 3,
    temperature: float = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Of a first answer; later ones may be longer.")] = 600,
    parameter: Annotated[Strings, typer.Option(help="Another parameter: name=JSON; name=null omits it.")] = None,
    mode: Annotated[str | None, one_of(MODE, help="Default: the subtask's.")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder of all answers; default: $ITDR_ANSWERS.")] = None,
    batch: Annotated[
        Path | None, typer.Option(help="Folder of request files for a Batch API; run again to collect.")
    ] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Submit the files of --batch to the endpoint.")] = False,
    compare: Annotated[
        Strings,
        typer.Option(help="Compare this model or folder with the dataset folder, or with a second one."),
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the answers of the store to this file.")] = None,
    merge: Annotated[list[Path] | None, typer.Option(help="Add the answers of this file to the store.")] = None,
    json: Json = False,
) -> None:
    """Have a language model write the references of IR and TUI, or RecLM's profiles; what is answered is never asked again.

    Exit code 3: some examples have no accepted reference yet.
    """
    from itdr_hf.models.endpoint import merge_parameters, read_parameters
    from itdr_hf.models.teacher.annotate import RateLimits
    from itdr_hf.models.teacher.selection import select
    from itdr_hf.models.teacher.store import Store, default_store

    with Store(store or default_store()) as answers:
        if merge or export:
            return _share(answers, merge or [], export, json)
        selection = select(folder, separated(config), split, limit)
        if compare:
            return _compare(selection, answers, compare, json)
        usual = {"temperature": temperature, "max_tokens": max_tokens, "seed": 0}
        parameters = merge_parameters(usual, read_parameters(parameter))
        writer = _writer(endpoint, model, parameters, mode, tries)
        prices = _prices(price_in, price_out)
        if dry_run:
            return _show_plan(selection, writer, answers, prices, json)
        if batch:
            api = _batch_api(writer, key_variable, retries) if submit else None
            return _by_batch(selection, writer, answers, _budget(prices, max_cost), batch, api, json)
        limits = RateLimits(
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            timeout=timeout,
            retries=retries,
        )
        _annotate(selection, writer, answers, _budget(prices, max_cost), limits, key_variable, json)


def _annotate(
    selection: Selection,
    writer: Writer,
    store: Store,
    budget: Budget,
    limits: RateLimits,
    key_variable: str,
    json: bool,
) -> None:
    """Request missing answers, write accepted ones into the folder, and print the result."""
    from itdr_hf.cli import show_annotation
    from itdr_hf.models.teacher.annotate import annotate, plan
    from itdr_hf.models.teacher.write_back import write_references
    from itdr_hf.runtime.progress import each
    from itdr_hf.runtime.terminal import show_progress

    run, tallies = None, plan(selection, writer, store)
    if any(tally.asks for tally in tallies.values()):
        with show_progress("asking") as progress:
            run = annotate(
                selection, writer, store, budget=budget, limits=limits, key_variable=key_variable, progress=progress
            )
        tallies = plan(selection, writer, store)
    with show_progress("writing") as progress:
        written = {}
        for cell in each("writing", [cell for cell, tally in tallies.items() if tally.accepted], progress):
            written[cell] = write_references(selection.dataset, cell, writer, store)
    show_annotation.print_result(show_annotation.result_facts(tallies, written, run, store), json)
    if run and run.failure:
        raise run.failure
    if any(tally.accepted < tally.examples for tally in tallies.values()):
        raise typer.Exit(UNFINISHED)


def _batch_api(writer: Writer, key_variable: str, retries: int) -> BatchApi:
    from itdr_hf.models.endpoint import read_key
    from itdr_hf.models.endpoint.batch_api import BatchApi

    return BatchApi(endpoint=writer.endpoint, key=read_key(writer.endpoint, key_variable), retries=retries)


def _by_batch(
    selection: Selection, writer: Writer, store: Store, budget: Budget, folder: Path, api: BatchApi | None, json: bool
) -> None:
    """Take one look at the request files of a folder, write accepted answers into the dataset, and print the result."""
    from dataclasses import asdict

    from itdr_hf.models.teacher.annotate import plan
    from itdr_hf.models.teacher.batched import annotate_by_batch
    from itdr_hf.models.teacher.write_back import write_references
    from itdr_hf.runtime.terminal import print_json

    made = annotate_by_batch(selection, writer, store, folder, budget=budget, api=api)
    tallies = plan(selection, writer, store)
    written = {
        cell: write_references(selection.dataset, cell, writer, store)
        for cell, tally in tallies.items()
        if tally.accepted
    }
    accepted = sum(tally.accepted for tally in tallies.values())
    examples = sum(tally.examples for tally in tallies.values())
    if json:
        print_json({**asdict(made), "accepted": accepted, "examples": examples, "written_by": written})
    else:
        print_line(f"{made.sentence(folder)} {accepted:,} of {examples:,} examples have an accepted reference.")
    if accepted < examples:
        raise typer.Exit(UNFINISHED)


def _show_plan(selection: Selection, writer: Writer, store: Store, prices: Prices | None, json: bool) -> None:
    from itdr_hf.cli.show_annotation import print_plan
    from itdr_hf.models.teacher.annotate import plan

    print_plan(plan(selection, writer, store), prices, json)


def _compare(selection: Selection, store: Store, given: Sequence[str], json: bool) -> None:
    from itdr_hf.cli.show_annotation import print_agreement
    from itdr_hf.errors import UsageError
    from itdr_hf.models.teacher.compare import compare

    if len(given) > 2:
        raise UsageError(f"--compare: {len(given)} sides; want one, to compare with the folder, or two")
    first, second = given if len(given) == 2 else (str(selection.dataset.folder), given[0])
    print_agreement(compare(selection, store, first, second), (first, second), json)


def _share(store: Store, merge: Sequence[Path], export: Path | None, json: bool) -> None:
    from itdr_hf.runtime.terminal import print_json

    facts: dict[str, Any] = {"merged": {str(path): store.merge(path)._asdict() for path in merge}}
    if export:
        facts["exported"] = store.export(export)
    if json:
        return print_json(facts)
    for path, counts in facts["merged"].items():
        print_line(
            f"{path}: {counts['added']:,} added, {counts['known']:,} known, {counts['damaged']:,} damaged lines left"
        )
    if export:
        print_line(f"{export}: {facts['exported']:,} answers of {store.folder}")


def _writer(endpoint: str, model: str, parameters: dict[str, Any], mode: str | None, tries: int) -> Writer:
    from itdr_hf.errors import UsageError
    from itdr_hf.models.endpoint.request import checked_endpoint
    from itdr_hf.models.teacher.writer import Writer

    if not endpoint:
        raise UsageError(
            "--endpoint: not given; want the address of an OpenAI-compatible server, such as "
            "https://api.deepseek.com/v1 (key in OPENAI_API_KEY), or http://127.0.0.1:8000/v1 for one you serve "
            "yourself with `transformers serve`, vLLM or llama.cpp; until then the extractive references are used"
        )
    url = checked_endpoint(endpoint)
    return Writer(endpoint=url, model=model, parameters=parameters, mode=mode, tries=tries)  # type: ignore[arg-type]


def _prices(price_in: Number, price_out: Number) -> Prices | None:
    from itdr_hf.errors import UsageError
    from itdr_hf.models.teacher.budget import Prices

    if (price_in is None) != (price_out is None):
        raise UsageError("--price-in, --price-out: one given; want both, per million tokens")
    return None if price_in is None or price_out is None else Prices(prompt=price_in, completion=price_out)


def _budget(prices: Prices | None, max_cost: Number) -> Budget:
    from itdr_hf.models.teacher.budget import Budget

    return Budget(prices=prices, most=max_cost)
