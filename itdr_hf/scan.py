"""Raw files as SQL fragments for DuckDB's own readers, with every dialect option given explicitly.

A source asks its `Scan` for `csv`, `lines` or `jsonl` fragments by file role and maps columns in a `Select`.
Rows the reader cannot take are never lost: DuckDB keeps them in its reject tables, and `faults` turns them
into (file, line, found, wanted).
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from itdr_hf import literals
from itdr_hf.engine import Engine, quote
from itdr_hf.errors import MalformedRowError

MAX_LINE = 64 * 2**20  # bytes; a longer line is a malformed row
BUFFER = f"max_line_size={MAX_LINE}, buffer_size={MAX_LINE}"  # left alone, DuckDB's buffer is 16 longest lines: 1 GB


@dataclass(frozen=True, kw_only=True)
class Select:
    """One table of a source: rows from a fragment, output column -> SQL expression, and who is left out.

    A row whose `required` columns come out NULL is malformed. `dropped` is a SQL expression giving the
    reason for which a well-formed row is left out on purpose, or NULL to keep it; `noted` is a remark on a row that
    is kept, or NULL. `merged` names a column that says how many records of the file a row stands for.
    """

    rows: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    dropped: str | None = None
    noted: str | None = None
    merged: str | None = None

    def sql(self, *extra: str) -> str:
        """The SELECT, with `dropped` and any extra expressions behind the columns."""
        chosen = [f'{expression} AS "{name}"' for name, expression in self.columns.items()]
        chosen.append(f"{self.dropped or 'NULL::VARCHAR'} AS dropped")
        chosen += [f"{self.noted} AS noted"] if self.noted else []
        return f"SELECT {', '.join([*chosen, *extra])} FROM {self.rows}"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a delimited file is written. `header` None means: the first line may or may not be one."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool | None = True
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)


CSV = Dialect()
TSV = Dialect(delimiter="\t", quote="", escape="", header=False)
JSONL = Dialect(
    delimiter="", quote="", escape="", header=False
)  # marks a role of JSON lines: blank ones are no records


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A row the reader could not take."""

    path: Path
    line: int
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name} line {self.line}: {self.found}, want {self.wanted}"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The files of one release, by role, and the fragments to read them."""

    engine: Engine
    files: Mapping[str, Sequence[Path]]
    staged: Mapping[str, Path] = field(default_factory=dict)  # tables read before this one
    numbered: bool = False  # fragments carry _row, the number of the record in its file, from 1
    focus: str = ""  # the role in which a bad row is looked for, when numbered
    dialects: dict[str, Dialect] = field(default_factory=dict)  # of the roles read as delimited text

    def csv(self, role: str, columns: Mapping[str, str], dialect: Dialect = CSV) -> str:
        """A fragment over all files of a role; `columns` maps the wanted names to DuckDB types.

        With a header the file may hold further columns, in any order; without one, `columns` are all.
        """
        self.dialects[role] = replace(dialect, header=header_of(self.files[role][0], columns, dialect)[0])
        return self._union(self._csv(path, columns, dialect) for path in self.files[role])

    def jsonl(self, role: str, columns: Mapping[str, str]) -> str:
        """A fragment over files of one JSON object a line (.gz too); a missing key is NULL.

        A value that is not of its column's type is NULL, and so is every value of a line that is no JSON object:
        no line is lost, and `required` tells the malformed. A column of type JSON takes any value as it stands.
        """
        self.dialects[role] = JSONL
        types = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in columns.items())
        options = f"columns={{{types}}}, ignore_errors=true, maximum_object_size={MAX_LINE}"
        return self._union(self._number(f"read_ndjson({quote(path)}, {options})") for path in self.files[role])

    def python_lines(self, role: str, columns: Mapping[str, str]) -> str:
        """As `jsonl`, over files of one Python dict literal a line, with `readable`: false for any other line.

        The lines are streamed: one use, in one query.
        """
        return self._union(self._literals(path, columns) for path in self.files[role])

    def _literals(self, path: Path, columns: Mapping[str, str]) -> str:
        name, shape = f"literals_{uuid4().hex}", quote(json.dumps(dict(columns)))
        self.engine.sql.register(name, literals.stream(open_text(path)))
        fields = ", ".join(f'o."{name}"' for name in columns) + (", _row" if self.numbered else "")
        return f"(SELECT {fields}, line IS NOT NULL AS readable FROM (SELECT *, from_json(line, {shape}) AS o FROM {name}))"

    def lines(self, path: Path) -> str:
        """A fragment of the non-blank lines of a text file, as `line`."""
        options = "delim=chr(1), quote='', escape='', header=false, auto_detect=false"
        options += f", columns={{'line': 'VARCHAR'}}, {BUFFER}, store_rejects=true"
        fragment = self._number(f"read_csv({quote(path)}, {options})")
        return f"(SELECT * FROM {fragment} WHERE line IS NOT NULL)"

    def table(self, name: str) -> str:
        """A fragment of a table that was staged before this one."""
        return f"read_parquet({quote(self.staged[name])})"

    def _csv(self, path: Path, columns: Mapping[str, str], dialect: Dialect) -> str:
        header, all_columns = header_of(path, columns, dialect)
        types = ", ".join(f"{quote(name)}: {quote(columns.get(name, 'VARCHAR'))}" for name in all_columns)
        options = (
            f"delim={quote(dialect.delimiter)}, quote={quote(dialect.quote)}, escape={quote(dialect.escape)}, "
            f"header={str(header).lower()}, auto_detect=false, encoding={quote(dialect.encoding)}, "
            f"nullstr=[{', '.join(map(quote, dialect.nulls))}], columns={{{types}}}, "
            f"{BUFFER}, store_rejects=true"
        )
        return self._number(f"read_csv({quote(path)}, {options})")

    def _number(self, fragment: str) -> str:
        return f"(SELECT *, row_number() OVER () AS _row FROM {fragment})" if self.numbered else fragment

    def _union(self, fragments: Iterator[str]) -> str:
        parts = list(fragments)
        return parts[0] if len(parts) == 1 else "(" + " UNION ALL ".join(f"SELECT * FROM {p}" for p in parts) + ")"

    def only(self, role: str, path: Path) -> Scan:
        """The same scan with one file in a role: for a release whose file names say something."""
        return replace(self, files={**self.files, role: (path,)})

    def one_file(self, role: str, path: Path) -> Scan:
        """As `only`, with the records numbered: for naming a bad row."""
        return replace(self.only(role, path), numbered=True, focus=role)


def header_of(path: Path, columns: Mapping[str, str], dialect: Dialect) -> tuple[bool, list[str]]:
    """Whether the file has a header line, and all its columns in order.

    Raises MalformedRowError if a wanted column is missing from the header.
    """
    if dialect.header is False:
        return False, list(columns)
    with open_text(path, dialect.encoding) as file:
        first = next(python_rows(file, dialect), [])
    first = [name.removeprefix("\ufeff") or f"unnamed {n}" for n, name in enumerate(first, 1)]
    missing = [name for name in columns if name not in first]
    if not missing:
        return True, first
    if dialect.header is None and len(first) == len(columns) and len(missing) == len(columns):
        return False, list(columns)
    where = f"{path.parent.name}/{path.name} line 1"
    wanted = dialect.delimiter.join(columns)
    found = dialect.delimiter.join(first)[:200] or "an empty file"
    raise MalformedRowError(
        f"{where}: header {found!r} lacks {', '.join(missing)}; want {wanted!r}; "
        "check that the file is complete and of this release"
    )


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


def record(path: Path, number: int, dialect: Dialect | None) -> tuple[int, str]:
    """Line and text of the n-th record (from 1) of a file: delimited when a dialect is given, else lines."""
    encoding = dialect.encoding if dialect else "utf-8"
    with open_text(path, encoding) as file:
        if dialect is None or dialect is JSONL:
            lines = ((n, line) for n, line in enumerate(file, 1) if dialect is None or line.strip())
            return next((pair for k, pair in enumerate(lines, 1) if k == number), (number, ""))
        rows = python_rows(file, dialect)
        for k, row in enumerate(rows, 0 if dialect.header else 1):
            if k == number:
                return rows.line_num, dialect.delimiter.join(row)
    return number, ""


def python_rows(file: IO[str], dialect: Dialect) -> Any:
    """A csv.reader of the same dialect, for headers and for naming bad rows."""
    csv.field_size_limit(MAX_LINE)
    single = len(dialect.delimiter) == 1
    lines = file if single else (line.replace(dialect.delimiter, "\x1f") for line in file)
    quoting = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    backslash = dialect.escape if dialect.escape != dialect.quote else None
    return csv.reader(
        lines,
        delimiter=dialect.delimiter if single else "\x1f",
        quotechar=dialect.quote or None,
        quoting=quoting,
        escapechar=backslash or None,
        doublequote=not backslash,
    )


def open_bytes(path: Path) -> IO[bytes]:
    """A file's content, decompressed if its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def open_text(path: Path, encoding: str = "utf-8") -> IO[str]:
    """A file's content as text; bytes that do not decode become U+FFFD, so that they can be shown."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    file: IO[str] = opener(path, "rt", encoding=encoding, errors="replace", newline="")
    return file
