"""Clean the tables of every source, counting each step: untitled items, repeated pairs, titles for display.

The input is a staged table (as read by the source, with `bad` and `dropped`); the output is the final table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from itdr_hf.raw.scan import Staged
from itdr_hf.raw.source import Source
from itdr_hf.runtime.duckdb_engine import identifier, quote
from itdr_hf.runtime.engine import RawReader
from itdr_hf.runtime.text import CONTROL_TOKEN, CONTROLS, INVISIBLE, LONG_CONTROLS, SEPARATED
from itdr_hf.tables.losses import refuse_unmatched_items

MAX_TITLE = 300  # characters; a longer title ends in an ellipsis
MARKS = ("bad", "dropped", "noted", "unmet", "legible", "has_text")
PLAIN = r"[!-%'-~]+(?: [!-%'-~]+)*"  # most titles: ASCII words without '&', which need no cleaning
ITEM_GROUP_ROWS = 20_480  # small row groups: an item may hold thousands of characters, and a thread reads whole groups
NORM = "lower(nfc_normalize({}))"  # a title as compared: one title in two Unicode forms is one title
NOT_BLANK = r"[^ \t\n\r\v\f]"
BLANKS = r"[\s\p{Z}\x{00}-\x{1f}\x{7f}-\x{9f}]+"

Steps = list[dict[str, Any]]


def clean_interactions(engine: RawReader, source: Source, staged: Mapping[str, Staged], path: Path) -> Steps:
    """Write the well-formed interactions with titled items, the earliest of each (domain, user, item).

    Also writes `activity`, the number of interactions of each user, and leaves the number for each item to `clean_items`.
    """
    stage = staged["interactions"]
    steps = count_dropped(engine, "interactions", stage)
    columns = _columns(engine, stage.path)
    good = f"SELECT * FROM {stage.numbered} WHERE NOT bad AND dropped IS NULL"
    key = "domain, item" if source.domains else "item"
    engine.sql.execute(
        f"CREATE OR REPLACE TEMP TABLE per_item AS SELECT {key}, count(*) AS rows FROM ({good}) GROUP BY ALL"
    )

    untitled = 0
    if "items" in staged:
        titled = f"SELECT {key} FROM {staged['items'].rows} WHERE legible <> ''"
        query = f"CREATE OR REPLACE TEMP TABLE untitled AS SELECT * FROM per_item ANTI JOIN ({titled}) USING ({key})"
        engine.sql.execute(query)
        untitled = engine.value("SELECT coalesce(sum(rows), 0)::BIGINT FROM untitled")
        refuse_unmatched_items(
            engine, staged, untitled, engine.value("SELECT coalesce(sum(rows), 0)::BIGINT FROM per_item")
        )
        if untitled:
            good = f"SELECT * FROM ({good}) ANTI JOIN untitled USING ({key})"
            steps.append({"table": "interactions", "what": "item unknown or without title", "rows": -untitled})

    repeats = 0 if source.unique_pairs else _find_repeats(engine, source, columns, good)
    if repeats:
        steps.append({"table": "interactions", "what": "repeated (user, item), earliest kept", "rows": -repeats})
        good = f"SELECT * FROM ({good}) ANTI JOIN repeats USING (file_row_number)"
    _count_popularity(engine, key, bool(repeats))

    if "text" in columns:  # most of the bytes: not copied, but read where a cell shows them
        row = "CASE WHEN has_text THEN file_row_number END AS text_row"
        shown = [row if c == "text" else identifier(c) for c in columns]
        engine.write(f"SELECT {', '.join(shown)} FROM ({good})", path)
        os.replace(stage.path, path.with_name("texts.parquet"))
    elif steps or engine.value(f"SELECT count(*) FROM {stage.rows} WHERE bad"):
        engine.write(f"SELECT {', '.join(map(identifier, columns))} FROM ({good})", path)
    else:  # nothing is excluded: the staged file becomes the table
        os.replace(stage.path, path)
    _write_activity(engine, source, columns, path)
    return [*steps, {"table": "interactions", "what": "kept", "rows": _count(engine, path)}]


def clean_items(engine: RawReader, source: Source, staged: Mapping[str, Staged], path: Path) -> Steps:
    """Write each titled item once, with a clean title and the number of interactions as `popularity`."""
    stage = staged["items"]
    steps = count_dropped(engine, "items", stage)
    columns = [c for c in _columns(engine, stage.path) if c != "title"]
    key = "domain, item" if source.domains else "item"
    good = f"SELECT * FROM {stage.rows} WHERE NOT bad AND dropped IS NULL"
    untitled = engine.value(f"SELECT count(*) FROM ({good}) WHERE legible = ''")
    order = ", ".join(map(identifier, ["title", *(c for c in columns if c not in key)]))
    once = _once(engine, f"SELECT * FROM ({good}) WHERE legible <> ''", key, order)
    popular = "LEFT JOIN popular USING (" + key + ")" if (path.parent / "interactions.parquet").is_file() else ""

    shown_columns = {a.column for a in source.item_attributes} | {source.label}
    texts = _texts(engine, good)
    long = {a.column for a in source.item_attributes if a.kind == "text"} - {source.label}
    shown = [_shown(c, c in shown_columns & texts, lines=c in long, label=c == source.label) for c in columns]
    engine.write(
        f"SELECT {', '.join(shown)}, t AS title, {NORM.format('t')} AS norm, {'coalesce(popularity, 0)' if popular else '0'} AS "
        f"popularity FROM (SELECT * EXCLUDE (title), {_title('legible')} AS t FROM ({once})) {popular}",
        path,
        row_group_size=ITEM_GROUP_ROWS,
    )
    tokens = f"regexp_matches(legible, {quote(CONTROL_TOKEN)})"
    if controlled := engine.value(f"SELECT count(*) FROM ({once}) WHERE {tokens}"):
        steps.append(
            {"table": "items", "what": f"control token in the title, set apart ({controlled:,} kept)", "rows": 0}
        )
    kept_rows = _count(engine, path)
    all_good = engine.value(f"SELECT count(*) FROM ({good})")
    if untitled:
        steps.append({"table": "items", "what": "without title", "rows": -untitled})
    if all_good - untitled - kept_rows:
        steps.append({"table": "items", "what": "repeated item", "rows": kept_rows + untitled - all_good})
    return [*steps, {"table": "items", "what": "kept", "rows": kept_rows}]


def clean_users(engine: RawReader, source: Source, staged: Mapping[str, Staged], path: Path) -> Steps:
    """Write each well-formed user once."""
    stage = staged["users"]
    steps = count_dropped(engine, "users", stage)
    columns = _columns(engine, stage.path)
    good = f"SELECT {', '.join(map(identifier, columns))} FROM {stage.rows} WHERE NOT bad AND dropped IS NULL"
    order = ", ".join(identifier(c) for c in columns if c != "user") or '"user"'
    before = engine.value(f"SELECT count(*) FROM ({good})")
    once = f'{good} QUALIFY row_number() OVER (PARTITION BY "user" ORDER BY {order}) = 1'

    shown_columns = {a.column for a in source.user_attributes}
    texts = _texts(engine, good)
    shown = [_shown(c, c in shown_columns & texts, label=True) for c in columns]
    kept = engine.write(f"SELECT {', '.join(shown)} FROM ({once})", path)
    if before - kept:
        steps.append({"table": "users", "what": "repeated user", "rows": kept - before})
    return [*steps, {"table": "users", "what": "kept", "rows": kept}]


def marks_of(table: str, columns: Mapping[str, str]) -> list[str]:
    """Return the extra columns that are computed once, as rows are staged, since cleaning needs them several times."""
    if table == "items":
        return [f"{legible(columns['title'])} AS legible"]
    if table == "interactions" and "text" in columns:
        return [f"coalesce(regexp_matches({columns['text']}, {quote(NOT_BLANK)}), false) AS has_text"]
    return []


def legible(column: str) -> str:
    """Return SQL for a title without HTML entities and invisible characters, and with each run of blanks as one blank.

    Control characters count as blanks. The value is '' if nothing is left.
    """
    plain = f"CASE WHEN contains({column}, '&') THEN unescape({column}) ELSE {column} END"
    seen = f"trim(regexp_replace(regexp_replace({plain}, {quote(INVISIBLE)}, '', 'g'), '{BLANKS}', ' ', 'g'))"
    return f"CASE WHEN regexp_full_match({column}, {quote(PLAIN)}) THEN {column} ELSE coalesce({seen}, '') END"


def _once(engine: RawReader, good: str, key: str, order: str) -> str:
    """Return a query for one row per key, the first by `order`; only repeated rows are sorted."""
    again = f"CREATE OR REPLACE TEMP TABLE again AS SELECT {key} FROM ({good}) GROUP BY ALL HAVING count(*) > 1"
    engine.sql.execute(again).fetchall()
    if not engine.value("SELECT count(*) FROM again"):
        return good
    return (
        f"SELECT * FROM ({good}) ANTI JOIN again USING ({key}) UNION ALL SELECT * FROM ({good}) SEMI JOIN again "
        f"USING ({key}) QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {order}) = 1"
    )


def count_dropped(engine: RawReader, table: str, stage: Staged) -> Steps:
    """Return the number of rows that a source excludes on purpose, by reason."""
    query = f"SELECT dropped, count(*) FROM {stage.rows} WHERE NOT bad AND dropped IS NOT NULL"
    rows = engine.sql.execute(f"{query} GROUP BY ALL ORDER BY ALL").fetchall()
    return [{"table": table, "what": why, "rows": -n} for why, n in rows]


def count_noted(engine: RawReader, table: str, stage: Staged) -> Steps:
    """Return the number of rows that a source keeps with a remark, by remark: steps of 0 rows with the number as text."""
    query = f"SELECT noted, count(*) FROM {stage.rows} WHERE NOT bad AND dropped IS NULL"
    rows = engine.sql.execute(f"{query} AND noted IS NOT NULL GROUP BY ALL ORDER BY ALL").fetchall()
    return [{"table": table, "what": f"{remark} ({n:,} kept)", "rows": 0} for remark, n in rows]


def _count_popularity(engine: RawReader, key: str, repeats: bool) -> None:
    """Create the temporary table `popular`, the number of interactions of each item, from counts that exist already."""
    fewer = f"SELECT {key}, count(*) AS fewer FROM repeats GROUP BY ALL"
    kept = f"(rows - coalesce(fewer, 0))::BIGINT AS popularity FROM per_item LEFT JOIN ({fewer}) USING ({key})"
    kept = kept if repeats else "rows AS popularity FROM per_item"
    engine.sql.execute(f"CREATE OR REPLACE TEMP TABLE popular AS SELECT {key}, {kept}")


def _write_activity(engine: RawReader, source: Source, columns: list[str], path: Path) -> None:
    """Write the number of interactions, and of those with a rating, of each (domain, user), which every cell needs."""
    counts = f"count(*) AS interactions, {'count(rating)' if 'rating' in columns else '0::BIGINT'} AS ratings"
    keys = 'domain, "user"' if source.domains else '"user"'
    rows = f"SELECT {keys}, {counts} FROM read_parquet({quote(path)}) GROUP BY ALL"
    engine.write(rows, path.with_name("activity.parquet"))


def _columns(engine: RawReader, path: Path) -> list[str]:
    described = engine.sql.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(path)})").fetchall()
    return [name for name, *_ in described if name not in MARKS]


def _count(engine: RawReader, path: Path) -> int:
    rows = engine.value(f"SELECT count(*) FROM read_parquet({quote(path)})")
    return int(rows)


def _texts(engine: RawReader, rows: str) -> set[str]:
    """Return the columns of a query that hold text."""
    described = engine.sql.execute(f"SELECT column_name, column_type FROM (DESCRIBE {rows})").fetchall()
    return {name for name, kind in described if kind == "VARCHAR"}


def _shown(column: str, text: bool, *, lines: bool = False, label: bool = False) -> str:
    """Return SQL for a column as it is written: texts without invisible characters, labels also with tokens separated."""
    name = identifier(column)
    if label and text:
        return f"{_separate_tokens(_visible(name))} AS {name}"
    return f"{_visible(name, lines=lines)} AS {name}" if text else name


def _visible(column: str, *, lines: bool = False) -> str:
    """Return SQL for a text without invisible characters and with control characters as one blank; NULL if empty.

    Line breaks and tabs count as control characters unless the text has `lines`.
    """
    controls = LONG_CONTROLS if lines else CONTROLS
    bare = f"regexp_replace({column}, {quote(INVISIBLE)}, '', 'g')"
    seen = f"trim(regexp_replace({bare}, {quote(controls + '+')}, ' ', 'g'))"
    hidden = f"regexp_matches({column}, {quote(f'{INVISIBLE}|{controls}')})"
    return f"CASE WHEN {hidden} THEN nullif({seen}, '') ELSE {column} END"


def _title(column: str) -> str:
    """Return SQL for a legible title with control tokens separated, cut at MAX_TITLE."""
    plain = _separate_tokens(column)
    return f"CASE WHEN length({plain}) > {MAX_TITLE} THEN rtrim(left({plain}, {MAX_TITLE - 1})) || '…' ELSE {plain} END"


def _separate_tokens(text: str) -> str:
    """Return SQL that separates control tokens of chat models, as `text.separate_tokens` does."""
    separated = f"regexp_replace({text}, {quote(CONTROL_TOKEN)}, {quote(SEPARATED)}, 'g')"
    return f"CASE WHEN contains({text}, '<') OR contains({text}, '[') THEN {separated} ELSE {text} END"


def _find_repeats(engine: RawReader, source: Source, columns: list[str], good: str) -> int:
    """Create the temporary table `repeats`, all rows of a pair but the earliest, and return their number.

    Rows are grouped by a hash first, which halves the time; only those that share one are compared and sorted. Their
    texts, most of the bytes, are read only if no other column decides.
    """
    pair = 'domain, "user", item' if source.domains else '"user", item'
    order = ["timestamp", *(c for c in columns if c not in ("timestamp", "domain", "user", "item"))]
    narrow = ", ".join([*(identifier(c) for c in columns if c != "text"), "file_row_number"])
    alike = f"SELECT hash({pair}) AS pair FROM ({good}) GROUP BY ALL HAVING count(*) > 1"
    engine.sql.execute(
        f"CREATE OR REPLACE TEMP TABLE suspects AS SELECT {narrow} FROM ({good}) WHERE hash({pair}) IN ({alike})"
    )
    suspects = "suspects"
    if "text" in order:
        before = ", ".join(map(identifier, order[: order.index("text")]))
        tied = f"SELECT 1 FROM suspects GROUP BY {pair}, {before} HAVING count(*) > 1"
        if engine.value(f"SELECT count(*) FROM ({tied})"):
            suspects = f"suspects JOIN (SELECT file_row_number, text FROM ({good})) USING (file_row_number)"
        else:
            order.remove("text")
    engine.sql.execute(
        f"CREATE OR REPLACE TEMP TABLE repeats AS SELECT {pair}, file_row_number FROM {suspects} "
        f"QUALIFY row_number() OVER (PARTITION BY {pair} ORDER BY {', '.join(map(identifier, order))}) > 1"
    )
    return int(engine.value("SELECT count(*) FROM repeats"))
