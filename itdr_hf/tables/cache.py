"""Read raw files into typed tables, scanning each file once, and cache them as Parquet keyed by content and reader.

    interactions  user, item [, domain] [, rating] , timestamp [, text_row] [, plays] [, dated]   one row per (domain, user, item)
    texts         text: the reviews, if the release has any; `text_row` of an interaction is its row here, from 0
    items         item, title, norm, popularity [, domain] + the source's attribute columns
    users         user + the source's attribute columns
    activity      user [, domain], interactions, ratings: the number of interactions, and of those with a rating
    impressions   of MIND: reader, moment, history, offers: what was offered when, clicked ("-1") or not ("-0")

`timestamp` is seconds UTC, with a fraction if the release has milliseconds, or the position in the file if the release
has no times. `norm` is the title for comparison: lower case, one blank between words, in one form of Unicode (NFKC). A
NULL `rating` is an interaction without an opinion; `plays` is the number of plays, in releases where it indicates
liking; `dated` is false where a release has the order and no time. Every row that was read but is not in the tables is
counted in `steps`, with the reason.
"""

from __future__ import annotations

import inspect
import os
import shutil
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
from itdr_hf.runtime.files import default_cache, new_folder
from itdr_hf.runtime.hashing import fingerprint, sha256
from itdr_hf.runtime.kept import RECORD, read_record, write_record
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.tables.staging import READ_LOCK, read_tables


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The cached tables of one source: Parquet files in `folder`, and a record of how they were made."""

    source: Source
    release: Release
    folder: Path
    fingerprint: str
    record: dict[str, Any]  # layout, files (name, size, sha256), steps (table, what, rows), skipped, seconds

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
    """Return the tables of a source, from the cache or by reading its raw files.

    Raises MissingFileError if the release is missing, and MalformedRowError for a row that does not parse, unless bad
    rows are to be skipped; after an error no partial tables remain.
    """
    release = find_release(source, raw)
    home = (cache or default_cache()) / "tables" / source.id
    home.mkdir(parents=True, exist_ok=True)

    with ThreadPoolExecutor(1) as hasher:
        located = hasher.submit(locate, source, raw, cache=cache, bad=bad)
        with FileLock(home / "first.lock"):
            if not any(home.glob(f"*/{RECORD}")):  # an empty cache: read while the files are hashed
                _fill(home / "first", release, located, engine, bad, progress)
                shutil.rmtree(located.result().folder, ignore_errors=True)  # it has lost its record
                os.replace(home / "first", located.result().folder)
        folder = located.result().folder

    with FileLock(f"{folder}.lock"):
        record = read_record(folder)
        if record is None:
            _fill(folder, release, located, engine, bad, progress)
            record = read_record(folder) or {}
    return Tables(source=source, release=release, folder=folder, fingerprint=folder.name, record=record)


def _fill(
    folder: Path, release: Release, located: Future[Place], engine: RawReader, bad: BadRows, progress: OnProgress
) -> None:
    """Read a release into a folder of tables. A file that cannot be hashed is reported before any of its rows."""
    progress(Progress(f"{release.source.id}: reading {release.layout.name}", detail=f"{release.size() / 1e6:,.1f} MB"))
    started = time.monotonic()
    with READ_LOCK, new_folder(folder, locked=True) as draft:
        try:
            steps, skipped = read_tables(release, draft, engine, bad, progress)
        finally:
            files = located.result().files
        record: dict[str, Any] = {"layout": release.layout.name, "files": files, "steps": steps}
        record["skipped"] = skipped  # rows quoted from the raw files: for this user, not for the ledger
        record["seconds"] = round(time.monotonic() - started, 2)
        write_record(draft, record)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The location of a release's tables in the cache, whether they exist or not."""

    release: Release
    files: list[dict[str, Any]]  # role, name, size, sha256
    folder: Path


def locate(source: Source, raw: Path, *, cache: Path | None = None, bad: BadRows = BadRows()) -> Place:
    """Find a release and the location of its tables, which depends on the content and the reader, not on the path.

    Raises MissingFileError if the release is missing.
    """
    release = find_release(source, raw)
    cache = cache or default_cache()
    files = _describe(release, cache / "sha256")
    facts = [source.id, release.layout.name, release.layout.facts, files, bad.policy, bad.max_rows]
    key = fingerprint(facts, readers(release))
    return Place(release=release, files=files, folder=cache / "tables" / source.id / key)


def readers(release: Release) -> set[str]:
    """Return the modules at which the code that reads a release into tables starts."""
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
