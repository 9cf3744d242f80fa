"""Make the source of a folder: what its tables hold, what source.toml says, what the values show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from itdr_hf.errors import UsageError, unknown
from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.source import Attribute, RatingScale, Source, Words
from itdr_hf.sources.own.reading import reader
from itdr_hf.sources.own.settings import SETTINGS, OwnSettings, checked_columns, checked_scale, read_settings
from itdr_hf.sources.own.tables import Column, OwnTable, find_tables, plain_names, shown_name
from itdr_hf.sources.own.values import UNIT_NAMES, Looks, look_at

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")  # of a folder that may be a source: part of config and file names
WORDS = Words(item="item", items="items", do="choose", did="chose", doing="choosing", done="chosen")


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
    time_format: str | None = None,
    ignore: Sequence[str] | None = None,
    columns: Mapping[str, str | Sequence[str]] | None = None,
) -> Source:
    """Return the source in a folder; its id is the folder's name, its attributes are the tables' further columns.

    `scale` is inferred from the ratings when it is not given; likes default to above, dislikes to below its middle.
    `label` is the items column shown behind titles; `time_format` is how times are written, as of strptime; columns in
    `ignore` are not used; `columns` maps `user`, `item`, `title`, `timestamp`, `rating` and `text` to the name they
    have in the tables, or the names where tables differ. What is not given is taken from source.toml, if there is one.
    What was inferred is in the source's `remarks`. Hand the result to `register`. Raises MissingFileError without
    interactions and items, RawDataError for a table without its columns, UsageError for a name or a setting that
    cannot be.
    """
    folder = Path(folder)
    if not NAME.fullmatch(folder.name):
        raise UsageError(f"{folder}: {folder.name!r} as an id; want letters, digits, '_', '.', '-'; rename the folder")
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; want one with interactions and items; check the path")
    given = OwnSettings(
        words=words,
        scale=scale,
        liked_above=liked_above,
        disliked_below=disliked_below,
        label=label,
        title=title,
        licence=licence,
        redistributable=redistributable,
        time_format=time_format,
        ignore=tuple(ignore or ()),
        columns=checked_columns("columns", columns or {}),
    )
    settings = _merged(given, read_settings(folder))
    tables = find_tables(folder, settings.columns, settings.ignore)
    return _source(folder, settings, tables, look_at(tables))


def _merged(given: OwnSettings, written: OwnSettings) -> OwnSettings:
    """Return the settings given in Python, each that is not given as source.toml has it."""
    chosen = {
        name: value if (value := getattr(given, name)) not in (None, {}, ()) else getattr(written, name)
        for name in vars(given)
    }
    return OwnSettings(**chosen)


def _source(folder: Path, settings: OwnSettings, tables: dict[str, OwnTable], looks: Looks) -> Source:
    where = f"{folder.name}/{SETTINGS}"
    scale = _scale(where, settings, tables, looks)
    middle = (scale.low + scale.high) / 2 if scale else None
    users = tables["users"].attributes if "users" in tables else []
    time_format = settings.time_format or looks.time_format
    read_by = (settings.label, time_format)
    return Source(
        id=folder.name,
        title=settings.title or folder.name,
        homepage=folder.name,
        licence=settings.licence or "not stated",
        licence_source="its owner",
        redistributable=bool(settings.redistributable),
        citation="",
        obtain=f"put interactions, items and, for UAP, users as .csv or .parquet into {folder.name}/",
        folders=(folder.name,),
        layouts=(
            Layout(
                name=", ".join(table.path.name for table in tables.values()),
                files={role: (table.path.name,) for role, table in tables.items()},
                tables={
                    role: Table(roles=(role,), read=reader(table, looks, scale, time_format))
                    for role, table in tables.items()
                },
                facts=repr((sorted((r, t.dialect, t.columns) for r, t in tables.items()), looks, scale, *read_by)),
                remedy="correct the file",
                utf_16=True,
            ),
        ),
        words=settings.words or WORDS,
        scale=scale,
        liked_above=_limit(where, "liked_above", settings.liked_above, scale, middle),
        disliked_below=_limit(where, "disliked_below", settings.disliked_below, scale, middle),
        by_time=tables["interactions"].has("timestamp"),
        label=_label(where, settings.label, tables["items"]),
        user_attributes=tuple(_attributes(users)),
        item_attributes=tuple(_attributes(tables["items"].attributes)),
        remarks=tuple(_remarks(settings, tables["interactions"], looks, scale)),
    )


def _attributes(columns: Sequence[Column]) -> list[Attribute]:
    return [Attribute(name=name, column=c.inside) for name, c in zip(plain_names(columns), columns, strict=True)]


def _scale(where: str, settings: OwnSettings, tables: dict[str, OwnTable], looks: Looks) -> RatingScale | None:
    """Return the scale of the ratings: the one given, else the one they show; None where there are none."""
    if not tables["interactions"].has("rating"):
        return None
    return checked_scale(f"{where} scale", settings.scale) if settings.scale else looks.scale


def _limit(where: str, name: str, given: float | None, scale: RatingScale | None, middle: float | None) -> float | None:
    if given is None or scale is None:
        return middle if given is None else given
    if not scale.low <= given <= scale.high:
        raise UsageError(
            f"{where} {name}: {given:g}; want {scale.low:g} to {scale.high:g}, the scale of the ratings; fix it"
        )
    return given


def _label(where: str, given: str | None, items: OwnTable) -> str | None:
    """Return the items column shown behind titles, by its name in the file, whatever its case."""
    if given is None:
        return None
    exact = [column for column in items.attributes if column.name == given]
    alike = exact or [column for column in items.attributes if column.name.lower() == given.lower()]
    if not alike:
        known = [shown_name(column.name) for column in items.attributes]
        raise unknown(f"column of {items.path.name} for label in {where}", given, known or ["no attribute"])
    return alike[0].inside


def _remarks(settings: OwnSettings, table: OwnTable, looks: Looks, scale: RatingScale | None) -> list[str]:
    """Return what was inferred of the interactions rather than stated, a sentence each."""
    remarks = []
    if not table.has("timestamp"):
        remarks.append("no timestamp: rows are not ordered by time")
    elif looks.time_format and not settings.time_format:
        remarks.append("timestamps are read as days, such as 20240531")
    elif looks.dates and not settings.time_format:
        remarks.append("timestamps are read as dates, in UTC where they name no zone")
    elif looks.per_second > 1:
        remarks.append(f"timestamps are read as {UNIT_NAMES[looks.per_second]}")
    if table.has("rating") and not settings.scale:
        remarks.append(_inferred(scale))
    if table.attributes:
        names = ", ".join(shown_name(column.name) for column in table.attributes)
        remarks.append(f"not used in {table.path.name}: {names}")
    return remarks


def _inferred(scale: RatingScale | None) -> str:
    if scale is None:
        return "ratings show no scale of few steps and are not used; to use them, give scale in source.toml"
    return (
        f"ratings are taken for a scale of {scale.text(scale.low)} to {scale.text(scale.high)} in steps of {scale.step:g}, "
        "as the data show; if it is another, give scale in source.toml"
    )
