"""Only parse raw files of any source, or copy them to Parquet, with DuckDB: what a build is measured against.

JSON lines: the columns that the readers take; CSV: all. What DuckDB cannot parse, Python literals and blocks, is read as lines.
"""

from __future__ import annotations

import ast
import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itdr_hf.bench.contestants import PRODUCTS, REVIEWS
from itdr_hf.raw.dialects import MAX_LINE
from itdr_hf.runtime.duckdb_engine import quote

STRUCTS = {
    "review.json": "{'user_id': 'VARCHAR', 'business_id': 'VARCHAR', 'stars': 'FLOAT', 'text': 'VARCHAR', 'date': 'VARCHAR'}",
    "business.json": "{'business_id': 'VARCHAR', 'name': 'VARCHAR', 'city': 'VARCHAR', 'state': 'VARCHAR', "
    "'categories': 'VARCHAR', 'attributes': 'JSON'}",
}
LATIN = ("movies.dat", "movie_titles")  # what the engine can decode
WINDOWS = ("BX-",)  # what it cannot
MEMORY = "4GB"


def parse(paths: Sequence[str]) -> dict[str, int]:
    """Read every value of the files and store nothing; return the rows of each."""
    found = {}
    with _reading(paths) as (engine, tables):
        for path, (table, columns) in tables.items():
            values = ", ".join(f"max({column}::VARCHAR)" for column in columns)
            found[path] = int(engine.execute(f"SELECT count(*), {values} FROM {table}").fetchall()[0][0])
    return found


def copy(paths: Sequence[str], out: Path) -> int:
    """Copy the same columns of the files to Parquet, with DuckDB's defaults, and return the bytes written."""
    with _reading(paths) as (engine, tables):
        engine.execute("SET preserve_insertion_order = false")
        for number, (table, _) in enumerate(tables.values()):
            engine.execute(f"COPY (SELECT * FROM {table}) TO {quote(out / f'{number}.parquet')} (FORMAT parquet)")
    return sum(path.stat().st_size for path in out.iterdir())


@contextmanager
def _reading(paths: Sequence[str]) -> Iterator[tuple[Any, dict[str, tuple[str, list[str]]]]]:
    """Open an engine, and yield each file as a table of it, with its columns."""
    import duckdb

    with duckdb.connect(config={"memory_limit": MEMORY}) as engine, tempfile.TemporaryDirectory() as decoded:
        engine.execute("SET enable_progress_bar = false")
        yield engine, {path: table_of(str(_decoded(Path(path), Path(decoded)))) for path in paths}


def table_of(path: str) -> tuple[str, list[str]]:
    """Return the call that reads a file, and the columns that it has."""
    name = Path(path).name
    if "jsonl" in name:
        return _json(path, PRODUCTS if name.startswith("meta_") else REVIEWS)
    if name.endswith(".json"):
        return _json(path, next(columns for end, columns in STRUCTS.items() if name.endswith(end)))
    if name.endswith(".json.gz") and not name.startswith("steam_"):
        from itdr_hf.sources.amazon2018 import PRODUCT, REVIEW

        return _json(path, str(PRODUCT if name.startswith("meta_") else REVIEW))
    if name.startswith(("steam_", "combined_data", "movie_titles")):
        return _separated(path, "chr(1)", 1, quoted=False, header=False)
    if name.endswith(".dat"):
        return _separated(path, "'::'", _fields(path, "::"), quoted=False, header=False)
    if name.startswith("BX-"):
        return _separated(path, "';'", _fields(path, ";"), quoted=True, header=True, escape="\\")
    if name.endswith((".tsv", ".txt")):
        return _separated(path, "chr(9)", _fields(path, "\t"), quoted=False, header=False)
    return _separated(path, "','", _fields(path, ","), quoted=True, header=True)


def _json(path: str, columns: str) -> tuple[str, list[str]]:
    names = list(ast.literal_eval(columns))
    return f"read_ndjson({quote(path)}, columns={columns}, maximum_object_size={MAX_LINE})", names


def _separated(
    path: str, delimiter: str, fields: int, *, quoted: bool, header: bool, escape: str = '"'
) -> tuple[str, list[str]]:
    names = [f"c{place}" for place in range(fields)]
    quotes = f"quote='\"', escape='{escape}'" if quoted else "quote='', escape=''"
    encoding = ", encoding='latin-1'" if Path(path).name.startswith(LATIN) else ""
    types = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
    options = f"header={str(header).lower()}, delim={delimiter}, {quotes}, auto_detect=false, columns={types}{encoding}"
    return f"read_csv({quote(path)}, {options}, ignore_errors=true, max_line_size={MAX_LINE})", names


def _fields(path: str, delimiter: str) -> int:
    with Path(path).open(encoding="latin-1", newline="") as file:
        first = file.readline()
    return len(next(csv.reader([first], delimiter=delimiter))) if len(delimiter) == 1 else first.count(delimiter) + 1


def _decoded(path: Path, folder: Path) -> Path:
    """Return a file that the engine can decode: a copy, where it cannot decode this one."""
    if not path.name.startswith(WINDOWS):
        return path
    copy = folder / path.name
    copy.write_text(path.read_text(encoding="cp1252", errors="replace"), encoding="utf-8", newline="")
    return copy
