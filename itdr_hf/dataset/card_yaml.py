"""The YAML header of a dataset card, which `datasets` and the Hub read."""

from __future__ import annotations

from typing import Any

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.folder import Dataset
from itdr_hf.records import SPLITS

DEFAULT_CONFIG = "all"
TERMS = (
    "Every source of this dataset has terms of its own; they are listed in the card. By asking for access you accept "
    "them, for research that is not commercial, and undertake not to pass the data on where they forbid it, nor to "
    "try to find out who anybody in it is."
)


def metadata(dataset: Dataset, repo_id: str = "itdr") -> dict[str, Any]:
    """Return the card's YAML: every cell and union as a config, unions as globs over the cells' files."""
    groups = members(dataset)
    sources = [dataset.cell(name).source for name in dataset.cells]
    total = sum(cell.examples for cell in dataset.cells.values())
    return {
        "pretty_name": f"{dataset.catalogue.family(dataset.ledger.family).title}: instructions for recommendation",
        "language": ["en"],
        **own_licence(repo_id, "datasets/"),
        "size_categories": [size_category(total)],
        "task_categories": ["text-generation"],
        "tags": ["itdr", "recommendation", "instruction-tuning", *dict.fromkeys(s.id for s in sources)],
        "extra_gated_prompt": TERMS,  # shown where access is asked for, `itdr push --gated`
        "configs": [_config(name, cells) for name, cells in groups.items()],
        "dataset_info": [_info(name, cells) for name, cells in groups.items()],
    }


def own_licence(repo_id: str, kind: str = "") -> dict[str, str]:
    """Return the licence metadata of a repository whose card states the licences, with a link as the Hub requires it."""
    link = {"license_link": f"https://huggingface.co/{kind}{repo_id}#licences"} if "/" in repo_id else {}
    return {"license": "other", "license_name": "per-source", **link}


def members(dataset: Dataset) -> dict[str, list[BuiltCell]]:
    """Return the cells of each config: unions of cells of one shape, then the cells themselves."""
    cells = list(dataset.cells.values())
    tasks = dataset.catalogue.unions(dataset.ledger.family)
    unions = {name: [cell for cell in cells if cell.task in ids] for name, ids in tasks.items()}
    alike = {name: found for name, found in unions.items() if len({cell.shape.name for cell in found}) == 1}
    return {**alike, **{cell.name: [cell] for cell in cells}}


def size_category(rows: int) -> str:
    """Return the Hub's size category for a number of rows."""
    bounds = [
        (1e3, "n<1K"),
        (1e4, "1K<n<10K"),
        (1e5, "10K<n<100K"),
        (1e6, "100K<n<1M"),
        (1e7, "1M<n<10M"),
        (1e8, "10M<n<100M"),
    ]
    return next((name for bound, name in bounds if rows < bound), "100M<n<1B")


def _config(name: str, cells: list[BuiltCell]) -> dict[str, Any]:
    """Return a config with the splits that have examples, as `datasets` fails on a split with only empty files."""
    files = []
    for split in SPLITS:
        paths = [f"{cell.name}/{split}-*" for cell in cells if cell.counts.get(split)]
        if paths:
            files.append({"split": split, "path": paths[0] if len(cells) == 1 else paths})
    config: dict[str, Any] = {"config_name": name, "data_files": files}
    return {**config, "default": True} if name == DEFAULT_CONFIG else config


def _info(name: str, cells: list[BuiltCell]) -> dict[str, Any]:
    files = {split: [f for c in cells if c.counts.get(split) for f in c.files_of(split)] for split in SPLITS}
    splits = [
        {"name": split, "num_bytes": sum(f.bytes for f in found), "num_examples": sum(f.rows for f in found)}
        for split, found in files.items()
        if found
    ]
    shape = cells[0].shape
    return {
        "config_name": name,
        "features": [shape.feature(column) for column in shape],
        "splits": splits,
        "download_size": sum(f.size for found in files.values() for f in found),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }
