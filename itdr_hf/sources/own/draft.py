"""Write a source.toml to begin with: what the tables show, and what only a person knows, in comments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from dataclasses import replace as replace_fields
from pathlib import Path

from itdr_hf.errors import OutputError
from itdr_hf.raw.source import Source
from itdr_hf.runtime.files import write_atomically
from itdr_hf.sources.own.settings import SETTINGS, OwnSettings, read_settings
from itdr_hf.sources.own.source import WORDS, own_source
from itdr_hf.sources.own.tables import OPTIONAL, WANTED, columns_of, find_file, shown_name

LIMITS = ("liked_above", "disliked_below")
SYNONYMS = {
    "user": "user_id userid uid customer customer_id customerid member member_id reviewer reviewerid account visitor_id",
    "item": "item_id itemid iid product product_id productid sku asin isbn movie_id movieid book_id article_id track_id",
    "title": "name item_name product_name item_title product_title movie_title book_title headline",
    "timestamp": "time ts date datetime created_at event_time unix_time unixreviewtime rating_date purchase_date",
    "rating": "score stars star_rating overall rate value grade",
    "text": "review review_text reviewtext comment body content",
}


def draft_settings(folder: Path, *, replace: bool = False) -> Source:
    """Write source.toml into a folder of tables, with what they show; return the source that it makes.

    Raises OutputError where there is one already and it is not to be replaced, and as `own_source` does; nothing is
    written then.
    """
    path = folder / SETTINGS
    if path.is_file() and not replace:
        raise OutputError(f"{folder.name}/{SETTINGS}: is here already; want none; edit it, or replace it with --force")
    given = read_settings(folder)
    guessed = {meaning: name for meaning, name in guess_columns(folder).items() if meaning not in given.columns}
    columns = {**guessed, **given.columns}
    source = own_source(folder, columns=columns)
    write_atomically(path, settings_text(source, replace_fields(given, columns=columns), guessed))
    return source


def guess_columns(folder: Path) -> dict[str, str]:
    """Return which columns are meant by `user`, `item`, …, where they are called otherwise, as far as names tell."""
    guessed: dict[str, str] = {}
    for role in WANTED:
        file = find_file(folder, role)
        names = columns_of(file) if file else []
        for meaning in (*WANTED[role], *OPTIONAL[role]):
            if found := _meant(meaning, names):
                guessed.setdefault(meaning, found)
    return guessed


def _meant(meaning: str, names: Sequence[str]) -> str | None:
    lower = [name.lower() for name in names]
    if meaning in lower:
        return None
    return next((names[lower.index(synonym)] for synonym in SYNONYMS[meaning].split() if synonym in lower), None)


def settings_text(source: Source, given: OwnSettings, guessed: Collection[str]) -> str:
    """Return a source.toml: what was given or found as settings, what is not known as comments to be edited.

    `guessed` names the columns that were chosen by their names alone.
    """
    lines = [
        f"# How {shown_name(source.id)} is read and spoken of. Every line is optional; what is commented out is the default.",
        "",
        f"title = {_toml(source.title)}",
        f"licence = {_toml(given.licence)}" if given.licence else '# licence = "the terms of your data"',
        f"{'# ' if given.redistributable is None else ''}redistributable = {str(bool(given.redistributable)).lower()}"
        "  # true: examples may be published",
        *_label(source, given.label),
        *_columns(given.columns, guessed),
        *(f"{name} = {value:g}" for name in LIMITS if (value := getattr(given, name)) is not None),
        "",
        "# What users do with items: 'the products a user bought'.",
        "[words]",
        *(f"{f.name} = {_toml(getattr(source.words, f.name))}" for f in fields(WORDS)),
        *_scale(source),
    ]
    return "\n".join(lines) + "\n"


def _label(source: Source, given: str | None) -> list[str]:
    names = [attribute.name for attribute in source.item_attributes]
    if not names:
        return []
    start = f"label = {_toml(given)}" if given else f"# label = {_toml(names[0])}"
    return [f"{start}  # shown behind each title; attributes: {', '.join(names)}"]


def _columns(columns: Mapping[str, str], guessed: Collection[str]) -> list[str]:
    if not columns:
        return []
    pairs = ", ".join(f"{meaning} = {_toml(name)}" for meaning, name in columns.items())
    doubt = (
        f"  # guessed by their names: {'check' if len(guessed) == len(columns) else ', '.join(guessed)}"
        if guessed
        else ""
    )
    return [f"columns = {{ {pairs} }}{doubt}"]


def _scale(source: Source) -> list[str]:
    if source.scale is None:
        return ["", "# [scale]  # of the ratings, where there are any", "# low = 1", "# high = 5", "# step = 1"]
    scale = source.scale
    facts = {"low": scale.low, "high": scale.high, "step": scale.step}
    return [
        "",
        "# As the ratings show it; a rating above the middle counts as a like unless liked_above says otherwise.",
        "[scale]",
        *(f"{name} = {value:g}" for name, value in facts.items()),
        f"decimals = {scale.decimals}",
    ]


def _toml(text: str) -> str:
    """Return a TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'
