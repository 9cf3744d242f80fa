"""Say when cleaning leaves out much of a table: a step that takes a fifth is worth a warning, nearly all an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itdr_hf.errors import RawDataError
from itdr_hf.raw.release import Release
from itdr_hf.raw.scan import Staged
from itdr_hf.runtime.engine import RawReader

MUCH, NEARLY_ALL = 0.2, 0.95  # shares of the rows that were read
SHOWN = 3  # values of each side that a message shows
INTENDED = ("read", "kept", "repeated (user, item), earliest kept")  # steps that lose nothing

Steps = Sequence[Mapping[str, Any]]


def losses(steps: Steps) -> list[str]:
    """Return a sentence for every step that leaves out a fifth of a table's rows or more."""
    read = {step["table"]: step["rows"] for step in steps if step["what"] == "read"}
    return [
        f"{step['table']}: {-step['rows']:,} of {read[step['table']]:,} rows left out: {step['what']}"
        for step in _lossy(steps)
        if -step["rows"] >= MUCH * read.get(step["table"], 0)
    ]


def _lossy(steps: Steps) -> list[Mapping[str, Any]]:
    return [step for step in steps if step["rows"] < 0 and step["what"] not in INTENDED]


def refuse_unmatched_items(engine: RawReader, staged: Mapping[str, Staged], unmatched: int, of: int) -> None:
    """Raise RawDataError where nearly all interactions are with items that the items table does not have.

    Reads the temporary table `untitled` of the items concerned; shows ids of both sides, alike ones if there are any.
    """
    if unmatched < NEARLY_ALL * of or not of:
        return
    plain = r"regexp_replace(regexp_replace(lower({}::VARCHAR), '\.0+$', ''), '^[^0-9a-z]*0*', '')"
    known = f"SELECT DISTINCT item FROM {staged['items'].rows} WHERE legible <> ''"
    alike = engine.sql.execute(
        f"SELECT u.item, k.item FROM untitled u JOIN ({known}) k ON {plain.format('u.item')} = {plain.format('k.item')} "
        f"ORDER BY ALL LIMIT {SHOWN}"
    ).fetchall()
    theirs = [row[0] for row in alike] or _few(engine, "SELECT item FROM untitled ORDER BY item")
    ours = [row[1] for row in alike] or _few(engine, f"{known} ORDER BY item")
    if not ours:
        raise RawDataError("items: none has a title; want a title for each item; fill the titles in")
    hint = "the same things written otherwise" if alike else "other ids"
    raise RawDataError(
        f"interactions: {unmatched:,} of {of:,} rows name items that are not in items, or have no title there: "
        f"{_quoted(theirs)} against {_quoted(ours)} ({hint}); want the same ids in both tables; write them alike"
    )


def refuse_nearly_empty(release: Release, steps: Steps, staged: Mapping[str, Staged], engine: RawReader) -> None:
    """Raise RawDataError where one reason leaves out nearly all interactions of custom tables, with values concerned."""
    read = sum(step["rows"] for step in steps if (step["table"], step["what"]) == ("interactions", "read"))
    for step in _lossy(steps):
        if step["table"] != "interactions" or -step["rows"] < NEARLY_ALL * read or "rating" not in step["what"]:
            continue
        reason = step["what"].replace("'", "''")
        values = _few(
            engine, f"SELECT DISTINCT rating FROM {staged['interactions'].rows} WHERE dropped = '{reason}' ORDER BY 1"
        )
        scale = release.source.scale
        wanted = f"{scale.low:g} to {scale.high:g} in steps of {scale.step:g}" if scale else "ratings on a scale"
        raise RawDataError(
            f"{release.folder.name}: {-step['rows']:,} of {read:,} interactions are left out: {step['what']}, such as "
            f"{_quoted(values)}; want {wanted}; correct the scale in source.toml"
        )


@contextmanager
def folder_named(folder: Path) -> Iterator[None]:
    """Put the folder of a release in front of an error about one of its tables."""
    try:
        yield
    except RawDataError as error:
        raise RawDataError(f"{folder.name}/{error}") from error


def _few(engine: RawReader, query: str) -> list[Any]:
    return [row[0] for row in engine.sql.execute(f"{query} LIMIT {SHOWN}").fetchall()]


def _quoted(values: Sequence[Any]) -> str:
    return ", ".join(f"{value!r}" if isinstance(value, str) else f"{value:g}" for value in values) or "nothing"
