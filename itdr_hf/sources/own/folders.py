"""Find the folders of tables under a raw folder, the broken ones among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.errors import ItdrError, MissingFileError
from itdr_hf.raw.source import Source
from itdr_hf.sources.own.source import own_source
from itdr_hf.sources.own.tables import has_tables


@dataclass(frozen=True, kw_only=True)
class Found:
    """A folder that is no published release: a source of the user's, or what is wrong with it."""

    folder: Path
    source: Source | None = None
    error: ItdrError | None = None


def found_in(raw: Path, known: Collection[str]) -> list[Found]:
    """Return every folder of tables under a raw folder, but for the names in `known`; a broken one with its error.

    Raises MissingFileError where the raw folder holds tables itself.
    """
    if not raw.is_dir():
        return []
    folders = [path for path in sorted(raw.iterdir()) if path.is_dir() and path.name not in known]
    if (table := _table_in(raw)) and not any(map(has_tables, folders)):
        raise MissingFileError(
            f"{raw}: {table}, a table of your own; want the folder above, which holds a folder for each source; "
            f"give --raw {raw.resolve().parent}"
        )
    return [_found(path) for path in folders if not path.name.startswith(".") and has_tables(path)]


def _table_in(raw: Path) -> str:
    """Return the name of a table that lies in the raw folder itself; "" where there is none."""
    return next((p.name for p in sorted(raw.iterdir()) if p.is_file() and _named(p, "interactions", "items")), "")


def _named(path: Path, *roles: str) -> bool:
    return path.name.lower().split(".")[0] in roles


def _found(folder: Path) -> Found:
    try:
        return Found(folder=folder, source=own_source(folder))
    except ItdrError as error:
        return Found(folder=folder, error=error)
