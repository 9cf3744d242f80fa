"""Raw files as SQL fragments for DuckDB's own readers, with every dialect option given explicitly.

A source asks its `Scan` for `csv`, `lines` or `jsonl` fragments by file role and maps columns in a `Select`.
Rows the reader cannot take are never lost: DuckDB keeps them in its reject tables, and `faults` turns them
into (file, line, found, wanted).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from itdr_hf.raw import blocks, python_literals
from itdr_hf.raw.dialects import (
    CSV,
    JSONL,
    MAX_LINE,
    PYTHON,
    Dialect,
    Quoted,
    actual_encoding,
    check_fields,
    check_whole,
    header_of,
    open_text,
)
from itdr_hf.raw.gzip_pipes import Unpacking
from itdr_hf.raw.mending import alike_copy, begins_with_mark, has_halves, whole_characters
from itdr_hf.raw.trailing import marked
from itdr_hf.runtime.duckdb_engine import identifier, quote
from itdr_hf.runtime.engine import RawReader

BUFFER = f"max_line_size={MAX_LINE}, buffer_size={MAX_LINE}"  # left alone, DuckDB's buffer is 16 longest lines: 1 GB


@dataclass(frozen=True, kw_only=True)
class Select:
    """One table of a source: rows from a fragment, output column -> SQL expression, and who is left out.

    A row whose `required` columns come out NULL is malformed. `dropped` is a SQL expression giving the
    reason for which a well-formed row is left out on purpose, or NULL to keep it; `noted` is a remark on a row that
    is kept, or NULL. `merged` names a column that says how many records of the file a row stands for. `conditions` are what
    else a row has to meet: in words -> a SQL condition; a row that does not is malformed too.
    """

    rows: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    dropped: str | None = None
    noted: str | None = None
    merged: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)

    def sql(self, *extra: str) -> str:
        """Return the SELECT, with `dropped` and any extra expressions behind the columns."""
        chosen = [f"{expression} AS {identifier(name)}" for name, expression in self.columns.items()]
        chosen.append(f"{self.dropped or 'NULL::VARCHAR'} AS dropped")
        chosen += [f"{self.noted} AS noted"] if self.noted else []
        met = " AND ".join(f"coalesce({condition}, false)" for condition in self.conditions.values())
        chosen += [f"NOT ({met}) AS unmet"] if met else []
        return f"SELECT {', '.join([*chosen, *extra])} FROM {self.rows}"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A table as its source reads it, on disk: the columns, `dropped` and other marks. `bad` is worked out when read."""

    path: Path
    required: tuple[str, ...]
    conditions: bool = False  # whether `unmet` says of each row if it is malformed for another reason

    @property
    def rows(self) -> str:
        """A fragment of its rows."""
        return self._read("")

    @property
    def numbered(self) -> str:
        """As `rows`, with `file_row_number`, from 0."""
        return self._read(", file_row_number=true")

    def _read(self, option: str) -> str:
        bad = " OR ".join([f"{identifier(name)} IS NULL" for name in self.required] + ["unmet"] * self.conditions)
        return f"(SELECT *, ({bad}) AS bad FROM read_parquet({quote(self.path)}{option}))"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The files of one release, by role, and the fragments to read them."""

    engine: RawReader
    files: Mapping[str, Sequence[Path]]
    unpacking: Unpacking
    staged: Mapping[str, Staged] = field(default_factory=dict)  # tables read before this one
    numbered: bool = False  # fragments carry _row, the number of the record in its file, from 1
    focus: str = ""  # the role in which a bad row is looked for, when numbered
    dialects: dict[str, Dialect] = field(default_factory=dict)  # of the roles read as delimited text
    quoted: dict[Path, Quoted] = field(default_factory=dict)  # how each file with quotes is read
    listed: list[Path] = field(default_factory=list)  # files read line by line
    mended: bool = False  # read copies in which line ends are alike, and lines of which half characters are gone

    def csv(
        self, role: str, columns: Mapping[str, str], dialect: Dialect = CSV, *, names: Sequence[str] | None = None
    ) -> str:
        """Return a fragment over all files of a role; `columns` maps the wanted names to DuckDB types.

        With a header the file may hold further columns, in any order; without one, `columns` are all. `names` stand
        for those of the header, one for each.
        """
        first = self.files[role][0]
        written = replace(dialect, encoding=actual_encoding(first, dialect.encoding))
        header = names is not None or header_of(first, columns, written)[0]
        self.dialects[role] = replace(written, header=header)
        return self._union(self._csv(path, columns, dialect, names) for path in self.files[role])

    def parquet(self, role: str, columns: Sequence[str]) -> str:
        """Return a fragment over the one Parquet file of a role, of these SQL expressions."""
        (path,) = self.files[role]
        return self._number(f"(SELECT {', '.join(columns)} FROM read_parquet({quote(path)}))")

    def jsonl(self, role: str, columns: Mapping[str, str]) -> str:
        """Return a fragment over files of one JSON object a line (.gz too: for one use, in one query); a missing key is NULL.

        A value that is not of its column's type is NULL, and so is every value of a line that is no JSON object:
        no line is lost, and `required` tells the malformed. A column of type JSON takes any value as it stands.
        """
        self.dialects[role] = JSONL
        types = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in columns.items())
        options = f"columns={{{types}}}, ignore_errors=true, maximum_object_size={MAX_LINE}, compression='uncompressed'"
        paths = map(self._json_path, self.files[role])
        return self._union(self._number(f"read_ndjson({quote(path)}, {options})") for path in paths)

    def _json_path(self, path: Path) -> Path:
        """Return the file itself, or a pipe of its content where that has to be changed before the engine reads it."""
        if self.mended:
            return self.unpacking.pipe(path, whole_characters)
        return self.unpacking.pipe(path) if path.suffix == ".gz" or begins_with_mark(path) else path

    def python_lines(self, role: str, columns: Mapping[str, str]) -> str:
        """As `jsonl`, over files of one Python dict literal a line, with `readable`: false for any other line.

        The lines are streamed: one use, in one query.
        """
        self.dialects[role] = PYTHON
        return self._union(self._literals(path, columns) for path in self.files[role])

    def _literals(self, path: Path, columns: Mapping[str, str]) -> str:
        name, shape = f"literals_{uuid4().hex}", quote(json.dumps(dict(columns)))
        self.engine.sql.register(name, python_literals.stream(open_text(path, errors="surrogateescape")))
        fields = ", ".join(f'o."{name}"' for name in columns) + (", _row" if self.numbered else "")
        return f"(SELECT {fields}, line IS NOT NULL AS readable FROM (SELECT *, from_json(line, {shape}) AS o FROM {name}))"

    def blocks(self, role: str) -> str:
        """Return a fragment over files of ratings in blocks (see `blocks.stream`): block, user, rating, day.

        The files are streamed: one use, in one query.
        """
        name = f"blocks_{uuid4().hex}"
        self.engine.sql.register(name, blocks.stream(self.files[role]))
        return f"(SELECT * FROM {name})" if self.numbered else f"(SELECT * EXCLUDE (_row) FROM {name})"

    def lines(self, path: Path) -> str:
        """Return a fragment of the non-blank lines of a text file, as `line`."""
        check_whole(path)
        self.listed.append(path)
        path = self._alike(path)
        options = "delim=chr(1), quote='', escape='', header=false, auto_detect=false"
        options += f", columns={{'line': 'VARCHAR'}}, {BUFFER}, store_rejects=true"
        fragment = self._number(f"read_csv({quote(path)}, {options})")
        return f"(SELECT * FROM {fragment} WHERE line IS NOT NULL)"

    def table(self, name: str) -> str:
        """Return a fragment of a table that was staged before this one."""
        return self.staged[name].rows

    def _csv(self, path: Path, columns: Mapping[str, str], dialect: Dialect, names: Sequence[str] | None) -> str:
        check_fields(path, dialect)
        dialect = replace(dialect, encoding=actual_encoding(path, dialect.encoding))
        header, all_columns = header_of(path, columns, dialect) if names is None else (True, list(names))
        types = ", ".join(f"{quote(name)}: {quote(columns.get(name, 'VARCHAR'))}" for name in all_columns)
        named = path
        if columns.get(all_columns[-1], "VARCHAR") == "VARCHAR":  # a value of another type is never empty
            path = marked(path, dialect, len(all_columns), self.engine.spill)
        path = path if dialect.quote else self._alike(path)
        options = (
            f"delim={quote(dialect.delimiter)}, quote={quote(dialect.quote)}, escape={quote(dialect.escape)}, "
            f"header={str(header).lower()}, auto_detect=false, encoding={quote(dialect.encoding)}, "
            f"nullstr=[{', '.join(map(quote, dialect.nulls))}], columns={{{types}}}, "
            f"{BUFFER}, store_rejects=true"
        )
        fragment = f"read_csv({quote(path)}, {options})"
        if dialect.quote:
            self.quoted[named] = self.quoted[path] = Quoted(
                fragment=fragment, columns=all_columns, wanted=list(columns), header=header
            )
        return self._number(fragment)

    def _alike(self, path: Path) -> Path:
        """Return the file itself, or a copy in which all lines end alike: without quotes, a mixture of ends is no ambiguity."""
        return alike_copy(path, self.engine.spill) if self.mended else path

    def _number(self, fragment: str) -> str:
        return f"(SELECT *, row_number() OVER () AS _row FROM {fragment})" if self.numbered else fragment

    def _union(self, fragments: Iterator[str]) -> str:
        parts = list(fragments)
        return parts[0] if len(parts) == 1 else "(" + " UNION ALL ".join(f"SELECT * FROM {p}" for p in parts) + ")"

    def mendable(self, error: Exception) -> bool:
        """Whether reading may succeed once the line ends of files without quotes are alike."""
        delimited = [dialect for dialect in self.dialects.values() if dialect.delimiter]
        plain = any(not dialect.quote for dialect in delimited) or self.listed
        return bool(plain) and not self.mended and "invalid state" in str(error)

    def halves(self) -> bool:
        """Whether JSON lines hold halves of characters that are not mended yet."""
        roles = [role for role, dialect in self.dialects.items() if dialect is JSONL]
        return not self.mended and any(has_halves(path) for role in roles for path in self.files[role])

    def mend(self) -> Scan:
        """Return the same scan of mended files, to be read from the beginning."""
        return replace(self, mended=True, unpacking=Unpacking(self.engine.spill), dialects={}, quoted={})

    def only(self, role: str, path: Path) -> Scan:
        """Return the same scan with one file in a role: for a release whose file names say something."""
        return replace(self, files={**self.files, role: (path,)})

    def one_file(self, role: str, path: Path) -> Scan:
        """As `only`, with the records numbered: for naming a bad row."""
        return replace(self.only(role, path), numbered=True, focus=role)
