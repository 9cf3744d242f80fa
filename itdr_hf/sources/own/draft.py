"""Write a source.toml to begin with: what the tables show, and what only a person knows, in comments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from dataclasses import replace as replace_fields
from pathlib import Path

from itdr_hf.errors import OutputError
from itdr_hf.raw.source import Source
from itdr_hf.runtime.files import write_atomically
from itdr_hf.sources.own.guesses import DATE_FORMATS, toml_columns, toml_text
from itdr_hf.sources.own.settings import SETTINGS, OwnSettings, checked_columns, read_settings
from itdr_hf.sources.own.source import own_source
from itdr_hf.sources.own.tables import OwnTable, find_tables, guess_columns, open_tables, shown_name
from itdr_hf.sources.own.values import date_formats

LIMITS = ("liked_above", "disliked_below")


def draft_settings(folder: Path, *, replace: bool = False) -> Source:
    """Write source.toml into a folder of tables, with what they show; return the source that it makes.

    Raises OutputError where there is one already and it is not to be replaced, and as `own_source` does; nothing is
    written then.
    """
    path = folder / SETTINGS
    if path.is_file() and not replace:
        raise OutputError(
            f"{folder.name}/{SETTINGS}: is here already; want none; edit it, or replace it with --force, which keeps "
            "its settings, though not its comments"
        )
    given = read_settings(folder)
    found = guess_columns(open_tables(folder, given.columns, given.ignore))
    guessed = {meaning: [*given.columns.get(meaning, ()), *names] for meaning, names in found.items()}
    columns = {**guessed, **{name: called for name, called in given.columns.items() if name not in guessed}}
    tables = find_tables(folder, checked_columns("columns", columns), given.ignore)
    forms = date_formats(tables["interactions"], DATE_FORMATS) if tables["interactions"].has("timestamp") else []
    form = given.time_format or (forms[0] if len(forms) == 1 else None)
    source = own_source(folder, columns=columns, time_format=form)
    doubts = [*guessed, *(["time_format"] if form and not given.time_format else [])]
    settings = replace_fields(given, columns=checked_columns("columns", columns), time_format=form)
    write_atomically(path, settings_text(source, tables, settings, doubts))
    return source


def settings_text(source: Source, tables: Mapping[str, OwnTable], given: OwnSettings, guessed: Collection[str]) -> str:
    """Return a source.toml: what was given or found as settings, what is not known as comments to be edited.

    `guessed` are the meanings of columns that were chosen by their names alone, and `time_format` where it was found.
    """
    words = replace_fields(source.words, done=source.words.participle)
    lines = [
        f"# How {shown_name(source.id)} is read and spoken of. Every line is optional; what is commented out is the default.",
        "",
        f"title = {toml_text(source.title)}",
        f"licence = {toml_text(given.licence)}" if given.licence else '# licence = "the terms of your data"',
        f"{'# ' if given.redistributable is None else ''}redistributable = {str(bool(given.redistributable)).lower()}"
        "  # true: examples may be published",
        *_label(tables["items"], given.label),
        *_columns(given.columns, [meaning for meaning in guessed if meaning in given.columns]),
        *_time_format(given.time_format, "time_format" in guessed),
        *_ignored(tables, given.ignore),
        *(f"{name} = {value:g}" for name in LIMITS if (value := getattr(given, name)) is not None),
        "",
        "# What users do with items: 'the products a user bought'.",
        "[words]",
        *(f"{f.name} = {toml_text(getattr(words, f.name))}" for f in fields(words)),
        *_scale(source),
    ]
    return "\n".join(lines) + "\n"


def _label(items: OwnTable, given: str | None) -> list[str]:
    names = [column.name for column in items.attributes]
    if not names:
        return []
    start = f"label = {toml_text(given)}" if given else f"# label = {toml_text(names[0])}"
    return [f"{start}  # shown behind each title; attributes: {', '.join(map(shown_name, names))}"]


def _columns(columns: Mapping[str, Sequence[str]], guessed: Collection[str]) -> list[str]:
    if not columns:
        return []
    doubt = f"  # guessed by their names: {'check' if len(guessed) == len(columns) else ', '.join(guessed)}"
    return [toml_columns(columns) + (doubt if guessed else "")]


def _time_format(form: str | None, guessed: bool) -> list[str]:
    if form is None:
        return []
    return [f"time_format = {toml_text(form)}" + ("  # the one form that fits all times: check" if guessed else "")]


def _ignored(tables: Mapping[str, OwnTable], ignored: Sequence[str]) -> list[str]:
    names = [column.name for role, table in tables.items() if role != "interactions" for column in table.attributes]
    if ignored:
        return [f"ignore = [{', '.join(map(toml_text, ignored))}]"]
    return [f"# ignore = [{toml_text(names[-1])}]  # columns that no prompt is to show"] if names else []


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
