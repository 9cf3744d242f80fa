"""Turn raw files into SQL fragments for DuckDB's readers, with every dialect option given explicitly.

A source asks its `Scan` for `csv`, `lines` or `jsonl` fragments by file role and maps columns in a `Select`.
Rows that the reader cannot parse are never lost: DuckDB keeps them in its reject tables, and `faults` converts them to
(file, line, found, wanted).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    first_row,
    has_zero_bytes,
    header_of,
    open_text,
)
from itdr_hf.raw.fixes import (
    copy_with_unix_line_ends,
    has_byte_order_mark,
    has_lone_surrogates,
    replace_lone_surrogates,
)
from itdr_hf.raw.gzip_pipes import Unpacking
from itdr_hf.raw.trailing import with_extra_fields_marked
from itdr_hf.runtime.duckdb_engine import identifier, quote
from itdr_hf.runtime.engine import RawReader

BUFFER = f"max_line_size={MAX_LINE}, buffer_size={MAX_LINE}"  # DuckDB's default, 16 maximum lines, took 1 GB


@dataclass(frozen=True, kw_only=True)
class Select:
    """One table of a source: rows from a fragment, output column -> SQL expression, and which rows are excluded.

    A row in which a `required` column is NULL is malformed. `dropped` is a SQL expression for the reason to exclude a
    well-formed row, or NULL to keep it; `noted` is an expression for a remark on a row that is kept, or NULL. `merged`
    names a column with the number of records of the file that a row combines. `conditions` maps what else a row must
    have, in words, to a SQL condition; a row that does not meet it is malformed too.
    """

    rows: str
    columns: Mapping[str, str]
    required: tuple[str, ...]
    dropped: str | None = None
    noted: str | None = None
    merged: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)

    def sql(self, *extra: str) -> str:
        """Return the SELECT, with `dropped` and any extra expressions after the columns."""
        chosen = [f"{expression} AS {identifier(name)}" for name, expression in self.columns.items()]
        chosen.append(f"{self.dropped or 'NULL::VARCHAR'} AS dropped")
        chosen += [f"{self.noted} AS noted"] if self.noted else []
        met = " AND ".join(f"coalesce({condition}, false)" for condition in self.conditions.values())
        chosen += [f"NOT ({met}) AS unmet"] if met else []
        return f"SELECT {', '.join([*chosen, *extra])} FROM {self.rows}"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A table as read by its source, on disk: the columns, `dropped` and other marks. `bad` is computed on reading."""

    path: Path
    required: tuple[str, ...]
    conditions: bool = False  # whether `unmet` marks rows that are malformed for another reason

    @property
    def rows(self) -> str:
        """A SQL fragment of the rows, with `bad`."""
        return self._read("")

    @property
    def numbered(self) -> str:
        """A SQL fragment of the rows, with `bad` and `file_row_number`, from 0."""
        return self._read(", file_row_number=true")

    def _read(self, option: str) -> str:
        bad = " OR ".join([f"{identifier(name)} IS NULL" for name in self.required] + ["unmet"] * self.conditions)
        return f"(SELECT *, ({bad}) AS bad FROM read_parquet({quote(self.path)}{option}))"


@dataclass(frozen=True, kw_only=True)
class Scan:
    """The files of one release by role, and the SQL fragments that read them."""

    engine: RawReader
    files: Mapping[str, Sequence[Path]]
    unpacking: Unpacking
    staged: Mapping[str, Staged] = field(default_factory=dict)  # tables read before this one
    numbered: bool = False  # fragments carry _row, the number of the record in its file, from 1
    focus: str = ""  # the role in which a bad row is looked for, when numbered
    dialects: dict[str, Dialect] = field(default_factory=dict)  # of the roles read as delimited text
    quoted: dict[Path, Quoted] = field(default_factory=dict)  # how each file with quotes is read
    listed: list[Path] = field(default_factory=list)  # files read line by line
    fixed: bool = False  # read copies with uniform line endings, and JSON lines without lone surrogates

    def csv(
        self, role: str, columns: Mapping[str, str], dialect: Dialect = CSV, *, names: Sequence[str] | None = None
    ) -> str:
        """Return a fragment over all files of a role; `columns` maps the wanted names to DuckDB types.

        With a header the file may hold further columns, in any order; without one, `columns` are all. `names` replace
        those of the header, one by one.
        """
        first = self.files[role][0]
        written = replace(dialect, encoding=actual_encoding(first, dialect.encoding))
        header = names is not None or header_of(first, columns, written)[0]
        self.dialects[role] = replace(written, header=header)
        return self._union(self._csv(path, columns, dialect, names) for path in self.files[role])

    def parquet(self, role: str, columns: Sequence[str]) -> str:
        """Return a fragment of these SQL expressions over the one Parquet file of a role."""
        (path,) = self.files[role]
        return self._number(f"(SELECT {', '.join(columns)} FROM read_parquet({quote(path)}))")

    def jsonl(self, role: str, columns: Mapping[str, str]) -> str:
        """Return a fragment over files of JSON lines; a missing key is NULL. With .gz files it can be used only once.

        A value that is not of its column's type is NULL, and so is every value of a line that is not a JSON object: no
        line is lost, and `required` identifies malformed ones. A column of type JSON accepts any value.
        """
        self.dialects[role] = JSONL
        types = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in columns.items())
        options = f"columns={{{types}}}, ignore_errors=true, maximum_object_size={MAX_LINE}, compression='uncompressed'"
        paths = map(self._json_path, self.files[role])
        return self._union(self._number(f"read_ndjson({quote(path)}, {options})") for path in paths)

    def _json_path(self, path: Path) -> Path:
        """Return the file itself, or a pipe if its content must be changed before the engine reads it."""
        if self.fixed:
            return self.unpacking.pipe(path, replace_lone_surrogates)
        return self.unpacking.pipe(path) if path.suffix == ".gz" or has_byte_order_mark(path) else path

    def python_lines(self, role: str, columns: Mapping[str, str]) -> str:
        """Return a fragment over files of Python dict literals, one per line, as `jsonl` does.

        The extra column `readable` is false for any other line. The fragment can be used only once.
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

        The files are streamed, so the fragment can be used only once.
        """
        name = f"blocks_{uuid4().hex}"
        self.engine.sql.register(name, blocks.stream(self.files[role], numbered=self.numbered))
        return f"(SELECT * FROM {name})"

    def lines(self, path: Path) -> str:
        """Return a fragment of the non-blank lines of a text file, as `line`."""
        damaged = has_zero_bytes(path)
        self.listed.append(path)
        path = self._uniform(path)
        options = "delim=chr(1), quote='', escape='', header=false, auto_detect=false"
        options += f", columns={{'line': 'VARCHAR'}}, {BUFFER}, store_rejects=true"
        fragment = self._number(f"read_csv({quote(path)}, {options})")
        if damaged:
            fragment = (
                f"(SELECT * REPLACE (CASE WHEN {_has_zero('line')} THEN '' ELSE line END AS line) FROM {fragment})"
            )
        return f"(SELECT * FROM {fragment} WHERE line IS NOT NULL)"

    def table(self, name: str) -> str:
        """Return a fragment of a table that has already been staged."""
        return self.staged[name].rows

    def _csv(self, path: Path, columns: Mapping[str, str], dialect: Dialect, names: Sequence[str] | None) -> str:
        check_fields(path, dialect)
        dialect = replace(dialect, encoding=actual_encoding(path, dialect.encoding))
        header, all_columns = header_of(path, columns, dialect) if names is None else (True, list(names))
        types = ", ".join(f"{quote(name)}: {quote(columns.get(name, 'VARCHAR'))}" for name in all_columns)
        named = path
        if columns.get(all_columns[-1], "VARCHAR") == "VARCHAR":  # a value of any other type is never empty
            path = with_extra_fields_marked(path, dialect, len(all_columns), self.engine.spill)
        path = path if dialect.quote else self._uniform(path)
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
        damaged = _again(first_row(named, dialect), all_columns, columns, dialect) if header else ""
        if has_zero_bytes(named):
            damaged = " OR ".join(filter(None, (damaged, *(_has_zero(identifier(name)) for name in all_columns))))
        return self._number(_without(fragment, damaged, columns))

    def _uniform(self, path: Path) -> Path:
        """Return the file itself, or when fixing, a copy with uniform line endings; without quotes that is unambiguous."""
        return copy_with_unix_line_ends(path, self.engine.spill) if self.fixed else path

    def _number(self, fragment: str) -> str:
        return f"(SELECT *, row_number() OVER () AS _row FROM {fragment})" if self.numbered else fragment

    def _union(self, fragments: Iterator[str]) -> str:
        parts = list(fragments)
        return parts[0] if len(parts) == 1 else "(" + " UNION ALL ".join(f"SELECT * FROM {p}" for p in parts) + ")"

    def fixable(self, error: Exception) -> bool:
        """Return whether reading may succeed once files without quotes have uniform line endings."""
        delimited = [dialect for dialect in self.dialects.values() if dialect.delimiter]
        plain = any(not dialect.quote for dialect in delimited) or self.listed
        return bool(plain) and not self.fixed and "invalid state" in str(error)

    def needs_surrogate_fix(self) -> bool:
        """Return whether JSON lines contain lone surrogates that are not fixed yet."""
        roles = [role for role, dialect in self.dialects.items() if dialect is JSONL]
        return not self.fixed and any(has_lone_surrogates(path) for role in roles for path in self.files[role])

    def with_fixes(self) -> Scan:
        """Return the same scan over fixed files, to be read from the beginning."""
        return replace(self, fixed=True, unpacking=Unpacking(self.engine.spill), dialects={}, quoted={})

    def only(self, role: str, path: Path) -> Scan:
        """Return the same scan with one file in a role, for releases whose file names carry information."""
        return replace(self, files={**self.files, role: (path,)})

    def one_file(self, role: str, path: Path) -> Scan:
        """Return the same scan with one file in a role and its records numbered, to name a bad row."""
        return replace(self.only(role, path), numbered=True, focus=role)


def _again(first: Sequence[str], names: Sequence[str], wanted: Mapping[str, str], dialect: Dialect) -> str:
    """Return the SQL condition that a row is the header again, as in files that were put together; "" for none.

    Where a column is a number the engine refuses such a row by itself. One column alone may well have its name as a value.
    """
    texts = {
        name: text for name, text in zip(names, first, strict=False) if name in wanted and text not in dialect.nulls
    }
    if len(texts) < 2 or any(kind != "VARCHAR" for kind in wanted.values()):
        return ""
    return "(" + " AND ".join(f"{identifier(name)} = {quote(text)}" for name, text in texts.items()) + ")"


def _has_zero(column: str) -> str:
    """Return the SQL condition that a value, or what it was read from, has a byte of zero."""
    return f"coalesce(contains({column}::VARCHAR, chr(0)), false)"


def _without(fragment: str, damaged: str, wanted: Iterable[str]) -> str:
    """Return the fragment in which the wanted values of damaged rows are NULL, so that the rows count as malformed."""
    if not damaged:
        return fragment
    values = (f"CASE WHEN {damaged} THEN NULL ELSE {name} END AS {name}" for name in map(identifier, wanted))
    return f"(SELECT * REPLACE ({', '.join(values)}) FROM {fragment})"
