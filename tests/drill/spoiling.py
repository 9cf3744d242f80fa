"""Ways to spoil a raw file as real ones are spoilt, and what became of the release: refused, read right, or counted."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from itdr_hf import catalogue
from itdr_hf.errors import MissingFileError, RawDataError
from itdr_hf.raw.release import find_release
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.simulate import OTHERS, SOURCES, netflix, simulate
from itdr_hf.tables.cache import Tables, ensure_tables
from itdr_hf.tables.cleaning import MARKS

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
    middle = row.find(_delimiter(name)) // 2 if row.find(_delimiter(name)) > 0 else len(row) // 3
    return content[: start + max(middle, 1)]


def unclosed_quote(content: bytes, name: str) -> bytes:
    """A quote before a field of a row in the middle, where quotes mean something; of JSON, one that is lost."""
    if ".json" in name:
        return _on_line(content, name, lambda line: line.replace(b'"', b"", 1))
    if not (_quoted(name) or _by_csv(name)):
        return content
    return _on_line(content, name, lambda line: b'"' + line if not line.startswith(b'"') else line[1:])


def nul_byte(content: bytes, name: str) -> bytes:
    """Within the first value of a row in the middle."""
    if ".json" in name:
        return _on_line(content, name, lambda line: line.replace(b": ", b": \0", 1))
    return _on_line(content, name, lambda line: line[:2] + b"\0" + line[2:])


def nul_run(content: bytes, name: str) -> bytes:
    """Zeros where a part of the file was never written, as a crash leaves them: from the middle of a row on."""
    start = len(content) // 2
    return content[:start] + b"\0" * min(512, len(content) // 4) + content[start + min(512, len(content) // 4) :]


def header_again(content: bytes, name: str) -> bytes:
    """The header between two rows, as of files that were put together."""
    first, end, _ = content.partition(b"\n")
    if not _headed(name, first):
        return content
    return _on_line(content, name, lambda line: first.removesuffix(b"\r") + end + line)


def delimiter_at_the_end(content: bytes, name: str) -> bytes:
    """Of a row in the middle."""
    end = b"," if ".json" in name else _delimiter(name)
    return _on_line(content, name, lambda line: line + end)


def delimiters_at_the_ends(content: bytes, name: str) -> bytes:
    """Of all rows, the header too."""
    end = b"," if ".json" in name else _delimiter(name)
    lines = [
        line.removesuffix(b"\r") + end + (b"\r" if line.endswith(b"\r") else b"") if line and ends else line
        for line, ends in zip(content.split(b"\n"), _rows_end(content, name), strict=True)
    ]
    return b"\n".join(lines)


def other_delimiter(content: bytes, name: str) -> bytes:
    """In the whole file; of JSON lines, one array."""
    if ".json" in name:
        return b"[" + content.rstrip(b"\n").replace(b"\n", b",\n") + b"]\n"
    delimiter = _delimiter(name)
    return content.replace(delimiter, b"," if delimiter == b";" else b";")


def empty(content: bytes, name: str) -> bytes:
    return b""


def no_last_line_end(content: bytes, name: str) -> bytes:
    return content.rstrip(b"\r\n")


def packed(content: bytes, name: str) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def packed_and_cut(content: bytes, name: str) -> bytes:
    whole = packed(content, name)
    return whole[: len(whole) * 2 // 3]


def packed_and_more(content: bytes, name: str) -> bytes:
    """Bytes behind the end of a compressed file that are nothing compressed."""
    return packed(content, name) + b"<html>the rest</html>"


SPOILINGS: dict[str, Callable[[bytes, str], bytes]] = {
    f.__name__: f
    for f in (
        more_fields, fewer_fields, mark, other_line_ends, utf_16, other_encoding, cut, unclosed_quote, nul_byte, nul_run,
        header_again, delimiter_at_the_end, delimiters_at_the_ends, other_delimiter, empty, no_last_line_end, packed,
        packed_and_cut, packed_and_more,
    )
}  # fmt: skip
PACKED = {"packed", "packed_and_cut", "packed_and_more"}  # spoilt as .gz, whatever the file is
RIGHT = ("refused", "read right", "left out and counted")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file of a simulated release under a raw folder, and how it is spoilt."""

    source: str
    raw: Path
    path: Path
    spoiling: str

    def __str__(self) -> str:
        return f"{self.source} {self.path.name} {self.spoiling}"

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".gz")

    def spoilt(self) -> bytes | None:
        """Return the content, not compressed but by the spoiling; None where this way changes nothing of such a file."""
        free = self.name.endswith(FREE_TEXT) and self.spoiling.startswith(("more_fields", "delimiter"))
        before = self.path.read_bytes()
        content = gzip.decompress(before) if self.path.suffix == ".gz" else before
        after = SPOILINGS[self.spoiling](content, self.name)
        return None if free or after == content else after


def simulated(folder: Path) -> dict[str, list[Path]]:
    """Write small releases of every source, the Netflix Prize in both layouts; return source -> raw folders."""
    simulate(folder / "raw", sources=[*SOURCES, *OTHERS], scale=0.001, seed=5)
    netflix.write(
        folder / "split" / netflix.FOLDER, users=60, items=12, interactions=1_500, seed=5, one_file_a_movie=True
    )
    raws = {source: [folder / "raw"] for source in SOURCES | OTHERS}
    raws["netflix"].append(folder / "split")
    return raws


def cases(source: str, raw: Path, *, every: bool) -> list[Case]:
    """Return the files that are read of a source, in every way; not `every`: of many in one role the first and the last."""
    release = find_release(catalogue.source(source), raw)
    files = {path for paths in release.files.values() for path in (paths if every else (paths[0], paths[-1]))}
    found = [Case(source=source, raw=raw, path=path, spoiling=name) for path in sorted(files) for name in SPOILINGS]
    return [case for case in found if case.spoilt() is not None]


def judge(case: Case, clean: Tables, engine: DuckDBEngine, cache: Path) -> str:
    """Return one of RIGHT, or what is wrong. The file is put back."""
    spoilt, before = case.spoilt(), case.path.read_bytes()
    assert spoilt is not None
    there = case.path.with_name(f"{case.name}.gz") if case.spoiling in PACKED else case.path
    case.path.unlink()
    there.write_bytes(
        gzip.compress(spoilt, 1, mtime=0) if there.suffix == ".gz" and case.spoiling not in PACKED else spoilt
    )
    try:
        tables = ensure_tables(catalogue.source(case.source), case.raw, engine=engine, cache=cache)
    except (RawDataError, MissingFileError) as error:
        return "refused" if case.name.removesuffix(".csv") in str(error) else f"another file is named: {error}"
    finally:
        there.unlink()
        case.path.write_bytes(before)
    lacking = [name for name in ("interactions", "items", "users") if clean.has(name) and not tables.has(name)]
    if lacking:
        return "refused" if all(case.name in tables.release.lacks(name) for name in lacking) else f"no {lacking}"
    here, there_ = contents(tables), contents(clean)
    if here == there_:
        return "read right"
    wrong = [name for name in here if not _counted(tables, clean, name)]
    return f"read otherwise: {_difference(tables, clean)}" if wrong else "left out and counted"


def _counted(tables: Tables, clean: Tables, name: str) -> bool:
    """Whether all rows of a table are as they were, but for those that the steps of its reading say are left out."""
    here, there = (Counter(_without_popularity(contents(one)[name])) for one in (tables, clean))
    lost = there.total() - here.total()
    return not here - there and lost == _left_out(tables, name) - _left_out(clean, name)


def _without_popularity(rows: list[str]) -> list[str]:
    """Rows without the number of their interactions, which falls with them."""
    return [re.sub(r'"popularity": \d+', "", row) for row in rows]


def _left_out(tables: Tables, name: str) -> int:
    """How many rows of a table the steps say were left out, with a reason."""
    return -sum(step["rows"] for step in tables.record["steps"] if step["rows"] < 0 and step["table"] == name)


def contents(tables: Tables) -> dict[str, list[str]]:
    """The rows of each table as text, sorted, whatever the ends of lines within values."""
    return {
        name: sorted(json.dumps(row, default=str).replace("\\r\\n", "\\n") for row in _rows(tables, name))
        for name in ("interactions", "items", "users")
        if tables.has(name)
    }


def _rows(tables: Tables, name: str) -> list[dict[str, Any]]:
    table = pq.read_table(tables.path(name))
    rows = table.select([column for column in table.column_names if column not in MARKS]).to_pylist()
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


def _on_line(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change a line near the middle that is a row, without its end; none that is a heading of a block."""
    lines, ends = content.split(b"\n"), _rows_end(content, name)
    wanted = (n for n in range(len(lines) // 2, len(lines)) if ends[n - 1] and ends[n] and not lines[n].endswith(b":"))
    at = next(wanted, len(lines) // 2)  # of one row alone there is no other
    bare = lines[at].removesuffix(b"\r")
    lines[at] = change(bare) + lines[at][len(bare) :]
    return b"\n".join(lines)


def _rows_end(content: bytes, name: str) -> list[bool]:
    """Whether a row ends with each line, rather than going on within quotes."""
    quotes, ends = 0, []
    for line in content.split(b"\n"):
        quotes += line.replace(b'\\"', b"").count(b'"') if _quoted(name) or _by_csv(name) else 0
        ends.append(quotes % 2 == 0)
    return ends


def _headed(name: str, first: bytes) -> bool:
    fields = first.strip().split(_delimiter(name))
    headed = (name.endswith(".csv") and not name.endswith(FREE_TEXT)) or first.startswith(b"#id")
    return headed and not any(field.strip(b'"').isdigit() for field in fields)


def _by_csv(name: str) -> bool:
    """Whether quotes mean something in a file of this name, and are doubled."""
    return name.endswith(".csv") and not name.startswith("BX") and not name.endswith(FREE_TEXT)


def _in_row(content: bytes, name: str, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Change the fields of a row near the middle that is whole on its line."""
    if ".json" in name:
        return _in_object(content, change)
    if _by_csv(name):
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
