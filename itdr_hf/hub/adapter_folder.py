"""The local folder of an adapter: its files, and the checks before it is published."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.errors import HubError

WEIGHTS, CONFIG, RECIPE = "adapter_model.safetensors", "adapter_config.json", "recipe.json"
PARTS = ("recipe", "dataset", "prompt", "data", "model", "results")  # of recipe.json
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
VLLM_RANK = 16  # vLLM's default --max-lora-rank
SUFFIXES = (".json", ".safetensors", ".md", ".jinja", ".model", ".txt")  # of the files of an adapter and its tokenizer
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A checked adapter folder: its base model, its rank, and warnings for its users."""

    folder: Path
    base: str
    rank: int
    recipe: Mapping[str, Any]
    warnings: tuple[str, ...]


def check_adapter(folder: Path) -> Adapter:
    """Read and check a folder written by `itdr train`.

    Raises HubError for pickled or foreign files, weights that are not safetensors, a base that is not a Hub id,
    or a missing recipe.
    """
    for name in (WEIGHTS, CONFIG, RECIPE):
        if not (folder / name).is_file():
            raise HubError(
                f"{folder / name}: missing; want a folder written by `itdr train`; train again, or copy it completely"
            )
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix not in SUFFIXES:
            raise HubError(
                f"{path}: not a file of an adapter; want {', '.join(SUFFIXES)} only, no pickles; move it elsewhere"
            )
    config, recipe = _json(folder / CONFIG), _json(folder / RECIPE)
    if odd := [name for name in PARTS if not isinstance(recipe.get(name, {}), dict)]:
        raise HubError(
            f"{folder / RECIPE}: {odd[0]} is no object; want the file that `itdr train` wrote; copy it again"
        )
    tensors = _tensors(folder / WEIGHTS)
    base = _base(folder / CONFIG, config, recipe)
    rank = max([int(config.get("r") or 0), *map(int, (config.get("rank_pattern") or {}).values())])
    return Adapter(folder=folder, base=base, rank=rank, recipe=recipe, warnings=tuple(_warnings(config, rank, tensors)))


def _base(path: Path, config: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    base = str(config.get("base_model_name_or_path") or "")
    settings = recipe.get("recipe", {})  # a folder such as runs/base looks like a Hub id on another machine
    unnamed = not recipe.get("model", {}).get("on_hub", True) and not settings.get("base_id")
    a_folder = unnamed and base == settings.get("model")
    if a_folder or not HUB_ID.fullmatch(base) or Path(base).exists():
        raise HubError(
            f"{path}: base model {base!r} is a path; want a Hub id such as meta-llama/Llama-3.2-3B, which others can "
            f"load; publish the base (hf upload me/base {base}) and train with --base-id me/base (make train "
            "BASE_ID=me/base), or write its id there before you predict and score"
        )
    if Path(str(settings.get("model"))).is_absolute():
        raise HubError(
            f"{path.with_name(RECIPE)}: model {settings['model']!r} is a path on this machine, which would be public; "
            f"want {base} there too; write it before you predict and score"
        )
    return base


def _warnings(config: Mapping[str, Any], rank: int, tensors: Sequence[str]) -> list[str]:
    """Return warnings about what vLLM refuses, or accepts only with an option."""
    notes = []
    if rank > VLLM_RANK:
        notes.append(f"rank {rank} is above vLLM's default of {VLLM_RANK}: serve it with --max-lora-rank {rank}")
    if config.get("modules_to_save") or any("modules_to_save" in name for name in tensors):
        whole = ", ".join(config.get("modules_to_save") or ["some"])
        notes.append(
            f"modules_to_save ({whole}) are whole layers: vLLM refuses them, and the file is large; merge it to serve"
        )
    if config.get("use_dora") or config.get("bias", "none") != "none":
        notes.append("DoRA or bias: vLLM refuses such adapters; merge it to serve")
    return notes


def _tensors(path: Path) -> list[str]:
    """Return the tensor names in the header of a safetensors file. Raises HubError for any other file."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MAX_HEADER_BYTES:
                raise ValueError(f"header of {length} bytes")
            header = json.loads(file.read(length))
        names = [name for name in header if name != "__metadata__"]
        end = max(header[name]["data_offsets"][1] for name in names)
        if path.stat().st_size != 8 + length + end:
            raise ValueError(f"{path.stat().st_size} bytes, {8 + length + end} by its header")
    except (ValueError, KeyError, TypeError, struct.error, OSError) as error:
        raise HubError(f"{path}: {error}; want a complete safetensors file; train again, or copy it again") from error
    return names


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HubError(f"{path}: {error}; want JSON as `itdr train` or `itdr score` writes it") from error
    if not isinstance(found, dict):
        raise HubError(f"{path}: {type(found).__name__}; want a JSON object")
    return found
