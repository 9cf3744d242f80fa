"""Convert lines that are Python literals (`{u'hours': 14.6}`) to JSON in Arrow batches: streamed, never evaluated."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, TYPE_CHECKING

from itdr_hf.raw.dialects import damage_named

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_LINES = 4_096
_UNDECODED = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, as "surrogateescape" decodes them
_TEXT = re.compile(r"""('[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")""")
_UNLIKE_JSON = re.compile(r'\\(?:x([0-9a-fA-F]{2})|(.))|"')  # what a text may contain that JSON may write differently
_WORDS = (("u\0", "\0"), ("True", "true"), ("False", "false"), ("None", "null"))  # between texts; \0 stands for a text
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAME_ESCAPES = frozenset('bfnrtu"\\')
JSON_WORDS = {"true": True, "false": False, "null": None}
UNREADABLE = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)


def stream(file: IO[str]) -> pa.RecordBatchReader:
    """Return a single-use reader: `line` (a JSON object, NULL if the line is not a dict) and the line number, `_row`.

    Blank lines are skipped. The file is closed when it has been read.
    """
    import pyarrow as pa

    schema = pa.schema({"line": pa.string(), "_row": pa.int64()})
    return pa.RecordBatchReader.from_batches(schema, _batches(file, schema))


def as_json(line: str) -> str | None:
    """Return the dict literal in a line as JSON; None for anything else, or for invalid UTF-8.

    JSON's true, false and null are accepted too, as they occur in rewritten copies.
    """
    if not line.isascii() and _UNDECODED.search(line):
        return None
    line = line.strip()
    return _simple(line) or _literal(line)


def _simple(line: str) -> str | None:
    """Return a line that is JSON but for its quotes, escapes and words as JSON; None if there is more to it.

    Nearly every line is, and is read in a fifth of the time so.
    """
    plain = '"' not in line and "\\" not in line  # then each apostrophe begins or ends a text
    parts = line.split("'") if plain else _TEXT.split(line)
    others = "\0".join(parts[::2])
    if '"' in others or "'" in others:
        return None
    for word, jsons in _WORDS:
        others = others.replace(word, jsons)
    try:
        parts[::2] = others.split("\0")
        parts[1::2] = parts[1::2] if plain else map(_json_text, parts[1::2])
        text = ('"' if plain else "").join(parts)
        value = _JSON.decode(text)
    except ValueError:  # from an odd number of quotes or a NUL too: the parts are more or fewer
        return None
    if not isinstance(value, dict):
        return None
    flat = others.count(":") == len(
        value
    )  # and each key once: of two alike the engine takes the first, Python the last
    return text if flat and "\\u" not in text else _written(value)


def _json_text(text: str) -> str:
    inner = text[1:-1]
    if "\\" in inner or '"' in inner:
        inner = _UNLIKE_JSON.sub(_json_escape, inner)
    return f'"{inner}"'


def _json_escape(found: re.Match[str]) -> str:
    code, letter = found.groups()
    if code:
        return f"\\u00{code}"
    if letter == "'":
        return letter
    if letter is not None and letter not in _SAME_ESCAPES:
        raise ValueError(found[0])
    return found[0] if letter else '\\"'


def _refuse(word: str) -> object:
    """Refuse NaN and Infinity, which JSON's decoder takes for numbers."""
    raise ValueError(word)


_JSON = json.JSONDecoder(parse_constant=_refuse)


def _literal(line: str) -> str | None:
    try:
        value = _value(line)
        return _written(value) if isinstance(value, dict) else None
    except UNREADABLE:
        return None


def _value(line: str) -> object:
    try:
        return ast.literal_eval(line)
    except ValueError:  # a name among the values
        tree = ast.parse(line, mode="eval")
        return ast.literal_eval(_Words().visit(tree))


class _Words(ast.NodeTransformer):
    """Replace JSON's true, false and null by Python's constants."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(JSON_WORDS[node.id]) if node.id in JSON_WORDS else node


def _batches(file: IO[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with closing(file), damage_named(Path(file.name)):
        numbers: list[int] = []
        lines: list[str | None] = []
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            numbers.append(number)
            lines.append(as_json(line))
            if len(lines) == BATCH_LINES:
                yield pa.record_batch([lines, numbers], schema=schema)
                numbers, lines = [], []
        yield pa.record_batch([lines, numbers], schema=schema)


def _written(value: dict[object, object]) -> str:
    """Return a dict as JSON, surrogate pairs, which Python 2 may have written as two escapes, joined; a lone one is U+FFFD."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
