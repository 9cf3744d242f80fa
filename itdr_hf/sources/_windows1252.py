"""Fix Windows-1252 text: files that DuckDB cannot decode, and text that was encoded twice."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from itdr_hf.raw.dialects import actual_encoding, open_text
from itdr_hf.raw.scan import Scan
from itdr_hf.runtime.duckdb_engine import quote

ENCODING = "cp1252"
# byte -> its character, for the 123 bytes of the upper half that have one
UPPER = {byte: text for byte in range(0x80, 0x100) if (text := bytes([byte]).decode(ENCODING, errors="ignore"))}


def as_utf8(scan: Scan, role: str, fix: Callable[[str], str] = lambda line: line) -> Scan:
    """Return the same scan with UTF-8 copies of the files of a role, each line passed through `fix`.

    DuckDB's latin-1 decoder refuses a whole file for one byte from 0x80 to 0x9f, and it has no other one-byte encoding.
    A copy keeps the names of file and folder and the line numbers, which errors mention.
    """
    return replace(scan, files={**scan.files, role: [_copy(path, scan.engine.spill, fix) for path in scan.files[role]]})


def undoubled(column: str) -> str:
    """Return SQL that fixes a text column in which UTF-8 was read as Windows-1252 once or twice: 'Ã¼' becomes 'ü'.

    The second time left '?' where the first had produced a character that the encoding does not have.
    """
    latin = "".join(chr(byte) for byte in UPPER if byte < 0xA0)  # the same bytes as decoded by latin-1
    plain = f"translate({column}, {quote(latin)}, {quote(''.join(UPPER[byte] for byte in map(ord, latin)))})"
    fixed = plain
    for start in ("Ã?Â", "ÃƒÂ", "Ã"):
        for byte in [b for b in UPPER if b < 0xC0]:
            fixed = f"replace({fixed}, {quote(start + UPPER[byte])}, {quote(chr(byte + 0x40))})"
    return f"CASE WHEN contains({column}, 'Ã') THEN {fixed} ELSE {plain} END"


def _copy(path: Path, spill: Path, fix: Callable[[str], str]) -> Path:
    folder = spill / hashlib.md5(str(path).encode()).hexdigest() / path.parent.name
    folder.mkdir(parents=True, exist_ok=True)
    opener: Any = partial(gzip.open, compresslevel=1) if path.suffix == ".gz" else open
    with (
        open_text(path, actual_encoding(path, ENCODING)) as source,
        opener(folder / path.name, "wt", encoding="utf-8", newline="") as copy,
    ):
        copy.writelines(map(fix, source))
    return folder / path.name
