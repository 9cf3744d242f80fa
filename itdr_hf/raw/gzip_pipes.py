"""Compressed files, unpacked while they are read: threads of ours fill named pipes that the engine reads.

That takes half the time of DuckDB's own unpacking, and the checksums are looked at, which DuckDB does not do.
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

Mend = Callable[[bytes], bytes]
MARK = b"\xef\xbb\xbf"  # the byte order mark of UTF-8

CHUNK = 2**20  # bytes of content at a time, which is also the most that Linux lets a pipe hold
PAUSE = 0.01  # seconds between two looks at a thread that is asked to stop


class Unpacking:
    """Pipes of compressed files, each to be read once, in a `with` block.

    At its end all threads do, whether their pipes were read or not, and OSError is raised for a damaged file.
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

    def pipe(self, path: Path, mend: Mend | None = None) -> Path:
        """Return a pipe with the file's name and its folder's, so that errors still name those; `mend` changes its lines.

        A file that is not compressed goes through one too, to be fixed or to lose its byte order mark.
        """
        pipe = self._folder / uuid4().hex / path.parent.name / path.name
        pipe.parent.mkdir(parents=True)
        os.mkfifo(pipe)
        self._fillers.append(_Filler(path, pipe, mend))
        return pipe

    def check(self) -> None:
        """Raise OSError for a file that the engine did not read to its end: the rest would be missing in silence."""
        for filler in self._fillers:
            if not filler.whole:
                raise OSError(f"not read to its end ({filler.path})")

    def done(self) -> int:
        """How many bytes of the compressed files are read."""
        return sum(filler.done for filler in self._fillers)


class _Filler(Thread):
    """Unpacks one file into its pipe."""

    def __init__(self, path: Path, pipe: Path, mend: Mend | None) -> None:
        super().__init__(daemon=True)
        self.path, self.pipe, self.mend = path, pipe, mend
        self.done = 0
        self.whole = False  # whether its end has been given to the reader
        self.damage: Exception | None = None
        self._over = Event()
        self.start()

    def run(self) -> None:
        try:
            with self.pipe.open("wb", buffering=0) as out:
                _widen(out.fileno())
                self._fill(out.fileno())
        except BrokenPipeError:  # the reader has stopped, and says why
            pass
        except DAMAGED as error:
            self.damage = error

    def _fill(self, out: int) -> None:
        with open_bytes(self.path) as content:
            packed = getattr(content, "fileobj", content)
            for chunk in self._lines(content) if self.mend else self._chunks(content):
                if self._over.is_set():
                    return
                self.done = packed.tell()
                written = 0
                while written < len(chunk):
                    written += os.write(out, chunk[written:])
            self.whole = True

    def _chunks(self, content: IO[bytes]) -> Iterator[memoryview]:
        """Yield the content piece by piece, without a byte order mark."""
        chunk, first = memoryview(bytearray(CHUNK)), True
        while size := content.readinto(chunk):  # type: ignore[attr-defined]
            yield chunk[len(MARK) if first and chunk[: len(MARK)] == MARK else 0 : size]
            first = False

    def _lines(self, content: IO[bytes]) -> Iterator[bytes]:
        """Yield the content line by line, each mended."""
        assert self.mend is not None
        for number, line in enumerate(content):
            yield self.mend(line if number else line.removeprefix(MARK))

    def stop(self) -> None:
        """End the thread where it stands: opening a pipe that nobody reads, or writing to one."""
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
    with suppress(AttributeError, OSError):  # not on every system, and not without end
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK)
