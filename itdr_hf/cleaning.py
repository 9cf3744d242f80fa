"""Cleaning that every source gets, each step counted: untitled items, repeated pairs, titles as shown.

Works on staged Parquet (a table as its source reads it, plus `bad` and `dropped`), writes the table.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from itdr_hf.engine import Engine, quote
from itdr_hf.records import Source

MAX_TITLE = 300  # characters; a longer title ends in an ellipsis
MARKS = ("bad", "dropped", "noted")

Steps = list[dict[str, Any]]


def clean_interactions(engine: Engine, source: Source, staged: dict[str, Path], path: Path) -> Steps:
    """Keep well-formed interactions with titled items, the earliest of each (domain, user, item)."""
    stage = staged["interactions"]
    steps = count_dropped(engine, "interactions", stage)
    columns = _columns(engine, stage)
    good = f"SELECT {', '.join(columns)} FROM read_parquet({quote(stage)}) WHERE NOT bad AND dropped IS NULL"
    key = "domain, item" if source.domains else "item"
    engine.sql.execute(
        f"CREATE OR REPLACE TEMP TABLE per_item AS SELECT {key}, count(*) AS rows FROM ({good}) GROUP BY ALL"
    )
    untitled = 0
    if "items" in staged:
        titled = f"SELECT {key} FROM read_parquet({quote(staged['items'])}) WHERE {_has_title()}"
        query = f"CREATE OR REPLACE TEMP TABLE untitled AS SELECT * FROM per_item ANTI JOIN ({titled}) USING ({key})"
        engine.sql.execute(query)
        untitled = engine.value("SELECT coalesce(sum(rows), 0)::BIGINT FROM untitled")
        if untitled:
            good += f" AND ({key}) NOT IN (SELECT ({key}) FROM untitled)"
            steps.append({"table": "interactions", "what": "item unknown or without title", "rows": -untitled})
    repeats = 0 if source.unique_pairs else _find_repeats(engine, source, good)
    if repeats:
        steps.append({"table": "interactions", "what": "repeated (user, item), earliest kept", "rows": -repeats})
        good = _without_repeats(source, columns, good)
    bad = engine.value(f"SELECT count(*) FROM read_parquet({quote(stage)}) WHERE bad")
    if steps or bad:
        engine.write(good, path)
    else:  # nothing to leave out: the staged file is the table
        os.replace(stage, path)
    return [*steps, {"table": "interactions", "what": "kept", "rows": _count(engine, path)}]


def clean_items(engine: Engine, source: Source, staged: dict[str, Path], path: Path) -> Steps:
    """Keep titled items once each, the title cleaned, with the number of interactions as `popularity`."""
    stage = staged["items"]
    steps = count_dropped(engine, "items", stage)
    columns = [c for c in _columns(engine, stage) if c != "title"]
    key = "domain, item" if source.domains else "item"
    good = f"SELECT * FROM read_parquet({quote(stage)}) WHERE NOT bad AND dropped IS NULL"
    untitled = engine.value(f"SELECT count(*) FROM ({good}) WHERE NOT {_has_title()}")
    order = ", ".join(["title", *(c for c in columns if c not in key)])
    once = _once(engine, f"SELECT * FROM ({good}) WHERE {_has_title()}", key, order)
    popular = "LEFT JOIN popular USING (" + key + ")" if (path.parent / "interactions.parquet").is_file() else ""
    if popular:
        kept = f"SELECT {key}, count(*) AS popularity FROM read_parquet({quote(path.parent / 'interactions.parquet')})"
        engine.sql.execute(f"CREATE OR REPLACE TEMP TABLE popular AS {kept} GROUP BY ALL")
    engine.write(
        f"SELECT {', '.join(columns)}, t AS title, lower(t) AS norm, {'coalesce(popularity, 0)' if popular else '0'} AS "
        f"popularity FROM (SELECT * EXCLUDE (title), {_title('title')} AS t FROM ({once})) {popular}",
        path,
    )
    kept_rows = _count(engine, path)
    all_good = engine.value(f"SELECT count(*) FROM ({good})")
    if untitled:
        steps.append({"table": "items", "what": "without title", "rows": -untitled})
    if all_good - untitled - kept_rows:
        steps.append({"table": "items", "what": "repeated item", "rows": kept_rows + untitled - all_good})
    return [*steps, {"table": "items", "what": "kept", "rows": kept_rows}]


def clean_users(engine: Engine, source: Source, staged: dict[str, Path], path: Path) -> Steps:
    """Keep well-formed users, once each."""
    stage = staged["users"]
    steps = count_dropped(engine, "users", stage)
    columns = _columns(engine, stage)
    good = f"SELECT {', '.join(columns)} FROM read_parquet({quote(stage)}) WHERE NOT bad AND dropped IS NULL"
    order = ", ".join(c for c in columns if c != "user") or "user"
    before = engine.value(f"SELECT count(*) FROM ({good})")
    once = f'{good} QUALIFY row_number() OVER (PARTITION BY "user" ORDER BY {order}) = 1'
    kept = engine.write(once, path)
    if before - kept:
        steps.append({"table": "users", "what": "repeated user", "rows": kept - before})
    return [*steps, {"table": "users", "what": "kept", "rows": kept}]


def _once(engine: Engine, good: str, key: str, order: str) -> str:
    """Rows once for each key, the first by `order`; only the repeated ones are sorted, all others pass."""
    again = f"CREATE OR REPLACE TEMP TABLE again AS SELECT {key} FROM ({good}) GROUP BY ALL HAVING count(*) > 1"
    engine.sql.execute(again).fetchall()
    if not engine.value("SELECT count(*) FROM again"):
        return good
    return (
        f"SELECT * FROM ({good}) ANTI JOIN again USING ({key}) UNION ALL SELECT * FROM ({good}) SEMI JOIN again "
        f"USING ({key}) QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
    )


def count_dropped(engine: Engine, table: str, stage: Path) -> Steps:
    """How many rows a source leaves out on purpose, by reason."""
    query = f"SELECT dropped, count(*) FROM read_parquet({quote(stage)}) WHERE NOT bad AND dropped IS NOT NULL"
    rows = engine.sql.execute(f"{query} GROUP BY ALL ORDER BY ALL").fetchall()
    return [{"table": table, "what": why, "rows": -n} for why, n in rows]


def count_noted(engine: Engine, table: str, stage: Path) -> Steps:
    """How many rows a source keeps with a remark, by remark: steps of no rows, the number in words."""
    query = f"SELECT noted, count(*) FROM read_parquet({quote(stage)}) WHERE NOT bad AND dropped IS NULL"
    rows = engine.sql.execute(f"{query} AND noted IS NOT NULL GROUP BY ALL ORDER BY ALL").fetchall()
    return [{"table": table, "what": f"{remark} ({n:,} kept)", "rows": 0} for remark, n in rows]


def _columns(engine: Engine, path: Path) -> list[str]:
    described = engine.sql.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(path)})").fetchall()
    return [f'"{name}"' if name == "user" else name for name, *_ in described if name not in MARKS]


def _count(engine: Engine, path: Path) -> int:
    rows = engine.value(f"SELECT count(*) FROM read_parquet({quote(path)})")
    return int(rows)


def _has_title() -> str:
    return "coalesce(trim(title, ' \t\r\n'), '') <> ''"


def _title(column: str) -> str:
    """HTML entities undone, control characters and runs of blanks to one blank, cut at MAX_TITLE."""
    plain = f"CASE WHEN contains({column}, '&') THEN unescape({column}) ELSE {column} END"
    blank = f"trim(regexp_replace({plain}, '[\\s\\x00-\\x1f\\x7f\\x{{a0}}]+', ' ', 'g'))"
    return f"CASE WHEN length({blank}) > {MAX_TITLE} THEN rtrim(left({blank}, {MAX_TITLE - 1})) || '…' ELSE {blank} END"


def _find_repeats(engine: Engine, source: Source, good: str) -> int:
    key = _pair(source)
    engine.sql.execute(
        f"CREATE OR REPLACE TEMP TABLE repeats AS SELECT {key}, count(*) AS rows FROM ({good}) GROUP BY ALL HAVING rows > 1"
    )
    extra = engine.value("SELECT coalesce(sum(rows - 1), 0)::BIGINT FROM repeats")
    return int(extra)


def _without_repeats(source: Source, columns: list[str], good: str) -> str:
    """Only the repeated pairs are sorted; all other rows pass."""
    key, names = _pair(source), ", ".join(columns)
    order = ", ".join(["timestamp", *(c for c in columns if c != "timestamp" and c not in key)])
    return (
        f"SELECT {names} FROM ({good}) ANTI JOIN repeats USING ({key}) UNION ALL "
        f"SELECT {names} FROM ({good}) SEMI JOIN repeats USING ({key}) "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
    )


def _pair(source: Source) -> str:
    return 'domain, "user", item' if source.domains else '"user", item'
