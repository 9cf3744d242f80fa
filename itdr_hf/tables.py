"""Raw files to typed tables, each file scanned once, kept as Parquet keyed by content and reader.

    interactions  user, item [, domain] [, rating] , timestamp [, text_row] [, plays]   one row per (domain, user, item)
    texts         text: of a release with reviews; which row of it an interaction's is, from 0, says its `text_row`
    items         item, title, norm, popularity [, domain] + the source's attribute columns
    users         user + the source's attribute columns
    activity      user [, domain], interactions, ratings: how many interactions, and how many with a rating

`timestamp` is seconds UTC, or the file's order where the release has no times. `norm` is the title as
compared: lower case, one blank between words. A NULL `rating` is an interaction without an opinion; `plays` is how
often, where that tells how much is liked. Every row that was read and is not here is counted in
`steps`, with the reason.
"""

from __future__ import annotations

import html
import inspect
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock

from itdr_hf.cleaning import WIDE, clean_interactions, clean_items, clean_users, count_dropped, count_noted, marks_of
from itdr_hf.engine import Engine
from itdr_hf.faults import faults, lost_lines, unreadable_named
from itdr_hf.fingerprint import fingerprint, shared_modules
from itdr_hf.malformed import BadRows, judge, listed, rows_without
from itdr_hf.outputs import new_folder, write_atomically
from itdr_hf.progress import watching
from itdr_hf.records import Source
from itdr_hf.release import TABLES, Release, find_release, sha256
from itdr_hf.scan import Scan, Select, Staged
from itdr_hf.unpacking import Unpacking

Say = Callable[[str], None]
_READING = Lock()  # one release at a time: DuckDB's settings and functions are of the whole process
# The code that decides tables, besides the source's own module.
CODE = [
    f"itdr_hf.{n}"
    for n in ("cleaning", "dialects", "engine", "faults", "literals", "malformed", "scan", "tables", "texts",
              "unpacking")
]  # fmt: skip


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


def default_cache() -> Path:
    """$ITDR_CACHE, or itdr in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("ITDR_CACHE") or Path(base) / "itdr").expanduser()


def ensure_tables(
    source: Source,
    raw: Path,
    *,
    engine: Engine,
    cache: Path | None = None,
    bad: BadRows = BadRows(),
    say: Say = lambda text: None,
) -> Tables:
    """The tables of a source, from the cache or read from its raw files.

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
                _fill(home / "first", release, located, engine, bad, say)
                os.replace(home / "first", located.result().folder)
        folder = located.result().folder
    with FileLock(f"{folder}.lock"):
        if not (folder / "record.json").is_file():
            _fill(folder, release, located, engine, bad, say)
    record = json.loads((folder / "record.json").read_text())
    return Tables(source=source, release=release, folder=folder, fingerprint=folder.name, record=record)


def _fill(folder: Path, release: Release, located: Future[Place], engine: Engine, bad: BadRows, say: Say) -> None:
    """Read a release into a folder of tables. A file that cannot be hashed is named before any row of it."""
    say(f"{release.source.id}: reading {release.layout.name} ({release.size() / 1e6:,.1f} MB)")
    started = time.monotonic()
    with _READING, new_folder(folder, locked=True) as draft:
        try:
            steps, passed_over = _read(release, draft, engine, bad, say)
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
    readers = {inspect.unwrap(table.read).__module__ for table in release.layout.tables.values()}
    facts = [source.id, release.layout.name, files, bad.policy, bad.most]
    key = fingerprint(facts, {*readers, *CODE, *shared_modules("itdr_hf.sources")})
    return Place(release=release, files=files, folder=cache / "tables" / source.id / key)


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


def _read(
    release: Release, draft: Path, engine: Engine, bad: BadRows, say: Say
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stage every table as read, then clean: items decide which interactions stay, and those the popularity."""
    engine.sql.create_function("unescape", html.unescape, ["VARCHAR"], "VARCHAR")
    steps: list[dict[str, Any]] = []
    passed_over: list[dict[str, Any]] = []
    staged: dict[str, Staged] = {}
    try:
        for name in release.tables:
            scan = Scan(engine=engine, files=release.files, staged=staged, unpacking=Unpacking(engine.spill))
            staged[name], read = _stage(release, name, scan, draft / f"staged-{name}.parquet", bad, passed_over, say)
            steps += read
            if name not in TABLES:  # others are only read from: cleaning does not see them
                steps += count_dropped(engine, name, staged[name])
                kept = sum(step["rows"] for step in steps if step["table"] == name)
                steps.append({"table": name, "what": "kept", "rows": kept})
        for name, clean in (
            ("interactions", clean_interactions),
            ("items", clean_items),
            ("users", clean_users),
        ):
            if name in staged:
                steps += clean(engine, release.source, staged, draft / f"{name}.parquet")
    finally:
        engine.remove_function("unescape")
    for stage in staged.values():
        stage.path.unlink(missing_ok=True)
    return steps, passed_over


def _written(release: Release, name: str, scan: Scan, query: str, path: Path, say: Say) -> int:
    """Write what a query reads from raw files, telling how many of their bytes are read, and at last the rows."""
    what, size = f"{release.source.id}: {name}", release.size(name)
    megabytes = size // 10**6
    far = watching(
        lambda: max(scan.engine.progress(), scan.unpacking.done() / size),
        megabytes,
        lambda done: say(f"{what}: {done:,} of {megabytes:,} MB"),
    )
    with far if megabytes >= 10 else nullcontext():
        rows = scan.engine.write(query, path, **({"row_group_size": WIDE} if name == "items" else {}))
    say(f"{what}: {rows:,} rows")
    return rows


def _stage(
    release: Release, name: str, scan: Scan, path: Path, bad: BadRows, passed_over: list[dict[str, Any]], say: Say
) -> tuple[Staged, list[dict[str, Any]]]:
    table = release.layout.tables[name]
    files = [*(p for role in table.roles for p in release.files[role]), *chain(*release.files.values())]
    with unreadable_named(files), scan.unpacking:
        select: Select = table.read(scan)
        rows = _written(release, name, scan, select.sql(*marks_of(name, select.columns)), path, say)
        scan.unpacking.check()
    staged = Staged(path=path, required=select.required)
    counts, first = faults(scan.engine)
    for p in [p for p in counts if p in scan.quoted and bad.policy == "skip"]:
        counts[p] = max(0, lost_lines(scan.engine, p, scan.quoted[p])) or counts[p]
    own = {(p.parent.name, p.name) for role in table.roles for p in release.files[role]}  # a copy keeps these names
    rejected = sum(n for p, n in counts.items() if (p.parent.name, p.name) in own)
    beside = {p: n for p, n in counts.items() if (p.parent.name, p.name) not in own}
    nameless = scan.engine.value(f"SELECT count(*) FROM {staged.rows} WHERE bad")
    if nameless and not (first and bad.policy == "error"):
        first += rows_without(release, name, scan, counts)
    judge(release, name, malformed := counts.total() + nameless, first, bad)
    passed_over += [listed(name, malformed, first)] if malformed else []
    stood_for = rows
    if select.merged:
        stood_for = scan.engine.value(f"SELECT coalesce(sum({select.merged}), 0)::BIGINT FROM read_parquet('{path}')")
    steps = [{"table": name, "what": "read", "rows": stood_for + rejected}]
    if stood_for != rows:
        what = f"repeated (user, item), counted as {select.merged}"
        steps.append({"table": name, "what": what, "rows": rows - stood_for})
    if rejected + nameless:
        steps.append({"table": name, "what": "malformed", "rows": -(rejected + nameless)})
    steps += [
        {"table": name, "what": f"malformed in {p.name} ({n:,} passed over)", "rows": 0} for p, n in beside.items()
    ]
    return staged, steps + (count_noted(scan.engine, name, staged) if select.noted else [])
