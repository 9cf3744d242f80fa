"""Raw files to typed tables, each file scanned once, kept as Parquet keyed by content and reader.

    interactions  user, item [, domain] [, rating] , timestamp [, text_row] [, plays] [, dated]   one row per (domain, user, item)
    texts         text: of a release with reviews; which row of it an interaction's is, from 0, says its `text_row`
    items         item, title, norm, popularity [, domain] + the source's attribute columns
    users         user + the source's attribute columns
    activity      user [, domain], interactions, ratings: how many interactions, and how many with a rating

`timestamp` is seconds UTC, with a fraction where the release tells milliseconds, or the file's order where the release has no times. `norm` is the title as
compared: lower case, one blank between words. A NULL `rating` is an interaction without an opinion; `plays` is how
often, where that tells how much is liked; `dated` is false where a release tells the order and no time. Every row that was read and is not here is counted in
`steps`, with the reason.
"""

from __future__ import annotations

import inspect
import json
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.release import Release, find_release
from itdr_hf.raw.source import Source
from itdr_hf.runtime.engine import RawReader
from itdr_hf.runtime.files import default_cache, new_folder, write_atomically
from itdr_hf.runtime.hashing import fingerprint, sha256
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.tables.staging import _READING, _read


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The cached tables of one source: Parquet files in `folder`, and how they came to be."""

    source: Source
    release: Release
    folder: Path
    fingerprint: str
    record: dict[str, Any]  # layout, files (name, size, sha256), steps (table, what, rows), passed_over, seconds

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"


def ensure_tables(
    source: Source,
    raw: Path,
    *,
    engine: RawReader,
    cache: Path | None = None,
    bad: BadRows = BadRows(),
    progress: OnProgress = ignore,
) -> Tables:
    """Return the tables of a source, from the cache or read from its raw files.

    Raises MissingFileError when the release is not there and MalformedRowError for a row that does not
    parse, unless bad rows are to be skipped; nothing is left behind then.
    """
    release = find_release(source, raw)
    home = (cache or default_cache()) / "tables" / source.id
    home.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as hasher:
        located = hasher.submit(locate, source, raw, cache=cache, bad=bad)
        with FileLock(home / "first.lock"):
            if not any(home.glob("*/record.json")):  # nothing to be found: read while the files are hashed
                _fill(home / "first", release, located, engine, bad, progress)
                os.replace(home / "first", located.result().folder)
        folder = located.result().folder
    with FileLock(f"{folder}.lock"):
        if not (folder / "record.json").is_file():
            _fill(folder, release, located, engine, bad, progress)
    record = json.loads((folder / "record.json").read_text())
    return Tables(source=source, release=release, folder=folder, fingerprint=folder.name, record=record)


def _fill(
    folder: Path, release: Release, located: Future[Place], engine: RawReader, bad: BadRows, progress: OnProgress
) -> None:
    """Read a release into a folder of tables. A file that cannot be hashed is named before any row of it."""
    progress(Progress(f"{release.source.id}: reading {release.layout.name}", detail=f"{release.size() / 1e6:,.1f} MB"))
    started = time.monotonic()
    with _READING, new_folder(folder, locked=True) as draft:
        try:
            steps, passed_over = _read(release, draft, engine, bad, progress)
        finally:
            files = located.result().files
        record: dict[str, Any] = {"layout": release.layout.name, "files": files, "steps": steps}
        record["passed_over"] = passed_over  # rows as they stand in the raw files: for this user, not for the ledger
        record["seconds"] = round(time.monotonic() - started, 2)
        write_atomically(draft / "record.json", json.dumps(record, indent=1))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the tables of a release belong in the cache, whether they are there or not."""

    release: Release
    files: list[dict[str, Any]]  # role, name, size, sha256
    folder: Path


def locate(source: Source, raw: Path, *, cache: Path | None = None, bad: BadRows = BadRows()) -> Place:
    """Find a release and the place of its tables: by what the files hold and who reads them, not where they lie.

    Raises MissingFileError when the release is not there.
    """
    release = find_release(source, raw)
    cache = cache or default_cache()
    files = _describe(release, cache / "sha256")
    facts = [source.id, release.layout.name, files, bad.policy, bad.most]
    key = fingerprint(facts, readers(release))
    return Place(release=release, files=files, folder=cache / "tables" / source.id / key)


def readers(release: Release) -> set[str]:
    """Return the modules in which the code that reads a release into tables begins."""
    return {__name__, *(inspect.unwrap(table.read).__module__ for table in release.layout.tables.values())}


def _describe(release: Release, memo: Path) -> list[dict[str, Any]]:
    paths = [(role, path) for role, found in release.files.items() for path in found]
    return [
        {
            "role": role,
            "name": path.relative_to(release.folder).as_posix(),
            "size": path.stat().st_size,
            "sha256": sha256(path, memo),
        }
        for role, path in paths
    ]
