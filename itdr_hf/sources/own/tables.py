"""Find the tables of a folder, and which of their columns is what.

Names of columns come from users: no SQL is made of them but through `identifier`, and what stands for them
inside, `own_3` for the fourth column of a table, is ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from itdr_hf.errors import MissingFileError, RawDataError, unknown
from itdr_hf.raw.dialects import CSV, Dialect, open_bytes, open_text, python_rows
from itdr_hf.raw.fixes import UTF_16, beginning, utf_16
from itdr_hf.raw.malformed import unreadable_named
from itdr_hf.runtime.duckdb_engine import open_duckdb, quote
from itdr_hf.runtime.text import show_text
from itdr_hf.sources.own.guesses import guess_column, toml_columns

WANTED = {"interactions": ("user", "item"), "items": ("item", "title"), "users": ("user",)}
OPTIONAL = {"interactions": ("timestamp", "rating", "text"), "items": (), "users": ()}
ENDINGS = (".parquet", ".csv", ".csv.gz", ".tsv", ".tsv.gz")
DELIMITERS = (",", ";", "\t", "|")
UNNAMED = "unused"  # what a column is called inside that is not used
INDEX = re.compile(r"\s*|Unnamed: \d+|__index_level_\d+__")  # names that pandas gives its index
HOW_TO_SAVE = "which spreadsheets call CSV UTF-8; in a shell: iconv -f windows-1252 -t utf-8"
OTHER_CONTENT = {  # how files begin that are not what their name says -> what they are, what to do
    b"PAR1": ("Parquet", "name it .parquet"),
    b"PK\x03\x04": ("a spreadsheet or an archive", "save it as CSV, or unpack it"),
    b"\xd0\xcf\x11\xe0": ("an old spreadsheet", "save it as CSV"),
    b"\x1f\x8b": ("compressed with gzip", "name it .csv.gz"),
    b"BZh": ("compressed with bzip2", "unpack it"),
    b"version https://git-lfs": ("the pointer of Git LFS, not the file", "run git lfs pull"),
    b"<!doctype": ("a web page", "get the file itself"),
    b"<html": ("a web page", "get the file itself"),
    b"<?xml": ("XML", "save it as CSV"),
    b"{": ("JSON", "save it as CSV"),
    b"[": ("JSON", "save it as CSV"),
}
HEADLESS = "make the names of the columns the first line, or "
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
    def names(self) -> list[str]:
        """The names of the columns, but for an index."""
        return [column.name for column in self.columns if not INDEX.fullmatch(column.name)]

    @property
    def where(self) -> str:
        return _where(self.path)

    @property
    def attributes(self) -> list[Column]:
        return [column for column in self.columns if column.attribute]

    def has(self, inside: str) -> bool:
        return any(column.inside == inside for column in self.columns)


def find_tables(folder: Path, renamed: Mapping[str, Sequence[str]], ignored: Sequence[str] = ()) -> dict[str, OwnTable]:
    """Return the tables of a folder, by role; `renamed` maps `user`, `item`, … to the names they have there.

    Raises MissingFileError without interactions or items, RawDataError for two files of one table, for a table
    without its columns, and for text in an encoding that is not read, UsageError for a name that no table has.
    """
    tables = open_tables(folder, renamed, ignored)
    _check_named(folder, tables, renamed, ignored)
    _check_complete(tables, renamed)
    return tables


def open_tables(
    folder: Path, renamed: Mapping[str, Sequence[str]] = {}, ignored: Sequence[str] = ()
) -> dict[str, OwnTable]:
    """Return the tables of a folder as `find_tables` does, though columns be missing."""
    files = {role: _find_file(folder, role) for role in WANTED}
    for role in ("interactions", "items"):
        if files[role] is None:
            raise MissingFileError(_no_file(folder, role))
    return {role: _table(role, path, renamed, ignored) for role, path in files.items() if path is not None}


def guess_columns(tables: Mapping[str, OwnTable]) -> dict[str, list[str]]:
    """Return which columns are meant by `user`, `item`, … in tables that have none of these names, as far as names tell."""
    guessed: dict[str, list[str]] = {}
    for role, table in tables.items():
        for meaning in _meanings(role):
            found = None if table.has(meaning) else guess_column(meaning, _free(table), _shared(tables, role, meaning))
            known = guessed.setdefault(meaning, [])
            if found is not None and found.lower() not in map(str.lower, known):
                known.append(found)
    return {meaning: names for meaning, names in guessed.items() if names}


def has_tables(folder: Path) -> bool:
    """Whether a folder looks as if somebody had put tables of their own into it."""
    return any(_candidates(folder, role) for role in WANTED) or (folder / "source.toml").is_file()


# files


def _candidates(folder: Path, role: str) -> list[Path]:
    names = {f"{role}{ending}" for ending in ENDINGS}
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower() in names)


def _find_file(folder: Path, role: str) -> Path | None:
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


def _table(role: str, path: Path, renamed: Mapping[str, Sequence[str]], ignored: Sequence[str]) -> OwnTable:
    with unreadable_named([path]):
        parquet = path.suffix.lower() == ".parquet"
        dialect, names = (CSV, _parquet_names(path)) if parquet else _header(path)
    return OwnTable(role=role, path=path, columns=_columns(role, path, names, renamed, ignored), dialect=dialect)


def _parquet_names(path: Path) -> list[str]:
    with open_duckdb() as engine:
        return [row[0] for row in engine.sql.execute(f"DESCRIBE FROM read_parquet({quote(path)})").fetchall()]


def _header(path: Path) -> tuple[Dialect, list[str]]:
    """Return how a delimited file is written and the names in its first line: the delimiter that gives most columns."""
    _check_content(path)
    written = replace(CSV, encoding=_encoding(path))
    tried = [replace(written, delimiter=delimiter) for delimiter in DELIMITERS]
    dialect, names = max(((d, _first_row(path, d)) for d in tried), key=lambda each: len(each[1]))
    if not any(name.strip() for name in names):
        raise RawDataError(
            f"{_where(path)}: an empty first line; want one with the names of the columns; write it, or remove the empty one"
        )
    if broken := next((name for name in names if "\n" in name or "\r" in name), None):
        raise RawDataError(
            f"{_where(path)} line 1: the name of a column, {broken[:MAX_NAME]!r}, goes over several lines, or its quote is "
            "never closed; want the names of all columns on one line; correct the file"
        )
    return dialect, names


def _check_content(path: Path) -> None:
    """Raise RawDataError for a file of another kind than its name says."""
    with open_bytes(path) as file:
        start = file.read(max(map(len, OTHER_CONTENT))).lstrip().lower()
    for magic, (kind, remedy) in OTHER_CONTENT.items():
        if start.startswith(magic.lower()):
            raise RawDataError(f"{_where(path)}: {kind}; want columns separated by commas, tabs or the like; {remedy}")


def _first_row(path: Path, dialect: Dialect) -> list[str]:
    try:
        with open_text(path, dialect.encoding, errors="strict") as file:
            return next(python_rows(file, dialect), [])
    except UnicodeDecodeError as error:
        raise RawDataError(
            f"{_where(path)} line {_undecodable_line(path, dialect.encoding)}: bytes that are not {dialect.encoding.upper()}; "
            f"want UTF-8; save the file as UTF-8, {HOW_TO_SAVE}"
        ) from error


def _undecodable_line(path: Path, encoding: str) -> int:
    """Return the first line that does not decode, from 1."""
    with open_text(path, encoding) as file:  # what does not decode is read as U+FFFD
        return next((number for number, line in enumerate(file, 1) if "\ufffd" in line), 1)


def _encoding(path: Path) -> str:
    kind = utf_16(beginning(path))
    if not kind:
        return "utf-8"
    with path.open("rb") as file:
        if file.read(2) in UTF_16:
            return "utf-16"
    raise RawDataError(
        f"{_where(path)}: text in UTF-16 ({kind}) without a byte order mark; want UTF-8; save the file as UTF-8"
    )


def _meanings(role: str) -> tuple[str, ...]:
    return (*WANTED[role], *OPTIONAL[role])


def _columns(
    role: str, path: Path, names: Sequence[str], renamed: Mapping[str, Sequence[str]], ignored: Sequence[str]
) -> tuple[Column, ...]:
    """Return the columns of a table: those with a meaning, whatever their case, attributes, and those not used."""
    unused = {place for place, name in enumerate(names) if INDEX.fullmatch(name) or name in ignored}
    used = ["" if place in unused else name for place, name in enumerate(names)]
    places = {meaning: _place(path, used, meaning, renamed.get(meaning, ())) for meaning in _meanings(role)}
    known = {place: meaning for meaning, place in places.items() if place is not None}
    return tuple(
        Column(name=name, inside=known.get(place) or f"{UNNAMED if place in unused else 'own'}_{place}")
        for place, name in enumerate(names)
    )


def _place(path: Path, names: Sequence[str], meaning: str, called: Sequence[str]) -> int | None:
    """Return which column has a meaning: of the names it may have the first that is there, whatever its case."""
    for name in (*called, meaning):
        exact = [place for place, found in enumerate(names) if found == name]
        alike = exact or [place for place, found in enumerate(names) if found.strip().lower() == name.strip().lower()]
        if len(alike) > 1:
            raise RawDataError(
                f"{_where(path)}: {len(alike)} columns {name!r}; want one; rename or remove the other, or say in "
                f"source.toml which it is: columns = {{ {meaning} = … }}"
            )
        if alike:
            return alike[0]
    return None


def _check_named(
    folder: Path, tables: Mapping[str, OwnTable], renamed: Mapping[str, Sequence[str]], ignored: Sequence[str]
) -> None:
    """Raise UsageError for a name in source.toml that no column has."""
    for meaning, names in renamed.items():
        asked = [table for role, table in tables.items() if meaning in _meanings(role)]
        for name in names:
            _check_known(f"{meaning} in {folder.name}/source.toml", name, asked)
    for name in ignored:
        _check_known(f"ignore in {folder.name}/source.toml", name, list(tables.values()))


def _check_known(purpose: str, name: str, tables: Sequence[OwnTable]) -> None:
    have = list(dict.fromkeys(known for table in tables for known in table.names))
    if name.strip().lower() not in (known.strip().lower() for known in have):
        files = ", ".join(table.path.name for table in tables)
        raise unknown(f"column of {files} for {purpose}", shown_name(name), map(shown_name, have))


def _check_complete(tables: Mapping[str, OwnTable], renamed: Mapping[str, Sequence[str]]) -> None:
    """Raise RawDataError where tables lack columns, all of them in one message, with what source.toml may say of them."""
    missing = {role: [m for m in WANTED[role] if not table.has(m)] for role, table in tables.items()}
    if not any(missing.values()):
        return
    lone = any(lost and len(tables[role].columns) == 1 for role, lost in missing.items())
    headless = lone or any(
        re.fullmatch(r"-?\d+(\.\d+)?", name) for role, lost in missing.items() if lost for name in tables[role].names
    )
    found = [
        f"{tables[r].where}: columns {_listed(tables[r].names)}; want also {', '.join(m)}"
        for r, m in missing.items()
        if m
    ]
    example: dict[str, list[str]] = {}
    for role, meanings in missing.items():
        for meaning in meanings:
            names = example.setdefault(meaning, list(renamed.get(meaning, ())))
            names.append(_example(tables, role, meaning, first=meaning == meanings[0]))
    raise RawDataError(
        f"{'; '.join(found)}; {HEADLESS if headless else ''}add them, or say in source.toml which they are: "
        + toml_columns({meaning: list(dict.fromkeys(names)) for meaning, names in example.items()})
    )


def _example(tables: Mapping[str, OwnTable], role: str, meaning: str, *, first: bool) -> str:
    """Return the column that a message proposes for a meaning: the one that names tell, else the first, else "…"."""
    free = _free(tables[role])
    found = guess_column(meaning, free, _shared(tables, role, meaning))
    return shown_name(found or (free[0] if first and free else "…"))


def _free(table: OwnTable) -> list[str]:
    """Return the names of the columns that have no meaning yet."""
    return [column.name for column in table.attributes]


def _shared(tables: Mapping[str, OwnTable], role: str, meaning: str) -> list[list[str]]:
    """Return the names in the other tables that have this meaning too."""
    return [table.names for other, table in tables.items() if other != role and meaning in _meanings(other)]


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name) if "," in name else shown_name(name) for name in names]
    return (", ".join(shown[:LISTED]) or "none") + (f" and {len(shown) - LISTED} more" if len(shown) > LISTED else "")


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
