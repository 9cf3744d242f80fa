"""Read ratings in blocks, the format of the Netflix Prize: a line `movie:`, then `user,rating,date` lines.

The files are streamed in pieces of several megabytes. A piece is parsed as one CSV, in which the headings are rows of one
field that are set aside; only if that fails is the piece read line by line, to separate its malformed lines from the
others. A file must begin with a heading: its rows never belong to the last block of another file. Small files that do
are parsed several at a time, since a call costs as much as ten thousand rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.dialects import MAX_LINE, damage_named, open_bytes
from itdr_hf.raw.gzip_pipes import BYTE_ORDER_MARK

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_BYTES = 8 * 2**20
_HEADED = re.compile(rb"[ \t]*[0-9]{1,9}[ \t]*:[ \t]*\r?\n")
_HEADING = re.compile(r"[ \t]*([0-9]{1,9})[ \t]*:[ \t]*")
_ROW = re.compile(rb"[ \t]*(-?\d{1,10})[ \t]*,[ \t]*(-?\d{1,4})[ \t]*,[ \t]*(\d{4}-\d\d-\d\d)[ \t]*")
_MAX_ID = 2**31 - 1


@dataclass
class _Position:
    """The block and the line number at which the next piece of a file begins."""

    block: int | None = None
    line: int = 1


def stream(paths: Sequence[Path], *, numbered: bool = False) -> pa.RecordBatchReader:
    """Return a single-use reader of the rows: `block`, `user`, `rating`, `day`, and if `numbered` the line, `_row`.

    A line that is neither a heading nor a row, or that precedes the first heading of its file, becomes a row whose other
    columns are NULL. Blank lines are skipped. Raises MalformedRowError for a line longer than MAX_LINE.
    """
    import pyarrow as pa

    schema = pa.schema({"block": pa.int32(), "user": pa.int32(), "rating": pa.int16(), "day": pa.date32()})
    if numbered:
        schema = schema.append(pa.field("_row", pa.int64()))
    files = ([path] for path in paths) if numbered else [paths]
    return pa.RecordBatchReader.from_batches(schema, chain.from_iterable(_batches(some, schema) for some in files))


def _batches(paths: Sequence[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    position = _Position()
    for begins, piece in _joined(paths):
        position = _Position() if begins else position
        table = _parsed(piece, position, schema)
        if table is None:
            table = _line_by_line(piece, position, schema)
        yield from table.to_batches()


def _joined(paths: Sequence[Path]) -> Iterator[tuple[bool, bytes]]:
    """Yield the content of files in pieces, and whether a piece begins a file; small files that have a heading are joined."""
    held, size = list[bytes](), 0
    for path in paths:
        pieces = _pieces(path)
        first, second = next(pieces, b""), next(pieces, b"")
        small = not second and _HEADED.match(first)
        if held and (not small or size > PIECE_BYTES):
            yield True, b"".join(held)
            held, size = [], 0
        if small:
            held.append(first)
            size += len(first)
        else:
            yield from ((not number, piece) for number, piece in enumerate(chain((first, second), pieces)) if piece)
    if held:
        yield True, b"".join(held)


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, without a byte order mark, in pieces that end with a line feed; one is added to the last."""
    with damage_named(path), open_bytes(path) as file:
        rest, read = b"", 0
        while chunk := file.read(PIECE_BYTES):
            content = rest + (chunk if read else chunk.removeprefix(BYTE_ORDER_MARK))
            read += len(chunk)
            end = content.rfind(b"\n") + 1
            rest = content[end:]
            if len(rest) > MAX_LINE:
                where = f"{path.parent.name}/{path.name}"
                raise MalformedRowError(
                    f"{where}: a line of more than {MAX_LINE:,} bytes; want lines such as '1488844,3,2005-09-06'; "
                    "check that the file is complete and of this release"
                )
            if end:
                yield content[:end]
        if rest:
            yield rest + b"\n"


def _parsed(piece: bytes, position: _Position, schema: pa.Schema) -> pa.Table | None:
    """Return the rows of a piece, and move the position to its end; None if any line is neither a heading nor a row."""
    import pyarrow as pa
    from pyarrow import csv

    if not piece.isascii():  # Arrow could not show its text below
        return None
    found: list[tuple[int, int]] = []  # the line of each heading in the piece, from 0, and its block

    def set_aside(row: csv.InvalidRow) -> str:
        heading = _HEADING.fullmatch(row.text)
        if heading is None:
            return "error"
        found.append((row.number - 1, int(heading[1])))
        return "skip"

    names = ("user", "rating", "day")
    try:
        table = csv.read_csv(
            pa.BufferReader(piece),
            csv.ReadOptions(column_names=names, use_threads=False, block_size=len(piece) + 1),
            csv.ParseOptions(quote_char=False, ignore_empty_lines=False, invalid_row_handler=set_aside),
            csv.ConvertOptions(column_types={name: schema.field(name).type for name in names}, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None

    lines = table.num_rows + len(found)
    if position.block is None and (not found or found[0][0]):
        return None

    starts = np.array([-1, *(line for line, _ in found)]) + 1  # of the rows of each block; the first goes on
    counts = np.diff(starts, append=lines + 1) - 1
    ids = np.array([position.block or 0, *(block for _, block in found)], dtype=np.int32)
    columns = [pa.array(np.repeat(ids, counts)), *table.columns]
    if "_row" in schema.names:
        columns.append(pa.array(np.arange(table.num_rows) + np.repeat(np.arange(len(ids)), counts) + position.line))
    position.block, position.line = int(ids[-1]), position.line + lines
    return pa.table(columns, schema=schema)


def _line_by_line(piece: bytes, position: _Position, schema: pa.Schema) -> pa.Table:
    """Return the rows of a piece with malformed or blank lines, and move the position to its end."""
    import pyarrow as pa

    rows: list[tuple[int | date | None, ...]] = []
    for number, line in enumerate(piece.splitlines(), position.line):
        if heading := _HEADING.fullmatch(line.decode("latin-1")):
            position.block = int(heading[1])
        elif line.strip():
            rows.append((*_row(line, position.block), number)[: len(schema)])
    position.line += piece.count(b"\n")
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * len(schema), schema=schema)


def _row(line: bytes, block: int | None) -> tuple[int | None, int | None, int | None, date | None]:
    """Return the block, user, rating and day of a line; all None if it is not a row or belongs to no block."""
    match = _ROW.fullmatch(line)
    if match is None or block is None or int(match[1]) > _MAX_ID:
        return None, None, None, None
    try:
        return block, int(match[1]), int(match[2]), date.fromisoformat(match[3].decode())
    except ValueError:  # no such day
        return None, None, None, None
