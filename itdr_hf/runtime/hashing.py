"""Hash facts together with the code that uses them, so that a cached result is reused only if neither has changed."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from itdr_hf.runtime.kept import read_kept, write_kept

_IMPORT = re.compile(r"^[ \t]*from (itdr_hf[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)


def fingerprint(facts: Any, modules: Iterable[str] = ()) -> str:
    """Return a hash, 16 hex digits, of JSON-able facts and the source text of the named modules and all they import.

    The modules a result depends on are found by following imports, at any depth and anywhere in a module, so that no
    hand-written list of module names can fall behind the code.
    """
    code = [_text(name) for name in imported_by(modules)]
    return hashlib.sha256(json.dumps([facts, code], sort_keys=True, default=str).encode()).hexdigest()[:16]


def imported_by(modules: Iterable[str]) -> list[str]:
    """Return the named modules and all modules of this package that they import, at any depth, sorted."""
    found: set[str] = set()
    waiting = set(modules)
    while waiting:
        found |= waiting
        waiting = {name for module in waiting for name in _imports(module)} - found
    return sorted(found)


@cache
def _imports(module: str) -> frozenset[str]:
    """Return the modules of this package that a module imports; an imported name may be a module or a member of one."""
    named: set[str] = set()
    for package, names in _IMPORT.findall(_text(module)):
        if package != "itdr_hf":
            named.add(package)
        named |= {f"{package}.{name.split()[0]}" for name in names.strip("()").split(",") if name.split()}
    return frozenset(name for name in named if _text(name))


@cache
def _text(module: str) -> str:
    """Return the source text of a module; "" if there is no such module or it was not loaded from a file."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    path = loaded or _origin(module)
    return Path(path).read_text(encoding="utf-8") if path else ""


def pseudonyms(source: str, salt: str) -> Callable[[str], str]:
    """Return the function from a user's id to the salted hash that stands for it in the datasets made of a source."""
    keyed = hashlib.blake2b(key=salt.encode()[:64], digest_size=8)

    def hashed(user: str) -> str:
        state = keyed.copy()
        state.update(f"{source}|{user}".encode())
        return state.hexdigest()

    return hashed


def forget() -> None:
    """Clear the cached source texts; for callers that change modules while running."""
    _text.cache_clear()
    _imports.cache_clear()


def _origin(module: str) -> str | None:
    try:
        spec = find_spec(module)
    except (ModuleNotFoundError, ValueError):  # the parent is no package; a module without a file
        return None
    return spec.origin if spec else None


def hash_file(path: Path, kind: str = "sha256") -> str:
    """Return the hex digest of a file's content, using bounded memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


SMALL = 2**20  # bytes: hashed in less time than it takes to write a note of the hash
_HASHING = Lock()  # when two threads hash the same file, the second uses the digest the first stored


def sha256(path: Path, memo: Path) -> str:
    """Return the sha256 of a file, cached while its size and mtime stay the same: in the folder `memo`, if it is not small."""
    stat = path.stat()
    with _HASHING:
        if stat.st_size < SMALL:
            return _small_sha256(str(path), stat.st_size, stat.st_mtime_ns)
        return _noted_sha256(path, memo, {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns})


@lru_cache(maxsize=2**17)
def _small_sha256(path: str, size: int, mtime_ns: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _noted_sha256(path: Path, memo: Path, current: dict[str, int]) -> str:
    note = memo / f"{hashlib.md5(str(path.resolve()).encode()).hexdigest()}.json"
    known = read_kept(note) or {}
    if all(known.get(key) == value for key, value in current.items()):
        return str(known["sha256"])

    digest = hash_file(path)
    write_kept(note, {**current, "sha256": digest})
    return digest
