"""Read a table of the user's: texts under names of ours, then ids, times and ratings made of them."""

from __future__ import annotations

from collections.abc import Callable

from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import RatingScale
from itdr_hf.runtime.duckdb_engine import identifier, quote
from itdr_hf.sources.own.tables import UNNAMED, WANTED, OwnTable
from itdr_hf.sources.own.values import Looks, as_texts, number_sql, without_point

A_TIME = (
    "a time in seconds or as an ISO date, such as 2024-05-31 or 2024-05-31T08:30:00Z (or give time_format, such as "
    "'%d.%m.%Y', in source.toml)"
)
A_RATING = "a rating that is a number (or name the column under ignore in source.toml)"
ZONE = (
    r":\d\d(?:\.\d+)? ?(?:[+-]\d\d(?::?\d\d)?|Z|UTC)$"  # of a moment: what the engine reads only where it is asked to
)


def reader(
    table: OwnTable, looks: Looks, scale: RatingScale | None, time_format: str | None
) -> Callable[[Scan], Select]:
    """Return what reads a table in a scan, for `raw.layout.Table`."""
    shown = [column.inside for column in table.columns if not column.inside.startswith(UNNAMED)]

    def read(scan: Scan) -> Select:
        if table.parquet:
            rows = scan.parquet(table.role, as_texts(table))
        else:
            every = [column.inside for column in table.columns]
            rows = scan.csv(table.role, dict.fromkeys(shown, "VARCHAR"), table.dialect, names=every)
        out = {name: identifier(name) for name in shown}
        out |= {name: without_point(out[name]) for role, name in looks.whole if role == table.role and name in out}
        if table.role != "interactions":
            return Select(rows=rows, columns=out, required=WANTED[table.role][:1])
        return _interactions(rows, out, table, looks, scale, time_format)

    return read


def _interactions(
    rows: str, out: dict[str, str], table: OwnTable, looks: Looks, scale: RatingScale | None, time_format: str | None
) -> Select:
    """Return the interactions; a rating may be missing, a time only where no row has one."""
    conditions, dropped = {}, None
    if "timestamp" in out:
        out["timestamp"] = _seconds(looks, time_format)
        wanted = f"a time in the form {time_format!r}, as source.toml says" if time_format else A_TIME
        conditions[wanted] = f"({out['timestamp']}) IS NOT NULL"
    else:
        out["timestamp"] = "row_number() OVER ()"
    if "rating" in out:
        number = number_sql('"rating"', comma=table.decimal_comma)
        conditions[A_RATING] = f'"rating" IS NULL OR {number} IS NOT NULL'
        out["rating"] = f"CASE WHEN isfinite({number}) THEN {number} END"
        dropped = _off_scale(out["rating"], scale) if scale else None
    return Select(rows=rows, columns=out, required=WANTED["interactions"], dropped=dropped, conditions=conditions)


def _seconds(looks: Looks, time_format: str | None) -> str:
    """Return SQL for a time in seconds: of a number in the unit found, of an ISO date or moment, or of the form given."""
    if time_format:
        return f'epoch(try_strptime("timestamp", {quote(time_format)}))'
    if looks.dates:
        return (
            f'CASE WHEN regexp_matches("timestamp", \'{ZONE}\') THEN epoch(try_cast("timestamp" AS TIMESTAMPTZ)) '
            'ELSE epoch(try_cast("timestamp" AS TIMESTAMP)) END'
        )
    number = 'try_cast("timestamp" AS DOUBLE)'
    return f"CASE WHEN isfinite({number}) THEN {number}{f' / {looks.per_second}' if looks.per_second > 1 else ''} END"


def _off_scale(rating: str, scale: RatingScale) -> str:
    """Return SQL for why a rating is left out: it is off the scale, or between its steps; NULL for one that is neither."""
    steps = f"(({rating}) - {scale.low!r}) / {scale.step!r}"
    return (
        f"CASE WHEN ({rating}) NOT BETWEEN {scale.low!r} AND {scale.high!r} THEN 'rating off the scale' "
        f"WHEN abs({steps} - round({steps})) > 1e-6 THEN 'rating between the steps of the scale' END"
    )
