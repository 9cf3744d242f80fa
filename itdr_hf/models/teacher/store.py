"""The store of answers: one append-only file, so that nothing paid for is lost or paid for again.

A folder with `answers.jsonl`, a line an answer with all that was asked, so that the key can be checked. A line is
added whole, under a lock, before anybody sees the answer: a kill at any byte leaves at most one line without an
end, which the next writer cuts off and counts. Rejected answers are kept too: they were paid for, and the
acceptance checks may change. Nothing secret is in it; it can be handed on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, NamedTuple

from filelock import FileLock

from itdr_hf.errors import OutputError, UsageError
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.claims import Claims
from itdr_hf.runtime.files import full_disk_named, write_atomically

FILE = "answers.jsonl"
SYNC_EVERY = 1.0  # seconds: a power cut costs no more than so much; a kill costs nothing


class Merged(NamedTuple):
    """What became of the answers of another file; a torn last line and damaged ones are not taken."""

    added: int
    known: int
    damaged: int


def default_store() -> Path:
    """$ITDR_ANSWERS, or itdr/answers in the user's data folder: not in a cache, which people empty."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(os.environ.get("ITDR_ANSWERS") or Path(base) / "itdr" / "answers").expanduser()


class Store:
    """The answers in a folder, by key; several processes may have it open. Use it in a `with` block.

    `torn` counts the unfinished last lines cut off, `damaged` the lines inside that are not an answer.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / FILE
        self.torn = self.damaged = 0
        self._places: dict[str, tuple[int, int]] = {}  # key -> offset, length
        self._read = 0  # how much of the file is known
        self._out: IO[bytes] | None = None
        self._synced = 0.0
        self._claims = Claims(folder / ".claims")

    def __enter__(self) -> Store:
        if self.path.is_file():
            with self._locked():
                self._cut_torn()
        return self

    def __exit__(self, *error: object) -> None:
        self._claims.close()
        if self._out is not None:
            os.fsync(self._out.fileno())
            self._out.close()
            self._out = None

    def __len__(self) -> int:
        return len(self._places)

    def get(self, key: str) -> Reply | None:
        """Return the answer with a key, also one that another process has added since."""
        if key not in self._places:
            self._catch_up()
        if key not in self._places:
            return None
        offset, length = self._places[key]
        with self.path.open("rb") as file:
            file.seek(offset)
            return _read_line(file.read(length))[1]

    def add(self, ask: Ask, reply: Reply) -> bool:
        """Keep an answer; False when the key has one already, which stays. Raises OutputError for a full disk."""
        line = _line(ask, reply)
        with full_disk_named(self.path), self._locked():
            self._cut_torn()
            if ask.key in self._places:
                return False
            self._append(line)
            self._places[ask.key] = (self._read, len(line))
            self._read += len(line)
        return True

    def claim(self, key: str) -> bool:
        """Whether this process may ask for a key now; False while another one is asking, until it ends or dies."""
        with full_disk_named(self.path):
            self.folder.mkdir(parents=True, exist_ok=True)
            return self._claims.take(key)

    def release(self, key: str) -> None:
        """Give a claim back, with or without an answer."""
        self._claims.give_back(key)

    def records(self) -> Iterator[tuple[Ask, Reply]]:
        """All answers, in the order they came."""
        self._catch_up()
        places = sorted(self._places.values())
        if not places:
            return
        with self.path.open("rb") as file:
            for offset, length in places:
                file.seek(offset)
                yield _read_line(file.read(length))

    def export(self, path: Path, wanted: Callable[[Ask], bool] = lambda ask: True) -> int:
        """Write the wanted answers to one file for others to merge; how many."""
        lines = [_line(ask, reply).decode() for ask, reply in self.records() if wanted(ask)]
        write_atomically(path, "".join(lines))
        return len(lines)

    def merge(self, path: Path) -> Merged:
        """Add the answers of an exported file, or of another store's; of two for one key ours stays.

        Raises UsageError when there is no such file or nothing in it is an answer.
        """
        path = path / FILE if path.is_dir() else path
        if not path.is_file():
            raise UsageError(f"{path}: no such file; want one of `itdr annotate --export`")
        added = known = damaged = 0
        with path.open("rb") as file:
            for line in file:
                try:
                    ask, reply = _read_line(line)
                except ValueError:
                    damaged += 1
                    continue
                new = self.add(ask, reply)
                added, known = added + new, known + (not new)
        if damaged and not added + known:
            raise UsageError(f"{path}: {damaged} lines, none an answer; want a file of `itdr annotate --export`")
        return Merged(added, known, damaged)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock").acquire(poll_interval=0.005):
            yield

    def _cut_torn(self) -> None:
        """Under the lock nobody is writing: a last line without an end is a killed writer's."""
        self._catch_up()
        if self.path.is_file() and self.path.stat().st_size > self._read:
            os.truncate(self.path, self._read)
            self.torn += 1

    def _catch_up(self) -> None:
        """Read the whole lines that were added since."""
        if not self.path.is_file() or self.path.stat().st_size <= self._read:
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                try:
                    self._places.setdefault(_read_line(line)[0].key, (self._read, len(line)))
                except ValueError:
                    self.damaged += 1
                self._read += len(line)

    def _append(self, line: bytes) -> None:
        if self._out is None:
            self._out = self.path.open("ab", buffering=0)
        if self._out.write(line) != len(line):
            os.truncate(self.path, self._read)
            raise OutputError(f"{self.folder}: the disk is full; want room for the answers; free some and run again")
        if time.monotonic() - self._synced > SYNC_EVERY:
            os.fsync(self._out.fileno())
            self._synced = time.monotonic()


def _line(ask: Ask, reply: Reply) -> bytes:
    asked = {"endpoint": ask.endpoint, "model": ask.model, "messages": ask.messages, "parameters": ask.parameters}
    return json.dumps({"key": ask.key, **asked, **asdict(reply)}, ensure_ascii=False).encode() + b"\n"


def _read_line(line: bytes) -> tuple[Ask, Reply]:
    """Return an answer and what was asked. Raises ValueError for a line that is none, or whose key is not its own."""
    try:
        fields = json.loads(line)
        key = fields.pop("key")
        asked = {name: fields.pop(name) for name in ("endpoint", "model", "messages", "parameters")}
        ask = Ask(**{**asked, "messages": tuple(asked["messages"])})
        reply = Reply(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an answer: {error}") from error
    if ask.key != key:
        raise ValueError("the key is not that of what was asked")
    return ask, reply
