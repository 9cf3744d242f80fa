"""Dialects of delimited files, and the plain Python readers that examine headers and malformed rows."""

from __future__ import annotations

import csv
import os
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from isal import igzip, isal_zlib  # three times as fast as gzip

from itdr_hf.errors import MalformedRowError

MAX_LINE = 16 * 2**20  # bytes; a longer line is a malformed row. Readers buffer two such lines per thread
BLOCK_BYTES, MAX_FIELDS = 32 * 2**10, 5_000  # bytes of a block without a line end, and the fields allowed in it
DAMAGED: tuple[Any, ...] = (OSError, EOFError, isal_zlib.error)  # the exceptions raised on reading a damaged file
TAIL_BYTES = 2**10  # of a block: these nearly always contain a line end


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The format of a delimited file. With `header` None, the first line may or may not be a header."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool | None = True
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """How a file with quotes is read: the SQL fragment, all columns, the wanted columns, and whether it has a header."""

    fragment: str
    columns: list[str]
    wanted: list[str]
    header: bool


ONE_BYTE = ("latin-1", "cp1252")  # encodings of releases in which almost any bytes are valid
CSV = Dialect()
TSV = Dialect(delimiter="\t", quote="", escape="", header=False)
JSONL = Dialect(delimiter="", quote="", escape="", header=False)  # JSON lines; blank lines are not records

PYTHON = Dialect(delimiter="", quote="", escape="", header=False)  # lines that are Python dict literals


def first_row(path: Path, dialect: Dialect) -> list[str]:
    """Return the fields of the first row. Raises MalformedRowError if it goes on over several lines."""
    with open_text(path, dialect.encoding) as file:
        rows = python_rows(file, dialect)
        first: list[str] = next(rows, [])
    if rows.line_num > 1:
        where = f"{path.parent.name}/{path.name} line 1"
        shown = dialect.delimiter.join(first)[:100]
        raise MalformedRowError(
            f"{where}: a quote that is never closed in {shown!r}, a first row of {rows.line_num:,} lines; "
            "want the names of the columns on one line; check that the file is complete and of this release"
        )
    return first


def header_of(path: Path, columns: Mapping[str, str], dialect: Dialect) -> tuple[bool, list[str]]:
    """Return whether the file has a header line, and all its columns in order.

    Raises MalformedRowError if a wanted column is missing from the header.
    """
    if dialect.header is False:
        return False, list(columns)
    first = _unique_names(first_row(path, dialect), columns)
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


def check_fields(path: Path, dialect: Dialect) -> None:
    """Raise MalformedRowError for a line of many thousand fields, which DuckDB rejects in quadratic time.

    Only blocks without a line end are examined, so the check of 1 GB takes a twentieth of a second.
    """
    delimiter = dialect.delimiter.encode()
    with damage_named(path):
        crowded = next((n for n, piece in _pieces_of_one_line(path) if piece.count(delimiter) > MAX_FIELDS), None)
    if crowded is not None:
        with open_bytes(path) as start:
            line = 1 + sum(start.read(BLOCK_BYTES).count(b"\n") for _ in range(crowded))
        raise MalformedRowError(
            f"{path.parent.name}/{path.name} line {line}: more than {MAX_FIELDS:,} fields; want one row per line; "
            "check that the file is complete and of this release"
        )


def has_zero_bytes(path: Path) -> bool:
    """Return whether a text file has bytes of zero, as a crash leaves them where a part was never written.

    Raises OSError for an incomplete compressed file, which DuckDB would not notice: the file is read to its end.
    """
    buffer, found = bytearray(2**20), False
    with damage_named(path), open_bytes(path) as file:
        while size := file.readinto(buffer):  # type: ignore[attr-defined]
            found = found or buffer.find(0, 0, size) >= 0
    return found


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Put the path into the message about a damaged file, which does not say which it is."""
    try:
        yield
    except DAMAGED as error:
        raise OSError(f"{error} ({path})") from error


def _pieces_of_one_line(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the blocks of a file that contain no line end, each with its number."""
    with open_bytes(path) as file:
        read = iter(lambda: file.read(BLOCK_BYTES), b"") if path.suffix == ".gz" else _pieces(file.fileno())
        yield from ((n, piece) for n, piece in enumerate(read) if b"\n" not in piece and b"\r" not in piece)


def _pieces(file: int) -> Iterator[bytes]:
    """Yield a file block by block; of a block whose last bytes contain a line end, only those bytes."""
    for start in range(0, os.fstat(file).st_size, BLOCK_BYTES):
        end = os.pread(file, TAIL_BYTES, start + BLOCK_BYTES - TAIL_BYTES)
        yield end if b"\n" in end else os.pread(file, BLOCK_BYTES, start)


def _unique_names(names: list[str], wanted: Mapping[str, str]) -> list[str]:
    """Return column names that are unique to the engine, which ignores case; a repeated wanted name is renamed too."""
    known = Counter(name.lower() for name in names)
    alone = [name if known[name.lower()] == 1 or name in wanted else "" for name in names]
    twice = {name for name in wanted if names.count(name) > 1}
    return [f"{name or 'unnamed'} {n}" if name in ("", *twice) else name for n, name in enumerate(alone, 1)]


def records_at(path: Path, numbers: Sequence[int], dialect: Dialect | None) -> list[tuple[int, str]]:
    """Return the line number and text of records, numbered from 1 and ascending; each line is one without a dialect."""
    wanted, found = set(numbers), list[tuple[int, str]]()
    with open_text(path, dialect.encoding if dialect else "utf-8") as file:
        for number, line, text in _numbered(file, dialect):
            if number in wanted:
                found.append((line, text))
            if number >= numbers[-1]:
                return found
    return [*found, *((number, "") for number in numbers[len(found) :])]


def _numbered(file: IO[str], dialect: Dialect | None) -> Iterator[tuple[int, int, str]]:
    """Yield the records of a file, each with its number and the line it ends on."""
    if dialect is None or dialect is JSONL or dialect is PYTHON:
        lines = ((n, line) for n, line in enumerate(file, 1) if dialect is not JSONL or line.strip())
        yield from ((number, n, line) for number, (n, line) in enumerate(lines, 1))
        return
    rows = python_rows(file, dialect)
    for number, row in enumerate(rows, 0 if dialect.header else 1):
        yield number, rows.line_num, dialect.delimiter.join(row)


def python_rows(file: IO[str], dialect: Dialect) -> Any:
    """Return a csv.reader with the same dialect, for headers and for error messages about bad rows."""
    csv.field_size_limit(MAX_LINE)
    single = len(dialect.delimiter) == 1
    lines = file if single else (line.replace(dialect.delimiter, "\x1f") for line in file)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
    backslash = dialect.escape if dialect.escape != dialect.quote else None
    return csv.reader(
        lines,
        delimiter=dialect.delimiter if single else "\x1f",
        quotechar=dialect.quote or None,
        quoting=quoting,
        escapechar=backslash or None,
        doublequote=not backslash,
    )


def actual_encoding(path: Path, expected: str) -> str:
    """Return the encoding of a file: the expected one, or UTF-8 if a one-byte file has been saved as UTF-8 since.

    Text in a one-byte encoding that is not pure ASCII is hardly ever valid UTF-8 throughout, so a valid file is taken for
    UTF-8. A file with invalid bytes, or with only ASCII, has the expected encoding.
    """
    if expected not in ONE_BYTE:
        return expected
    decoder, ascii_only = getincrementaldecoder("utf-8")(), True
    try:
        with damage_named(path), open_bytes(path) as file:
            while piece := file.read(2**20):
                ascii_only = ascii_only and piece.isascii()
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return expected
    return expected if ascii_only else "utf-8"


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading bytes, decompressed if its name ends in .gz."""
    return igzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def open_text(path: Path, encoding: str = "utf-8", errors: str = "replace") -> IO[str]:
    """Open a file for reading text, without a byte order mark; by default, invalid bytes become U+FFFD."""
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    opener: Any = igzip.open if path.suffix == ".gz" else open
    file: IO[str] = opener(path, "rt", encoding=encoding, errors=errors, newline="")
    return file
