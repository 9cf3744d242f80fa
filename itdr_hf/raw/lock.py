"""The lock of a raw folder, `itdr.lock`: the sha256 of every file of its releases, and of what was downloaded first.

It says which bytes a dataset is built from, so that another person, on another day, builds from the same ones: a build
with `--locked` takes no others. Where nobody has published a hash, a download is held to the one recorded when the file
was first obtained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from itdr_hf.errors import RawDataError, UsageError
from itdr_hf.raw.layout import Download, whole
from itdr_hf.runtime.files import write_atomically

LOCK = "itdr.lock"
NAMED = 5  # differences that a message lists


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What is recorded: source -> name of a file -> sha256, of releases as they lie here and of files as downloaded."""

    raw: Path
    releases: dict[str, dict[str, str]] = field(default_factory=dict)
    downloads: dict[str, dict[str, str]] = field(default_factory=dict)

    def pin(self, source_id: str, file: Download) -> Download:
        """Return a file with the sha256 that was recorded at its first download, where none was published."""
        known = self.downloads.get(source_id, {}).get(file.path, "")
        return replace(file, sha256=known) if known and not whole(file.sha256) else file

    def note(self, source_id: str, path: str, sha256: str) -> None:
        """Record the sha256 of a file at its first download."""
        self.downloads.setdefault(source_id, {})[path] = sha256
        self.save()

    def save(self) -> None:
        """Write the lock, the same bytes for the same content."""
        document = {"format": 1, "releases": self.releases, "downloads": self.downloads}
        self.raw.mkdir(parents=True, exist_ok=True)
        write_atomically(self.raw / LOCK, json.dumps(document, indent=1, sort_keys=True) + "\n")

    def check(self, source_id: str, files: Sequence[Mapping[str, Any]]) -> None:
        """Compare the files of a release (name, sha256) with what is locked. Raises RawDataError for other bytes."""
        locked, here = self.releases.get(source_id), {file["name"]: file["sha256"] for file in files}
        if locked is None:
            raise RawDataError(
                f"{self.raw / LOCK}: nothing about {source_id}; want the hashes of its files; run `itdr lock {self.raw}`"
            )
        found = [f"{name} is not here" for name in locked if name not in here]
        found += [f"{name} is not locked" for name in here if name not in locked]
        found += [
            f"{name} has sha256 {here[name][:16]}…, locked is {sha256[:16]}…"
            for name, sha256 in locked.items()
            if here.get(name, sha256) != sha256
        ]
        if found:
            more = f"; and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
            raise RawDataError(
                f"{source_id}: {'; '.join(found[:NAMED])}{more}; want the bytes that {self.raw / LOCK} names; "
                f"get those files again, or run `itdr lock {self.raw}` to take these"
            )


def read_lock(raw: Path) -> Lock:
    """Read the lock of a raw folder; an empty one where there is none. Raises UsageError for a file that is no lock."""
    path = raw / LOCK
    if not path.is_file():
        return Lock(raw=raw)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Lock(raw=raw, releases=_hashes(document["releases"]), downloads=_hashes(document["downloads"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: no lock ({error}); want what `itdr lock` wrote; remove it, and run that again"
        ) from error


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hashes(document: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {
        str(source): {str(name): str(sha256) for name, sha256 in files.items()} for source, files in document.items()
    }
