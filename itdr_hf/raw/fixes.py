"""Fix files that the engine's readers reject: mixed line endings, lone surrogates.

The readers refuse a whole file for mixed line endings, and a JSON line for half a surrogate pair. Both are rare and
unambiguous, so a file is first read as it is, and fixed only if that fails.
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
from itdr_hf.raw.gzip_pipes import BYTE_ORDER_MARK

CHUNK = 2**20
PARQUET = b"PAR1"  # the first bytes of a Parquet file, which is not text
UTF_16 = {b"\xff\xfe": "little-endian", b"\xfe\xff": "big-endian"}
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def has_byte_order_mark(path: Path) -> bool:
    """Return whether a file begins with the byte order mark of UTF-8."""
    with path.open("rb") as file:
        return file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK


def beginning(path: Path) -> bytes:
    """Return the first bytes of a file's content, decompressed."""
    with open_bytes(path) as file:
        return file.read(256)


def utf_16(head: bytes) -> str:
    """Return the byte order of a text in UTF-16, from its `beginning`; "" for one in another encoding.

    Without a byte order mark, UTF-16 is recognised by the zero bytes between ASCII characters.
    """
    if head.startswith(PARQUET):
        return ""
    if kind := UTF_16.get(head[:2]):
        return kind
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) >= 16 and max(even, odd) > 0.4 * len(head) and not min(even, odd):
        return "little-endian" if odd > even else "big-endian"
    return ""


def replace_lone_surrogates(line: bytes) -> bytes:
    r"""Return a JSON line with lone surrogate escapes replaced by `\ufffd`; pairs and other escapes are kept."""
    if not _HALF.search(line):
        return line
    return _ESCAPE.sub(lambda found: b"\\ufffd" if len(found[0]) == 6 and found[0][2:3] in b"dD" else found[0], line)


def has_lone_surrogates(path: Path) -> bool:
    """Return whether a file of JSON lines contains a lone surrogate escape."""
    with open_bytes(path) as file:
        return any(_HALF.search(line) and replace_lone_surrogates(line) != line for line in file)


def copy_with_unix_line_ends(path: Path, spill: Path) -> Path:
    """Copy a file with every line ending as LF; the copy keeps the names of file and folder, which errors mention."""
    folder = spill / hashlib.md5(f"{path} alike".encode()).hexdigest() / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    opener: Any = partial(gzip.open, compresslevel=1) if path.suffix == ".gz" else open
    with opener(folder / path.name, "wb") as copy:
        copy.writelines(_with_unix_line_ends(path))
    return folder / path.name


def _with_unix_line_ends(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        held = b""
        while chunk := file.read(CHUNK):
            content = held + chunk
            held = content[-1:] if content.endswith(b"\r") else b""  # the LF may come with the next chunk
            content = content[: len(content) - len(held)]
            yield content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield held.replace(b"\r", b"\n")
