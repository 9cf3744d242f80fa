"""One hash from facts and from the code that works on them: what is cached is found again only if both are the same."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def fingerprint(facts: Any, modules: Iterable[str] = ()) -> str:
    """16 hex digits from JSON-able facts and the source text of the named modules."""
    code = [inspect.getsource(import_module(name)) for name in sorted(set(modules))]
    return hashlib.sha256(json.dumps([facts, code], sort_keys=True, default=str).encode()).hexdigest()[:16]


def shared_modules(package: str) -> list[str]:
    """The underscore-named modules of a package: what its other modules share."""
    path = import_module(package).__path__
    return [f"{package}.{module.name}" for module in iter_modules(path) if module.name.startswith("_")]
