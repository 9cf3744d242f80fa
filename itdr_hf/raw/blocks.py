"""Read ratings in blocks, the format of the Netflix Prize: a line `movie:`, then `user,rating,date` lines.

The files are streamed in pieces of several megabytes. The headings are cut out, and the rest of a piece is parsed as one
CSV; only if that fails is the piece read line by line, to separate its malformed lines from the others. A file must
begin with a heading: its rows never belong to the last block of another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from itdr_hf.errors import MalformedRowError
from itdr_hf.raw.dialects import MAX_LINE, open_bytes

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_BYTES = 8 * 2**20
BOM = b"\xef\xbb\xbf"
_HEADING = re.compile(rb"[ \t]*(\d{1,9})[ \t]*:[ \t]*\r?\n?")
_ROW = re.compile(rb"[ \t]*(-?\d{1,10})[ \t]*,[ \t]*(-?\d{1,4})[ \t]*,[ \t]*(\d{4}-\d\d-\d\d)[ \t]*")
_MAX_ID = 2**31 - 1


@dataclass
class _Position:
    """The block and the line number at which the next piece of a file begins."""

    block: int | None = None
    line: int = 1


@dataclass
class _Blocks:
    """The blocks of a piece: the id of each, the line number of its first row, its number of rows, and their bytes."""

    ids: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def stream(paths: Sequence[Path]) -> pa.RecordBatchReader:
    """Return a single-use reader of the rows: `block`, `user`, `rating`, `day`, and the line number, `_row`.

    A line that is neither a heading nor a row, or that precedes the first heading of its file, becomes a row whose other
    columns are NULL. Blank lines are skipped. Raises MalformedRowError for a line longer than MAX_LINE.
    """
    import pyarrow as pa

    schema = pa.schema(
        {"block": pa.int32(), "user": pa.int32(), "rating": pa.int16(), "day": pa.date32(), "_row": pa.int64()}
    )
    return pa.RecordBatchReader.from_batches(schema, chain.from_iterable(_batches(path, schema) for path in paths))


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    position = _Position()
    for piece in _pieces(path):
        blocks = _split(piece, position)
        table = blocks and _parsed(blocks, schema)
        yield from (table or _line_by_line(piece, position, schema)).to_batches()
        position.line += piece.count(b"\n")


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, without a byte order mark, in pieces that end with a line feed; one is added to the last."""
    with open_bytes(path) as file:
        rest, read = b"", 0
        while chunk := file.read(PIECE_BYTES):
            content = rest + (chunk if read else chunk.removeprefix(BOM))
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


def _split(piece: bytes, position: _Position) -> _Blocks | None:
    """Cut a piece at its headings, and set the position to the last of them, whose rows may continue in the next piece.

    Returns None if a colon does not end a heading, if a row precedes any heading, or if there are no rows.
    """
    blocks, start, line, block = _Blocks(), 0, position.line, position.block

    while True:
        colon = piece.find(b":", start)
        first = piece.rfind(b"\n", start, colon) + 1 if colon >= 0 else len(piece)
        first = max(first, start)

        if first > start:
            if block is None:
                return None
            body = piece[start:first]
            blocks.ids.append(block)
            blocks.lines.append(line)
            blocks.counts.append(body.count(b"\n"))
            blocks.bodies.append(body)
            line += blocks.counts[-1]

        if colon < 0:
            position.block = block
            return blocks if blocks.ids else None

        end = piece.find(b"\n", colon) + 1
        heading = _HEADING.fullmatch(piece[first:end])
        if not heading:
            return None
        block, start, line = int(heading[1]), end, line + 1


def _parsed(blocks: _Blocks, schema: pa.Schema) -> pa.Table | None:
    """Return the rows of all blocks, or None if any line is not a row."""
    import pyarrow as pa
    from pyarrow import csv

    body, names = b"".join(blocks.bodies), ("user", "rating", "day")
    try:
        table = csv.read_csv(
            pa.BufferReader(body),
            csv.ReadOptions(column_names=names, use_threads=False, block_size=len(body) + 1),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types={name: schema.field(name).type for name in names}, null_values=[]),
        )
    except pa.ArrowInvalid:
        return None

    counts = np.array(blocks.counts)
    if table.num_rows != counts.sum():  # there are blank lines
        return None

    ends = np.cumsum(counts)
    lines = np.arange(table.num_rows) + np.repeat(np.array(blocks.lines) - (ends - counts), counts)
    ids = np.repeat(np.array(blocks.ids, dtype=np.int32), counts)
    return pa.table([pa.array(ids), *table.columns, pa.array(lines)], schema=schema)


def _line_by_line(piece: bytes, position: _Position, schema: pa.Schema) -> pa.Table:
    """Return the rows of a piece with malformed or blank lines, and set the position to the block at its end."""
    import pyarrow as pa

    rows: list[tuple[int | None, int | None, int | None, date | None, int]] = []
    for number, line in enumerate(piece.splitlines(), position.line):
        if heading := _HEADING.fullmatch(line):
            position.block = int(heading[1])
        elif line.strip():
            rows.append((*_row(line, position.block), number))
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
