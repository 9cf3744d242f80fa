"""A dataset folder for other trainers: the data, the trainer's config with our recipe, and its exact command.

The prompts are those that are trained and asked here; what each trainer puts around them is said in the
README.md of the export.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import OutputError, UsageError, unknown
from itdr_hf.models.train.data import Row, mixed_rows, trained_columns
from itdr_hf.models.train.local_base import LocalBase, local_base
from itdr_hf.models.train.pairs import PairOf, as_preference, from_negatives
from itdr_hf.models.train.recipe import PAPER, TrainRecipe, changed
from itdr_hf.models.train.trainers import TRAINERS, Trainer
from itdr_hf.records import CONVERSATION, SPLITS, Shape
from itdr_hf.runtime.files import new_folder

TEMPLATE = "chat_template.jinja"
MARK = "export.json"  # a folder with it is one of ours and may be replaced
FACTS = ("id", "subtask", "source", "domain")  # stand on every line, beside what is trained on
TALKS = re.compile(r"[-_](instruct|chat|it)(?![a-z])", re.IGNORECASE)  # in the name of a model with a chat template


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written: where, how many lines of each split, and the command that trains on it."""

    folder: Path
    counts: Mapping[str, int]
    command: str
    left_out: int = 0  # examples of which no pair could be made
    changing: bool = False  # the trainer's prompts will have the date of the day, unlike those of `itdr predict`


def export(
    folder: Dataset | Path,
    out: Path,
    form: str,
    *,
    recipe: TrainRecipe | None = None,
    configs: Iterable[str] | None = None,
    chat: bool | None = None,
    pairs: PairOf | None = None,
) -> Exported:
    """Write the cells of a dataset folder for a trainer, all of it or nothing.

    `recipe` gives model, settings, limit and weights (default: the paper's for Llama-3.2-3B); `chat` whether
    the model is asked through its chat template (default: as a folder has one, or the name of a Hub id says); `pairs`
    makes the pairs of instructions for a trainer of preferences (default: from their negatives). Raises UsageError for an
    unknown format or config, ModelError for a base in a folder that cannot be used, OutputError for a folder that is not
    an export.
    """
    if form not in TRAINERS:
        raise unknown("format", form, TRAINERS)
    if out.exists() and not (out / MARK).is_file():
        raise OutputError(
            f"{out}: is there and no export of ours; want a new folder, or one with {MARK}; choose another"
        )
    trainer = TRAINERS[form]
    used = changed(recipe or PAPER["llama-3.2-3b"], {"configs": list(configs) if configs else None})
    base = local_base(used.model)
    talks = _talks(used.model, base, trainer) if chat is None else chat
    if base:
        used = changed(used, {"model": base.path})
        base.check(talks and not trainer.templated and trainer.chat is not trainer.plain)
    dataset = opened(folder)
    shape = _shape(dataset, used, trainer)
    rows = {split: _rows(dataset, split, used, trainer) for split in SPLITS}
    left_out = 0
    if trainer.learns == "pairs" and shape.instructs:
        rows, left_out = _paired(dataset, rows, pairs)
    line = _line_of(shape, trainer, talks)
    made = {split: [one for row in found for one in line(row)] for split, found in rows.items()}
    with new_folder(out) as draft:
        counts = (trainer.write or _write)(made, draft)
        texts = {**trainer.files(used, talks), "README.md": _page(trainer, used, counts, left_out)}
        texts |= _pinned(texts, trainer, base) if base and base.dated and talks else {}
        facts = {"format": form, "chat": talks, "counts": counts, "left_out": left_out, "recipe": used.as_dict()}
        for name, text in {**texts, MARK: json.dumps(facts, indent=1)}.items():
            (draft / name).write_text(text, encoding="utf-8")
    changing = bool(base and base.dated and talks and not (trainer.templated or trainer.template_option))
    return Exported(folder=out, counts=counts, command=trainer.command, left_out=left_out, changing=changing)


def _talks(model: str, base: LocalBase | None, trainer: Trainer) -> bool:
    """Return whether prompts go through a chat template: as a folder's own files say, or the name of a Hub id."""
    if base and base.template is not None:
        return trainer.templated or bool(base.template)
    return trainer.templated or bool(TALKS.search(model))


def _pinned(texts: Mapping[str, str], trainer: Trainer, base: LocalBase) -> dict[str, str]:
    """Return the files with which a trainer asks through a template whose date is pinned; nothing where it cannot."""
    if not trainer.template_option or not base.template:
        return {}
    config = f"{texts['sft.yaml']}{trainer.template_option}: {TEMPLATE}\n"
    return {TEMPLATE: base.template, "sft.yaml": config}


def _shape(dataset: Dataset, recipe: TrainRecipe, trainer: Trainer) -> Shape:
    """Return the one shape of the cells. Raises UsageError where they have several, or one that the trainer does not take."""
    shapes = {name: dataset.shape_of(name) for name in dataset.select(recipe.configs, "train")}
    if len(set(shapes.values())) > 1:
        have = ", ".join(f"{name} ({shape.name})" for name, shape in shapes.items())
        raise UsageError(f"{dataset.folder}: cells of several shapes, {have}; want one; choose with --config")
    [shape] = set(shapes.values())
    if not shape.instructs and shape.name not in trainer.shapes:
        takers = ", ".join(name for name, other in TRAINERS.items() if shape.name in other.shapes)
        raise UsageError(f"{trainer.title} takes no rows of shape {shape.name}; want a format that does: {takers}")
    return shape


def _rows(dataset: Dataset, split: str, recipe: TrainRecipe, trainer: Trainer) -> list[Row]:
    """Train as the recipe mixes it; the other splits whole. Each row says which it is: config, split and index."""
    if split == "train":
        mix: Mapping[str, Iterable[Row]] = mixed_rows(dataset, split, recipe, trainer.columns)
    else:
        mix = {
            name: dataset.rows(name, split, trained_columns(dataset.shape_of(name), trainer.columns))
            for name in dataset.select(recipe.configs, split)
        }
    facts = {"family": dataset.ledger.family, "split": split, "model": recipe.base_id or recipe.model}
    longest = {name: dataset.cell(name).task.max_answer_tokens for name in mix}
    return [
        {**row, **facts, "config": name, "index": index, "max_answer_tokens": longest[name]}
        for name, rows in mix.items()
        for index, row in enumerate(rows)
    ]


def _paired(
    dataset: Dataset, rows: Mapping[str, Sequence[Row]], given: PairOf | None
) -> tuple[dict[str, list[Row]], int]:
    """Return the rows of which pairs can be made as such, and how many others there are. Raises UsageError if none can."""
    makers: dict[str, PairOf] = {}
    found: dict[str, list[Row]] = {}
    for split, asked in rows.items():
        found[split] = []
        for row in asked:
            name = row["config"]
            if name not in makers:
                makers[name] = given or from_negatives(_negative_sampling(dataset, name))
            if pair := makers[name](dataset.cell(name), row):
                found[split].append({**as_preference(row, pair), "config": name})
    if not found["train"]:
        raise UsageError(
            f"{dataset.folder}: no pair of answers in {', '.join(makers)}; want ranking or choice tasks, or several "
            "answers to each prompt of train that are not equally good; give them with --answers"
        )
    return found, sum(map(len, rows.values())) - sum(map(len, found.values()))


def _negative_sampling(dataset: Dataset, name: str) -> str:
    return str(dataset.cells[name].recipe.get("negative_sampling", "")) if name in dataset.cells else ""


def _line_of(shape: Shape, trainer: Trainer, chat: bool) -> Callable[[Row], list[dict[str, Any]]]:
    """Return what becomes of a row: the trainer's form of an instruction; of other shapes the row, but for who made it."""
    form = trainer.chat if chat else trainer.plain
    if not shape.instructs and trainer.learns == "answers" and not trainer.conversation:
        return lambda row: [{name: row[name] for name in shape if name not in ("user", "template", "reference_by")}]
    if shape == CONVERSATION and trainer.conversation:
        form = trainer.conversation
    if trainer.write:  # a format that says itself what stands where
        return lambda row: _listed(form(row))
    facts = FACTS if shape.instructs and trainer.learns != "pairs" else ("id", "task", "source")
    return lambda row: [{**{name: row[name] for name in facts}, **one} for one in _listed(form(row))]


def _listed(made: Mapping[str, Any] | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return made if isinstance(made, list) else [dict(made)]


def _write(rows: Mapping[str, Sequence[Mapping[str, Any]]], draft: Path) -> dict[str, int]:
    (draft / "data").mkdir()
    for split, found in rows.items():
        with (draft / "data" / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in found)
    return {split: len(found) for split, found in rows.items()}


def _page(trainer: Trainer, recipe: TrainRecipe, counts: Mapping[str, int], left_out: int) -> str:
    lines = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    lost = f" No pair could be made of {left_out:,} examples, which are not here." if left_out else ""
    recipe_line = f"\n\nRecipe for `{recipe.model}`: {recipe.summary}." if trainer.tunes else ""
    return (
        f"# ITDR for {trainer.title}\n\n"
        f"Lines: {lines}, in `data/`.{lost} From this folder:\n\n```console\n$ {trainer.command}\n```\n\n"
        f"{trainer.note}{recipe_line}\n"
    )
