"""The temporary folder to which an engine spills data that memory cannot hold, and the removal of leftover ones."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "itdr-spill-"
LOCK = "lock"  # a file in the folder, locked while its process lives
GRACE_SECONDS = 60.0  # a younger folder may not have its lock yet
EVERY = 0.25  # seconds between two looks at how much is spilled

_most = [0]  # bytes


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a temporary folder for the duration of a `with` block; those left by killed runs are removed first."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with FileLock(folder / LOCK), _watched(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def peak() -> int:
    """Return the most bytes that this process was seen to have spilled at once, to the nearest quarter of a second."""
    return _most[0]


@contextmanager
def _watched(folder: Path) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY):
            _most[0] = max(_most[0], _size(folder))

    threading.Thread(target=watch, name="spilled", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # removed meanwhile
                total += (Path(place) / name).stat().st_size
    return total


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):  # another user's, removed meanwhile, or in use
            if time.time() - folder.stat().st_mtime > GRACE_SECONDS:
                with FileLock(folder / LOCK, timeout=0):
                    shutil.rmtree(folder)
