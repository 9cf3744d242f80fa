"""The lock of a raw folder, `itdr.lock`: the sha256 of every file of its releases and of every first download.

It records the exact bytes a dataset is built from, so that others can build from the same ones later: a build with
`--locked` accepts no others. Where no hash is published, a download must match the hash recorded when the file was first
downloaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from itdr_hf.errors import RawDataError, UsageError
from itdr_hf.raw.layout import Download, is_complete_sha256
from itdr_hf.runtime.files import write_atomically

LOCK = "itdr.lock"
MAX_LISTED = 5  # differences named in a message


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The recorded hashes, source -> file name -> sha256, of releases as found on disk and of files as downloaded."""

    raw: Path
    releases: dict[str, dict[str, str]] = field(default_factory=dict)
    downloads: dict[str, dict[str, str]] = field(default_factory=dict)

    def pin(self, source_id: str, file: Download) -> Download:
        """Return a file with the sha256 recorded at its first download, if none was published."""
        known = self.downloads.get(source_id, {}).get(file.path, "")
        return replace(file, sha256=known) if known and not is_complete_sha256(file.sha256) else file

    def note(self, source_id: str, path: str, sha256: str) -> None:
        """Record the sha256 of a file at its first download."""
        self.downloads.setdefault(source_id, {})[path] = sha256
        self.save()

    def save(self) -> None:
        """Write the lock; the same content always gives the same bytes."""
        document = {"format": 1, "releases": self.releases, "downloads": self.downloads}
        self.raw.mkdir(parents=True, exist_ok=True)
        write_atomically(self.raw / LOCK, json.dumps(document, indent=1, sort_keys=True) + "\n")

    def check(self, source_id: str, files: Sequence[Mapping[str, Any]]) -> None:
        """Check that the files of a release (name, sha256) are as locked. Raises RawDataError if not."""
        locked, here = self.releases.get(source_id), {file["name"]: file["sha256"] for file in files}
        if locked is None:
            raise RawDataError(
                f"{self.raw / LOCK}: no entry for {source_id}; want the hashes of its files; run `itdr lock {self.raw}`"
            )

        found = [f"{name} is missing" for name in locked if name not in here]
        found += [f"{name} is not locked" for name in here if name not in locked]
        found += [
            f"{name} has sha256 {here[name][:16]}…, locked is {sha256[:16]}…"
            for name, sha256 in locked.items()
            if here.get(name, sha256) != sha256
        ]
        if found:
            more = f"; and {len(found) - MAX_LISTED:,} more" if len(found) > MAX_LISTED else ""
            raise RawDataError(
                f"{source_id}: {'; '.join(found[:MAX_LISTED])}{more}; want the files recorded in {self.raw / LOCK}; "
                f"get those files again, or run `itdr lock {self.raw}` to accept these"
            )


def read_lock(raw: Path) -> Lock:
    """Read the lock of a raw folder; return an empty one if there is none. Raises UsageError for an invalid file."""
    path = raw / LOCK
    if not path.is_file():
        return Lock(raw=raw)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Lock(raw=raw, releases=_hashes(document["releases"]), downloads=_hashes(document["downloads"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: not a valid lock ({error}); want a file written by `itdr lock`; remove it and run that again"
        ) from error


def _hashes(document: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {
        str(source): {str(name): str(sha256) for name, sha256 in files.items()} for source, files in document.items()
    }
