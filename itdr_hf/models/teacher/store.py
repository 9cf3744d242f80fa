"""The store of answers: one append-only file, so that nothing paid for is lost or paid for again.

A folder with `answers.jsonl`, a line an answer with all that was asked, so that the key can be checked. A line is
added whole, under a lock, before anybody sees the answer: a kill at any byte leaves at most one line without an
end, which the next writer cuts off and counts. Rejected answers are kept too: they were paid for, and the
acceptance checks may change. Nothing secret is in it; it can be handed on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from itdr_hf.errors import UsageError
from itdr_hf.models.endpoint.reply import BadReply, checked_reply
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.claims import Claims
from itdr_hf.runtime.files import full_disk_named, write_atomically
from itdr_hf.runtime.journal import Journal, Line, read_record

FILE = "answers.jsonl"


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
        self.damaged = 0
        self._journal = Journal(self.path)
        self._places: dict[str, tuple[int, int]] = {}  # key -> offset, length
        self._claims = Claims(folder / ".claims")

    def __enter__(self) -> Store:
        if self.path.is_file():
            with self._locked():
                self._cut_torn()
        return self

    def __exit__(self, *error: object) -> None:
        self._claims.close()
        self._journal.close()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def torn(self) -> int:
        return self._journal.torn

    def get(self, key: str) -> Reply | None:
        """Return the answer with a key, also one that another process has added since."""
        if key not in self._places:
            self._catch_up()
        if key not in self._places:
            return None
        return _read_line(self._journal.read(*self._places[key]))[1]

    def add(self, ask: Ask, reply: Reply) -> bool:
        """Keep an answer; False when the key has one already, which stays. Raises OutputError for a full disk."""
        with full_disk_named(self.path), self._locked():
            self._cut_torn()
            if ask.key in self._places:
                return False
            self._know(ask.key, self._journal.append(_record(ask, reply)))
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
        for place in sorted(self._places.values()):
            yield _read_line(self._journal.read(*place))

    def export(self, path: Path, wanted: Callable[[Ask], bool] = lambda ask: True) -> int:
        """Write the wanted answers to one file for others to merge; how many."""
        lines = [json.dumps(_record(*both), ensure_ascii=False) + "\n" for both in self.records() if wanted(both[0])]
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
        """Cut off a last line without an end: under the lock nobody is writing, so it is a killed writer's."""
        self._catch_up()
        self._journal.cut_torn()

    def _catch_up(self) -> None:
        """Read the whole lines that were added since."""
        for line in self._journal.new_lines():
            try:
                self._know(_read_line(line.data)[0].key, line)
            except ValueError:
                self.damaged += 1

    def _know(self, key: str, line: Line) -> None:
        self._places.setdefault(key, (line.offset, len(line.data)))


def _record(ask: Ask, reply: Reply) -> dict[str, Any]:
    asked = {"endpoint": ask.endpoint, "model": ask.model, "messages": ask.messages, "parameters": ask.parameters}
    said = {
        name: value
        for name, value in asdict(reply).items()
        if name not in ("adapted", "scores", "prompt_scores") or value
    }
    return {"key": ask.key, **asked, **said}


def _read_line(line: bytes) -> tuple[Ask, Reply]:
    """Return an answer and what was asked, repaired where an earlier version kept what an endpoint made up.

    Raises ValueError for a line that is no answer, or whose key is not its own.
    """
    fields = read_record(line)
    try:
        asked = {name: fields.pop(name) for name in ("endpoint", "model", "messages", "parameters")}
        ask = Ask(**{**asked, "messages": tuple(asked["messages"])})
        if fields.pop("key") != ask.key:
            raise ValueError("the key is not that of what was asked")
        if "text" not in fields or not isinstance(ask.parameters, dict):
            raise ValueError("not an answer")
        return ask, checked_reply(fields)
    except (KeyError, TypeError, AttributeError, BadReply, RecursionError) as error:
        raise ValueError(f"not an answer: {error}") from error
