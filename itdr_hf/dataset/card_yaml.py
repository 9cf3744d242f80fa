"""The YAML at the head of a dataset card: what `datasets` and the Hub read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itdr_hf import catalogue
from itdr_hf.records import INSTRUCTION, SPLITS

DEFAULT_CONFIG = "all"
TERMS = (
    "Every source of this dataset has terms of its own; they are listed in the card. By asking for access you accept "
    "them, for research that is not commercial, and undertake not to pass the data on where they forbid it, nor to "
    "try to find out who anybody in it is."
)


def metadata(ledger: Mapping[str, Any], repo_id: str = "itdr") -> dict[str, Any]:
    """The card's YAML: every cell and union as a config, unions as globs over the cells' files."""
    groups = members(list(ledger["cells"]))
    sources = [catalogue.cell(name).source for name in ledger["cells"]]
    total = sum(sum(cell["counts"].values()) for cell in ledger["cells"].values())
    return {
        "pretty_name": "ITDR: instructions for recommendation",
        "language": ["en"],
        **own_licence(repo_id, "datasets/"),
        "size_categories": [size_category(total)],
        "task_categories": ["text-generation"],
        "tags": ["itdr", "recommendation", "instruction-tuning", *dict.fromkeys(s.id for s in sources)],
        "extra_gated_prompt": TERMS,  # shown where access is asked for, `itdr push --gated`
        "configs": [_config(name, cells) for name, cells in groups.items()],
        "dataset_info": [_info(name, cells, ledger) for name, cells in groups.items()],
    }


def own_licence(repo_id: str, kind: str = "") -> dict[str, str]:
    """The licence of a repository whose card tells it; the link is an address, as the Hub wants it."""
    link = {"license_link": f"https://huggingface.co/{kind}{repo_id}#licences"} if "/" in repo_id else {}
    return {"license": "other", "license_name": "per-source", **link}


def members(cells: list[str]) -> dict[str, list[str]]:
    """Config name -> its cells: unions that have any, then the cells themselves."""
    unions = {name: [c for c in cells if c.split("-")[0] in subtasks] for name, subtasks in catalogue.unions().items()}
    return {**{name: found for name, found in unions.items() if found}, **{name: [name] for name in cells}}


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    bounds = [
        (1e3, "n<1K"),
        (1e4, "1K<n<10K"),
        (1e5, "10K<n<100K"),
        (1e6, "100K<n<1M"),
        (1e7, "1M<n<10M"),
        (1e8, "10M<n<100M"),
    ]
    return next((name for bound, name in bounds if rows < bound), "100M<n<1B")


def _config(name: str, cells: list[str]) -> dict[str, Any]:
    files = [{"split": split, "path": [f"{cell}/{split}-*" for cell in cells]} for split in SPLITS]
    if len(cells) == 1:
        files = [{"split": split, "path": f"{cells[0]}/{split}-*"} for split in SPLITS]
    config: dict[str, Any] = {"config_name": name, "data_files": files}
    return {**config, "default": True} if name == DEFAULT_CONFIG else config


def _info(name: str, cells: list[str], ledger: Mapping[str, Any]) -> dict[str, Any]:
    files = {split: _files(cells, split, ledger) for split in SPLITS}
    splits = [
        {"name": split, "num_bytes": sum(f["bytes"] for f in found), "num_examples": sum(f["rows"] for f in found)}
        for split, found in files.items()
    ]
    return {
        "config_name": name,
        "features": [INSTRUCTION.feature(column) for column in INSTRUCTION],
        "splits": splits,
        "download_size": sum(f["size"] for found in files.values() for f in found),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _files(cells: list[str], split: str, ledger: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [f for c in cells for n, f in ledger["cells"][c]["files"].items() if n.startswith(f"{split}-")]
