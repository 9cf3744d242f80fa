"""The libraries of the extra [train], imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from itdr_hf.errors import UsageError

TRAIN = "the extra [train]; pip install 'itdr-hf[train]' (on a machine without a GPU, pip install torch==2.13.0 first)"
QLORA = "it for --quantised; pip install bitsandbytes, or train without --quantised"


def extra(name: str, wanted: str = TRAIN) -> Any:
    """A module that is imported when it is needed; UsageError saying how to get it when it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"training: {error.name or name} is not installed; want {wanted}") from error
