"""Load a pretrained model and name what is missing: one place for every base and adapter."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

from itdr_hf.errors import ModelError, UsageError


def revision_of(name: str, model: Any) -> str:
    """Return the commit of a Hub model, or of a folder 16 hex digits of the sha256 of its weights and configs."""
    folder = Path(name)
    if not folder.is_dir():
        return str(getattr(getattr(model, "config", None), "_commit_hash", None) or "")
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".json", ".jinja", ".model")):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _loaded(kind: Any, *args: Any, **options: Any) -> Any:
    try:
        return kind.from_pretrained(*args, **options)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        raise ModelError(f"{args[-1]}: {said}; want a Hub id or a folder with config.json and weights") from error


def _device() -> str:
    torch = _extra("torch")
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def _extra(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"local model: {name} is not installed; want it: pip install -e '.[train]'") from error


TRAIN = "the extra [train]; pip install -e '.[train]' (on a machine without a GPU, pip install torch==2.13.0 first)"


QLORA = "it for --quantised; pip install bitsandbytes, or train without --quantised"


def extra(name: str, wanted: str = TRAIN) -> Any:
    """Return a module that is imported when it is needed; UsageError saying how to get it when it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"training: {error.name or name} is not installed; want {wanted}") from error
