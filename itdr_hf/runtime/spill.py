"""The temporary folder to which an engine spills data that memory cannot hold, and the removal of leftover ones."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from itdr_hf.runtime.disk import watch_size

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
        with FileLock(folder / LOCK), watch_size(folder, _most, EVERY):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def peak() -> int:
    """Return the most bytes that this process was seen to have spilled at once, to the nearest quarter of a second."""
    return _most[0]


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):  # another user's, removed meanwhile, or in use
            if time.time() - folder.stat().st_mtime > GRACE_SECONDS:
                with FileLock(folder / LOCK, timeout=0):
                    shutil.rmtree(folder)
