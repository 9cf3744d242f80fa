"""Check the files of a model before it is loaded: pointers, cut files, missing shards, pickles; each is one line.

https://huggingface.co/docs/safetensors · https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/"
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
INDEX = "model.safetensors.index.json"
FETCH = "get it with `git lfs pull` or `hf download`"


def base_fault(folder: Path) -> str:
    """Return what keeps a folder from being loaded as a base model, as one line; '' if nothing does."""
    names = sorted(path.name for path in folder.iterdir())
    if "config.json" not in names:
        gguf = next((name for name in names if name.endswith(".gguf")), "")
        found = f"{gguf} is in the format of llama.cpp" if gguf else f"no config.json; found {_listed(names)}"
        return f"{found}; want a folder with config.json and safetensors; convert it, or choose another"
    return next(_file_faults(folder), "") or _shard_fault(folder) or _absence(folder, names)


def adapter_fault(folder: Path) -> str:
    """Return what keeps a folder from being loaded as an adapter, as one line; '' if nothing does."""
    names = sorted(path.name for path in folder.iterdir())
    if "adapter_config.json" not in names:
        return f"no adapter_config.json; found {_listed(names)}; want an adapter of peft; choose another"
    if "adapter_model.safetensors" not in names:
        pickled = "adapter_model.bin is pickled, which is never read" if "adapter_model.bin" in names else "no weights"
        return f"{pickled}; want adapter_model.safetensors; save it again with safe_serialization=True"
    return next(_file_faults(folder), "")


def safetensors_fault(path: Path) -> str:
    """Return what is wrong with a safetensors file, from its header and size alone; '' if it is complete."""
    try:
        end = max((entry["data_offsets"][1] for entry in _header(path).values()), default=0)
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
        if path.stat().st_size != 8 + length + end:
            return f"{path.stat().st_size} bytes, {8 + length + end} by its header"
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def tensor_names(path: Path) -> list[str]:
    """Return the names of the tensors of a safetensors file that has no fault."""
    return list(_header(path))


def _header(path: Path) -> dict[str, dict[str, list[int]]]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > MAX_HEADER_BYTES:
            raise ValueError(f"header of {length} bytes")
        header = json.loads(file.read(length))
    return {name: entry for name, entry in header.items() if name != "__metadata__"}


def _file_faults(folder: Path) -> Iterator[str]:
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        with path.open("rb") as file:
            begin = file.read(len(POINTER))
        if begin == POINTER:
            yield f"{path.name} is a Git LFS pointer, not the file itself; want the file; {FETCH}"
        elif path.suffix == ".safetensors" and (fault := safetensors_fault(path)):
            yield f"{path.name} is not complete ({fault}); want a complete safetensors file; download it again"


def _shard_fault(folder: Path) -> str:
    index = folder / INDEX
    if (folder / "model.safetensors").is_file() or not index.is_file():
        return ""
    try:
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{INDEX} cannot be read ({error}); want the list of its shards; download it again"
    missing = sorted(shard for shard in shards if not (folder / shard).is_file())
    if not missing:
        return ""
    return f"{missing[0]} is missing ({len(missing)} of {len(shards)} shards); want all of {INDEX}; download it again"


def _absence(folder: Path, names: list[str]) -> str:
    if (folder / "model.safetensors").is_file() or (folder / INDEX).is_file():
        return ""
    pickled = next((name for name in names if name.endswith(PICKLES)), "")
    if pickled:
        return f"{pickled} is pickled, which is never read; want model.safetensors; convert it with save_pretrained"
    return f"no weights; found {_listed(names)}; want model.safetensors; download it again"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more if names else "nothing"
