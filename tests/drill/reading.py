"""The judgement of one spoilt release: sound tables whose counts add up, or one clear error. Anything else is a bug."""

from __future__ import annotations

import csv
import gzip
import re
import shutil
import tempfile
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from drill.bases import Base, Spoilable, lines, records
from itdr_hf import catalogue
from itdr_hf.errors import ItdrError, RawDataError
from itdr_hf.raw.malformed import BadRows
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import Tables, ensure_tables

KEEP = ("read", "kept")
UNNESTED = (
    ("Steam, version 1 (Australian users)", "posts"),
    ("MicroLens-100k, no times", "interactions"),
)  # many a line


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of a release: `tables`, `skipped` (tables without the bad rows) or `error`; and what is wrong with that."""

    outcome: str
    message: str = ""
    wrong: str = ""


def judge(base: Base, file: Spoilable, content: bytes, engine: DuckDBEngine, folder: Path) -> Verdict:
    """Read a release in which one file has another content; with bad rows as errors, then skipped."""
    work = Path(tempfile.mkdtemp(dir=folder))
    try:
        base.write(work / "raw", **{file.path: content})
        said = ""
        for policy in ("error", "skip"):
            try:
                tables = ensure_tables(
                    catalogue.source(base.source),
                    work / "raw",
                    engine=engine,
                    cache=work / policy,
                    bad=BadRows(policy=policy),
                )
            except ItdrError as error:
                wrong = _wrong_error(error, work / policy, str(work))
                if wrong or policy == "skip" or not alive(engine):
                    return Verdict(outcome="error", message=str(error), wrong=wrong)
                said = str(error)
                continue
            except BaseException as error:
                return Verdict(outcome="crash", wrong=f"{type(error).__name__}: {str(error)[:500]}")
            wrong = _wrong_tables(tables, engine) or _wrong_counts(base, file, content, tables, policy)
            return Verdict(outcome="tables" if policy == "error" else "skipped", message=said, wrong=wrong)
        raise AssertionError("not reached")
    finally:
        shutil.rmtree(work)


def alive(engine: DuckDBEngine) -> bool:
    """Whether it has not broken down over a file; old versions of DuckDB do."""
    with suppress(duckdb.FatalException):
        return bool(engine.value("SELECT true"))
    return False


def _wrong_error(error: ItdrError, cache: Path, work: str) -> str:
    text = str(error)
    if not isinstance(error, RawDataError):
        return f"a {type(error).__name__}: {text[:300]}"
    if len(text) > 1500 or "\n" in text or "; " not in text:
        return f"not a clear message: {text[:700]!r}"
    if left := [p.name for p in cache.rglob("*.parquet")]:
        return f"left behind: {left}"
    return ""


def _wrong_tables(tables: Tables, engine: DuckDBEngine) -> str:
    """What every table must be, whatever the file held."""
    checks = {
        "interactions": (
            "user IS NULL OR item IS NULL OR timestamp IS NULL",
            *(("isnan(rating)", "isinf(rating)") if "rating" in _columns(tables, "interactions", engine) else ()),
        ),
        "items": (
            "item IS NULL OR title IS NULL",
            "title = '' OR length(title) > 300 OR title <> trim(title)",
            "regexp_matches(title, '[\\x00-\\x1f\\x7f]')",
        ),
        "users": ('"user" IS NULL',),
    }
    if tables.has("items"):
        titles = engine.sql.execute(f"SELECT title, norm FROM read_parquet('{tables.path('items')}')").fetchall()
        if odd := [(title, norm) for title, norm in titles if norm != _compared(title)]:
            return f"items with another norm: {str(odd[0])[:300]}"
    for name, conditions in checks.items():
        if not tables.has(name):
            continue
        for condition in conditions:
            sql = condition.replace("user IS", '"user" IS')
            if found := engine.sql.execute(
                f"SELECT * FROM read_parquet('{tables.path(name)}') WHERE {sql} LIMIT 1"
            ).fetchall():
                return f"{name} with {condition}: {str(found[0])[:300]}"
    domain = "domain, " if tables.source.domains else ""
    for name, key in (("interactions", f'{domain}"user", item'), ("items", f"{domain}item"), ("users", '"user"')):
        if tables.has(name):
            n = engine.value(
                f"SELECT count(*) FROM (SELECT {key} FROM read_parquet('{tables.path(name)}') GROUP BY ALL HAVING count(*) > 1)"
            )
            if n and not (name == "interactions" and tables.source.unique_pairs):
                return f"{name}: {n} keys more than once"
    return ""


def _compared(title: str) -> str:
    return title.lower() if title.isascii() else " ".join(unicodedata.normalize("NFKC", title).lower().split())


def _columns(tables: Tables, name: str, engine: DuckDBEngine) -> list[str]:
    if not tables.has(name):
        return []
    return [
        row[0] for row in engine.sql.execute(f"DESCRIBE SELECT * FROM read_parquet('{tables.path(name)}')").fetchall()
    ]


def _wrong_counts(base: Base, spoilt: Spoilable, content: bytes, tables: Tables, policy: str) -> str:
    steps: list[dict[str, Any]] = tables.record["steps"]
    if len(content) < 4:
        return ""  # half a byte order mark is nothing to us and a letter to Python
    for table in dict.fromkeys(step["table"] for step in steps):
        mine = [step for step in steps if step["table"] == table]
        gone = sum(step["rows"] for step in mine if step["what"] not in KEEP)
        read, kept = (next(step["rows"] for step in mine if step["what"] == what) for what in KEEP)
        if read + gone != kept:
            return f"{table}: {read} read, {gone} gone, {kept} kept"
        files = [file for file in base.files if file.table == table]
        if files and (base.layout, table) not in UNNESTED:
            malformed = -sum(step["rows"] for step in mine if step["what"] == "malformed")
            if wrong := _wrong_read(files, spoilt, content, read, malformed):
                return f"{table}: {wrong} ({steps})"
    return ""


def _wrong_read(files: list[Spoilable], spoilt: Spoilable, content: bytes, read: int, malformed: int) -> str:
    """Whether `read` is what the files hold; with malformed rows among quotes, within what they may hold."""
    least = most = 0
    for file in files:
        held = content if file is spoilt else file.content
        if file.path.endswith(".gz") and held[:2] == b"\x1f\x8b":
            held = gzip.decompress(held)
        headed, whole = bool(file.format.header), lines(held)
        try:
            exact = records(held, file.format)
        except csv.Error:
            exact = None
        if exact is not None and not (file.format.quoted and malformed):
            other = exact if file.format.quoted else records(held, file.format, bare=False)
            least, most = least + min(exact, other), most + max(exact, other)
        else:
            inner = lines(file.content) - records(file.content, file.format) - headed
            inner += max(0, whole - lines(file.content))  # a mutation may have put line breaks into a field,
            inner += sum(map(_ends_in_quotes, held.split(b"\n")))  # or quotes around one
            least, most = least + whole - headed - inner, most + whole
    if least <= read <= most:
        return ""
    return f"read {read}, but the files hold {least} to {most}"


def _ends_in_quotes(line: bytes) -> bool:
    """Whether a value in quotes may go on behind the line, wherever it began."""
    return line.count(b'"') % 2 == 1 or bool(re.search(rb'",.*,"', line))
