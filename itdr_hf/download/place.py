"""The folders of a source: where files wait while they are downloaded, and where they are installed together."""

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

NOTE = ".downloads.json"  # in a source's folder: path -> URL and size of what was installed there


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of a source under the raw folder, and the one where its files wait until they are complete."""

    source: Source
    raw: Path

    @property
    def folder(self) -> Path:
        """The existing folder of the release, else its preferred one. Raises UsageError for a simulated release."""
        found = next(
            (self.raw / n for n in self.source.folders if (self.raw / n).is_dir()), self.raw / self.source.folders[0]
        )
        if (found / SIMULATED).exists():
            raise UsageError(
                f"{found}: a simulated release; want a folder for the real one; choose another --raw, or remove it"
            )
        return found

    @property
    def waiting(self) -> Path:
        return self.raw / ".downloads" / self.source.id


def lands(file: Download) -> tuple[Member, ...]:
    """Return the files that a download installs: itself, or the members of the archive."""
    return file.members or (Member(name=file.path, path=file.path, size=file.size, sha256=file.sha256, md5=file.md5),)


def present(place: Place, file: Download) -> bool:
    """Return whether a download is installed completely, by `install` or by the user with files of the known size."""
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


def install(place: Place, files: Mapping[Download, Sequence[Path]]) -> list[Path]:
    """Move downloaded files to the source's folder, which is marked incomplete in the meantime; return their paths."""
    folder, moves = place.folder, []
    noted = read_note(folder)
    for file, waiting in files.items():
        for member, path in zip(lands(file), waiting, strict=True):
            noted[member.path] = {"url": file.url, "size": path.stat().st_size}
            moves.append((path, folder / member.path))

    folder.mkdir(parents=True, exist_ok=True)
    (folder / INCOMPLETE).touch()
    write_atomically(folder / NOTE, json.dumps(noted, indent=1))  # before moving, so that a kill loses none of them
    for path, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)

    complete(place)
    for file in files:
        (place.waiting / file.path).unlink(missing_ok=True)
    return [target for _, target in moves]


def complete(place: Place) -> None:
    """Remove the mark of an incomplete folder, and empty waiting folders."""
    (place.folder / INCOMPLETE).unlink(missing_ok=True)
    waiting = [place.waiting, *sorted(place.waiting.rglob("*"), reverse=True)] if place.waiting.is_dir() else []
    for folder in [*waiting[1:], *waiting[:1], place.waiting.parent]:
        with suppress(OSError):  # not empty: other files are waiting
            folder.rmdir()


def read_note(folder: Path) -> dict[str, Any]:
    path = folder / NOTE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
