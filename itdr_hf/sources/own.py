"""A source of your own: three tables as CSV (with a header) or Parquet, and all subtasks they can feed.

    raw/myshop/interactions.csv   user, item [, timestamp] [, rating] [, text]
    raw/myshop/items.csv          item, title [, any attributes: genres, brand …]
    raw/myshop/users.csv          user [, any attributes: age, country …]        (only for UAP)

    raw/myshop/source.toml        what `own_source` takes as arguments: words, scale, label, title …

`timestamp` is seconds; without it the file's order stands for time. See README, "Your own data". A folder under the
raw folder with the first two is found without being registered; a built dataset remembers its sources in the ledger.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from inspect import signature
from pathlib import Path
from typing import Any

from itdr_hf.errors import MissingFileError, RawDataError, UsageError, unknown
from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.runtime.duckdb_engine import open_duckdb, quote

SETTINGS = "source.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # of a folder that may be a source: part of config and file names
NOT_REMEMBERED = ("layouts", "downloads")  # what a built dataset has no use for
WORDS = Words(item="item", items="items", do="choose", did="chose", doing="choosing")
ROLES = {"interactions": ("user", "item"), "items": ("item", "title"), "users": ("user",)}


def own_source(
    folder: Path | str,
    *,
    words: Words | None = None,
    scale: RatingScale | None = None,
    liked_above: float | None = None,
    disliked_below: float | None = None,
    label: str | None = None,
    title: str | None = None,
    licence: str | None = None,
    redistributable: bool | None = None,
) -> Source:
    """Return the source in a folder; its id is the folder's name, its attributes are the tables' further columns.

    `scale` is needed for ratings to be used; likes default to above, dislikes to below its middle. `label` is
    the items column shown behind titles. What is not given is taken from source.toml, if there is one. Hand the
    result to `register`. Raises MissingFileError without interactions and items, RawDataError for a table without
    its columns, UsageError for a name or a setting that cannot be.
    """
    folder = Path(folder)
    if not NAME.fullmatch(folder.name):
        raise UsageError(f"{folder}: {folder.name!r} as an id; want letters, digits, '_', '.', '-'; rename the folder")
    said = _settings(folder)
    words, scale = words or said.get("words", WORDS), scale or said.get("scale")
    liked_above = said.get("liked_above") if liked_above is None else liked_above
    disliked_below = said.get("disliked_below") if disliked_below is None else disliked_below
    redistributable = bool(said.get("redistributable")) if redistributable is None else redistributable
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
        title=title or said.get("title", folder.name),
        homepage=folder.name,
        licence=licence or said.get("licence", "not stated"),
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
        label=label or said.get("label"),
        user_attributes=tuple(Attribute(name=c.replace("_", " "), column=c) for c in rest.get("users", ())),
        item_attributes=tuple(Attribute(name=c.replace("_", " "), column=c) for c in rest["items"]),
    )


def found_in(raw: Path, known: Collection[str]) -> list[Source]:
    """Return a source for every folder of tables under a raw folder, but for the ids that are known.

    Raises as `own_source` does.
    """
    folders = [f for f in sorted(raw.iterdir()) if f.name not in known] if raw.is_dir() else []
    return [own_source(f) for f in folders if all(_file(f, role) for role in ("interactions", "items"))]


def described(source: Source) -> dict[str, Any]:
    """Return what a ledger keeps of a custom source: everything but how its files are read."""
    kept = {f.name: getattr(replace(source, layouts=(), downloads=()), f.name) for f in fields(source)}
    whole = asdict(Source(**kept))
    return {name: value for name, value in whole.items() if name not in NOT_REMEMBERED}


def recalled(description: Mapping[str, Any]) -> Source:
    """Return the source that was `described`, without files: enough for everything that is done with a built dataset."""
    known = {f.name for f in fields(Source)}
    kept: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in description.items() if n in known}
    kept |= {n: tuple(map(_attribute, kept[n])) for n in ("user_attributes", "item_attributes")}
    kept |= {"words": Words(**kept["words"]), "scale": kept["scale"] and RatingScale(**kept["scale"])}
    return Source(**kept | {"pairs": tuple(map(tuple, kept["pairs"])), "layouts": ()})


def _attribute(description: Mapping[str, Any]) -> Attribute:
    """Return the attribute that a ledger describes; its sequences came back as lists."""
    kept: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in description.items()}
    return Attribute(**kept)


def _settings(folder: Path) -> dict[str, Any]:
    """Return what source.toml says, by the names of the arguments of `own_source`."""
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder.name}/{SETTINGS}: {error}; want TOML in UTF-8; fix it") from error
    known = [name for name in signature(own_source).parameters if name != "folder"]
    if strange := [name for name in said if name not in known]:
        raise unknown(f"setting in {folder.name}/{SETTINGS}", strange[0], known)
    for name, record in (("words", Words), ("scale", RatingScale)):
        if name in said:
            said[name] = _record(f"{folder.name}/{SETTINGS} [{name}]", record, said[name])
    return said


def _record(where: str, record: type, said: Any) -> Any:
    try:
        return record(**said)
    except TypeError as error:
        wanted = ", ".join(f.name for f in fields(record))
        raise UsageError(f"{where}: {str(error).partition(' ')[2]}; want {wanted}; fix it") from error


def _file(folder: Path, role: str) -> Path | None:
    return next((p for p in (folder / f"{role}.parquet", folder / f"{role}.csv") if p.is_file()), None)


def _columns(folder: Path, role: str) -> list[str]:
    path = _file(folder, role)
    assert path is not None
    with open_duckdb() as engine:
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
