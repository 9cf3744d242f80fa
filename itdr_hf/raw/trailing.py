"""Detect rows with one field too many whose last field is empty: the engine silently drops it, and the row is shifted.

Such rows are found by a delimiter at the end of a line, which most files do not have, and marked in a copy, in which the
engine rejects them like any other row with too many fields.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.raw.dialects import MAX_LINE, Dialect, open_bytes, python_rows

PIECE_BYTES = 8 * 2**20
MARK = b"?"  # written after the last delimiter, so that the field is not empty


def with_extra_fields_marked(path: Path, dialect: Dialect, fields: int, spill: Path) -> Path:
    """Return the file itself, or a copy in which rows of `fields` + 1 fields do not end in an empty field.

    A file in which every line ends with an extra delimiter is left as it is: nothing in it is shifted.
    """
    places = list(_suspects(path, dialect, fields))
    if not places or not _confirmed(path, dialect, fields):
        return path

    folder = spill / hashlib.md5(f"{path} marked".encode()).hexdigest() / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name.removesuffix(".gz")
    with open_bytes(path) as source, copy.open("wb") as target:
        at = 0
        for place in places:
            target.write(source.read(place - at) + MARK)
            at = place
        shutil.copyfileobj(source, target)
    return copy


@dataclass(frozen=True)
class _Piece:
    """Whole lines of a file, and where in its content they begin."""

    start: int
    content: bytes


def _pieces(path: Path) -> Iterator[_Piece]:
    with open_bytes(path) as file:
        rest, start = b"", 0
        while chunk := file.read(PIECE_BYTES):
            content = rest + chunk
            end = content.rfind(b"\n") + 1 or (len(content) if len(content) > MAX_LINE else 0)
            yield _Piece(start, content[:end])
            rest, start = content[end:], start + end
        yield _Piece(start, rest)


def _suspects(path: Path, dialect: Dialect, fields: int) -> Iterator[int]:
    """Yield the end offsets of lines that seem to have one field too many, an empty one."""
    delimiter = dialect.delimiter.encode()
    for piece in _pieces(path):
        for end in _line_ends(piece.content, delimiter):
            if _count(piece.content, end, dialect, delimiter) == fields + 1:
                yield piece.start + end


def _line_ends(content: bytes, delimiter: bytes) -> Iterator[int]:
    """Yield the offsets after each delimiter that ends a line, in order."""
    at = content.find(delimiter)
    unix, windows = (content.find(delimiter + end) for end in (b"\n", b"\r\n"))
    while at >= 0 and (unix >= 0 or windows >= 0):
        at = min(place for place in (unix, windows) if place >= 0)
        yield at + len(delimiter)
        unix = content.find(delimiter + b"\n", at + 1) if unix == at else unix
        windows = content.find(delimiter + b"\r\n", at + 1) if windows == at else windows
    if content.endswith(delimiter):
        yield len(content)


def _count(content: bytes, end: int, dialect: Dialect, delimiter: bytes) -> int:
    """Count the fields of the record that ends there; a quoted value may contain line breaks."""
    start = content.rfind(b"\n", 0, end) + 1
    quotes = dialect.quote.encode()
    if not quotes or content.find(quotes, start, end) < 0:
        return content.count(delimiter, start, end) + 1
    while start and content.count(quotes, start, end) % 2:
        start = content.rfind(b"\n", 0, start - 1) + 1
    rows = list(python_rows(io.StringIO(content[start:end].decode("latin-1"), newline=""), dialect))
    return len(rows[-1]) if rows else 0


def _confirmed(path: Path, dialect: Dialect, fields: int) -> bool:
    """Return whether some rows, but not all, have one extra empty field, as counted by Python's csv reader."""
    with open_bytes(path) as file:
        text = io.TextIOWrapper(file, encoding="latin-1", newline="")
        long = [len(row) == fields + 1 and row[-1] == "" for row in python_rows(text, dialect) if row]
    return any(long) and not all(long[dialect.header is not False :])
