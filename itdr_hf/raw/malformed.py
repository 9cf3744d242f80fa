"""Malformed rows of a table: find them, describe them, and decide whether they may be skipped."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from itdr_hf.errors import MalformedRowError, RawDataError, UsageError
from itdr_hf.raw import python_literals
from itdr_hf.raw.dialects import DAMAGED, JSONL, PYTHON, Dialect, Quoted, open_bytes, records_at
from itdr_hf.raw.fixes import beginning, utf_16
from itdr_hf.raw.release import Release
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.runtime.duckdb_engine import interrupted, quote
from itdr_hf.runtime.engine import RawReader

MAX_LISTED = 10  # rows of a table that a message names


@dataclass(frozen=True, kw_only=True)
class BadRows:
    """What to do with malformed rows: `error` stops at the first; `skip` counts them, at most `max_rows` if given."""

    policy: str = "error"
    max_rows: int | None = None

    def __post_init__(self) -> None:
        if self.policy not in ("error", "skip"):
            raise UsageError(f"on_bad_row: {self.policy!r}; want 'error' or 'skip'")
        if self.max_rows is not None and self.max_rows < 0:
            raise UsageError(f"max_bad_rows: {self.max_rows}; want 0 or more")


def check_allowed(release: Release, table: str, count: int, first: list[Fault], bad: BadRows) -> None:
    """Raise MalformedRowError, naming the first malformed row, if there are more than allowed."""
    if not count or (bad.policy == "skip" and (bad.max_rows is None or count <= bad.max_rows)):
        return
    where = str(first[0]) if first else f"{release.folder.name}: a row of {table} without its required values"
    if bad.policy == "skip":
        raise MalformedRowError(
            f"{where}; {count:,} malformed rows, at most {bad.max_rows:,} allowed; "
            f"{release.layout.remedy}, or raise --max-bad-rows"
        )
    more = f" ({count:,} such rows)" if count > 1 else ""
    raise MalformedRowError(
        f"{where}{more}; {release.layout.remedy}, or count and skip such rows with --on-bad-row skip"
    )


def skipped_summary(table: str, count: int, first: list[Fault]) -> dict[str, Any]:
    """Return a summary of the skipped rows of a table: their number, and descriptions of the first ones."""
    return {"table": table, "rows": count, "first": [str(fault) for fault in first[:MAX_LISTED]]}


def describe_skipped(skipped: list[dict[str, Any]]) -> str:
    """Return the summaries of skipped rows as text for the user; '' if there are none."""
    lines = []
    for entry in skipped:
        shown, rest = entry["first"], entry["rows"] - len(entry["first"])
        lines.append(f"{entry['rows']:,} malformed rows of {entry['table']} skipped:")
        lines += [f"    {text}" for text in [*shown, *([f"and {rest:,} more"] if rest > 0 else [])]]
    return "\n".join(lines)


def find_incomplete_rows(release: Release, name: str, scan: Scan, rejected: Collection[Path]) -> list[Fault]:
    """Return the first rows whose required values are missing, by reading the files again.

    Files with `rejected` rows are not read again, since the engine does not number their rows.
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
            dialect = numbered.dialects.get(role)
            of_parquet = path.suffix.lower() == ".parquet"
            records = _parquet_rows(numbered, path, numbers) if of_parquet else records_at(path, list(numbers), dialect)
            header = records_at(path, [0], dialect) if dialect and dialect.header else []
            for number, (line, text) in zip(numbers, records, strict=False):
                again = text in (first for _, first in header) and "a row, rather than the header again"
                wanted = again or _damage(text, dialect) or " and ".join(numbers[number])
                found.append(Fault(path=path, line=line, found=repr(text.strip()[:160]), wanted=wanted))
            if len(found) >= MAX_LISTED:
                return found[:MAX_LISTED]
    return found


def _numbers(numbered: Scan, select: Select) -> dict[int, list[str]]:
    """Return the records of a file that lack required values, with those values; none if a row is not one record."""
    nulls = {name: f"({select.columns[name]}) IS NULL" for name in select.required}
    nulls |= {wanted: f"NOT coalesce({condition}, false)" for wanted, condition in select.conditions.items()}
    lacking = ", ".join(f"bool_or({null})" for null in nulls.values())
    try:
        query = (
            f"SELECT _row, {lacking} FROM {select.rows} WHERE {' OR '.join(nulls.values())} "
            f"GROUP BY _row ORDER BY _row LIMIT {MAX_LISTED}"
        )
        rows = numbered.engine.sql.execute(query).fetchall()
        return {row: [name for name, lacks in zip(nulls, each, strict=True) if lacks] for row, *each in rows if row}
    except Exception:  # a row of this table is not one record, so that no line can be named
        return {}
    finally:
        faults(numbered.engine)


def _parquet_rows(numbered: Scan, path: Path, numbers: Collection[int]) -> list[tuple[int, str]]:
    """Return some rows of a Parquet file, from 1, with their values as text."""
    wanted = ", ".join(str(number - 1) for number in numbers)
    query = f"SELECT * FROM read_parquet({quote(path)}, file_row_number=true) WHERE file_row_number IN ({wanted})"
    rows = numbered.engine.sql.execute(f"{query} ORDER BY file_row_number").fetchall()
    return [(row[-1] + 1, ", ".join(map(str, row[:-1]))) for row in rows]


def _damage(text: str, dialect: Dialect | None) -> str:
    """Return what is wanted in place of a row with zero bytes, or a line that is not an object of its format; or ""."""
    if "\0" in text:
        return "text without bytes of zero (a part of the file was never written)"
    if dialect is PYTHON:
        if "\ufffd" in text:  # in place of bytes that do not decode
            return "text in UTF-8"
        return "" if python_literals.as_json(text) else "a Python dict on one line"
    if dialect is not JSONL:
        return ""
    try:
        value = json.loads(text.strip())
    except ValueError as error:
        reason = str(getattr(error, "msg", error)).removesuffix(" at")
        return f"a JSON object ({reason[:1].lower()}{reason[1:]} at character {getattr(error, 'colno', 1)})"
    except RecursionError:
        return "a JSON object (it is nested too deep)"
    return "" if isinstance(value, dict) else f"a JSON object, not a {type(value).__name__}"


def check_files(release: Release) -> None:
    """Raise RawDataError for an empty file, and for one in UTF-16.

    No release uses UTF-16, but spreadsheets and editors may save files so. An empty file would be read as no rows.
    """
    for path in chain(*release.files.values()):
        with unreadable_named([path]):
            head = beginning(path)
        if not head:
            raise RawDataError(
                f"{path.parent.name}/{path.name}: an empty file; want the complete file, as published; "
                f"{release.layout.remedy}"
            )
        if (kind := utf_16(head)) and not release.layout.utf_16:
            raise RawDataError(
                f"{path.parent.name}/{path.name}: text in UTF-16 ({kind}); want the encoding it was published in; "
                "get it again, or save it as UTF-8"
            )


SHOWN = 120  # characters of a row, or of a library's message, that a message quotes
BREAKS = r"[\r\n][\s\v]*"  # a line break within a value, up to the next non-blank line


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row that could not be read."""

    path: Path
    line: int
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name} line {self.line}: {self.found}, want {self.wanted}"


def faults(engine: RawReader) -> tuple[Counter[Path], list[Fault]]:
    """Return the rows DuckDB rejected since the last call: their number per file, and the first ten, in file order."""
    if not engine.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"):
        return Counter(), []
    # of several errors in a row, report one about the number of fields first, then the leftmost
    weight = "(CASE error_type WHEN 'MISSING COLUMNS' THEN 0 WHEN 'TOO MANY COLUMNS' THEN 0 ELSE 1 END, column_idx)"
    facts = "{'column': column_name, 'kind': error_type, 'message': error_message, 'line': csv_line, 'wanted': columns}"
    rows = engine.sql.execute(
        f"SELECT file_path, line_byte_position, arg_min({facts}, {weight}) "
        "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
        "GROUP BY file_path, line, line_byte_position ORDER BY file_path, line_byte_position"
    ).fetchall()
    engine.sql.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    counts = Counter(Path(path) for path, *_ in rows)
    return counts, [_fault(Path(path), position, **facts) for path, position, facts in rows[:MAX_LISTED]]


def lost_lines(engine: RawReader, path: Path, quoted: Quoted) -> int:
    """Return how many lines of a quoted file are in no row that was read: an unclosed quote swallows the rows after it.

    As in reading itself, a row is good if its wanted columns are; its line breaks may be in any column.
    """
    wanted = ", ".join(map(_name, quoted.wanted))
    good = engine.value(f"SELECT count(hash({wanted})) FROM {quoted.fragment}")
    values = f"[{', '.join(f'{_name(name)}::VARCHAR' for name in quoted.columns)}]"
    each = f"list_sum(list_transform({values}, lambda x: len(regexp_extract_all(x, '{BREAKS}'))))"
    breaks = engine.value(f"SELECT coalesce(sum({each}), 0)::BIGINT FROM {quoted.fragment}")
    faults(engine)
    with open_bytes(path) as file:
        lines = sum(bool(part.strip()) for line in file for part in line.split(b"\r"))
    return lines - quoted.header - int(good) - int(breaks)


@contextmanager
def unreadable_named(files: Sequence[Path]) -> Iterator[None]:
    """Turn a library's error about an unreadable file into a RawDataError naming the file."""
    import duckdb

    of_the_bytes = duckdb.DataError, duckdb.InvalidInputException, duckdb.IOException, duckdb.InternalException
    broken = duckdb.FatalException  # before version 2, a row that lacks fields and does not decode is fatal to DuckDB
    try:
        yield
    except (*of_the_bytes, broken, csv.Error, *DAMAGED, UnicodeError) as error:
        if interrupted(error):
            raise

        text = str(error).rpartition('Original error: "')[2]
        path = next((path for path in files if f"{path.parent.name}/{path.name}" in text), files[0])
        where = f"{path.parent.name}/{path.name}"
        if "invalid state" in text and (line := _odd_line_end(path)):
            found = f"{where} line {line}: a different line ending, or a bare carriage return"
            raise RawDataError(f"{found}; want one kind of line ending; get the file again, or convert them") from error

        reason = re.sub(r"^.*Unknown error: |^.*Error: ", "", text.partition("\n")[0].rstrip('"')).replace(
            f"{path.parent.parent}/", ""
        )
        reason = re.sub(rf'"/[^"]*/(?={re.escape(where)}")', '"', reason)  # the temporary path of a decompressed file
        raise RawDataError(f"{where}: {reason[:SHOWN]}; want the complete file, as published; get it again") from error


def _odd_line_end(path: Path) -> int:
    """Return the number of the first line whose ending differs from the first line's; 0 if none does."""
    with open_bytes(path) as file:
        ends = re.finditer(rb"\r\n|\r|\n", file.read())
        first = next(ends, None)
        return next((n for n, end in enumerate(ends, 2) if first and end[0] != first[0]), 0)


def _fault(path: Path, position: int, *, column: str, kind: str, message: str, line: str, wanted: str) -> Fault:
    shown = repr(" ".join((line or "")[: 10 * SHOWN].split())[:SHOWN])
    want = "a complete row"
    if fields := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        names = ", ".join(re.findall(r"'([^']+)': ", wanted))
        found, want = f"{fields[2]} fields in {shown}", f"{fields[1]} ({names[: 3 * SHOWN]})"
    elif kind == "CAST":
        found, want = f"{_short(message.split('. ')[-1])} in {shown}", f"a value for {column!r}"
    elif kind == "UNQUOTED VALUE":
        found = f"a quote that is never closed in {shown}"
    elif kind == "INVALID ENCODING":
        found, want = f"bytes that do not decode in {shown}", f"the file's encoding in {column!r}"
    else:
        found = f"{_short(message)} in {shown}"
    position += (line or "").startswith("\n")  # after CRLF, DuckDB reports the LF as the beginning of the row
    return Fault(path=path, line=physical_line(path, position), found=found, wanted=want)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _short(message: str) -> str:
    """Return a message on one line, with a long quoted value cut."""
    return " ".join(re.sub(rf'(?s)"(.{{{SHOWN // 2}}}).*"', r'"\1…"', message).split())[: 2 * SHOWN]


def physical_line(path: Path, position: int) -> int:
    """Return the number of the line that contains a 1-based byte position of the (decompressed) content."""
    count, left = 1, max(position - 1, 0)
    with open_bytes(path) as file:
        while left and (chunk := file.read(min(left, 2**20))):
            count += chunk.count(b"\n")
            left -= len(chunk)
    return count
