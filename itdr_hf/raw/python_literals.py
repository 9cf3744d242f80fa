"""Lines that are Python literals (`{u'hours': 14.6}`), as JSON lines in Arrow batches: streamed, never evaluated."""

from __future__ import annotations

import ast
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 4_096  # lines
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as "surrogateescape" leaves them
JSON_WORDS = {"true": True, "false": False, "null": None}
UNREADABLE = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def stream(file: IO[str]) -> pa.RecordBatchReader:
    """Return a reader to be read once: `line` (a JSON object, NULL where the line is no dict) and its number, `_row`.

    Blank lines are skipped. The file is closed at its end.
    """
    import pyarrow as pa

    schema = pa.schema({"line": pa.string(), "_row": pa.int64()})
    return pa.RecordBatchReader.from_batches(schema, _batches(file, schema))


def as_json(line: str) -> str | None:
    """Return the dict that a line spells, as JSON; None if it spells anything else, or is no UTF-8.

    JSON's own words for true, false and null are taken too, as lines have them that were written anew.
    """
    if not line.isascii() and _UNDECODED.search(line):
        return None
    try:
        value = _value(line.strip())
        return _whole(json.dumps(value, ensure_ascii=False)) if isinstance(value, dict) else None
    except UNREADABLE:
        return None


def _value(line: str) -> object:
    try:
        return ast.literal_eval(line)
    except ValueError:  # a name among the values
        tree = ast.parse(line, mode="eval")
        return ast.literal_eval(_Words().visit(tree))


class _Words(ast.NodeTransformer):
    """Put Python's constants for JSON's words."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(JSON_WORDS[node.id]) if node.id in JSON_WORDS else node


def _batches(file: IO[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with closing(file), _named(file):
        numbers: list[int] = []
        lines: list[str | None] = []
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            numbers.append(number)
            lines.append(as_json(line))
            if len(lines) == BATCH:
                yield pa.record_batch([lines, numbers], schema=schema)
                numbers, lines = [], []
        yield pa.record_batch([lines, numbers], schema=schema)


@contextmanager
def _named(file: IO[str]) -> Iterator[None]:
    """Damage in compressed bytes, with the file's name in the message: only that gets through the engine."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise OSError(f"{error} ({file.name})") from error


def _whole(text: str) -> str:
    """Halves of a surrogate pair, which Python 2 may have written apart, put together; a lone half is U+FFFD."""
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
