"""The packages of the extra [eval], imported only when a text metric is asked for."""

from __future__ import annotations

from importlib import import_module, metadata
from types import ModuleType

from itdr_hf.errors import UsageError


def eval_module(name: str) -> ModuleType:
    """Return a module of nltk or rouge_score, or an error that says how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise _missing(name.partition(".")[0]) from error


def eval_version(distribution: str) -> str:
    """Return the version of an installed distribution of the extra."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError as error:
        raise _missing(distribution) from error


def _missing(package: str) -> UsageError:
    wanted = "want it for BLEU and ROUGE: pip install -e '.[eval]'"
    return UsageError(f"text metrics: {package} is not installed; {wanted}")
