"""What is put right in a file before the engine reads it: line ends of several kinds, halves of characters.

The engine's readers refuse a whole file for a mixture of line ends, and a JSON line for half a surrogate pair. Both are
rare and nothing is ambiguous in them, so that a file is read as it lies first, and mended only when that fails.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from itdr_hf.raw.dialects import open_bytes
from itdr_hf.raw.gzip_pipes import MARK

CHUNK = 2**20
PARQUET = b"PAR1"  # how such a file begins, which is no text
UTF_16 = {b"\xff\xfe": "little-endian", b"\xfe\xff": "big-endian"}
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def begins_with_mark(path: Path) -> bool:
    """Whether a file begins with the byte order mark of UTF-8."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def utf_16(path: Path) -> str:
    """Tell which kind of UTF-16 a text file is in; "" for one in another encoding.

    Without a mark it is known by the zero bytes that stand between ASCII characters.
    """
    with open_bytes(path) as file:
        head = file.read(256)
    if head.startswith(PARQUET):
        return ""
    if kind := UTF_16.get(head[:2]):
        return kind
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) >= 16 and max(even, odd) > 0.4 * len(head) and not min(even, odd):
        return "little-endian" if odd > even else "big-endian"
    return ""


def whole_characters(line: bytes) -> bytes:
    """Return a JSON line with half a surrogate pair as U+FFFD; pairs, and backslashes that escape none, stay."""
    if not _HALF.search(line):
        return line
    return _ESCAPE.sub(lambda found: b"\\ufffd" if len(found[0]) == 6 and found[0][2:3] in b"dD" else found[0], line)


def has_halves(path: Path) -> bool:
    """Whether a file of JSON lines may hold half a surrogate pair."""
    with open_bytes(path) as file:
        return any(_HALF.search(line) and whole_characters(line) != line for line in file)


def alike_copy(path: Path, spill: Path) -> Path:
    """Copy a file with every end of line as LF; the copy keeps the name and the folder's, so that errors name those."""
    folder = spill / hashlib.md5(f"{path} alike".encode()).hexdigest() / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    opener: Any = partial(gzip.open, compresslevel=1) if path.suffix == ".gz" else open
    with opener(folder / path.name, "wb") as copy:
        copy.writelines(_alike(path))
    return folder / path.name


def _alike(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        held = b""
        while chunk := file.read(CHUNK):
            content = held + chunk
            held = content[-1:] if content.endswith(b"\r") else b""  # the LF may come with the next chunk
            content = content[: len(content) - len(held)]
            yield content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield held.replace(b"\r", b"\n")
