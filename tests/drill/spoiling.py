"""Seven ways to spoil a whole raw file, and what became of the release: named, or read as if nothing had happened."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from itdr_hf import catalogue
from itdr_hf.errors import RawDataError
from itdr_hf.raw.release import find_release
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.simulate import OTHERS, SOURCES
from itdr_hf.tables.cache import Tables, ensure_tables

LATIN = (".dat", "BX-Books.csv", "BX-Users.csv", "BX-Book-Ratings.csv", "movie_titles.csv")
FREE_TEXT = ("title_en.csv", "movie_titles.csv")  # behind the last dividing comma everything is the title
DELIMITERS = {".dat": b"::", ".tsv": b"\t", "likes_and_views.txt": b"\t"}


def more_fields(content: bytes, name: str) -> bytes:
    """A further field in the middle of a row; a further key of an object."""
    return _in_row(content, name, lambda parts: [*parts[:1], b'"extra"' if _quoted(name) else b"extra", *parts[1:]])


def fewer_fields(content: bytes, name: str) -> bytes:
    return _in_row(content, name, lambda parts: parts[1:])


def mark(content: bytes, name: str) -> bytes:
    return b"\xef\xbb\xbf" + content


def other_line_ends(content: bytes, name: str) -> bytes:
    return content.replace(b"\r\n", b"\n") if b"\r\n" in content else content.replace(b"\n", b"\r\n")


def utf_16(content: bytes, name: str) -> bytes:
    return content.decode("latin-1" if name.endswith(LATIN) else "utf-8").encode("utf-16")


def other_encoding(content: bytes, name: str) -> bytes:
    if name.endswith(LATIN):
        return content.decode("cp1252", errors="replace").encode()
    return content.decode().encode("latin-1", errors="replace")


def cut(content: bytes, name: str) -> bytes:
    """The first part of a file, to the middle of a row's first half."""
    start = content.rfind(b"\n", 0, len(content) * 2 // 3) + 1
    end = content.find(b"\n", start)
    row = content[start:end]
    middle = row.find(_delimiter(name)) // 2 if row.find(_delimiter(name)) > 1 else len(row) // 3
    return content[: start + max(middle, 1)]


SPOILINGS: dict[str, Callable[[bytes, str], bytes]] = {
    f.__name__: f for f in (more_fields, fewer_fields, mark, other_line_ends, utf_16, other_encoding, cut)
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file of a simulated release, and how it is spoilt."""

    source: str
    path: Path
    spoiling: str

    def __str__(self) -> str:
        return f"{self.source} {self.path.name} {self.spoiling}"


def cases(raw: Path) -> Iterator[Case]:
    """The files that are read of every simulated source, in every way: of many in one role the first and the last."""
    for source in SOURCES | OTHERS:
        release = find_release(catalogue.source(source), raw)
        files = sorted({path for paths in release.files.values() for path in (paths[0], paths[-1])})
        yield from (Case(source=source, path=path, spoiling=name) for path in files for name in SPOILINGS)


def judge(case: Case, raw: Path, clean: Tables, engine: DuckDBEngine, cache: Path) -> str:
    """Return "named", "read right", "left out and counted" or what is wrong. The file is put back."""
    packed = case.path.suffix == ".gz"
    before = case.path.read_bytes()
    content = gzip.decompress(before) if packed else before
    spoilt = SPOILINGS[case.spoiling](content, case.path.name.removesuffix(".gz"))
    case.path.write_bytes(gzip.compress(spoilt, 1, mtime=0) if packed else spoilt)
    try:
        tables = ensure_tables(catalogue.source(case.source), raw, engine=engine, cache=cache)
    except RawDataError as error:
        return "named" if case.path.name in str(error) else f"another file is named: {error}"
    finally:
        case.path.write_bytes(before)
    if contents(tables) == contents(clean):
        return "read right"
    if _lost(tables, clean) == _left_out(tables) - _left_out(clean) > 0:
        return "left out and counted"
    return f"read otherwise: {_difference(tables, clean)}"


def _lost(tables: Tables, clean: Tables) -> int:
    """How many rows are not there any more, where all others are as they were; else -1."""
    here, there = contents(tables)["interactions"], contents(clean)["interactions"]
    return len(there) - len(here) if set(here) <= set(there) else -1


def _left_out(tables: Tables) -> int:
    """How many rows the steps say were left out, with a reason."""
    return -sum(step["rows"] for step in tables.record["steps"] if step["rows"] < 0)


def contents(tables: Tables) -> dict[str, list[str]]:
    """The rows of each table as text, sorted, whatever the ends of lines within values."""
    return {
        name: sorted(json.dumps(row, default=str).replace("\\r\\n", "\\n") for row in _rows(tables, name))
        for name in ("interactions", "items", "users")
        if tables.has(name)
    }


def _rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    rows = pq.read_table(tables.path(name)).to_pylist()
    if name == "interactions" and tables.has("texts"):
        texts = pq.read_table(tables.path("texts"), columns=["text"])["text"].to_pylist()
        rows = [{**row, "text_row": None if row["text_row"] is None else texts[row["text_row"]]} for row in rows]
    return rows


def _difference(tables: Tables, clean: Tables) -> str:
    for name, rows in contents(clean).items():
        have, lost = set(contents(tables)[name]) - set(rows), set(rows) - set(contents(tables)[name])
        if have or lost:
            return f"{name} has {list(have)[:1]} for {list(lost)[:1]}"
    return "the number of rows"


def _in_row(content: bytes, name: str, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Change the fields of a row near the middle that is whole on its line."""
    if ".json" in name:
        return _in_object(content, change)
    if name.endswith(".csv") and not name.startswith("BX") and not name.endswith(FREE_TEXT):
        return _in_quoted(content, change)
    delimiter, lines = _delimiter(name), content.split(b"\n")
    wanted = Counter(line.count(delimiter) for line in lines if line)
    count = max(wanted, key=wanted.__getitem__)
    at = next(n for n in range(len(lines) // 2, len(lines)) if lines[n].count(delimiter) == count)
    lines[at] = delimiter.join(change(lines[at].split(delimiter)))
    return b"\n".join(lines)


def _in_quoted(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    middle = len(rows) // 2
    rows[middle] = [part.decode() for part in change([part.encode() for part in rows[middle]])]
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def _in_object(content: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """A key more, or the first key less, of the object on a line in the middle."""
    lines = content.split(b"\n")
    at = len(lines) // 2
    if change([b"a", b"b"]) != [b"b"]:
        lines[at] = lines[at].replace(b"{", b'{"an_extra_key": 1, ', 1)
    else:
        lines[at] = b"{" + lines[at].partition(b", ")[2]
    return b"\n".join(lines)


def _delimiter(name: str) -> bytes:
    if name.startswith("BX"):
        return b";"
    return next((delimiter for end, delimiter in DELIMITERS.items() if name.endswith(end)), b",")


def _quoted(name: str) -> bool:
    return name.startswith("BX")
