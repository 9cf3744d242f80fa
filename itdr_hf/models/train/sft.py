"""One training run with the trainer of its stage: checkpoints beside the output, then the adapter and its recipe.json.

Killed at any moment it goes on from the last whole checkpoint; the output folder appears when all is done.
Several GPUs: `accelerate launch -m itdr_hf train …`; every process runs this, the first one writes.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.models.pretrained import (
    QLORA,
    check_tokens,
    embedding_rows,
    extra,
    fit_padding,
    load_tokenizer,
    revision_of,
)
from itdr_hf.models.pretrained import load_base as _load_base
from itdr_hf.models.train import seq2seq
from itdr_hf.models.train.checkpoints import check_same_run, last_checkpoint
from itdr_hf.models.train.data import dataset_facts, encode, mixed_rows, prompt_facts
from itdr_hf.models.train.recipe import DTYPES, TrainRecipe
from itdr_hf.models.train.refine import encode_prompts
from itdr_hf.models.train.reward import encode_pairs, load_scorer
from itdr_hf.models.train.run_record import is_first, record, run_facts
from itdr_hf.models.train.stages import make_trainer
from itdr_hf.models.train.start import start_facts
from itdr_hf.models.train.watching import report_steps
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

ENCODERS: dict[str, Any] = {"sft": encode, "reward": encode_pairs, "refine": encode_prompts}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run that is ready to go: the trainer, and what recipe.json says before the results are in."""

    trainer: Any
    facts: dict[str, Any]
    checkpoints: Path


def train(
    folder: Dataset | Path,
    recipe: TrainRecipe,
    output: Path,
    *,
    content: Mapping[str, str] | None = None,
    command: str = "",
    progress: OnProgress = ignore,
) -> dict[str, Any]:
    """Tune an adapter on the cells of a dataset folder into `output`; returns what recipe.json holds.

    `content` is the content hash of each cell that the data must have, as when a run is repeated. Raises
    UsageError for data or settings that do not fit, ModelError for a base that cannot be loaded.
    """
    if output.is_dir() and any(output.iterdir()) and not (output / "recipe.json").is_file():
        raise UsageError(
            f"{output}: holds files but no recipe.json; want a new folder or an adapter of ours; choose another"
        )
    progress = progress if is_first() else ignore
    run = prepare(folder, recipe, output, content=content, progress=progress)
    last = last_checkpoint(run.checkpoints)
    progress(Progress("training", detail=f"from {last.name}" if last else ""))
    started = time.monotonic()
    report_steps(run.trainer, progress)
    run.trainer.args.eval_on_start = recipe.stage == "refine" and bool(recipe.eval_limit) and last is None
    run.trainer.train(resume_from_checkpoint=str(last) if last else None)
    if recipe.eval_limit and not _validated(run.trainer.state):
        run.trainer.evaluate()
    facts = record(
        run.trainer, run.facts, seconds=time.monotonic() - started, resumed=last is not None, command=command
    )
    if run.trainer.is_world_process_zero():
        _write(run.trainer, recipe, facts, output)
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    run.trainer.accelerator.wait_for_everyone()
    return facts


def prepare(
    folder: Dataset | Path,
    recipe: TrainRecipe,
    output: Path,
    *,
    content: Mapping[str, str] | None = None,
    progress: OnProgress = ignore,
) -> Run:
    """Everything up to the first step: data checked, tokenised and counted, model loaded, trainer made."""
    dataset = opened(folder)
    about = dataset_facts(dataset, recipe)
    _check_content(dataset.folder, about, content or {})
    mixes = {split: mixed_rows(dataset, split, recipe) for split in _splits(dataset, recipe)}
    progress(Progress("loading", detail=recipe.model))
    tokenizer, model = load_scorer(recipe) if recipe.stage == "reward" else load_base(recipe)
    room = getattr(model.config, "max_position_embeddings", None) or 1 << 30
    if seq2seq.encodes(model):
        seq2seq.check_recipe(model, recipe)
    encoder = seq2seq.encode_seq2seq if seq2seq.encodes(model) else ENCODERS[recipe.stage]
    data = {split: encoder(mix, tokenizer, recipe, room) for split, mix in mixes.items()}
    for split, made in data.items():
        for ids in made.input_ids if recipe.stage == "sft" else []:
            check_tokens(recipe.model, ids, tokenizer, embedding_rows(model))
        progress(Progress(split, detail=made.summary))
    facts = {
        "recipe": recipe.as_dict(),
        "dataset": about,
        "prompt": prompt_facts(dataset, list(about["cells"]), tokenizer),
    }
    facts |= {"data": {split: made.facts for split, made in data.items()}, **run_facts(recipe, model)}
    facts |= {"begun": start_facts(recipe, facts["model"])} if recipe.start or recipe.stage == "refine" else {}
    checkpoints = output.with_name(f"{output.name}.checkpoints")
    check_same_run(checkpoints, facts)
    trainer = make_trainer(model, tokenizer, data, recipe, checkpoints)
    return Run(trainer=trainer, facts=facts, checkpoints=checkpoints)


def load_base(recipe: TrainRecipe) -> tuple[Any, Any]:
    """Return tokenizer and base model. Raises ModelError where they cannot be loaded, UsageError for an adapter."""
    transformers, torch = extra("transformers"), extra("torch")
    options: dict[str, Any] = {"revision": recipe.revision, "dtype": getattr(torch, DTYPES[recipe.precision])}
    if recipe.quantised:
        extra("bitsandbytes", QLORA)
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=options["dtype"],
        )
    model = _load_base(recipe.model, **options)
    local = Path(recipe.model).is_dir()
    tokenizer = load_tokenizer(recipe.model, revision=None if local else revision_of(recipe.model, model) or None)
    if recipe.plain:
        tokenizer.chat_template = None
    fit_padding(tokenizer, model)
    model.config.use_cache = False
    return tokenizer, model


def _splits(dataset: Dataset, recipe: TrainRecipe) -> list[str]:
    """Return the splits that are read. Raises UsageError where a validation loss is wanted and no cell has the split."""
    if not recipe.eval_limit:
        return ["train"]
    cells = dataset.select(recipe.configs, "train")
    if not any(dataset.has(name, "validation") for name in cells):
        raise UsageError(
            f"{dataset.folder}: no validation example in {', '.join(cells)}; want some for the validation loss; build with "
            "more examples, or take none: eval_limit=0 (--eval-limit 0)"
        )
    return ["train", "validation"]


def _validated(state: Any) -> bool:
    """Whether the validation loss was taken after the last step."""
    return any("eval_loss" in entry and entry["step"] == state.global_step for entry in state.log_history)


def _check_content(folder: Path, dataset: Mapping[str, Any], content: Mapping[str, str]) -> None:
    for name, wanted in content.items():
        have = dataset["cells"].get(name, {}).get("content", "nothing")
        if have != wanted:
            raise UsageError(
                f"{folder}: {name} has content {have[:12]}…; want {wanted[:12]}… as in the recipe; "
                "get that version of the dataset, or train by flags instead"
            )


def _write(trainer: Any, recipe: TrainRecipe, facts: Mapping[str, Any], output: Path) -> None:
    """Write the adapter as peft reads it, naming its base by its Hub id where it has one."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    adapter = model.peft_config["default"]
    adapter.base_model_name_or_path = recipe.base_id or recipe.model
    adapter.revision = facts["model"]["revision"] if facts["model"]["on_hub"] else None
    with new_folder(output) as draft:
        model.save_pretrained(
            draft, save_embedding_layers=False, selected_adapters=["default"]
        )  # True would ask the Hub whether the base has changed
        trainer.processing_class.save_pretrained(draft)
        (draft / "README.md").unlink(missing_ok=True)  # peft's blanks; a real card is written when it is pushed
        (draft / "recipe.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
