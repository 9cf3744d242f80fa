"""train, export, push-adapter: train an adapter, export data for another trainer, publish an adapter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from itdr_hf.cli.options import (
    FOLDER,
    FORMAT,
    METHOD,
    PRECISION,
    PRESET,
    STAGE,
    Config,
    Endpoint,
    Folder,
    Json,
    one_of,
    separated,
)  # fmt: skip
from itdr_hf.runtime.terminal import print_line

if TYPE_CHECKING:
    from itdr_hf.dataset import Dataset

Model = Annotated[str | None, typer.Option(help="Hub id or folder of the base model.")]
Preset = Annotated[str | None, one_of(PRESET, help="One of the built-in recipes.")]
RecipeFile = Annotated[Path | None, typer.Option(help="YAML of settings, or recipe.json of a run to repeat.")]
Weight = Annotated[list[str] | None, typer.Option(help="nir=0.5: half of its examples per epoch; 2: all twice.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Maximum training examples per cell.")]
STEPS, SIZE, CHAIN = "Steps", "Model and memory", "Chain of stages"


def train(
    *,
    folder: Folder = FOLDER,
    output: Annotated[Path, typer.Option(help="Folder of the adapter; the same command resumes after a stop.")],
    model: Model = None,
    preset: Preset = None,
    recipe: RecipeFile = None,
    revision: Annotated[str | None, typer.Option(help="Of the base model on the Hub.")] = None,
    base_id: Annotated[str | None, typer.Option(help="Hub id of the base model if --model is a folder.")] = None,
    config: Config = None,
    weight: Weight = None,
    limit: Limit = None,
    max_length: Annotated[int | None, typer.Option(min=1, help="Maximum tokens of prompt and answer.")] = None,
    allow_cut: Annotated[bool | None, typer.Option("--allow-cut", help="Cut the prompts of longer examples.")] = None,
    epochs: Annotated[float | None, typer.Option(rich_help_panel=STEPS)] = None,
    learning_rate: Annotated[float | None, typer.Option(rich_help_panel=STEPS)] = None,
    batch: Annotated[int | None, typer.Option(min=1, rich_help_panel=STEPS)] = None,
    accumulation: Annotated[int | None, typer.Option(min=1, rich_help_panel=STEPS)] = None,
    packing: Annotated[
        bool | None, typer.Option("--packing", help="Examples share a row.", rich_help_panel=STEPS)
    ] = None,
    plain: Annotated[
        bool | None, typer.Option("--plain", help="Without the chat template of the base.", rich_help_panel=STEPS)
    ] = None,
    gradient_checkpointing: Annotated[
        bool | None, typer.Option(help="Less memory, more time.", rich_help_panel=STEPS)
    ] = None,
    evaluations: Annotated[
        int | None, typer.Option(min=1, help="Losses and checkpoints.", rich_help_panel=STEPS)
    ] = None,
    eval_limit: Annotated[
        int | None, typer.Option(min=0, help="Validation rows per cell.", rich_help_panel=STEPS)
    ] = None,
    seed: Annotated[int | None, typer.Option(rich_help_panel=STEPS)] = None,
    stage: Annotated[
        str | None, one_of(STAGE, help="sft: learn answers; reward: which of two is better; refine: better answers.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Adapter of the same base to go on from.", rich_help_panel=CHAIN)
    ] = None,
    method: Annotated[
        str | None, one_of(METHOD, help="How to refine: by a learned reward, or (dpo) by pairs.", rich_help_panel=CHAIN)
    ] = None,
    reward: Annotated[
        str | None, typer.Option(help="Adapter of the reward model, for rloo and grpo.", rich_help_panel=CHAIN)
    ] = None,
    generations: Annotated[
        int | None, typer.Option(min=2, help="Answers drawn to each prompt.", rich_help_panel=CHAIN)
    ] = None,
    answer_tokens: Annotated[
        int | None, typer.Option(min=1, help="Maximum tokens of a drawn answer.", rich_help_panel=CHAIN)
    ] = None,
    beta: Annotated[
        float | None, typer.Option(min=0, help="Weight of the divergence from the start.", rich_help_panel=CHAIN)
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, rich_help_panel=SIZE)] = None,
    alpha: Annotated[int | None, typer.Option(min=1, rich_help_panel=SIZE)] = None,
    precision: Annotated[str | None, one_of(PRECISION, help="Of the weights.", rich_help_panel=SIZE)] = None,
    quantised: Annotated[bool | None, typer.Option("--quantised", help="QLoRA, 4 bits.", rich_help_panel=SIZE)] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count steps and tokens, measure one step, train nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Tune an adapter with the paper's recipe: LoRA, learning rate 1e-4, cosine, 2 epochs, batch 1 × 8, bf16.

    Give `--model`, `--preset` or `--recipe`; other options change it. Several GPUs: `accelerate launch -m itdr_hf
    train …`. Needs the extra [train].
    """
    from itdr_hf.dataset import Dataset
    from itdr_hf.models.train.recipe import read_weights
    from itdr_hf.models.train.run_record import is_first
    from itdr_hf.models.train.sft import train as run
    from itdr_hf.runtime.terminal import print_json, show_progress

    changes: dict[str, Any] = {
        "revision": revision,
        "base_id": base_id,
        "configs": separated(config),
        "weights": read_weights(weight),
    }
    changes |= {"limit": limit, "max_length": max_length, "allow_cut": allow_cut, "epochs": epochs, "batch": batch}
    changes |= {"learning_rate": learning_rate, "accumulation": accumulation, "packing": packing, "seed": seed}
    changes["plain"] = plain
    changes |= {"stage": stage, "start": start, "method": method, "reward": reward, "generations": generations}
    changes |= {"answer_tokens": answer_tokens, "beta": beta}
    changes |= {"evaluations": evaluations, "eval_limit": eval_limit, "rank": rank, "alpha": alpha}
    changes |= {"precision": precision, "quantised": quantised, "gradient_checkpointing": gradient_checkpointing}
    chosen, content = _recipe(model, preset, recipe, changes)
    dataset = Dataset.open(folder)
    if is_first():
        _warn_of_references(dataset, chosen.configs)
    if dry_run:
        from itdr_hf.models.train.dry_run import estimate

        with show_progress("measuring") as progress:
            found = estimate(folder, chosen, progress=progress)
        return print_json(found.as_dict()) if json else print_line(found.sentence())
    with show_progress("training") as progress:
        facts = run(dataset, chosen, output, content=content, command=_command(), progress=progress)
    if not is_first():
        return
    if json:
        print_json(facts)
        return
    results = facts["results"]
    checked = f", validation loss {results['validation_loss'][-1][1]}" if results["validation_loss"] else ""
    if results.get("validation_accuracy"):
        checked += f", {results['validation_accuracy'][-1][1]:.1%} of the pairs in the right order"
    checked += _refined(results)
    print_line(f"{output}: {results['steps']} steps in {results['seconds']:.0f} s{checked}")
    print_line(f"\n    itdr predict {folder} --model {chosen.model} --adapter {output} --out {output.name}.parquet")


def _refined(results: Any) -> str:
    """Return how far a refinement raised what it is after, and how far the model went for it."""
    found = results.get("rewards", {}).get("validation", [])
    if len(found) < 2:
        return ""
    name = "reward" if "reward" in found[0] else "margin"
    moved = f"; held-out {name} {found[0][name]:.3f} before, {found[-1][name]:.3f} after"
    divergence = f", KL {found[-1]['kl']:.4f}" if "kl" in found[-1] else ""
    return moved + divergence + (f", {found[-1]['distinct']:.0%} distinct" if "distinct" in found[-1] else "")


def export(
    *,
    folder: Folder = FOLDER,
    form: Annotated[str, one_of(FORMAT, "--format", help="For which trainer.")],
    out: Annotated[Path, typer.Option(help="Folder to write; an existing export is replaced.")],
    model: Model = None,
    preset: Preset = None,
    recipe: RecipeFile = None,
    config: Config = None,
    weight: Weight = None,
    limit: Limit = None,
    chat: Annotated[bool | None, typer.Option("--chat/--plain", help="Use the model's chat template or not.")] = None,
    answers: Annotated[
        list[Path] | None,
        typer.Option(help="Predictions for train, best against worst, for formats of pairs; may be given again."),
    ] = None,
    check_with: Annotated[
        str | None, typer.Option(help="Model with whose tokenizer to count what is trained; Hub id or folder.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the cells for another trainer: data, its config with the paper's recipe, its exact command.

    Formats of pairs make them of the negatives of ranking and choice tasks, or of `--answers`.
    """
    from itdr_hf.dataset import Dataset
    from itdr_hf.models.train.export import export as write
    from itdr_hf.models.train.recipe import changed, read_weights
    from itdr_hf.runtime.terminal import print_json

    chosen, _ = _recipe(model, preset or (None if model or recipe else "llama-3.2-3b"), recipe, {})
    used = changed(chosen, {"configs": separated(config), "weights": read_weights(weight), "limit": limit})
    dataset = Dataset.open(folder)
    _warn_of_references(dataset, used.configs)
    made = write(dataset, out, form, recipe=used, chat=chat, pairs=_pairs(answers, form))
    counted = _checked(dataset, used, check_with, chat)
    if made.changing:
        found = f"the chat template of {used.model} writes the date of the day, which {form} does not pin"
        print_line(f"warning: {found}; want the prompts of `itdr predict`; --format trl pins it", error=True)
    if json:
        facts = {
            "counts": dict(made.counts),
            "left_out": made.left_out,
            **({"masks": counted.facts} if counted else {}),
        }
        return print_json({"folder": str(out), **facts, "command": made.command})
    if made.left_out:
        print_line(f"no pair could be made of {made.left_out:,} examples", error=True)
    print_line(f"{out}: {', '.join(f'{count:,} {split}' for split, count in made.counts.items())}")
    if counted:
        print_line(f"with the tokenizer of {check_with}: {counted.sentence()}")
    print_line(f"\n    cd {out} && {made.command}")


def push_adapter(
    adapter: Annotated[Path, typer.Argument(help="A folder written by `itdr train`.")],
    repo_id: Annotated[str, typer.Option(help="Such as someone/itdr-llama-3.2-3b; created if missing.")],
    dataset_id: Annotated[str, typer.Option(help="Hub id of the dataset it was tuned on.")],
    scores: Annotated[Path | None, typer.Option(help="scores.json of `itdr score --out`.")] = None,
    version: Annotated[str, typer.Option(help="Of the adapter; the tag is v<version>.")] = "1.0.0",
    licence: Annotated[str, typer.Option(help="The Hub's id of the licence; other: see the card.")] = "other",
    public: Annotated[bool, typer.Option("--public/--private", help="Who may read it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write the card, show the plan, send nothing.")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="As a pull request, without a tag.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a card not written by itdr.")] = False,
    endpoint: Endpoint = None,
    json: Json = False,
) -> None:
    """Publish an adapter with its card: one commit, verified, tagged. The token is that of `hf auth login` or $HF_TOKEN."""
    from dataclasses import asdict

    from itdr_hf import hub
    from itdr_hf.cli.show_build import print_plan
    from itdr_hf.hub.adapter import push_adapter as send
    from itdr_hf.hub.adapter import write_card
    from itdr_hf.runtime.terminal import print_json, show_progress

    checked = write_card(adapter, repo_id, dataset_id=dataset_id, scores=scores, version=version, licence=licence)
    for warning in checked.warnings:
        print_line(f"warning: {warning}", error=True)
    api = hub.connect(endpoint=endpoint)
    plan = hub.plan_push(api, adapter, repo_id, repo_type="model", version=version)
    if not json:
        print_plan(plan.rows(), plan.summary())
    if dry_run:
        return print_json(plan.as_dict()) if json else None
    with show_progress(f"pushing to {repo_id}") as progress:
        release = send(
            api, adapter, repo_id, dataset_id=dataset_id, scores=scores, version=version, licence=licence,
            private=not public, create_pr=create_pr, force=force,
            progress=progress,
        )  # fmt: skip
    if json:
        return print_json(asdict(release))
    print_line(f"{'pushed' if release.committed else 'nothing to push'}: {release.pr_url or release.url}")


def _recipe(model: str | None, preset: str | None, recipe: Path | None, changes: dict[str, Any]) -> tuple[Any, Any]:
    """Return the requested recipe, and the content that its data must have if it repeats a run."""
    from itdr_hf.errors import UsageError
    from itdr_hf.models.train.recipe import changed, preset_of, read_recipe
    from itdr_hf.models.train.recipe import preset as ready

    if recipe and preset:
        raise UsageError("recipe: --recipe and --preset; want one of them; leave one out")
    if recipe:
        found, content = read_recipe(recipe)
        return changed(found, {**changes, "model": model}), content
    if preset:
        return changed(ready(preset), {**changes, "model": model}), {}
    if model is None:
        raise UsageError("recipe: no base model; want --model, --preset or --recipe; see --help")
    return changed(preset_of(model), changes), {}


def _checked(dataset: Dataset, recipe: Any, model: str | None, chat: bool | None) -> Any:
    """Return what of the rows of train a model's tokenizer would have it trained on; None if none was named."""
    from itdr_hf.models.pretrained import load_tokenizer
    from itdr_hf.models.train.data import count_masks, mixed_rows

    if model is None:
        return None
    tokenizer = load_tokenizer(model)
    if chat is False:
        tokenizer.chat_template = None
    return count_masks(mixed_rows(dataset, "train", recipe), tokenizer, recipe.max_length)


def _pairs(answers: list[Path] | None, form: str) -> Any:
    """Return what makes pairs of answers; None for the default."""
    from itdr_hf.errors import UsageError
    from itdr_hf.models.train.trainers import TRAINERS

    if not answers:
        return None
    if TRAINERS[form].learns != "pairs":
        takers = ", ".join(name for name, trainer in TRAINERS.items() if trainer.learns == "pairs")
        raise UsageError(f"--answers: {form} learns from no pairs; want a format that does: {takers}")
    from itdr_hf.rewards.pairs import best_and_worst

    return best_and_worst(answers)


def _warn_of_references(dataset: Dataset, configs: Any) -> None:
    """Warn on standard error if the answers to be learnt were put together by rule."""
    from itdr_hf.dataset.caveats import caveats_of

    if by_rule := caveats_of(dataset, dataset.select(configs, "train")).by_rule:
        print_line(f"warning: {by_rule}", error=True)


def _command() -> str:
    """Return the command line as typed, without absolute paths of this machine."""
    import shlex

    words = (Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:])
    return shlex.join(["itdr", *words])
