"""Where files are while they come and where they stay: nothing half in a source's folder, and nothing of two kinds."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError
from itdr_hf.raw.layout import Download, Member
from itdr_hf.raw.release import INCOMPLETE, SIMULATED
from itdr_hf.raw.source import Source
from itdr_hf.runtime.files import write_atomically

NOTE = ".downloads.json"  # in a source's folder: path -> what was put there, and from where


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of a source under the raw folder, and the one beside it where its files wait until they are whole."""

    source: Source
    raw: Path

    @property
    def folder(self) -> Path:
        """The folder the release is in already, else the one it should be in. Raises UsageError for a simulated one."""
        found = next(
            (self.raw / n for n in self.source.folders if (self.raw / n).is_dir()), self.raw / self.source.folders[0]
        )
        if (found / SIMULATED).exists():
            raise UsageError(
                f"{found}: a simulated release; want a folder for the true one; choose another --raw, or remove it"
            )
        return found

    @property
    def waiting(self) -> Path:
        return self.raw / ".downloads" / self.source.id


def lands(file: Download) -> tuple[Member, ...]:
    """Return what a download leaves in the folder: itself, or the members of the archive."""
    return file.members or (Member(name=file.path, path=file.path, size=file.size, sha256=file.sha256, md5=file.md5),)


def present(place: Place, file: Download) -> bool:
    """Whether all of a download is there: put down by us, or by the user with the size that is known."""
    noted = read_note(place.folder)
    for member in lands(file):
        path = place.folder / member.path
        if not path.is_file():
            return False
        known = noted.get(member.path)
        size = known["size"] if known and known["url"] == file.url else member.size
        if size is not None and path.stat().st_size != size:
            return False
    return True


def put_down(place: Place, files: Mapping[Download, Sequence[Path]]) -> list[Path]:
    """Move files that waited to where they stay; the folder is marked as long as some of them are missing."""
    folder, moves = place.folder, []
    noted = read_note(folder)
    for file, waiting in files.items():
        for member, path in zip(lands(file), waiting, strict=True):
            noted[member.path] = {"url": file.url, "size": path.stat().st_size}
            moves.append((path, folder / member.path))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INCOMPLETE).touch()
    write_atomically(folder / NOTE, json.dumps(noted, indent=1))  # before they move: then a kill loses none of them
    for path, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    complete(place)
    for file in files:
        (place.waiting / file.path).unlink(missing_ok=True)
    return [target for _, target in moves]


def complete(place: Place) -> None:
    """Take the mark away, and the folders in which nothing waits any more."""
    (place.folder / INCOMPLETE).unlink(missing_ok=True)
    waiting = [place.waiting, *sorted(place.waiting.rglob("*"), reverse=True)] if place.waiting.is_dir() else []
    for folder in [*waiting[1:], *waiting[:1], place.waiting.parent]:
        with suppress(OSError):  # not empty: something else waits
            folder.rmdir()


def read_note(folder: Path) -> dict[str, Any]:
    path = folder / NOTE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
