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
    check_encodings,
    faults,
    judge,
    listed,
    lost_lines,
    rows_without,
    unreadable_named,
)
from itdr_hf.raw.release import TABLES, Release
from itdr_hf.raw.scan import Scan, Select, Staged
from itdr_hf.runtime.engine import RawReader
from itdr_hf.runtime.progress import OnProgress, Progress, watching
from itdr_hf.tables.cleaning import (
    WIDE,
    clean_interactions,
    clean_items,
    clean_users,
    count_dropped,
    count_noted,
    marks_of,
)

TOLD = 10**7  # bytes of a table's files from which on the reading is worth a bar
_READING = Lock()  # one release at a time: DuckDB's settings and functions are of the whole process


def _read(
    release: Release, draft: Path, engine: RawReader, bad: BadRows, progress: OnProgress
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stage every table as read, then clean: items decide which interactions stay, and those the popularity."""
    check_encodings(release)
    functions = {"unescape": html.unescape, "nfkc": _nfkc}
    for name, function in functions.items():
        engine.sql.create_function(name, function, ["VARCHAR"], "VARCHAR")
    steps: list[dict[str, Any]] = []
    passed_over: list[dict[str, Any]] = []
    staged: dict[str, Staged] = {}
    try:
        for name in release.tables:
            scan = Scan(engine=engine, files=release.files, staged=staged, unpacking=Unpacking(engine.spill))
            staged[name], read = _stage(
                release, name, scan, draft / f"staged-{name}.parquet", bad, passed_over, progress
            )
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
        for name in functions:
            engine.remove_function(name)
    for name, stage in staged.items():
        if release.layout.tables[name].kept:
            stage.path.replace(draft / f"{name}.parquet")
        stage.path.unlink(missing_ok=True)
    return steps, passed_over


def _nfkc(title: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", title).lower().split())


def _written(release: Release, name: str, scan: Scan, query: str, path: Path, progress: OnProgress) -> int:
    """Write what a query reads from raw files, telling how many of their bytes are read, and at last the rows."""
    what, size = f"{release.source.id}: {name}", release.size(name)
    far = watching(
        lambda: max(scan.engine.progress(), scan.unpacking.done() / size),
        size,
        lambda done: progress(Progress(what, done, size, "B")),
    )
    with far if size >= TOLD else nullcontext():
        rows = scan.engine.write(query, path, **({"row_group_size": WIDE} if name == "items" else {}))
    progress(Progress(what, detail=f"{rows:,} rows"))
    return rows


def _attempt(release: Release, name: str, scan: Scan, path: Path, progress: OnProgress) -> tuple[Scan, Select, int]:
    """Read a table's files once; the scan knows the dialects that it met."""
    with scan.unpacking:
        select: Select = release.layout.tables[name].read(scan)
        rows = _written(release, name, scan, select.sql(*marks_of(name, select.columns)), path, progress)
        scan.unpacking.check()
    return scan, select, rows


def _stage(
    release: Release,
    name: str,
    scan: Scan,
    path: Path,
    bad: BadRows,
    passed_over: list[dict[str, Any]],
    progress: OnProgress,
) -> tuple[Staged, list[dict[str, Any]]]:
    table = release.layout.tables[name]
    files = [*(p for role in table.roles for p in release.files[role]), *chain(*release.files.values())]
    with unreadable_named(files):
        try:
            scan, select, rows = _attempt(release, name, scan, path, progress)
        except Exception as error:
            if not scan.mendable(error):
                raise
            faults(scan.engine)
            scan, select, rows = _attempt(release, name, scan.mend(), path, progress)
    staged = Staged(path=path, required=select.required)
    if scan.halves() and scan.engine.value(f"SELECT count(*) FROM {staged.rows} WHERE bad"):
        with unreadable_named(files):
            scan, select, rows = _attempt(release, name, scan.mend(), path, progress)
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
    steps += [{"table": name, "what": f"malformed in {p.name} ({n:,} skipped)", "rows": 0} for p, n in beside.items()]
    return staged, steps + (count_noted(scan.engine, name, staged) if select.noted else [])
