"""Histories and what came next as RecBole's sequential benchmark files: for its models on the very users of our splits.

NAME.train.inter, NAME.valid.inter and NAME.test.inter hold user_id, item_id_list and item_id, a line for each positive;
NAME.item the title of each item. Items are numbered, since RecBole splits sequences at blanks
(recbole.io/docs/user_guide/data/atomic_files.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.trainer_files import as_yaml

NAME = "itdr"
SIDES = {"train": "train", "validation": "valid", "test": "test"}


def recbole_files(recipe: TrainRecipe, chat: bool) -> dict[str, str]:
    """recbole.yaml: our split as it is, full ranking, the sequence as given."""
    config = {
        "data_path": "data",
        "benchmark_filename": list(SIDES.values()),
        "load_col": {"inter": ["user_id", "item_id_list", "item_id"], "item": ["item_id", "title"]},
        "alias_of_item_id": ["item_id_list"],
        "MAX_ITEM_LIST_LENGTH": 50,
        "train_neg_sample_args": None,
        "eval_args": {"mode": "full", "order": "TO"},
        "metrics": ["Hit", "NDCG"],
        "topk": [1, 5, 10],
        "valid_metric": "NDCG@10",
        "seed": recipe.seed,
        "reproducibility": True,
    }
    return {"recbole.yaml": as_yaml(config)}


def write_recbole_sequences(rows: Mapping[str, Sequence[Mapping[str, Any]]], draft: Path) -> dict[str, int]:
    """Write the files of every split; return the lines of each. Raises UsageError for rows without a history or targets."""
    place = draft / "data" / NAME
    place.mkdir(parents=True)
    numbers: dict[str, int] = {}
    counts = {}
    for split, word in SIDES.items():
        lines = [line for row in rows[split] for line in _lines(row, numbers)]
        _write(place / f"{NAME}.{word}.inter", "user_id:token\titem_id_list:token_seq\titem_id:token", lines)
        counts[split] = len(lines)
    titles = [f"{number}\t{' '.join(title.split())}" for title, number in numbers.items()]
    _write(place / f"{NAME}.item", "item_id:token\ttitle:token_seq", titles)
    return counts


def _lines(row: Mapping[str, Any], numbers: dict[str, int]) -> list[str]:
    if not row["history"] or not row["targets"] or not set(row["targets"]) <= set(row["candidates"]):
        raise UsageError(
            f"{row['id']}: no history with items that came next; want rows of ranking or choice tasks; "
            "choose them with --config, such as tkr or nir"
        )
    number = [str(numbers.setdefault(title, len(numbers) + 1)) for title in [*row["history"], *row["targets"]]]
    before, after = number[: len(row["history"])], number[len(row["history"]) :]
    return [f"{row['user'] or row['id']}\t{' '.join(before)}\t{item}" for item in after]


def _write(path: Path, head: str, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in [head, *lines]), encoding="utf-8")
