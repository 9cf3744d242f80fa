"""Only parse raw files of any source, with DuckDB, storing nothing: what a build is measured against.

JSON lines: the columns that the readers take; CSV: all. What DuckDB cannot parse, Python literals and blocks, is read as lines.
"""

from __future__ import annotations

import ast
import csv
import tempfile
from pathlib import Path

from itdr_hf.bench.contestants import PRODUCTS, REVIEWS
from itdr_hf.raw.dialects import MAX_LINE

STRUCTS = {
    "review.json": "{'user_id': 'VARCHAR', 'business_id': 'VARCHAR', 'stars': 'FLOAT', 'text': 'VARCHAR', 'date': 'VARCHAR'}",
    "business.json": "{'business_id': 'VARCHAR', 'name': 'VARCHAR', 'city': 'VARCHAR', 'state': 'VARCHAR', "
    "'categories': 'VARCHAR', 'attributes': 'JSON'}",
    "user.json": "{'user_id': 'VARCHAR', 'name': 'VARCHAR'}",
}
LATIN = ("movies.dat", "movie_titles")  # what the engine can decode
WINDOWS = ("BX-",)  # what it cannot


def parse(paths: list[str], memory: str = "4GB") -> dict[str, int]:
    """Return the rows of each file."""
    import duckdb

    with duckdb.connect(config={"memory_limit": memory}) as engine, tempfile.TemporaryDirectory() as decoded:
        engine.execute("SET enable_progress_bar = false")
        found = {}
        for path in map(Path, paths):
            readable = _decoded(path, Path(decoded)) if path.name.startswith(WINDOWS) else path
            found[path.name] = int(engine.execute(query_of(str(readable))).fetchall()[0][0])
        return found


def _decoded(path: Path, folder: Path) -> Path:
    copy = folder / path.name
    copy.write_text(path.read_text(encoding="cp1252", errors="replace"), encoding="utf-8", newline="")
    return copy


def query_of(path: str) -> str:
    """Return the query that reads every value of a file."""
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


def _json(path: str, columns: str) -> str:
    values = ", ".join(f"max({name}::VARCHAR)" for name in ast.literal_eval(columns))
    return f"SELECT count(*), {values} FROM read_ndjson({path!r}, columns={columns}, maximum_object_size={MAX_LINE})"


def _separated(path: str, delimiter: str, fields: int, *, quoted: bool, header: bool, escape: str = '"') -> str:
    columns = "{" + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(fields)) + "}"
    quotes = f"quote='\"', escape='{escape}'" if quoted else "quote='', escape=''"
    encoding = ", encoding='latin-1'" if Path(path).name.startswith(LATIN) else ""
    options = (
        f"header={str(header).lower()}, delim={delimiter}, {quotes}, auto_detect=false, columns={columns}{encoding}"
    )
    values = ", ".join(f"max(c{place})" for place in range(fields))
    return f"SELECT count(*), {values} FROM read_csv({path!r}, {options}, ignore_errors=true, max_line_size={MAX_LINE})"


def _fields(path: str, delimiter: str) -> int:
    with Path(path).open(encoding="latin-1", newline="") as file:
        first = file.readline()
    return len(next(csv.reader([first], delimiter=delimiter))) if len(delimiter) == 1 else first.count(delimiter) + 1
