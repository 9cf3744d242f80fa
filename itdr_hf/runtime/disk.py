"""Watch how much room on disk a folder takes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BLOCK = 512  # bytes, of which POSIX counts the room of a file


@contextmanager
def watch_size(folder: Path, most: list[int], every: float) -> Iterator[None]:
    """Raise `most[0]`, in bytes, to whatever a folder is seen to take in the block; looked at `every` so many seconds."""
    ended = threading.Event()

    def look() -> None:
        most[0] = max(most[0], size_of(folder))

    def watch() -> None:
        while not ended.wait(every):
            look()

    thread = threading.Thread(target=watch, name="disk", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        look()


def size_of(folder: Path) -> int:
    """Return the bytes that the files below a folder take on disk; files that are deleted meanwhile do not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).lstat().st_blocks * BLOCK
    return total
