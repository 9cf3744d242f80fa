"""The folder that an engine puts on disk what memory cannot hold, and those that killed runs left behind."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "itdr-spill-"
LOCK = "lock"  # in the folder; held as long as its process lives
NEW = 60.0  # seconds in which a folder may not have its lock yet


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a temporary folder for the length of a `with` block; what killed runs left in such folders is removed first."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with FileLock(folder / LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):  # another user's, gone meanwhile, or at work
            if time.time() - folder.stat().st_mtime > NEW:
                with FileLock(folder / LOCK, timeout=0):
                    shutil.rmtree(folder)
