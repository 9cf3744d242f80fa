"""recommend: train recommenders without a language model, rank every item, score the ranking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from itdr_hf.cli.options import EXPERIMENT, PROTOCOL, RECOMMENDER, Json, Memory, one_of
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.models.recommenders.run_data import RunData
    from itdr_hf.models.recommenders.settings import Settings
    from itdr_hf.models.recommenders.study import Experiment
    from itdr_hf.runtime.progress import OnProgress

SPLITTING, TRAINING = "How the log is split", "How it is trained"


def recommend(
    folder: Annotated[Path, typer.Argument(help="Raw releases, or a folder of RecBole's benchmark files.")],
    source: Annotated[str | None, typer.Option(help="Of raw releases: such as mind; see `itdr sources`.")] = None,
    model: Annotated[list[str] | None, one_of(RECOMMENDER, help="Which recommender; may be given again.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for rankings, scores, checkpoints and the card.")] = Path("run"),
    every: Annotated[bool, typer.Option("--all", help="Every recommender; with profiles, base and augmented.")] = False,
    experiment: Annotated[str | None, one_of(EXPERIMENT, help="reclm: its tables beside the paper's.")] = None,
    profiles: Annotated[Path | None, typer.Option(help="Parquet: side, id, and text or vector.")] = None,
    item_text: Annotated[
        bool, typer.Option("--item-text", help="Item texts in place of item vectors, as with profiles.")
    ] = False,
    protocol: Annotated[
        str, one_of(PROTOCOL, help="user: a tenth of each user's items.", rich_help_panel=SPLITTING)
    ] = "user",
    span: Annotated[
        list[str] | None,
        typer.Option(help="Of snapshots, given twice: 2019-11-09:2019-11-12.", rich_help_panel=SPLITTING),
    ] = None,
    min_interactions: Annotated[
        int, typer.Option(min=1, help="Items with fewer are left out.", rich_help_panel=SPLITTING)
    ] = 1,
    split_seed: Annotated[int, typer.Option(rich_help_panel=SPLITTING)] = 421,
    seeds: Annotated[int, typer.Option(min=1, help="Fits that are averaged.", rich_help_panel=TRAINING)] = 1,
    seed: Annotated[int, typer.Option(help="The first of them.", rich_help_panel=TRAINING)] = 421,
    setting: Annotated[
        list[str] | None, typer.Option(help="Such as dim=32; may be given again.", rich_help_panel=TRAINING)
    ] = None,
    memory_limit: Memory = None,
    cache: Annotated[Path | None, typer.Option(help="Of the tables; default: $ITDR_CACHE or the user's.")] = None,
    json: Json = False,
) -> None:
    """Train recommenders, rank every item for every user, score: rankings, checkpoints and a card in a folder.

    The same seed gives the same bytes: torch runs on one thread. Needs the extra [recommend] but for popularity and
    item-knn.
    """
    from itdr_hf.cli.show_recommend import print_experiment, print_rows, with_paper
    from itdr_hf.models.recommenders.run_folder import as_dict, write_run
    from itdr_hf.models.recommenders.threads import one_thread
    from itdr_hf.runtime.terminal import print_json, show_progress

    one_thread()
    with show_progress("recommending") as progress:
        data = _data(folder, source, protocol, span or [], min_interactions, split_seed, cache, memory_limit, progress)
        if profiles or item_text or experiment:
            data = data.with_item_texts()
        if profiles:
            data = data.with_profiles(profiles)
        found = _run(data, model or [], every, experiment, list(range(seed, seed + seeds)), setting or [], progress)
        written = write_run(out, data, found.rows, found.differences)
    if json:
        report = as_dict(data, found.rows, found.differences)
        return print_json(with_paper(report, found) if experiment else report)
    print_experiment(found, data) if experiment else print_rows(found, data)
    print_line(f"wrote {written[0]} and {len(written) - 1} more files in {out}")


def _data(
    folder: Path,
    source: str | None,
    protocol: str,
    spans: list[str],
    min_interactions: int,
    split_seed: int,
    cache: Path | None,
    memory_limit: str | None,
    progress: OnProgress,
) -> RunData:
    """Read RecBole's files with their split, or a release and split it."""
    from itdr_hf.errors import UsageError
    from itdr_hf.models.recommenders.protocols import read_span
    from itdr_hf.models.recommenders.run_data import data_from_raw, data_from_recbole, is_recbole

    if source is None:
        if is_recbole(folder):
            return data_from_recbole(folder)
        raise UsageError(f"{folder}: no RecBole files named after it; want them, or --source for raw releases")
    if len(spans) not in (0, 2):
        raise UsageError(f"recommend: {len(spans)} spans; want two, the one to train on and the one to test on")
    return data_from_raw(
        folder,
        source,
        protocol=protocol,
        spans=[read_span(text) for text in spans],
        min_interactions=min_interactions,
        seed=split_seed,
        cache=cache,
        memory_limit=memory_limit,
        progress=progress,
    )


def _run(
    data: RunData,
    models: list[str],
    every: bool,
    experiment: str | None,
    seeds: list[int],
    changes: list[str],
    progress: OnProgress,
) -> Experiment:
    """Run the models that were named, all of them, or an experiment of the paper."""
    from itdr_hf.errors import UsageError
    from itdr_hf.models.recommenders.reclm import BACKBONES, VARIANTS, run_experiment
    from itdr_hf.models.recommenders.recommender import RECOMMENDERS
    from itdr_hf.models.recommenders.study import run_models

    if bool(models) + every + bool(experiment) == 0 or (models and every):
        raise UsageError("recommend: want --model, --all or --experiment; see --help")
    profiled = data.features.user_profiles is not None or data.features.item_profiles is not None
    if experiment or (every and profiled):
        backbones = models or list(BACKBONES)
        variants = tuple(VARIANTS) if experiment else ("base", "augmented")
        settings = _settings(backbones, changes)
        return run_experiment(
            data.split,
            data.features,
            backbones=backbones,
            variants=variants,
            settings=settings,
            seeds=seeds,
            progress=progress,
        )
    names = models or [name for name in RECOMMENDERS if data.features.item_texts is None or name in BACKBONES]
    return run_models(data.split, data.features, names, _settings(names, changes), seeds, progress=progress)


def _settings(models: list[str], changes: list[str]) -> dict[str, Settings]:
    """Return the settings of the models that have any, with NAME=VALUE changes."""
    from itdr_hf.models.recommenders.settings import DEFAULTS, read_changes

    changed = read_changes(changes)
    return {name: DEFAULTS[name].changed(**changed) for name in models if name in DEFAULTS}
