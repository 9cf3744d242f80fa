"""Decompress files while the engine reads them: threads fill named pipes.

This takes half the time of DuckDB's own decompression, and verifies the checksums, which DuckDB does not.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO
from uuid import uuid4

from itdr_hf.raw.dialects import DAMAGED, open_bytes

LineFix = Callable[[bytes], bytes]
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # the byte order mark of UTF-8

CHUNK = 2**20  # bytes of content at a time; also the maximum capacity of a pipe on Linux
PAUSE = 0.01  # seconds between two checks whether a stopped thread has ended


class Unpacking:
    """Single-use pipes with the content of compressed files, in a `with` block.

    When the block ends, all threads are stopped, whether their pipes were read or not, and OSError is raised for a
    damaged file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fillers: list[_Filler] = []

    def __enter__(self) -> Unpacking:
        return self

    def __exit__(self, *error: object) -> None:
        fillers, self._fillers = self._fillers, []
        for filler in fillers:
            filler.stop()
        for filler in fillers:
            if filler.damage:
                raise OSError(f"{filler.damage} ({filler.path})") from filler.damage

    def pipe(self, path: Path, fix: LineFix | None = None) -> Path:
        """Return a pipe named like the file and its folder, so that errors still name those; `fix` changes each line.

        An uncompressed file may also be read through a pipe, to be fixed or to lose its byte order mark.
        """
        pipe = self._folder / uuid4().hex / path.parent.name / path.name
        pipe.parent.mkdir(parents=True)
        os.mkfifo(pipe)
        self._fillers.append(_Filler(path, pipe, fix))
        return pipe

    def check(self) -> None:
        """Raise OSError for a file that the engine did not read to the end, as rows would be missing silently."""
        for filler in self._fillers:
            if not filler.complete:
                raise OSError(f"not read to its end ({filler.path})")

    def done(self) -> int:
        """Return how many bytes of the compressed files have been read."""
        return sum(filler.done for filler in self._fillers)


class _Filler(Thread):
    """A thread that decompresses one file into its pipe."""

    def __init__(self, path: Path, pipe: Path, fix: LineFix | None) -> None:
        super().__init__(daemon=True)
        self.path, self.pipe, self.fix = path, pipe, fix
        self.done = 0
        self.complete = False  # whether the whole content has been written
        self.damage: Exception | None = None
        self._over = Event()
        self.start()

    def run(self) -> None:
        try:
            with self.pipe.open("wb", buffering=0) as out:
                _widen(out.fileno())
                self._fill(out.fileno())
        except BrokenPipeError:  # the reader has stopped, and raises its own error
            pass
        except DAMAGED as error:
            self.damage = error

    def _fill(self, out: int) -> None:
        with open_bytes(self.path) as content:
            packed = getattr(content, "fileobj", content)
            for chunk in self._lines(content) if self.fix else self._chunks(content):
                if self._over.is_set():
                    return
                self.done = packed.tell()
                written = 0
                while written < len(chunk):
                    written += os.write(out, chunk[written:])
            self.complete = True

    def _chunks(self, content: IO[bytes]) -> Iterator[memoryview]:
        """Yield the content in chunks, without a byte order mark."""
        chunk, first = memoryview(bytearray(CHUNK)), True
        while size := content.readinto(chunk):  # type: ignore[attr-defined]
            yield chunk[
                len(BYTE_ORDER_MARK) if first and chunk[: len(BYTE_ORDER_MARK)] == BYTE_ORDER_MARK else 0 : size
            ]
            first = False

    def _lines(self, content: IO[bytes]) -> Iterator[bytes]:
        """Yield the fixed lines of the content."""
        assert self.fix is not None
        for number, line in enumerate(content):
            yield self.fix(line if number else line.removeprefix(BYTE_ORDER_MARK))

    def stop(self) -> None:
        """Stop the thread even if it is blocked on opening a pipe that nobody reads, or on writing to one."""
        self._over.set()
        self.join(PAUSE)
        if self.is_alive():
            drain = os.open(self.pipe, os.O_RDONLY | os.O_NONBLOCK)
            while self.is_alive():
                with suppress(BlockingIOError):
                    os.read(drain, CHUNK)
                self.join(PAUSE)
            os.close(drain)


def _widen(pipe: int) -> None:
    with suppress(AttributeError, OSError):  # not available on every system, and limited per user
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK)
