"""Rows that a reader could not take, named by file, line, what was found and what was wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.dialects import open_bytes
from itdr_hf.engine import Engine


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row the reader could not take."""

    path: Path
    line: int
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name} line {self.line}: {self.found}, want {self.wanted}"


def faults(engine: Engine) -> tuple[int, list[Fault]]:
    """The rows DuckDB rejected since the last call: how many, and the first ten, in file order."""
    if not engine.value("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"):
        return 0, []
    # of a row's complaints the one about its number of fields says most, then the leftmost
    weight = "(CASE error_type WHEN 'MISSING COLUMNS' THEN 0 WHEN 'TOO MANY COLUMNS' THEN 0 ELSE 1 END, column_idx)"
    facts = "{'column': column_name, 'kind': error_type, 'message': error_message, 'line': csv_line, 'wanted': columns}"
    rows = engine.sql.execute(
        f"SELECT file_path, line_byte_position, arg_min({facts}, {weight}) "
        "FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
        "GROUP BY file_path, line, line_byte_position ORDER BY file_path, line_byte_position"
    ).fetchall()
    engine.sql.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return len(rows), [_fault(Path(path), position, **facts) for path, position, facts in rows[:10]]


def _fault(path: Path, position: int, *, column: str, kind: str, message: str, line: str, wanted: str) -> Fault:
    shown = repr(" ".join((line or "").split())[:120])
    want = "a whole row"
    if fields := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        names = ", ".join(re.findall(r"'([^']+)': ", wanted))
        found, want = f"{fields[2]} fields in {shown}", f"{fields[1]} ({names})"
    elif kind == "CAST":
        found, want = f"{message.split('. ')[-1]} in {shown}", f"a value for {column!r}"
    elif kind == "UNQUOTED VALUE":
        found = f"a quote that is never closed in {shown}"
    elif kind == "INVALID ENCODING":
        found, want = f"bytes that do not decode in {shown}", f"the file's encoding in {column!r}"
    else:
        found = f"{message} in {shown}"
    position += (line or "").startswith("\n")  # after CRLF the row is said to begin at the LF
    return Fault(path=path, line=physical_line(path, position), found=found, wanted=want)


def physical_line(path: Path, position: int) -> int:
    """The line of a file (gz: of its content) that holds the 1-based byte position."""
    count, left = 1, max(position - 1, 0)
    with open_bytes(path) as file:
        while left and (chunk := file.read(min(left, 2**20))):
            count += chunk.count(b"\n")
            left -= len(chunk)
    return count
