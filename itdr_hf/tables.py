"""Raw files to typed tables, each file scanned once, kept as Parquet keyed by content and reader.

    interactions  user, item [, domain] [, rating] , timestamp [, text] [, plays]   one row per (domain, user, item)
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
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock

from itdr_hf.cleaning import clean_interactions, clean_items, clean_users, count_dropped, count_noted, legible
from itdr_hf.dialects import record as record_at
from itdr_hf.engine import Engine
from itdr_hf.errors import MalformedRowError, UsageError
from itdr_hf.faults import Fault, faults, lost_lines, unreadable_named
from itdr_hf.fingerprint import fingerprint, shared_modules
from itdr_hf.outputs import new_folder, write_atomically
from itdr_hf.records import Source
from itdr_hf.release import TABLES, Release, find_release, sha256
from itdr_hf.scan import Scan, Select

Say = Callable[[str], None]
_READING = Lock()  # one release at a time: DuckDB's settings and functions are of the whole process
# The code that decides tables, besides the source's own module.
CODE = [f"itdr_hf.{n}" for n in ("cleaning", "dialects", "engine", "faults", "literals", "scan", "tables", "texts")]


@dataclass(frozen=True, kw_only=True)
class BadRows:
    """What to do with a malformed row: stop, or count it, up to a number of them."""

    policy: str = "error"
    most: int | None = None

    def __post_init__(self) -> None:
        if self.policy not in ("error", "skip"):
            raise UsageError(f"on_bad_row: {self.policy!r}; want 'error' or 'skip'")
        if self.most is not None and self.most < 0:
            raise UsageError(f"max_bad_rows: {self.most}; want 0 or more")


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The cached tables of one source: Parquet files in `folder`, and how they came to be."""

    source: Source
    release: Release
    folder: Path
    fingerprint: str
    record: dict[str, Any]  # layout, files (name, size, sha256), steps (table, what, rows), seconds

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
    size = sum(path.stat().st_size for paths in release.files.values() for path in paths)
    say(f"{release.source.id}: reading {release.layout.name} ({size / 1e6:,.1f} MB)")
    started = time.monotonic()
    with _READING, new_folder(folder, locked=True) as draft:
        try:
            steps = _read(release, draft, engine, bad)
        finally:
            files = located.result().files
        record: dict[str, Any] = {"layout": release.layout.name, "files": files, "steps": steps}
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


def _read(release: Release, draft: Path, engine: Engine, bad: BadRows) -> list[dict[str, Any]]:
    """Stage every table as read, then clean: items decide which interactions stay, and those the popularity."""
    engine.sql.create_function("unescape", html.unescape, ["VARCHAR"], "VARCHAR")
    steps: list[dict[str, Any]] = []
    staged: dict[str, Path] = {}
    try:
        for name in release.tables:
            scan = Scan(engine=engine, files=release.files, staged=staged)
            staged[name] = draft / f"staged-{name}.parquet"
            steps += _stage(release, name, scan, staged[name], bad)
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
        engine.sql.remove_function("unescape")
    for path in staged.values():
        path.unlink(missing_ok=True)
    return steps


def _stage(release: Release, name: str, scan: Scan, path: Path, bad: BadRows) -> list[dict[str, Any]]:
    table = release.layout.tables[name]
    with unreadable_named([*(p for role in table.roles for p in release.files[role]), *chain(*release.files.values())]):
        select: Select = table.read(scan)
        nulls = " OR ".join(f"({select.columns[c]}) IS NULL" for c in select.required)
        marks = [f"({nulls}) AS bad"] + ([f"{legible(select.columns['title'])} AS legible"] if name == "items" else [])
        rows = scan.engine.write(select.sql(*marks), path)
    counts, first = faults(scan.engine)
    for p in [p for p in counts if p in scan.quoted and bad.policy == "skip"]:
        counts[p] = max(0, lost_lines(scan.engine, p, scan.quoted[p])) or counts[p]
    own = {(p.parent.name, p.name) for role in table.roles for p in release.files[role]}  # a copy keeps these names
    rejected = sum(n for p, n in counts.items() if (p.parent.name, p.name) in own)
    beside = {p: n for p, n in counts.items() if (p.parent.name, p.name) not in own}
    query = f"SELECT count(*) FROM read_parquet('{path}') WHERE bad"
    nameless = scan.engine.value(query)
    if nameless and not first:
        first = _name_null_rows(release, name, scan)
    _judge(release, name, counts.total() + nameless, first, bad)
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
    return steps + (count_noted(scan.engine, name, path) if select.noted else [])


def _judge(release: Release, table: str, count: int, first: list[Fault], bad: BadRows) -> None:
    if not count or (bad.policy == "skip" and (bad.most is None or count <= bad.most)):
        return
    where = str(first[0]) if first else f"{release.folder.name}: a row of {table} without its required values"
    if bad.policy == "skip":
        raise MalformedRowError(
            f"{where}; {count:,} malformed rows, at most {bad.most:,} allowed; "
            "get the file again, or raise --max-bad-rows"
        )
    more = f" ({count:,} such rows)" if count > 1 else ""
    raise MalformedRowError(f"{where}{more}; get the file again, or count and skip such rows with --on-bad-row skip")


def _name_null_rows(release: Release, name: str, scan: Scan) -> list[Fault]:
    """Find the first row whose required values are missing: a second look, only when something is wrong."""
    table = release.layout.tables[name]
    for role in table.roles:
        for path in release.files[role]:
            numbered = scan.one_file(role, path)
            select: Select = table.read(numbered)
            nulls = " OR ".join(f"({select.columns[c]}) IS NULL" for c in select.required)
            try:
                query = f"SELECT min(_row) FROM {select.rows} WHERE {nulls}"
                row = scan.engine.value(query)
            except Exception:  # this table is not one record a row: name the file without a line
                continue
            finally:
                faults(scan.engine)
            if row is not None:
                line, text = record_at(path, row, numbered.dialects.get(role))
                wanted = " and ".join(select.required)
                return [Fault(path=path, line=line, found=repr(text.strip()[:160]), wanted=wanted)]
    return []
