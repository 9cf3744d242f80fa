"""One append-only file of JSON lines, whole after a kill at any byte.

A line is written by one call, before anybody is told of it. What a killed writer leaves is at most one line without
an end: readers do not see it, and the next writer cuts it off. The file knows nothing of what the lines mean.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

SYNC_EVERY = 1.0  # seconds: a power cut costs no more than this much; a kill costs nothing


class Line(NamedTuple):
    """A whole line, its end included, and the byte at which it begins."""

    offset: int
    data: bytes


class Journal:
    """A file of lines; `torn` counts the unfinished last lines that were cut off.

    Several processes may read it. Whoever writes holds a lock of his own choice around `cut_torn` and `append`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = 0
        self.size = 0  # bytes read or written so far: the end of the last whole line that is known
        self._out: IO[bytes] | None = None
        self._synced = 0.0

    def new_lines(self) -> Iterator[Line]:
        """Yield the whole lines that were added since; a last line without an end is left for later."""
        if not self.path.is_file() or self.path.stat().st_size <= self.size:
            return
        with self.path.open("rb") as file:
            file.seek(self.size)
            for data in file:
                if not data.endswith(b"\n"):
                    break
                line = Line(self.size, data)
                self.size += len(data)
                yield line

    def cut_torn(self) -> None:
        """Cut off what stands behind the last known line. Read the new lines first; hold the writers' lock."""
        if self.path.is_file() and self.path.stat().st_size > self.size:
            os.truncate(self.path, self.size)
            self.torn += 1

    def append(self, record: Mapping[str, Any]) -> Line:
        """Write one line. Raises OSError for a full disk, and leaves the file as it was: see `full_disk_named`."""
        data = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
        if self._out is None:
            self._out = self.path.open("ab", buffering=0)
        if self._out.write(data) != len(data):
            os.truncate(self.path, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        if time.monotonic() - self._synced > SYNC_EVERY:
            os.fsync(self._out.fileno())
            self._synced = time.monotonic()
        line = Line(self.size, data)
        self.size += len(data)
        return line

    def read(self, offset: int, length: int) -> bytes:
        """Return the line at a place that `new_lines` or `append` has named."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def close(self) -> None:
        """Put what was written on the disk and close the file."""
        if self._out is not None:
            os.fsync(self._out.fileno())
            self._out.close()
            self._out = None


def read_record(data: bytes) -> dict[str, Any]:
    """Return the object that a line holds. Raises ValueError for a line that is none, whatever is in it."""
    try:
        record = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("not an object")
    return record
