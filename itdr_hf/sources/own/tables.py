"""Find the tables of a folder, and which of their columns is what.

Names of columns come from users: no SQL is made of them but through `identifier`, and what stands for them
inside, `own_3` for the fourth column of a table, is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from itdr_hf.errors import MissingFileError, RawDataError
from itdr_hf.raw.dialects import CSV, Dialect, open_text, python_rows
from itdr_hf.raw.fixes import UTF_16, utf_16
from itdr_hf.raw.malformed import unreadable_named
from itdr_hf.runtime.duckdb_engine import open_duckdb, quote
from itdr_hf.runtime.text import show_text

WANTED = {"interactions": ("user", "item"), "items": ("item", "title"), "users": ("user",)}
OPTIONAL = {"interactions": ("timestamp", "rating", "text"), "items": (), "users": ()}
ENDINGS = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
DELIMITERS = (",", ";", "\t", "|")
UNNAMED = "unused"  # what a column without a name is called inside: pandas writes its index so
LISTED = 8  # columns that a message lists
MAX_NAME = 60  # characters of a column's name that are shown


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: its name in the file, and what it is called inside."""

    name: str
    inside: str

    @property
    def attribute(self) -> bool:
        """Whether it is an attribute of a user or an item, rather than one of the columns with a meaning of their own."""
        return self.inside.startswith("own_")


@dataclass(frozen=True, kw_only=True)
class OwnTable:
    """A file of the user's, and its columns in order."""

    role: str
    path: Path
    columns: tuple[Column, ...]
    dialect: Dialect = CSV

    @property
    def parquet(self) -> bool:
        return self.path.suffix.lower() == ".parquet"

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers may be written as 3,5: where the comma does not separate columns."""
        return not self.parquet and self.dialect.delimiter != ","

    @property
    def attributes(self) -> list[Column]:
        return [column for column in self.columns if column.attribute]

    def has(self, inside: str) -> bool:
        return any(column.inside == inside for column in self.columns)


def find_tables(folder: Path, renamed: Mapping[str, str]) -> dict[str, OwnTable]:
    """Return the tables of a folder, by role; `renamed` maps `user`, `item`, … to the names they have there.

    Raises MissingFileError without interactions or items, RawDataError for two files of one table, for a table
    without its columns, and for text in an encoding that is not read.
    """
    files = {role: find_file(folder, role) for role in WANTED}
    for role in ("interactions", "items"):
        if files[role] is None:
            raise MissingFileError(_no_file(folder, role))
    return {role: _table(role, path, renamed) for role, path in files.items() if path is not None}


def has_tables(folder: Path) -> bool:
    """Whether a folder looks as if somebody had put tables of their own into it."""
    return any(_candidates(folder, role) for role in WANTED) or (folder / "source.toml").is_file()


def columns_of(path: Path) -> list[str]:
    """Return the names of a table's columns as the file has them. Raises RawDataError where there are none."""
    with unreadable_named([path]):
        return _parquet_names(path) if path.suffix.lower() == ".parquet" else _header(path)[1]


# files


def _candidates(folder: Path, role: str) -> list[Path]:
    names = {f"{role}{ending}" for ending in ENDINGS}
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower() in names)


def find_file(folder: Path, role: str) -> Path | None:
    """Return the file of a table; None where there is none. Raises RawDataError where there are two."""
    found = _candidates(folder, role)
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise RawDataError(f"{folder}: {names}, the same table twice; want one of them; remove the other")
    return found[0] if found else None


def _no_file(folder: Path, role: str) -> str:
    """Return the message for a table that is not there, with the file that may have been meant."""
    wanted = f"want {role}.csv or {role}.parquet with {', '.join(WANTED[role])}"
    files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    near = [name for name in files if _stem(name) == role.rstrip("s")]
    if near and near[0].lower().endswith(ENDINGS):
        return f"{folder}: {near[0]}; {wanted}; rename it"
    if near:
        return f"{folder}: {near[0]}, which is not read; {wanted}; save it so"
    kinds = "a .csv, .csv.gz, .tsv, .tsv.gz or .parquet file"
    return (
        f"{folder}: no {role}.csv or {role}.parquet, but {', '.join(files) or 'nothing'}; {wanted}; write it, {kinds}"
    )


def _stem(name: str) -> str:
    return name.lower().split(".")[0].strip(" _-0123456789()").rstrip("s")


# columns


def _table(role: str, path: Path, renamed: Mapping[str, str]) -> OwnTable:
    with unreadable_named([path]):
        if path.suffix.lower() == ".parquet":
            return OwnTable(role=role, path=path, columns=_columns(role, path, _parquet_names(path), renamed))
        dialect, names = _header(path)
        return OwnTable(role=role, path=path, columns=_columns(role, path, names, renamed), dialect=dialect)


def _parquet_names(path: Path) -> list[str]:
    with open_duckdb() as engine:
        return [row[0] for row in engine.sql.execute(f"DESCRIBE FROM read_parquet({quote(path)})").fetchall()]


def _header(path: Path) -> tuple[Dialect, list[str]]:
    """Return how a delimited file is written and the names in its first line: the delimiter that gives most columns."""
    written = replace(CSV, encoding=_encoding(path))
    tried = [replace(written, delimiter=delimiter) for delimiter in DELIMITERS]
    dialect, names = max(((d, _first_row(path, d)) for d in tried), key=lambda each: len(each[1]))
    if not any(name.strip() for name in names):
        raise RawDataError(f"{_where(path)}: an empty file; want a first line with the names of the columns; write it")
    if broken := next((name for name in names if "\n" in name or "\r" in name), None):
        raise RawDataError(
            f"{_where(path)} line 1: the name of a column, {broken[:MAX_NAME]!r}, goes over several lines, or its quote is "
            "never closed; want the names of all columns on one line; correct the file"
        )
    return dialect, names


def _first_row(path: Path, dialect: Dialect) -> list[str]:
    try:
        with open_text(path, dialect.encoding, errors="strict") as file:
            return next(python_rows(file, dialect), [])
    except UnicodeDecodeError as error:
        raise RawDataError(
            f"{_where(path)} line {_undecodable_line(path, dialect.encoding)}: bytes that are not {dialect.encoding.upper()}; "
            "want UTF-8; save the file as UTF-8"
        ) from error


def _undecodable_line(path: Path, encoding: str) -> int:
    """Return the first line that does not decode, from 1."""
    with open_text(path, encoding) as file:  # what does not decode is read as U+FFFD
        return next((number for number, line in enumerate(file, 1) if "\ufffd" in line), 1)


def _encoding(path: Path) -> str:
    kind = utf_16(path)
    if not kind:
        return "utf-8"
    with path.open("rb") as file:
        if file.read(2) in UTF_16:
            return "utf-16"
    raise RawDataError(
        f"{_where(path)}: text in UTF-16 ({kind}) without a byte order mark; want UTF-8; save the file as UTF-8"
    )


def _columns(role: str, path: Path, names: Sequence[str], renamed: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns of a table: those with a meaning, whatever their case, attributes, and those without a name."""
    meanings = (*WANTED[role], *OPTIONAL[role])
    places = {meaning: _place(path, names, meaning, renamed.get(meaning)) for meaning in meanings}
    missing = [meaning for meaning in WANTED[role] if places[meaning] is None]
    if missing:
        example = ", ".join(f"{meaning} = " + ('"…"' if n else _guess(names)) for n, meaning in enumerate(missing))
        raise RawDataError(
            f"{_where(path)}: columns {_listed(names)}; want also {', '.join(missing)}; add them, or say in "
            f"source.toml which they are: columns = {{ {example} }}"
        )
    known = {place: meaning for meaning, place in places.items() if place is not None}
    return tuple(
        Column(name=name, inside=known.get(place) or (f"own_{place}" if name.strip() else f"{UNNAMED}_{place}"))
        for place, name in enumerate(names)
    )


def _place(path: Path, names: Sequence[str], meaning: str, called: str | None) -> int | None:
    """Return which column has a meaning: the one of this very name, else the only one that differs in case."""
    name = called if called is not None and called in names else meaning
    exact = [place for place, found in enumerate(names) if found == name]
    alike = exact or [place for place, found in enumerate(names) if found.strip().lower() == name.lower()]
    if len(alike) > 1:
        raise RawDataError(
            f"{_where(path)}: {len(alike)} columns {name!r}; want one; rename or remove the other, or say in "
            f"source.toml which it is: columns = {{ {meaning} = … }}"
        )
    return alike[0] if alike else None


def _guess(names: Sequence[str]) -> str:
    return f'"{shown_name(next((name for name in names if name), "its name"))}"'


def _listed(names: Sequence[str]) -> str:
    shown = [shown_name(name) if name.strip() else "(without a name)" for name in names]
    return ", ".join(shown[:LISTED]) + (f" and {len(shown) - LISTED} more" if len(shown) > LISTED else "")


def _where(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def shown_name(name: str) -> str:
    """Return the name of a column fit to be shown: one line, nothing invisible, nothing that a model takes for control."""
    return show_text(name, MAX_NAME) or "unnamed"


def plain_names(columns: Sequence[Column]) -> Iterator[str]:
    """Yield what prompts call each attribute: its name in one line, blanks for underscores, no two alike."""
    seen: dict[str, int] = {}
    for column in columns:
        name = shown_name(column.name.replace("_", " "))
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"
