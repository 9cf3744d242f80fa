"""Read a release's files into staged tables."""

from __future__ import annotations

import html
import unicodedata
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from itdr_hf.raw.gzip_pipes import Unpacking
from itdr_hf.raw.malformed import (
    BadRows,
    check_allowed,
    check_files,
    faults,
    find_incomplete_rows,
    lost_lines,
    skipped_summary,
    unreadable_named,
)
from itdr_hf.raw.release import TABLES, Release
from itdr_hf.raw.scan import Scan, Select, Staged
from itdr_hf.runtime.engine import RawReader
from itdr_hf.runtime.progress import OnProgress, Progress, watching
from itdr_hf.tables.cleaning import (
    ITEM_GROUP_ROWS,
    clean_interactions,
    clean_items,
    clean_users,
    count_dropped,
    count_noted,
    marks_of,
)
from itdr_hf.tables.losses import folder_named, refuse_nearly_empty

MIN_PROGRESS_BYTES = 10**7  # progress is reported only for tables with larger files
READ_LOCK = Lock()  # one release at a time: DuckDB's settings and functions are shared by the process


def read_tables(
    release: Release, draft: Path, engine: RawReader, bad: BadRows, progress: OnProgress
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stage every table, then clean them: items decide which interactions stay, and those decide the popularity.

    Returns the counted steps, and the summaries of skipped malformed rows.
    """
    check_files(release)
    functions = {"unescape": html.unescape, "nfkc": _nfkc}
    for name, function in functions.items():
        engine.sql.create_function(name, function, ["VARCHAR"], "VARCHAR")
    steps: list[dict[str, Any]] = []
    skipped: list[dict[str, Any]] = []
    staged: dict[str, Staged] = {}
    try:
        for name in release.tables:
            scan = Scan(engine=engine, files=release.files, staged=staged, unpacking=Unpacking(engine.spill))
            staged[name], read = _stage(release, name, scan, draft / f"staged-{name}.parquet", bad, skipped, progress)
            steps += read
            if name not in TABLES:  # other tables are only sources for these and are not cleaned
                steps += count_dropped(engine, name, staged[name])
                kept = sum(step["rows"] for step in steps if step["table"] == name)
                steps.append({"table": name, "what": "kept", "rows": kept})

        for name, clean in (
            ("interactions", clean_interactions),
            ("items", clean_items),
            ("users", clean_users),
        ):
            if name in staged:
                with folder_named(release.folder):
                    steps += clean(engine, release.source, staged, draft / f"{name}.parquet")
    finally:
        for name in functions:
            engine.remove_function(name)

    refuse_nearly_empty(release, steps, staged, engine)
    for name, stage in staged.items():
        if release.layout.tables[name].kept:
            stage.path.replace(draft / f"{name}.parquet")
        stage.path.unlink(missing_ok=True)
    return steps, skipped


def _nfkc(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).lower().split())


def _write(release: Release, name: str, scan: Scan, query: str, path: Path, progress: OnProgress) -> int:
    """Write the rows that a query reads from raw files, reporting the bytes read and finally the rows."""
    what, size = f"{release.source.id}: {name}", release.size(name)
    reporting = watching(
        lambda: max(scan.engine.progress(), scan.unpacking.done() / size),
        size,
        lambda done: progress(Progress(what, done, size, "B")),
    )
    with reporting if size >= MIN_PROGRESS_BYTES else nullcontext():
        rows = scan.engine.write(query, path, **({"row_group_size": ITEM_GROUP_ROWS} if name == "items" else {}))
    progress(Progress(what, detail=f"{rows:,} rows"))
    return rows


def _attempt(release: Release, name: str, scan: Scan, path: Path, progress: OnProgress) -> tuple[Scan, Select, int]:
    """Read a table's files once; the returned scan knows the dialects found."""
    with scan.unpacking:
        select: Select = release.layout.tables[name].read(scan)
        rows = _write(release, name, scan, select.sql(*marks_of(name, select.columns)), path, progress)
        scan.unpacking.check()
    return scan, select, rows


def _read_once_or_fixed(
    release: Release, name: str, scan: Scan, path: Path, progress: OnProgress
) -> tuple[Scan, Select, int]:
    """Read a table's files, and again with fixes if the engine refuses them or JSON lines are lost."""
    try:
        scan, select, rows = _attempt(release, name, scan, path, progress)
    except Exception as error:
        if not scan.fixable(error):
            raise
        faults(scan.engine)
        scan, select, rows = _attempt(release, name, scan.with_fixes(), path, progress)

    staged = Staged(path=path, required=select.required, conditions=bool(select.conditions))
    if scan.needs_surrogate_fix() and scan.engine.value(f"SELECT count(*) FROM {staged.rows} WHERE bad"):
        scan, select, rows = _attempt(release, name, scan.with_fixes(), path, progress)
    return scan, select, rows


def _stage(
    release: Release,
    name: str,
    scan: Scan,
    path: Path,
    bad: BadRows,
    skipped: list[dict[str, Any]],
    progress: OnProgress,
) -> tuple[Staged, list[dict[str, Any]]]:
    """Read one table, check its malformed rows and append their summary to `skipped`; return it with its steps."""
    table = release.layout.tables[name]
    own = [p for role in table.roles for p in release.files[role]]
    with unreadable_named([*own, *chain(*release.files.values())]):
        scan, select, rows = _read_once_or_fixed(release, name, scan, path, progress)
    staged = Staged(path=path, required=select.required, conditions=bool(select.conditions))

    counts, first = faults(scan.engine)
    for p in [p for p in counts if p in scan.quoted and bad.policy == "skip"]:
        counts[p] = max(0, lost_lines(scan.engine, p, scan.quoted[p])) or counts[p]
    incomplete = scan.engine.value(f"SELECT count(*) FROM {staged.rows} WHERE bad")
    if incomplete and not (first and bad.policy == "error"):
        first += find_incomplete_rows(release, name, scan, counts)

    malformed = counts.total() + incomplete
    check_allowed(release, name, malformed, first, bad)
    skipped += [skipped_summary(name, malformed, first)] if malformed else []

    names = {(p.parent.name, p.name) for p in own}  # a copy keeps these names
    joined = {p: n for p, n in counts.items() if (p.parent.name, p.name) not in names}
    rejected = counts.total() - sum(joined.values())
    steps = _reading_steps(name, scan, select, path, rows, rejected, incomplete)
    steps += [{"table": name, "what": f"malformed in {p.name} ({n:,} skipped)", "rows": 0} for p, n in joined.items()]
    return staged, steps + (count_noted(scan.engine, name, staged) if select.noted else [])


def _reading_steps(
    name: str, scan: Scan, select: Select, path: Path, rows: int, rejected: int, incomplete: int
) -> list[dict[str, Any]]:
    """Return the steps from the records in a table's files to its staged rows."""
    records = rows
    if select.merged:
        records = scan.engine.value(f"SELECT coalesce(sum({select.merged}), 0)::BIGINT FROM read_parquet('{path}')")
    steps = [{"table": name, "what": "read", "rows": records + rejected}]

    if records != rows:
        what = f"repeated (user, item), counted as {select.merged}"
        steps.append({"table": name, "what": what, "rows": rows - records})
    if rejected + incomplete:
        steps.append({"table": name, "what": "malformed", "rows": -(rejected + incomplete)})
    return steps
