"""An append-only file of JSON lines that survives a kill at any byte.

A line is written by one call, before its content is reported to anyone. A killed writer leaves at most one unterminated
line: readers ignore it, and the next writer cuts it off. The module knows nothing about what the lines mean.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

SYNC_EVERY = 1.0  # seconds between fsyncs: a power cut loses at most this much; a kill loses nothing


class Line(NamedTuple):
    """A complete line, with its line feed, and the byte offset at which it begins."""

    offset: int
    data: bytes


class Journal:
    """A file of lines; `torn` counts the unterminated last lines that were cut off.

    Several processes may read it. A writer must hold a lock of its choice around `cut_torn` and `append`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = 0
        self.size = 0  # bytes read or written so far: the end of the last known complete line
        self._out: IO[bytes] | None = None
        self._synced = 0.0

    def new_lines(self) -> Iterator[Line]:
        """Yield the complete lines added since the last call; an unterminated last line is left for later."""
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
        """Cut off everything after the last known line. Read the new lines first, and hold the writers' lock."""
        if self.path.is_file() and self.path.stat().st_size > self.size:
            os.truncate(self.path, self.size)
            self.torn += 1

    def append(self, record: Mapping[str, Any]) -> Line:
        """Append one record as a line and return it.

        Raises OSError for a full disk, leaving the file as it was: see `full_disk_named`.
        """
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
        """Return the bytes of the line at an offset given by `new_lines` or `append`."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def close(self) -> None:
        """Flush to disk and close the file."""
        if self._out is not None:
            os.fsync(self._out.fileno())
            self._out.close()
            self._out = None


def read_record(data: bytes) -> dict[str, Any]:
    """Return the JSON object in a line. Raises ValueError for anything else."""
    try:
        record = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(record, dict):
        raise ValueError("not an object")
    return record
