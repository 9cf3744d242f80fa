"""How delimited files are written, and the plain readers that look at headers and at rows gone wrong."""

from __future__ import annotations

import csv
import os
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from isal import igzip, isal_zlib  # in a third of the time that gzip takes

from itdr_hf.errors import MalformedRowError

MAX_LINE = 16 * 2**20  # bytes; a longer line is a malformed row. Readers hold two such lines for each thread
PIECE, MOST_FIELDS = 32 * 2**10, 5_000  # bytes of one line, and the fields that may be in them
DAMAGED: tuple[Any, ...] = (OSError, EOFError, isal_zlib.error)  # what reading a damaged file raises
END = 2**10  # bytes of a piece in which there is nearly always the end of a line


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a delimited file is written. `header` None means: the first line may or may not be one."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool | None = True
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """How a file with quotes is read: the fragment, all its columns and those wanted, whether it has a header."""

    fragment: str
    columns: list[str]
    wanted: list[str]
    header: bool


ONE_BYTE = ("latin-1", "cp1252")  # encodings of releases, which know no invalid text
CSV = Dialect()
TSV = Dialect(delimiter="\t", quote="", escape="", header=False)
JSONL = Dialect(delimiter="", quote="", escape="", header=False)  # of JSON lines: blank ones are no records

PYTHON = Dialect(delimiter="", quote="", escape="", header=False)  # of lines that each spell a Python dict


def header_of(path: Path, columns: Mapping[str, str], dialect: Dialect) -> tuple[bool, list[str]]:
    """Whether the file has a header line, and all its columns in order.

    Raises MalformedRowError if a wanted column is missing from the header.
    """
    if dialect.header is False:
        return False, list(columns)
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
    first = _told_apart(first, columns)
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
    """Raise MalformedRowError for a line of many thousand fields: DuckDB's time to refuse it goes by their square.

    Only pieces without a line end are looked into, so that the check of 1 GB takes a twentieth of a second.
    """
    delimiter = dialect.delimiter.encode()
    for before, piece in _pieces_of_one_line(path):
        if piece.count(delimiter) > MOST_FIELDS:
            with open_bytes(path) as start:
                line = 1 + sum(start.read(PIECE).count(b"\n") for _ in range(before))
            raise MalformedRowError(
                f"{path.parent.name}/{path.name} line {line}: more than {MOST_FIELDS:,} fields; want one row a line; "
                "check that the file is complete and of this release"
            )


def check_whole(path: Path) -> None:
    """Raise one of DAMAGED for a compressed file that is not whole, which DuckDB would not notice."""
    if path.suffix == ".gz":
        with open_bytes(path) as file:
            while file.read(2**20):
                pass


def _pieces_of_one_line(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the pieces of a file that hold no end of a line, each with its number."""
    with open_bytes(path) as file:
        read = iter(lambda: file.read(PIECE), b"") if path.suffix == ".gz" else _pieces(file.fileno())
        yield from ((n, piece) for n, piece in enumerate(read) if b"\n" not in piece and b"\r" not in piece)


def _pieces(file: int) -> Iterator[bytes]:
    """Yield a file piece by piece; only the end of a piece where that holds the end of a line."""
    for start in range(0, os.fstat(file).st_size, PIECE):
        end = os.pread(file, END, start + PIECE - END)
        yield end if b"\n" in end else os.pread(file, PIECE, start)


def _told_apart(names: list[str], wanted: Mapping[str, str]) -> list[str]:
    """Column names without two that are one to the engine, which knows no case; a wanted name given twice is none."""
    known = Counter(name.lower() for name in names)
    alone = [name if known[name.lower()] == 1 or name in wanted else "" for name in names]
    twice = {name for name in wanted if names.count(name) > 1}
    return [f"{name or 'unnamed'} {n}" if name in ("", *twice) else name for n, name in enumerate(alone, 1)]


def records_at(path: Path, numbers: Sequence[int], dialect: Dialect | None) -> list[tuple[int, str]]:
    """Line and text of some records (from 1, ascending) of a file: delimited when a dialect is given, else lines."""
    wanted, found = set(numbers), list[tuple[int, str]]()
    with open_text(path, dialect.encoding if dialect else "utf-8") as file:
        for number, line, text in _numbered(file, dialect):
            if number in wanted:
                found.append((line, text))
            if number >= numbers[-1]:
                return found
    return [*found, *((number, "") for number in numbers[len(found) :])]


def _numbered(file: IO[str], dialect: Dialect | None) -> Iterator[tuple[int, int, str]]:
    """Yield the records of a file with their number and the line each ends in."""
    if dialect is None or dialect is JSONL or dialect is PYTHON:
        lines = ((n, line) for n, line in enumerate(file, 1) if dialect is not JSONL or line.strip())
        yield from ((number, n, line) for number, (n, line) in enumerate(lines, 1))
        return
    rows = python_rows(file, dialect)
    for number, row in enumerate(rows, 0 if dialect.header else 1):
        yield number, rows.line_num, dialect.delimiter.join(row)


def python_rows(file: IO[str], dialect: Dialect) -> Any:
    """Return a csv.reader of the same dialect, for headers and for naming bad rows."""
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
    """Return the encoding of a file, where a release in a one-byte encoding may have been saved as UTF-8 since.

    Text in a one-byte encoding that is not ASCII is hardly ever valid UTF-8 from its beginning to its end, so that a
    file that is, is taken for UTF-8. A file with other bytes, or with ASCII alone, has the encoding expected.
    """
    if expected not in ONE_BYTE:
        return expected
    decoder, ascii_only = getincrementaldecoder("utf-8")(), True
    try:
        with open_bytes(path) as file:
            while piece := file.read(2**20):
                ascii_only = ascii_only and piece.isascii()
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return expected
    return expected if ascii_only else "utf-8"


def open_bytes(path: Path) -> IO[bytes]:
    """Return a file's content, decompressed if its name ends in .gz."""
    return igzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def open_text(path: Path, encoding: str = "utf-8", errors: str = "replace") -> IO[str]:
    """Return a file's content as text without a byte order mark; bytes that do not decode become U+FFFD, to be shown."""
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    opener: Any = igzip.open if path.suffix == ".gz" else open
    file: IO[str] = opener(path, "rt", encoding=encoding, errors=errors, newline="")
    return file
