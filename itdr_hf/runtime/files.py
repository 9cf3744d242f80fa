"""Atomic writes: a process killed at any moment leaves the old content or the new, never a mixture.

A draft is a hidden folder that its process holds by a lock, which ends with the process: so the next run knows the drafts
of killed ones and removes them.
"""

from __future__ import annotations

import ctypes
import fcntl
import glob
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from itdr_hf.errors import OutputError


def write_atomically(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it into place."""
    with full_disk_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, *, locked: bool = False, before: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Make a temporary folder next to `path` that replaces it if the block succeeds and is removed if it fails.

    `before` is called when the folder is complete and about to replace `path`.

    Drafts of killed runs are removed; with `locked`, which means that the caller holds the folder's lock, all drafts.
    """
    with full_disk_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if locked:
            _clear(path)
    with full_disk_named(path), _draft(path.parent, path.name) as draft:
        yield draft
        before()
        _swap(draft, path)


@contextmanager
def new_files(folder: Path) -> Iterator[Path]:
    """Make a temporary folder in `folder`; its files are moved there, one by one, if the block succeeds.

    If the block fails they are removed.
    """
    with full_disk_named(folder / "files"):
        folder.mkdir(parents=True, exist_ok=True)
        with _draft(folder, "files") as draft:
            yield draft
            for path in sorted(draft.iterdir()):
                path.replace(folder / path.name)


@contextmanager
def _draft(folder: Path, name: str) -> Iterator[Path]:
    """Make a hidden folder that is held until the block ends, and then removed; those that nobody holds are removed first."""
    for left in folder.glob(f".{glob.escape(name)}.????????"):
        _remove_unheld(left)
    draft = folder / f".{name}.{uuid.uuid4().hex[:8]}"
    held = _made_and_held(draft)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(held)


def _made_and_held(draft: Path) -> int:
    """Make a folder and lock it; again, if another process took it for a killed one's before it was locked."""
    while True:
        draft.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            held = os.open(draft, os.O_RDONLY)
            with suppress(OSError):  # on file systems without locks
                fcntl.flock(held, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(held), draft.stat()):
                    return held
            os.close(held)


def _remove_unheld(draft: Path) -> None:
    with suppress(OSError):  # it is held, or gone by now
        found = os.open(draft, os.O_RDONLY)
        try:
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(draft, ignore_errors=True)
        finally:
            os.close(found)


def _clear(path: Path) -> None:
    olds = list(path.parent.glob(f".{glob.escape(path.name)}.????????.old"))
    if olds and not path.exists():  # killed between the two renames of `_swap`
        os.replace(olds[0], path)
    for draft in [*olds, *path.parent.glob(f".{glob.escape(path.name)}.????????")]:
        shutil.rmtree(draft, ignore_errors=True)


def _swap(draft: Path, path: Path) -> None:
    """Replace `path` by the draft: in one step where the system supports it, else in two."""
    if path.exists() and _exchange(draft, path):
        return  # the draft's name now holds the old content, which the caller removes
    old = draft.with_name(draft.name + ".old")
    if path.exists():
        os.replace(path, old)
    os.replace(draft, path)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux, most file systems), so that both names always exist; return whether it worked."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0  # type: ignore[no-any-return]


def sweep(folder: Path) -> None:
    """Remove the drafts that killed runs left in a folder; call it only while holding the folder's lock."""
    for draft in folder.glob(".*.????????*"):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn a full disk or a lack of permission, reported by any library, into an OutputError naming the path."""
    try:
        yield
    except Exception as error:
        text = str(error)
        if "No space left" in text or "out of disk space" in text.lower():
            raise OutputError(
                f"{path.parent}: the disk is full; want room for the output; free some and run again"
            ) from error
        if (
            isinstance(error, PermissionError | FileNotFoundError | NotADirectoryError)
            or "Permission denied" in text
            or "Read-only file system" in text
        ):
            raise OutputError(
                f"{path.parent}: not writable; want a folder this user may write; choose another"
            ) from error
        raise


def default_cache() -> Path:
    """Return the cache folder: $ITDR_CACHE, or `itdr` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("ITDR_CACHE") or Path(base) / "itdr").expanduser()
