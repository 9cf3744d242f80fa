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
from itdr_hf.models.train.recipe import PAPER, TrainRecipe, changed
from itdr_hf.models.train.trainers import TRAINERS, Trainer
from itdr_hf.records import SPLITS, Shape
from itdr_hf.runtime.files import new_folder

MARK = "export.json"  # a folder with it is one of ours and may be replaced
FACTS = ("id", "subtask", "source", "domain")  # stand on every line, beside what is trained on
TALKS = re.compile(r"[-_](instruct|chat|it)(?![a-z])", re.IGNORECASE)  # in the name of a model with a chat template


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written: where, how many lines of each split, and the command that trains on it."""

    folder: Path
    counts: Mapping[str, int]
    command: str


def export(
    folder: Dataset | Path,
    out: Path,
    form: str,
    *,
    recipe: TrainRecipe | None = None,
    configs: Iterable[str] | None = None,
    chat: bool | None = None,
) -> Exported:
    """Write the cells of a dataset folder for a trainer, all of it or nothing.

    `recipe` gives model, settings, limit and weights (default: the paper's for Llama-3.2-3B); `chat` whether
    the model is asked through its chat template (default: as the name of the model says). Raises UsageError
    for an unknown format or config, OutputError for a folder that is not an export.
    """
    if form not in TRAINERS:
        raise unknown("format", form, TRAINERS)
    if out.exists() and not (out / MARK).is_file():
        raise OutputError(
            f"{out}: is there and no export of ours; want a new folder, or one with {MARK}; choose another"
        )
    trainer = TRAINERS[form]
    used = changed(recipe or PAPER["llama-3.2-3b"], {"configs": list(configs) if configs else None})
    talks = (trainer.templated or bool(TALKS.search(used.model))) if chat is None else chat
    used = _runs_anywhere(used)
    dataset = opened(folder)
    line = _line_of(_shape(dataset, used, trainer), trainer, talks)
    with new_folder(out) as draft:
        (draft / "data").mkdir()
        counts = {split: _write(_rows(dataset, split, used), split, draft, line) for split in SPLITS}
        texts = {**trainer.files(used, talks), "README.md": _page(trainer, used, counts)}
        facts = {"format": form, "chat": talks, "counts": counts, "recipe": used.as_dict()}
        for name, text in {**texts, MARK: json.dumps(facts, indent=1)}.items():
            (draft / name).write_text(text, encoding="utf-8")
    return Exported(folder=out, counts=counts, command=trainer.command)


def _runs_anywhere(recipe: TrainRecipe) -> TrainRecipe:
    """Return a recipe whose base is found from the export's folder: a folder by its absolute path."""
    base = Path(recipe.model)
    return changed(recipe, {"model": str(base.resolve())}) if base.is_dir() else recipe


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


def _rows(dataset: Dataset, split: str, recipe: TrainRecipe) -> list[Row]:
    """Train as the recipe mixes it; the other splits whole."""
    if split == "train":
        return [row for rows in mixed_rows(dataset, split, recipe).values() for row in rows]
    cells = dataset.select(recipe.configs, split)
    return [row for name in cells for row in dataset.rows(name, split, trained_columns(dataset.shape_of(name)))]


def _line_of(shape: Shape, trainer: Trainer, chat: bool) -> Callable[[Row], dict[str, Any]]:
    """Return what becomes of a row: the trainer's form of an instruction; of other shapes the row, but for who made it."""
    if not shape.instructs:
        return lambda row: {name: row[name] for name in shape if name not in ("user", "template", "reference_by")}
    form = trainer.chat if chat else trainer.plain
    return lambda row: {**{name: row[name] for name in FACTS}, **form(row)}


def _write(rows: Sequence[Row], split: str, draft: Path, line: Callable[[Row], dict[str, Any]]) -> int:
    with (draft / "data" / f"{split}.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line(row), ensure_ascii=False) + "\n" for row in rows)
    return len(rows)


def _page(trainer: Trainer, recipe: TrainRecipe, counts: Mapping[str, int]) -> str:
    lines = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    return (
        f"# ITDR for {trainer.title}\n\n"
        f"Lines: {lines}, in `data/`. From this folder:\n\n```console\n$ {trainer.command}\n```\n\n"
        f"{trainer.note}\n\nRecipe for `{recipe.model}`: {recipe.summary}.\n"
    )
