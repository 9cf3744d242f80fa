"""probe: what a model knows of the releases by heart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.asking import Adapter, Address, Concurrency, Dtype, Model, ModelName, Revision, open_system, warn_of
from itdr_hf.cli.options import (
    FOLDER,
    RAW,
    SERVER,
    Folder,
    Json,
    Parameter,
    Raw,
    Retries,
    Temperature,
    Timeout,
)  # fmt: skip
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.models.probe import Known


def probe(
    folder: Folder = FOLDER,
    raw: Raw = RAW,
    kind: Annotated[
        str, typer.Option(help="titles, histories, or both with a comma; titles need --raw.")
    ] = "histories",
    out: Annotated[Path, typer.Option(help="The answers; what is in it is not asked again.")] = Path("probe.parquet"),
    limit: Annotated[int, typer.Option(min=2, help="Questions a source and kind.")] = 100,
    max_tokens: Annotated[int, typer.Option(min=1, help="Of an answer.")] = 256,
    temperature: Temperature = 0.0,
    seed: int = 0,
    scores: Annotated[Path | None, typer.Option(help="scores.json of the same system: shown next to it.")] = None,
    model: Model = None,
    adapter: Adapter = None,
    revision: Revision = None,
    dtype: Dtype = "auto",
    endpoint: Address = None,
    model_name: ModelName = None,
    concurrency: Concurrency = 16,
    plain: Annotated[bool, typer.Option("--plain", help="Completions, not chat.", rich_help_panel=SERVER)] = False,
    timeout: Timeout = 600.0,
    retries: Retries = 6,
    parameter: Parameter = None,
    json: Json = False,
) -> None:
    """Ask a model for titles by their ids and for how histories go on: who knows has seen the release.

    The share it knows, with its 95 % interval, next to chance: what its answers to the other questions score. Give
    `--model`, or `--endpoint` with `--model-name`.
    """
    from itdr_hf.dataset import Dataset
    from itdr_hf.models.predict.predictions import read_predictions
    from itdr_hf.models.predict.run import predict_into
    from itdr_hf.models.probe import measure
    from itdr_hf.runtime.terminal import print_json, show_progress

    asked = open_system(
        "probe", model, endpoint, model_name,
        {"max_tokens": max_tokens, "temperature": temperature, "seed": seed},
        {"adapter": adapter, "revision": revision, "dtype": dtype},
        {"concurrency": concurrency, "plain": plain, "timeout": timeout, "retries": retries, "parameter": parameter},
    )  # fmt: skip
    warn_of(asked)
    probes = _probes(Dataset.open(folder), raw, kind, limit)
    with show_progress("asking") as progress:
        made = predict_into(out, [one.question for one in probes], asked, progress)
    if warning := made.warning():
        print_line(f"warning: {warning}", error=True)
    answers = {key: row.text for key, row in read_predictions(out).rows.items()}
    found = measure(probes, answers, seed=seed)
    beside = _scored(scores) if scores else {}
    print_json([_plain(one, beside) for one in found]) if json else _print(found, beside)


def _probes(dataset: Any, raw: Path, kinds: str, limit: int) -> list[Any]:
    from itdr_hf.errors import UsageError, unknown
    from itdr_hf.models.probe import history_probes, title_probes

    made = {"titles": lambda: title_probes(dataset, raw, limit), "histories": lambda: history_probes(dataset, limit)}
    asked = [kind.strip() for kind in kinds.split(",")]
    if strange := [kind for kind in asked if kind not in made]:
        raise unknown("kind of probe", strange[0], made)
    probes = [one for kind in dict.fromkeys(asked) for one in made[kind]()]
    if not probes:
        raise UsageError(f"{dataset.folder}: no cell with histories in time; want rp, tkr or nir; or --kind titles")
    return probes


def _scored(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return source -> the system's own figures of its cells."""
    from itdr_hf.report.scores import read_file

    file = read_file(path)
    found: dict[str, list[dict[str, Any]]] = {}
    for figure in file["figures"]:
        if figure["kind"] == "ours" and figure["config"] in file["cells"] and figure["value"] is not None:
            found.setdefault(file["cells"][figure["config"]]["source"], []).append(figure)
    return found


def _print(found: list[Known], beside: dict[str, list[dict[str, Any]]]) -> None:
    from itdr_hf.runtime.terminal import print_table
    from itdr_hf.score.table import headed, number

    heads = {"source": "left", "probe": "left"} | dict.fromkeys(("n", "known", "95 %", "chance", "seen"), "right")
    print_table(heads, [
        [one.source, one.kind, str(one.known.clusters), number(one.known.value),
         f"{number(one.known.low)} to {number(one.known.high)}", number(one.chance.value), "yes" if one.seen else "no"]
        for one in found
    ])  # fmt: skip
    for one in found:
        for figure in beside.get(one.source, ()):
            print_line(
                f"{figure['config']} {headed(figure['metric'])}: {number(figure['value'])}, "
                f"of its {one.kind} {number(one.known.value)} known"
            )


def _plain(one: Known, beside: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    share = {name: {"value": part.value, "low": part.low, "high": part.high} for name, part in
             (("known", one.known), ("chance", one.chance))}  # fmt: skip
    difference = {name: getattr(one.difference, name) for name in ("difference", "low", "high", "p")}
    figures = [{name: f[name] for name in ("config", "metric", "value")} for f in beside.get(one.source, ())]
    known = {"source": one.source, "probe": one.kind, "n": one.known.clusters, **share, "seen": one.seen}
    return {**known, "difference": difference, "scores": figures}
