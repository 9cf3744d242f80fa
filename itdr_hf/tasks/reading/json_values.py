"""Find JSON within an answer, without ever trying more than a few places."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

_START = re.compile(r"[\[{](?=\s*[\"'\[{\d\]}-])")
_TRAILING = re.compile(r",(?=\s*[\]}])")
_COMMENT = re.compile(r"(?m)^\s*//.*$|(?<=[,\[{])[ \t]*//.*$")
_STRING = re.compile(r'"((?:[^"\\\n]|\\.){1,500})(?:"(?!\s*:)|\Z)')
_TRIES = 6
_PYTHON = 20_000  # characters of a Python literal that are looked at
_DECODER = json.JSONDecoder(strict=False)


def json_values(text: str) -> Iterator[Any]:
    """Give the JSON arrays and objects of a text, in order; a few failed tries end the search."""
    place, failed = 0, 0
    while failed < _TRIES and (start := _START.search(text, place)):
        found = _decoded(text, start.start())
        if found is None:
            place, failed = start.end(), failed + 1
        else:
            yield found[0]
            place = found[1]


def quoted_strings(text: str) -> list[str]:
    """Return the double-quoted strings of a broken JSON list, unescaped; the last may be cut off."""
    return [_unescaped(found[1]) for found in _STRING.finditer(text)]


def _decoded(text: str, start: int) -> tuple[Any, int] | None:
    """Decode one value and say where it ends; trailing commas and Python's quotes are taken too."""
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = text.find("]" if text[start] == "[" else "}", start, start + _PYTHON) + 1
    if not end:
        return None
    piece = _TRAILING.sub("", _COMMENT.sub("", text[start:end]))
    try:
        return json.loads(piece), end
    except (ValueError, RecursionError):
        pass
    try:
        return (ast.literal_eval(piece), end) if "\\" not in piece else None
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return text
