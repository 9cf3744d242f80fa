"""Compressed files, unpacked while they are read: threads of ours fill named pipes that the engine reads.

That takes half the time of DuckDB's own unpacking, and the checksums are looked at, which DuckDB does not do.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from isal import igzip

from itdr_hf.raw.dialects import DAMAGED

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

    def pipe(self, path: Path) -> Path:
        """Return a pipe with the file's name and its folder's, so that errors still name those."""
        pipe = self._folder / uuid4().hex / path.parent.name / path.name
        pipe.parent.mkdir(parents=True)
        os.mkfifo(pipe)
        self._fillers.append(_Filler(path, pipe))
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

    def __init__(self, path: Path, pipe: Path) -> None:
        super().__init__(daemon=True)
        self.path, self.pipe = path, pipe
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
        chunk = memoryview(bytearray(CHUNK))
        with igzip.open(self.path, "rb") as content:
            while not self._over.is_set():
                size = content.readinto(chunk)
                self.done = content.fileobj.tell()
                if not size:
                    self.whole = True
                    return
                written = 0
                while written < size:
                    written += os.write(out, chunk[written:size])

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
