"""predict, score, harness: from a dataset folder to answers, figures, and other people's tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from itdr_hf.cli.asking import (
    LOCAL,
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
    BASELINE,
    FOLDER,
    NORMALISE,
    SERVER,
    SPLIT,
    TOOL,
    WAY,
    Config,
    Folder,
    Json,
    Parameter,
    Retries,
    Temperature,
    Timeout,
    one_of,
    separated,
)  # fmt: skip
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.models.predict.questions import Question
    from itdr_hf.models.predict.run import Made, System

NONE = "No model"  # the panel of these options in --help


def predict(
    folder: Folder = FOLDER,
    out: Annotated[Path, typer.Option(help="The predictions file; what is in it is not asked again.")] = Path(
        "predictions.parquet"
    ),
    config: Config = None,
    split: Annotated[str, one_of(SPLIT, help="Which split.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Only this many of each config, from the first.")] = None,
    by: Annotated[str, one_of(WAY, help="likelihood: rank the candidates, generating nothing.")] = "generation",
    normalise: Annotated[str, one_of(NORMALISE, help="Of a candidate's tokens, with --by likelihood.")] = "sum",
    shots: Annotated[int, typer.Option(min=0, help="Solved training examples of other users before each prompt.")] = 0,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Of an answer; default: by subtask.")] = None,
    temperature: Temperature = 0.0,
    seed: int = 0,
    model: Model = None,
    adapter: Adapter = None,
    revision: Revision = None,
    adapter_revision: Annotated[
        str | None, typer.Option(help="Of the adapter on the Hub: tag or commit.", rich_help_panel=LOCAL)
    ] = None,
    own_settings: Annotated[
        bool,
        typer.Option(
            "--own-settings", help="Decode as the model's generation_config.json says.", rich_help_panel=LOCAL
        ),
    ] = False,
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
    baseline: Annotated[str | None, one_of(BASELINE, help="What answers instead.", rich_help_panel=NONE)] = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            help="Raw releases, for baselines of the full logs: popular-log and those after it.",
            envvar="ITDR_RAW",
            rich_help_panel=NONE,
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(help="Folder of request files for a Batch API; run again to collect.", rich_help_panel=SERVER),
    ] = None,
    submit: Annotated[
        bool, typer.Option("--submit", help="Submit the files of --batch to the endpoint.", rich_help_panel=SERVER)
    ] = False,
    json: Json = False,
) -> None:
    """Ask a model, a server or a **baseline** the questions of a split; resumes where it stopped.

    Give one of `--model`, `--endpoint` with `--model-name`, `--baseline`. The key of a server is read from
    `OPENAI_API_KEY`. Exit code 3: some questions have no answer yet.
    """
    from dataclasses import asdict

    from itdr_hf.dataset import Dataset
    from itdr_hf.errors import UsageError
    from itdr_hf.models.predict.questions import read_questions
    from itdr_hf.models.predict.run import predict_into
    from itdr_hf.runtime.terminal import print_json, show_progress

    _check_system(model, endpoint, model_name, baseline, by, shots)
    if (batch and (not endpoint or plain or shots or by == "likelihood")) or (submit and not batch):
        raise UsageError(
            "predict: --batch wants --endpoint with --model-name, without --plain, --by and --shots; see --help"
        )
    dataset = Dataset.open(folder)
    questions = read_questions(dataset, separated(config), split, limit)
    system: System
    if baseline:
        from itdr_hf.models.recommenders.opening import open_baseline

        system = open_baseline("predict", baseline, dataset, raw, seed)
    else:
        system = open_system(
            "predict", model, endpoint, model_name,
            {"max_tokens": max_tokens, "temperature": temperature, "seed": seed},
            {"adapter": adapter, "revision": revision, "adapter_revision": adapter_revision, "dtype": dtype,
             "batch_tokens": batch_tokens, "plain": plain or None, "own_settings": own_settings},
            {"concurrency": concurrency, "plain": plain, "timeout": timeout, "retries": retries, "parameter": parameter},
        )  # fmt: skip
        if batch:
            return _batch(out, questions, system, batch, submit, json)
        check_adapter(
            system, dataset, dataset.select(separated(config), split), split=split, other_prompts=other_prompts
        )
        if by == "likelihood":
            system = _ranking(system, normalise, plain)
    asked = system
    if shots:
        from itdr_hf.models.predict.shots import FewShot, with_shots

        questions, facts = with_shots(questions, dataset, split=split, count=shots, seed=seed)
        asked = FewShot(system=system, facts=facts)
    with show_progress("asking") as progress:
        made = predict_into(out, questions, asked, progress)
    _warn(made, getattr(system, "unknown", 0))
    print_json({"file": str(out), **asdict(made)}) if json else print_line(made.sentence(out, folder))
    if made.missing:
        raise typer.Exit(UNFINISHED)


def _check_system(
    model: str | None, endpoint: str | None, model_name: str | None, baseline: str | None, by: str, shots: int
) -> None:
    """Raise UsageError unless exactly one system is named, and by a way that it has."""
    from itdr_hf.errors import UsageError

    if sum(given is not None for given in (model, endpoint, baseline)) != 1 or bool(endpoint) != bool(model_name):
        raise UsageError("predict: want one of --model, --endpoint with --model-name, --baseline; see --help")
    if baseline:
        _check_baseline(by, shots)


def _batch(out: Path, questions: list[Question], system: Any, folder: Path, submit: bool, json: bool) -> None:
    """Take one look at the request files of a folder, and print what became of them."""
    from dataclasses import asdict

    from itdr_hf.models.endpoint import given_key
    from itdr_hf.models.endpoint.batch_api import BatchApi
    from itdr_hf.models.endpoint.keys import KEY_VARIABLE
    from itdr_hf.models.predict.batched import batch_round
    from itdr_hf.runtime.terminal import print_json

    api = None
    if submit:
        key = given_key(KEY_VARIABLE)
        api = BatchApi(endpoint=system.url, key=key, retries=system.retries, timeout=system.timeout)
    made = batch_round(out, questions, system, folder, api)
    print_json({"file": str(out), **asdict(made)}) if json else print_line(made.sentence(out, folder))
    if made.missing:
        raise typer.Exit(UNFINISHED)


def _check_baseline(by: str, shots: int) -> None:
    """Raise UsageError for what a baseline does not have."""
    from itdr_hf.errors import UsageError

    if by == "likelihood":
        raise UsageError(
            "predict: --by likelihood with a baseline, which has no probabilities; want --model or --endpoint"
        )
    if shots:
        raise UsageError("predict: --shots with a baseline, which reads no prompt; want --model or --endpoint")


def _warn(made: Made, unknown: int) -> None:
    """Warn of answers that are empty or cut, and of characters that the tokenizer does not know."""
    if warning := made.warning():
        print_line(f"warning: {warning}", error=True)
    if unknown:
        print_line(f"warning: {unknown:,} tokens of the prompts are characters unknown to the tokenizer", error=True)


def _ranking(system: Any, normalise: str, plain: bool) -> System:
    """Return a model that ranks candidates by likelihood; a server's chat is warned that it is asked without a template."""
    from itdr_hf.models.predict.likelihood import Likelihood
    from itdr_hf.models.predict.local import LocalModel
    from itdr_hf.models.predict.served_likelihood import ServedLikelihood

    over: Literal["sum", "mean"] = "mean" if normalise == "mean" else "sum"
    if isinstance(system, LocalModel):
        return Likelihood(system.model, system.tokenizer, system.run, normalise=over)
    if not plain:
        found = "--by likelihood asks a server for completions of the plain prompt, without a chat template"
        print_line(f"warning: {found}; want a model tuned on plain prompts; for a chat model use --model", error=True)
    return ServedLikelihood(endpoint=system, normalise=over)


def score(
    predictions: Annotated[Path, typer.Argument(help="A file of `itdr predict`.")],
    folder: Folder = FOLDER,
    against: Annotated[Path | None, typer.Option(help="Another file: paired comparison.")] = None,
    validation: Annotated[
        Path | None, typer.Option(help="Its answers to the validation split, to choose the best template by.")
    ] = None,
    split: Annotated[str, one_of(SPLIT, help="Which split.")] = "test",
    strict: Annotated[bool, typer.Option("--strict", help="Only answers in the asked form count.")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Score an unfinished file.")] = False,
    baselines: Annotated[bool, typer.Option(help="With the baselines beside it.")] = True,
    replicates: Annotated[int, typer.Option(min=1, help="Of the bootstrap, over users.")] = 1000,
    seed: int = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for scores.md, .csv, .json, model-index.json.")] = None,
    plots: Annotated[bool, typer.Option("--plots", help="With --out: a plot per subtask.")] = False,
    json: Json = False,
) -> None:
    """Figures with 95 % intervals, the share of answers that parse, baselines and the paper's rows beside.

    Exit code 3: the file lacks answers, and `--partial` is not given.
    """
    from itdr_hf.errors import UsageError
    from itdr_hf.runtime.terminal import print_json, show_progress
    from itdr_hf.score.exports import as_json, write_exports
    from itdr_hf.score.measured import Resampling
    from itdr_hf.score.plots import figure_class
    from itdr_hf.score.score_file import Options, score_file
    from itdr_hf.score.table import print_report

    if plots and out is None:
        raise UsageError("score: --plots without --out; want a folder to draw into; add --out")
    if plots:
        figure_class()  # an error now, not after the scoring
    options = Options(
        split=split,
        reading="strict" if strict else "lenient",
        partial=partial,
        baselines=baselines,
        resampling=Resampling(seed=seed, replicates=replicates),
    )
    with show_progress("scoring") as progress:
        report = score_file(predictions, folder, options, against=against, validation=validation, progress=progress)
        written = write_exports(report, out, plots=plots) if out else []
    print_json(as_json(report)) if json else print_report(report)
    for path in () if json else written:
        print_line(f"wrote {path}")


def harness(
    folder: Folder = FOLDER,
    out: Annotated[Path, typer.Option(help="Folder for the tasks; `lm_eval --include_path` takes it.")] = Path("tasks"),
    config: Config = None,
    dataset: Annotated[str | None, typer.Option(help="Hub id the tasks load; default: the folder itself.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="For use without --apply_chat_template.")] = False,
    shots: Annotated[int, typer.Option(min=0, help="Solved training examples of other users before each prompt.")] = 0,
    seed: Annotated[int, typer.Option(help="Which shots, as of `itdr predict`.")] = 0,
    tool: Annotated[str, one_of(TOOL, help="Whose tasks.")] = "lm-eval",
    model: Annotated[
        str | None, typer.Option(help="Hub id or folder of the base to be asked: checked, and put into the command.")
    ] = None,
    revision: Revision = None,
    json: Json = False,
) -> None:
    """Write the cells as tasks of lm-evaluation-harness or inspect-ai, with the same prompts, parsers and metrics."""
    from itdr_hf.dataset.audit.findings import counted
    from itdr_hf.errors import UsageError
    from itdr_hf.runtime.terminal import print_json
    from itdr_hf.score.harness import next_command, write_tasks
    from itdr_hf.score.harness_model import harness_model
    from itdr_hf.score.inspection import FILE, write_inspect_tasks

    if tool == "inspect-ai":
        if shots or plain or model:
            raise UsageError("harness: --tool inspect-ai with --shots, --plain or --model; want none; leave them out")
        names = write_inspect_tasks(folder, out, separated(config), dataset=dataset)
        command = f"inspect eval {out / FILE} --model hf/MODEL"
    else:
        asked = harness_model(model, out, revision=revision) if model else None
        plain = plain or (asked is not None and not asked.chat)
        names = write_tasks(folder, out, separated(config), dataset=dataset, plain=plain, shots=shots, seed=seed)
        command = next_command(out, plain=plain, shots=shots, model=asked)
    if json:
        return print_json({"folder": str(out), "tasks": names, "command": command})
    for name in names:
        print_line(name)
    where = "" if model else ", with MODEL a Hub id or a folder"
    print_line(f"\n{out}: {counted(len(names), 'task')}. To run{where}:\n\n    {command}")
