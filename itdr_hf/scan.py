"""Raw files as SQL fragments for DuckDB's own readers, with every dialect option given explicitly.

A source asks its `Scan` for `csv`, `lines` or `jsonl` fragments by file role and maps columns in a `Select`.
Rows the reader cannot take are never lost: DuckDB keeps them in its reject tables, and `faults` turns them
into (file, line, found, wanted).
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from itdr_hf.engine import Engine, quote
from itdr_hf.errors import MalformedRowError

MAX_LINE = 64 * 2**20  # bytes; a longer line is a malformed row


@dataclass(frozen=True, kw_only=True)
class Select:
    """One table of a source: rows from a fragment, output column -> SQL expression, and who is left out.

    A row whose `required` columns come out NULL is malformed. `dropped` is a SQL expression giving the
    reason for which a well-formed row is left out on purpose, or NULL to keep it.
    """

    rows: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    dropped: str | None = None

    def sql(self, *extra: str) -> str:
        """The SELECT, with `dropped` and any extra expressions behind the columns."""
        chosen = [f'{expression} AS "{name}"' for name, expression in self.columns.items()]
        chosen.append(f"{self.dropped or 'NULL::VARCHAR'} AS dropped")
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
    dialects: dict[str, Dialect] = field(default_factory=dict)  # of the roles read as delimited text

    def csv(self, role: str, columns: Mapping[str, str], dialect: Dialect = CSV) -> str:
        """A fragment over all files of a role; `columns` maps the wanted names to DuckDB types.

        With a header the file may hold further columns, in any order; without one, `columns` are all.
        """
        self.dialects[role] = dialect
        return self._union(self._csv(path, columns, dialect) for path in self.files[role])

    def jsonl(self, role: str, columns: Mapping[str, str], *, more: str = "") -> str:
        """A fragment over files of one JSON object a line (.gz too); a missing key is NULL.

        `more` are further SQL expressions over `line`, for what a plain type cannot say.
        """
        return self._union(self.jsonl_file(path, columns, more=more) for path in self.files[role])

    def jsonl_file(self, path: Path, columns: Mapping[str, str], *, more: str = "") -> str:
        """As `jsonl`, for one file."""
        shape = json.dumps(dict(columns))
        parsed = f"CASE WHEN json_valid(line) THEN from_json(line, {quote(shape)}) END AS o"
        row = ", _row" if self.numbered else ""
        fields = ", ".join(f'o."{name}" AS "{name}"' for name in columns)
        # '[]'::JSON keeps from_json's struct when no line is valid
        return f"(SELECT {fields}{more and ', ' + more}{row} FROM (SELECT *, {parsed} FROM {self.lines(path)}))"

    def lines(self, path: Path) -> str:
        """A fragment of the non-blank lines of a text file, as `line`."""
        options = "delim=chr(1), quote='', escape='', header=false, auto_detect=false"
        options += f", columns={{'line': 'VARCHAR'}}, max_line_size={MAX_LINE}, store_rejects=true"
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
            f"max_line_size={MAX_LINE}, store_rejects=true"
        )
        return self._number(f"read_csv({quote(path)}, {options})")

    def _number(self, fragment: str) -> str:
        return f"(SELECT *, row_number() OVER () AS _row FROM {fragment})" if self.numbered else fragment

    def _union(self, fragments: Iterator[str]) -> str:
        parts = list(fragments)
        return parts[0] if len(parts) == 1 else "(" + " UNION ALL ".join(f"SELECT * FROM {p}" for p in parts) + ")"

    def one_file(self, role: str, path: Path) -> Scan:
        """The same scan with one file in a role, its records numbered: for naming a bad row."""
        return replace(self, files={**self.files, role: (path,)}, numbered=True)


def header_of(path: Path, columns: Mapping[str, str], dialect: Dialect) -> tuple[bool, list[str]]:
    """Whether the file has a header line, and all its columns in order.

    Raises MalformedRowError if a wanted column is missing from the header.
    """
    if dialect.header is False:
        return False, list(columns)
    with open_text(path, dialect.encoding) as file:
        first = next(python_rows(file, dialect), [])
    first = [name.removeprefix("\ufeff") for name in first]
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
    columns = "file_path, line_byte_position, min(column_name), min(error_type), min(error_message), min(csv_line)"
    rows = engine.sql.execute(
        f"SELECT {columns} FROM reject_errors JOIN reject_scans USING (scan_id, file_id) "
        "GROUP BY file_path, line, line_byte_position ORDER BY file_path, line_byte_position"
    ).fetchall()
    engine.sql.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")
    return len(rows), [_fault(*row) for row in rows[:10]]


def _fault(path: str, position: int, column: str, kind: str, message: str, line: str) -> Fault:
    plain = {
        "CAST": message.split(". ")[-1] or message,
        "UNQUOTED VALUE": "a quote that is never closed",
        "INVALID ENCODING": f"bytes that are not in the file's encoding, in {column!r}",
    }
    text = " ".join((line or "").split())
    found = plain.get(kind, message)
    return Fault(
        path=Path(path),
        line=physical_line(Path(path), position),
        found=f"{text[:120]!r}: {found}",
        wanted=f"a value for {column!r}" if kind == "CAST" else "a whole row",
    )


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
        if dialect is None:
            lines = ((n, line) for n, line in enumerate(file, 1) if line.strip())
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
