"""The libraries of the extra [train], imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from itdr_hf.errors import UsageError


def extra(name: str) -> Any:
    """A module of the extra [train]; UsageError saying how to get it when it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"training: {error.name or name} is not installed; want the extra [train]; "
            "pip install 'itdr-hf[train]' (on a machine without a GPU, pip install torch==2.13.0 first)"
        ) from error
