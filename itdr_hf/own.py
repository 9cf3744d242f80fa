"""A source of your own: three tables as CSV (with a header) or Parquet, and all subtasks they can feed.

    raw/myshop/interactions.csv   user, item [, timestamp] [, rating] [, text]
    raw/myshop/items.csv          item, title [, any attributes: genres, brand …]
    raw/myshop/users.csv          user [, any attributes: age, country …]        (only for UAP)

`timestamp` is seconds; without it the file's order stands for time. See README, "Your own data".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from itdr_hf.engine import open_engine, quote
from itdr_hf.errors import MissingFileError, RawDataError
from itdr_hf.records import Attribute, Layout, RatingScale, Source, Table, Words
from itdr_hf.scan import Scan, Select

WORDS = Words(item="item", items="items", do="choose", did="chose", doing="choosing")
ROLES = {"interactions": ("user", "item"), "items": ("item", "title"), "users": ("user",)}


def own_source(
    folder: Path | str,
    *,
    words: Words = WORDS,
    scale: RatingScale | None = None,
    liked_above: float | None = None,
    disliked_below: float | None = None,
    label: str | None = None,
    title: str | None = None,
    licence: str = "not stated",
    redistributable: bool = False,
) -> Source:
    """The source in a folder; its id is the folder's name, its attributes are the tables' further columns.

    `scale` is needed for ratings to be used; likes default to above, dislikes to below its middle. `label` is
    the items column shown behind titles. Hand the result to `register`. Raises MissingFileError without
    interactions and items, RawDataError for a table without its columns.
    """
    folder = Path(folder)
    columns = {role: _columns(folder, role) for role in ROLES if _file(folder, role)}
    for role in ("interactions", "items"):
        if role not in columns:
            raise MissingFileError(
                f"{folder}: no {role}.csv or {role}.parquet; want {', '.join(ROLES[role])}; write it"
            )
    middle = (scale.low + scale.high) / 2 if scale else None
    tables = {r: Table(roles=(r,), read=_reader(r, found, scale)) for r, found in columns.items()}
    rest = {role: [c for c in found if c not in ROLES[role]] for role, found in columns.items()}
    return Source(
        id=folder.name,
        title=title or folder.name,
        homepage=folder.name,
        licence=licence,
        licence_source="its owner",
        redistributable=redistributable,
        citation="",
        obtain=f"put interactions, items and, for UAP, users as .csv or .parquet into {folder.name}/",
        folders=(folder.name,),
        layouts=(
            Layout(name="own", files={role: (f"{role}.parquet", f"{role}.csv") for role in columns}, tables=tables),
        ),
        words=words,
        scale=scale if "rating" in columns["interactions"] else None,
        liked_above=liked_above if liked_above is not None else middle,
        disliked_below=disliked_below if disliked_below is not None else middle,
        by_time="timestamp" in columns["interactions"],
        label=label,
        user_attributes=tuple(Attribute(name=c.replace("_", " "), column=c) for c in rest.get("users", ())),
        item_attributes=tuple(Attribute(name=c.replace("_", " "), column=c) for c in rest["items"]),
    )


def _file(folder: Path, role: str) -> Path | None:
    return next((p for p in (folder / f"{role}.parquet", folder / f"{role}.csv") if p.is_file()), None)


def _columns(folder: Path, role: str) -> list[str]:
    path = _file(folder, role)
    assert path is not None
    with open_engine() as engine:
        reader = "read_parquet" if path.suffix == ".parquet" else "read_csv"
        options = "" if path.suffix == ".parquet" else ", header=true, all_varchar=true"
        found = [row[0] for row in engine.sql.execute(f"DESCRIBE FROM {reader}({quote(path)}{options})").fetchall()]
    missing = [name for name in ROLES[role] if name not in found]
    if missing:
        raise RawDataError(
            f"{folder.name}/{path.name}: columns {', '.join(found)}; want also {', '.join(missing)}; add them"
        )
    return found


def _reader(role: str, columns: Sequence[str], scale: RatingScale | None) -> Callable[[Scan], Select]:
    types = {"timestamp": "BIGINT", "rating": "DOUBLE"} if role == "interactions" else {}

    def read(scan: Scan) -> Select:
        wanted = {name: types.get(name, "VARCHAR") for name in columns}
        (path,) = scan.files[role]
        rows = f"read_parquet({quote(path)})" if path.suffix == ".parquet" else scan.csv(role, wanted)
        out = {name: f'"{name}"::{kind}' for name, kind in wanted.items()}
        if role == "interactions" and "timestamp" not in out:
            out["timestamp"] = "row_number() OVER ()"
        required = [
            *ROLES[role][: 1 if role == "items" else None],
            *(n for n in ("timestamp", "rating") if n in columns),
        ]
        dropped = None
        if scale and "rating" in out:
            dropped = f"CASE WHEN rating NOT BETWEEN {scale.low} AND {scale.high} THEN 'rating off the scale' END"
        return Select(rows=rows, columns=out, required=tuple(required), dropped=dropped)

    return read
