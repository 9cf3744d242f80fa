"""The interactions of a raw release as a recommender's log, with the texts of its items.

Keys are the release's own ids as text; in a source with domains an item is `domain/id`, since ids are unique only
within a domain. Items are those of the log: one that nobody has is not among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Floats, Interactions, Ints, Strings
from itdr_hf.models.recommenders.log_rows import training_rows
from itdr_hf.raw.malformed import BadRows
from itdr_hf.raw.source import Source
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.engines import open_engine
from itdr_hf.runtime.progress import OnProgress, Progress, ignore
from itdr_hf.tables.cache import Tables, ensure_tables

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True, eq=False)
class Log:
    """Interactions with their ratings (nan without one), and per item its domain, title and text ("" without)."""

    source: Source
    interactions: Interactions
    ratings: Floats
    user_keys: Strings
    item_keys: Strings
    domains: list[str]
    titles: list[str]
    texts: list[str]
    raw_hashes: frozenset[str]  # sha256 of the raw files


def read_log(
    source: Source,
    raw: Path,
    *,
    without_answers_of: str | None = None,
    min_interactions: int = 1,
    cache: Path | None = None,
    memory_limit: str | None = None,
    progress: OnProgress = ignore,
) -> Log:
    """Read a release's log, from the cached tables where they are there.

    `without_answers_of` names a split protocol, and the log is then what `training_rows` has to train on;
    `min_interactions` drops items with fewer. Raises what `ensure_tables` and `training_rows` raise, and UsageError
    where nothing is left.
    """
    with open_engine("duckdb", memory_limit=memory_limit) as engine:
        tables = ensure_tables(source, raw, engine=engine.reader, cache=cache, bad=BadRows(), progress=progress)
        progress(Progress(f"{source.id}: reading the log"))
        rows = _arrow(engine, _interactions(tables, engine, without_answers_of))
        items = _arrow(engine, _items(tables, engine)) if tables.has("items") else None
    return _log(source, rows, items, min_interactions, tables)


def _interactions(tables: Tables, engine: Engine, without_answers_of: str | None) -> ir.Table:
    import ibis

    rows = training_rows(tables, engine, without_answers_of)
    rating = rows.rating.cast("float32") if "rating" in rows.columns else ibis.null("float32")
    chosen = rows.select(
        user=rows["user"].cast("string"), item=_item_key(rows, tables.source), time=rows.timestamp, rating=rating
    )
    return chosen.order_by(["user", "time", "item"])


def _items(tables: Tables, engine: Engine) -> ir.Table:
    import ibis

    items = engine.parquet(tables.path("items"))
    described = dict.fromkeys([tables.source.label, *(a.column for a in tables.source.item_attributes)])
    columns = [items[name].cast("string").fill_null("") for name in described if name in items.columns]
    text = ibis.literal(" ").join([items.title, *columns])
    domain = items.domain if tables.source.domains else ibis.literal("")
    return items.select(item=_item_key(items, tables.source), domain=domain, title=items.title, text=text)


def _item_key(rows: ir.Table, source: Source) -> ir.StringValue:
    item = rows["item"].cast("string")
    return rows.domain.concat("/", item) if source.domains else item


def _arrow(engine: Engine, query: ir.Table) -> pa.Table:
    table: pa.Table = engine.reader.ibis.to_pyarrow(query)
    return table


def _log(source: Source, rows: pa.Table, items: pa.Table | None, min_interactions: int, tables: Tables) -> Log:
    item_keys, item_codes = _codes(rows["item"])
    enough = np.bincount(item_codes, minlength=len(item_keys)) >= min_interactions
    rows = rows.filter(enough[item_codes])
    if not len(rows):
        raise UsageError(f"{source.id}: no item with {min_interactions} interactions; want a lower min_interactions")
    (user_keys, users), (item_keys, codes) = _codes(rows["user"]), _codes(rows["item"])
    interactions = Interactions(
        users=users,
        items=codes,
        user_count=len(user_keys),
        item_count=len(item_keys),
        times=np.floor(rows["time"].to_numpy()).astype(np.int64),
    )
    features = _aligned(items, item_keys)
    return Log(
        source=source,
        interactions=interactions,
        ratings=rows["rating"].to_numpy().astype(np.float32),
        user_keys=user_keys,
        item_keys=item_keys,
        raw_hashes=frozenset(file["sha256"] for file in tables.record["files"]),
        **features,
    )


def _codes(column: pa.ChunkedArray) -> tuple[Strings, Ints]:
    """Return the sorted keys of a column, and the place of each value among them."""
    encoded = column.combine_chunks().dictionary_encode()
    keys, places = np.unique(np.asarray(encoded.dictionary.to_pylist(), dtype=np.str_), return_inverse=True)
    return keys, places[encoded.indices.to_numpy(zero_copy_only=False)].astype(np.int64)


def _aligned(items: pa.Table | None, keys: Strings) -> dict[str, Any]:
    """Return the items' columns as lists, one value per key."""
    columns = {"domains": "domain", "titles": "title", "texts": "text"}
    if items is None:
        return {name: [""] * len(keys) for name in columns}
    found = np.asarray(items["item"].to_pylist(), dtype=np.str_)
    places = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
    mine = keys[places] == found
    lists: dict[str, list[str]] = {}
    for name, column in columns.items():
        values = [""] * len(keys)
        for place, value, kept in zip(places, items[column].to_pylist(), mine, strict=True):
            if kept:
                values[place] = value or ""
        lists[name] = values
    return lists
