"""Read source.toml: what a person says of their own tables, every value checked before it is used."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError, unknown
from itdr_hf.raw.source import RatingScale, Words
from itdr_hf.runtime.duckdb_engine import open_duckdb, quote

SETTINGS = "source.toml"
MEANINGS = ("user", "item", "title", "timestamp", "rating", "text")
MAX_DECIMALS = 4


@dataclass(frozen=True, kw_only=True)
class OwnSettings:
    """What source.toml may say; None where it says nothing."""

    words: Words | None = None
    scale: RatingScale | None = None
    liked_above: float | None = None
    disliked_below: float | None = None
    label: str | None = None
    title: str | None = None
    licence: str | None = None
    redistributable: bool | None = None
    time_format: str | None = None  # how times are written, as strptime has it
    ignore: Sequence[str] = ()  # columns that are not used
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)  # `user`, … -> the names it has in the tables


NAMES = tuple(f.name for f in fields(OwnSettings))


def read_settings(folder: Path) -> OwnSettings:
    """Return what a folder's source.toml says. Raises UsageError, naming file and setting, for what cannot be."""
    path = folder / SETTINGS
    if not path.is_file():
        return OwnSettings()
    where = f"{folder.name}/{SETTINGS}"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: {error}; want TOML in UTF-8; fix it") from error
    if strange := [name for name in found if name not in NAMES]:
        raise unknown(f"setting in {where}", strange[0], list(NAMES))
    return OwnSettings(**{name: CHECKS[name](f"{where} {name}", value) for name, value in found.items()})


def checked_scale(where: str, scale: RatingScale) -> RatingScale:
    """Return a scale that can be. Raises UsageError for one without steps, or whose ends are no steps apart."""
    if not scale.low < scale.high:
        raise _wrong(where, f"low {scale.low:g}, high {scale.high:g}", "low below high")
    if not scale.step > 0:
        raise _wrong(where, f"step {scale.step:g}", "a step above 0")
    steps = (scale.high - scale.low) / scale.step
    if abs(steps - round(steps)) > 1e-6:
        raise _wrong(where, f"step {scale.step:g} from {scale.low:g} to {scale.high:g}", "whole steps between the ends")
    if not 0 <= scale.decimals <= MAX_DECIMALS:
        raise _wrong(where, f"decimals {scale.decimals}", f"0 to {MAX_DECIMALS}")
    return scale


def _wrong(where: str, found: str, wanted: str) -> UsageError:
    return UsageError(f"{where}: {found}; want {wanted}; fix it")


def _text(where: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _wrong(where, repr(value), "a text of one line")
    return value


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(where, repr(value), "a number")
    return value


def _whole(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(where, repr(value), "a whole number")
    return value


def _flag(where: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, repr(value), "true or false, without quotes")
    return value


def _record(where: str, value: Any, record: type, check: Callable[[str, Any], Any]) -> Any:
    """Return a table of the file as a record, each value checked; its fields are whatever the record has."""
    known = {f.name: f for f in fields(record)}
    if not isinstance(value, dict):
        raise _wrong(where, repr(value), f"a table of {', '.join(known)}")
    if strange := [name for name in value if name not in known]:
        raise unknown(f"setting in {where}", strange[0], list(known))
    lacking = [name for name, f in known.items() if f.default is MISSING and name not in value]
    if lacking:
        raise _wrong(where, f"no {', '.join(lacking)}", ", ".join(known))
    return record(**{name: check(f"{where}.{name}", each) for name, each in value.items()})


def _words(where: str, value: Any) -> Words:
    words: Words = _record(where, value, Words, _text)
    return words


def _scale(where: str, value: Any) -> RatingScale:
    def check(place: str, each: Any) -> float:
        return _whole(place, each) if place.endswith(".decimals") else _number(place, each)

    return checked_scale(where, _record(where, value, RatingScale, check))


def _time_format(where: str, value: Any) -> str:
    import duckdb

    form = _text(where, value)
    with open_duckdb() as engine:
        try:
            dated = "%" in form and engine.value(f"SELECT try_strptime('', {quote(form)}) IS NULL")
        except duckdb.Error:
            dated = False
    if not dated:
        raise _wrong(where, repr(value), "a form of strptime, such as %d.%m.%Y %H:%M")
    return form


def _names(where: str, value: Any) -> tuple[str, ...]:
    """Return the names of columns, given as a list or as one text."""
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
        raise _wrong(where, repr(value), "the name of a column, or a list of names")
    return tuple(names)


def checked_columns(where: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Return the names that `user`, `item`, … have in the tables. Raises UsageError for another meaning, or no name."""
    if not isinstance(value, Mapping):
        raise _wrong(where, repr(value), 'a table such as { user = "user_id" }')
    if strange := [name for name in value if name not in MEANINGS]:
        raise unknown(f"column in {where}", strange[0], list(MEANINGS))
    return {name: _names(f"{where}.{name}", called) for name, called in value.items()}


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "words": _words,
    "scale": _scale,
    "liked_above": _number,
    "disliked_below": _number,
    "label": _text,
    "title": _text,
    "licence": _text,
    "redistributable": _flag,
    "time_format": _time_format,
    "ignore": _names,
    "columns": checked_columns,
}
