"""Malformed rows of a table: which they are, and whether they may be passed over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itdr_hf.dialects import records_at
from itdr_hf.errors import MalformedRowError, UsageError
from itdr_hf.faults import Fault, faults
from itdr_hf.release import Release
from itdr_hf.scan import Scan, Select

LISTED = 10  # rows of a table that are named


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


def judge(release: Release, table: str, count: int, first: list[Fault], bad: BadRows) -> None:
    """Raises MalformedRowError, naming the first of them, where there are more than allowed."""
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


def listed(table: str, count: int, first: list[Fault]) -> dict[str, Any]:
    """What is kept of the rows that were passed over: how many, and the first of them as they would be told."""
    return {"table": table, "rows": count, "first": [str(fault) for fault in first[:LISTED]]}


def told(passed_over: list[dict[str, Any]]) -> str:
    """The malformed rows that were passed over, for a person; '' where there are none."""
    lines = []
    for entry in passed_over:
        shown, rest = entry["first"], entry["rows"] - len(entry["first"])
        lines.append(f"{entry['rows']:,} malformed rows of {entry['table']} passed over:")
        lines += [f"    {text}" for text in [*shown, *([f"and {rest:,} more"] if rest > 0 else [])]]
    return "\n".join(lines)


def rows_without(release: Release, name: str, scan: Scan, rejected: Collection[Path]) -> list[Fault]:
    """The first rows whose required values are missing: a second look, only when something is wrong.

    Not in files of which rows were `rejected` too: the engine does not number those.
    """
    found: list[Fault] = []
    table = release.layout.tables[name]
    unnumbered = {(path.parent.name, path.name) for path in rejected}
    for role in table.roles:
        for path in [p for p in release.files[role] if (p.parent.name, p.name) not in unnumbered]:
            numbered = scan.one_file(role, path)
            with numbered.unpacking:
                select: Select = table.read(numbered)
                numbers = _numbers(numbered, select)
            if not numbers:
                continue
            wanted = " and ".join(select.required)
            for line, text in records_at(path, numbers, numbered.dialects.get(role)):
                found.append(Fault(path=path, line=line, found=repr(text.strip()[:160]), wanted=wanted))
            if len(found) >= LISTED:
                return found[:LISTED]
    return found


def _numbers(numbered: Scan, select: Select) -> list[int]:
    """Which records of the one file lack a required value; none where a row of the table is not one record."""
    nulls = " OR ".join(f"({select.columns[c]}) IS NULL" for c in select.required)
    try:
        query = f"SELECT DISTINCT _row FROM {select.rows} WHERE {nulls} ORDER BY _row LIMIT {LISTED}"
        return [row for (row,) in numbered.engine.sql.execute(query).fetchall() if row is not None]
    except Exception:  # this table is not one record a row: no line can be told
        return []
    finally:
        faults(numbered.engine)
