"""What the values of a table look like, as far as its first rows show: unit of the times, steps of the ratings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from itdr_hf.errors import RawDataError
from itdr_hf.raw.malformed import unreadable_named
from itdr_hf.raw.source import RatingScale
from itdr_hf.runtime.duckdb_engine import DuckDBEngine, identifier, open_duckdb, quote
from itdr_hf.sources.own.settings import MAX_DECIMALS
from itdr_hf.sources.own.tables import OwnTable

LOOKED_AT = 1_000_000  # rows from which units and scales are inferred
MAX_STEPS = 101  # a column of more different values is no rating scale
UNITS = {10**17: 10**9, 10**14: 10**6, 10**11: 10**3}  # a time from which it counts in parts of a second: how many
COMPACT = "%Y%m%d"
WHOLE = r"^(-?\d+)\.0$"
UNIT_NAMES = {1: "seconds", 10**3: "milliseconds", 10**6: "microseconds", 10**9: "nanoseconds"}


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What the first rows of the interactions show."""

    per_second: int = 1  # units of a timestamp in a second
    dates: bool = False  # times are written as dates
    time_format: str | None = None  # of dates that look like numbers
    whole: tuple[
        tuple[str, str], ...
    ] = ()  # role and column of whole numbers written as 17.0, as pandas does beside gaps
    ratings: tuple[Fraction, ...] = ()  # the different ratings, ascending; none where there are too many

    @property
    def scale(self) -> RatingScale | None:
        """The scale that has these ratings as its steps; None where there are fewer than two."""
        return infer_scale(self.ratings)


def look_at(tables: Mapping[str, OwnTable]) -> Looks:
    """Look at the first LOOKED_AT rows of each table. Raises RawDataError where there are no interactions."""
    table = tables["interactions"]
    with open_duckdb() as engine, unreadable_named([each.path for each in tables.values()]):
        rows = first_rows(table)
        if not engine.value(f"SELECT count(*) FROM {rows}"):
            raise RawDataError(f"{table.where}: no rows below the names of the columns; want interactions; write them")
        per_second, dates = _times(engine, rows) if table.has("timestamp") else (1, False)
        compact = table.has("timestamp") and _compact(engine, rows)
        ratings = _ratings(engine, rows, table) if table.has("rating") else ()
        whole = tuple((role, name) for role, each in tables.items() for name in _whole(engine, each))
        if "users" in tables:
            _check_users(engine, table, tables["users"])
    return Looks(
        per_second=per_second, dates=dates, time_format=COMPACT if compact else None, ratings=ratings, whole=whole
    )


def date_formats(table: OwnTable, formats: Sequence[str]) -> list[str]:
    """Return those of these forms, as of strptime, in which every time of the interactions reads; none for ISO dates."""
    with open_duckdb() as engine, unreadable_named([table.path]):
        rows = f"(SELECT timestamp AS t FROM {first_rows(table)} WHERE timestamp IS NOT NULL)"
        iso = "bool_and(try_cast(t AS DOUBLE) IS NOT NULL OR try_cast(t AS TIMESTAMP) IS NOT NULL)"
        fits = ", ".join(f"bool_and(try_strptime(t, {quote(form)}) IS NOT NULL)" for form in formats)
        read, *good = engine.sql.execute(f"SELECT {iso}, {fits} FROM {rows}").fetchall()[0]
    return [] if read else [form for form, fit in zip(formats, good, strict=True) if fit]


def first_rows(table: OwnTable) -> str:
    """Return SQL for the rows of a table that are looked at."""
    return f"(SELECT * FROM {plain_rows(table)} LIMIT {LOOKED_AT})"


def plain_rows(table: OwnTable) -> str:
    """Return SQL for the rows of a table as texts, under the names they have inside; rows that do not parse are left out."""
    if table.parquet:
        return f"(SELECT {', '.join(as_texts(table))} FROM read_parquet({quote(table.path)}))"
    names = ", ".join(f"{quote(c.inside)}: 'VARCHAR'" for c in table.columns)
    options = f"header=true, auto_detect=false, delim={quote(table.dialect.delimiter)}, quote='\"', escape='\"'"
    encoding = ", encoding='utf-16'" if table.dialect.encoding == "utf-16" else ""
    return f"read_csv({quote(table.path)}, {options}{encoding}, columns={{{names}}}, ignore_errors=true, strict_mode=false)"


def as_texts(table: OwnTable) -> list[str]:
    """Return SQL that gives each column of a Parquet file as text, under the name it has inside; lists joined by commas."""
    with open_duckdb() as engine:
        described = engine.sql.execute(f"DESCRIBE FROM read_parquet({quote(table.path)})").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    return [f"{_text(identifier(c.name), kinds[c.name])} AS {identifier(c.inside)}" for c in table.columns]


def _text(column: str, kind: str) -> str:
    if kind.endswith("[]"):
        return f"array_to_string({column}, ', ')"
    return f"CAST({column} AS VARCHAR)"


def _times(engine: DuckDBEngine, rows: str) -> tuple[int, bool]:
    """Return how many units of the timestamps are a second, and whether they are dates instead."""
    found = "quantile_cont(try_cast(timestamp AS DOUBLE), 0.5), count(try_cast(timestamp AS DOUBLE)), count(timestamp)"
    median, numbers, known = engine.sql.execute(f"SELECT {found} FROM {rows}").fetchall()[0]
    if 2 * numbers < known:
        return 1, True
    return next((unit for least, unit in UNITS.items() if median is not None and median >= least), 1), False


def _compact(engine: DuckDBEngine, rows: str) -> bool:
    """Return whether all times are days such as 20240531, which as seconds would lie in the summer of 1970."""
    day = f"length(timestamp) = 8 AND try_strptime(timestamp, {quote(COMPACT)}) BETWEEN DATE '1900-01-01' AND DATE '2100-01-01'"
    return bool(engine.value(f"SELECT count(timestamp) > 0 AND bool_and(timestamp IS NULL OR ({day})) FROM {rows}"))


def _whole(engine: DuckDBEngine, table: OwnTable) -> list[str]:
    """Return the ids and attributes of which every value is a whole number with a needless `.0`."""
    names = [c.inside for c in table.columns if c.inside in ("user", "item") or c.attribute]
    if not names:
        return []
    tests = (
        f"count({c}) > 0 AND bool_and({c} IS NULL OR regexp_matches({c}, '{WHOLE}'))" for c in map(identifier, names)
    )
    found = engine.sql.execute(f"SELECT {', '.join(tests)} FROM {first_rows(table)}").fetchall()[0]
    return [name for name, whole in zip(names, found, strict=True) if whole]


def _check_users(engine: DuckDBEngine, interactions: OwnTable, users: OwnTable) -> None:
    """Raise RawDataError where no user of the interactions is in the table of users.

    Two large tables in different orders may begin with different users, so where their first rows have none in common
    all rows count.
    """
    user = without_point(identifier("user"))
    for rows in (first_rows, plain_rows):
        sides = [f"SELECT DISTINCT {user} AS u FROM {rows(each)}" for each in (interactions, users)]
        if engine.value(f"SELECT count(*) FROM ({sides[0]}) JOIN ({sides[1]}) USING (u)"):
            return
    few = [[row[0] for row in engine.sql.execute(f"{side} ORDER BY u LIMIT 3").fetchall()] for side in sides]
    acting, listed = (", ".join(map(repr, each)) or "nothing" for each in few)
    raise RawDataError(
        f"{users.where}: no user of {interactions.path.name} is there: {acting} against {listed}; want the same ids in both "
        "tables; write them alike, or remove this table, which only attribute prediction needs"
    )


def without_point(column: str) -> str:
    """Return SQL for a text without the `.0` of a whole number."""
    return f"regexp_replace({column}, '{WHOLE}', '\\1')"


def _ratings(engine: DuckDBEngine, rows: str, table: OwnTable) -> tuple[Fraction, ...]:
    number = number_sql("rating", comma=table.decimal_comma)
    query = f"SELECT DISTINCT r FROM (SELECT {number} AS r FROM {rows}) WHERE isfinite(r) LIMIT {MAX_STEPS + 1}"
    found = [Fraction(repr(value)) for (value,) in engine.sql.execute(query).fetchall()]
    return tuple(sorted(found)) if len(found) <= MAX_STEPS else ()


def number_sql(column: str, *, comma: bool) -> str:
    """Return SQL for a text as a number; NULL where it is none."""
    text = f"replace({column}, ',', '.')" if comma else column
    return f"try_cast({text} AS DOUBLE)"


def infer_scale(ratings: Sequence[Fraction]) -> RatingScale | None:
    """Return the scale from the lowest to the highest of these ratings, in the largest steps that meet all of them.

    None for fewer than two, or for steps finer than MAX_DECIMALS decimals or than MAX_STEPS in all.
    """
    unit = 10**MAX_DECIMALS
    scaled = [rating * unit for rating in ratings]
    if len(scaled) < 2 or any(value.denominator != 1 for value in scaled):
        return None
    step = math.gcd(*(int(value - scaled[0]) for value in scaled[1:]))
    if (scaled[-1] - scaled[0]) / step > MAX_STEPS:
        return None
    decimals = next(d for d in range(MAX_DECIMALS + 1) if all(v % 10 ** (MAX_DECIMALS - d) == 0 for v in scaled))
    low, high = float(ratings[0]), float(ratings[-1])
    return RatingScale(low=low, high=high, step=step / unit, decimals=decimals)
