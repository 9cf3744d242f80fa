"""Profiles of users and items from a Parquet file, as features of a recommender.

side    "user" or "item"            id      the release's own id, in a source with domains domain/id
text    what a model wrote, or      vector  list of numbers, of one length per side
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from itdr_hf.errors import MissingFileError, UsageError
from itdr_hf.models.recommenders.interactions import Floats, Strings
from itdr_hf.models.recommenders.texts import text_vectors

SIDES = ("user", "item")


@dataclass(frozen=True, kw_only=True, eq=False)
class Profiles:
    """Vectors of one row per key (None for a side without profiles), and how many keys of a side have one."""

    users: Floats | None
    items: Floats | None
    matched: Mapping[str, int]  # side -> keys with a profile
    unused: Mapping[str, int]  # side -> profiles of ids that the log does not have


def read_profiles(path: Path, user_keys: Strings, item_keys: Strings) -> Profiles:
    """Read the profiles of a log's users and items; who has none gets a row of zeros.

    Raises MissingFileError for no file, and UsageError for other columns, an unknown side, an id that comes twice,
    vectors of several lengths, and a file in which no id is of this log.
    """
    rows = _rows(path)
    if stray := {row["side"] for row in rows} - set(SIDES):
        raise UsageError(f"{path}: side {sorted(map(str, stray))[0]!r}; want user or item")
    keys = {"user": user_keys, "item": item_keys}
    found = {side: _side(path, side, [row for row in rows if row["side"] == side], keys[side]) for side in SIDES}
    if not any(matched for _, matched, _ in found.values()):
        raise UsageError(f"{path}: no id of its {len(rows)} profiles is in the log; want the release's own ids")
    return Profiles(
        users=found["user"][0],
        items=found["item"][0],
        matched={side: matched for side, (_, matched, _) in found.items()},
        unused={side: unused for side, (_, _, unused) in found.items()},
    )


def _rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise MissingFileError(f"{path}: not there; want a Parquet file of profiles")
    try:
        table = pq.read_table(path)
    except pa.ArrowException as error:
        raise UsageError(f"{path}: {error}; want a Parquet file of profiles") from error
    if not ({"side", "id"} <= set(table.column_names) and {"text", "vector"} & set(table.column_names)):
        have = ", ".join(table.column_names)
        raise UsageError(f"{path}: columns {have}; want side, id, and text or vector")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _side(path: Path, side: str, rows: Sequence[Mapping[str, Any]], keys: Strings) -> tuple[Floats | None, int, int]:
    """Return the vectors of a side, how many keys have one, and how many profiles are of nobody."""
    codes = {str(key): code for code, key in enumerate(keys)}
    ids = [str(row["id"]) for row in rows]
    if len(set(ids)) < len(ids):
        twice = next(name for place, name in enumerate(ids) if name in ids[:place])
        raise UsageError(f"{path}: {side} {twice!r} has two profiles; want one")
    mine = [(codes[name], row) for name, row in zip(ids, rows, strict=True) if name in codes]
    if not mine:
        return None, 0, len(rows)
    places, values = [code for code, _ in mine], _vectors(path, side, [row for _, row in mine])
    vectors = np.zeros((len(keys), values.shape[1]), dtype=np.float32)
    vectors[places] = values
    return vectors, len(mine), len(rows) - len(mine)


def _vectors(path: Path, side: str, rows: Sequence[Mapping[str, Any]]) -> Floats:
    given = [row.get("vector") for row in rows]
    if all(vector is None for vector in given):
        return text_vectors([row.get("text") or "" for row in rows])
    if len(lengths := {len(vector or ()) for vector in given}) > 1:
        raise UsageError(f"{path}: {side} vectors of lengths {sorted(lengths)}; want one length")
    return np.asarray(given, dtype=np.float32)
