"""The examples under audit as one DuckDB view, read from Parquet as it lies: memory stays bounded.

`examples` has the schema's columns and `cell`, `split`, `file`. A column that is missing is NULL there (its
absence is a finding of its own), so that every other check still runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset
from itdr_hf.dataset.shards import open_shard
from itdr_hf.errors import UsageError
from itdr_hf.records import INSTRUCTION, SPLITS, Shape
from itdr_hf.runtime.duckdb_engine import DuckDBEngine, open_duckdb, quote
from itdr_hf.runtime.progress import OnProgress, ignore
from itdr_hf.tasks.task import AnswerKind, Cell

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 4_096  # rows handed out at a time
NORM = "normed({})"  # a text as compared: lower case, one blank between words
BLANKS = "\t\n\f\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"  # as \s and Zs
_ONE_LINE = "replace(text, chr(10), ' ')"  # `translate` would take ten times as long
# Patterns and `trim` look at every character, so most texts are found to be in order without them.
_ENDS = f"(contains({quote(BLANKS)}, text[1]) OR contains({quote(BLANKS)}, text[-1]))"
_ODD = "(contains(text, chr(9)) OR contains(text, chr(12)) OR contains(text, chr(13)))"
_SINGLE = f"replace(replace(replace({_ONE_LINE}, ' ', ' ' || chr(1)), chr(1) || ' ', ''), chr(1), '')"
_NORMED = f"""lower(CASE WHEN {_ENDS} OR {_ODD} OR contains(text, chr(1)) THEN trim(regexp_replace(text, '\\s+', ' ', 'g'))
    WHEN contains({_ONE_LINE}, '  ') THEN {_SINGLE} ELSE {_ONE_LINE} END)"""
AMONG_CANDIDATES = "answer_kind IN ('ranking', 'choice')"  # of the view `examples`: who answers names candidates


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """An open dataset: the view `examples`, its cells, and what the ledger says where there is one."""

    dataset: Dataset
    engine: DuckDBEngine
    layout: str  # itdr or alpaca
    cells: list[str]
    files: Mapping[str, list[Path]]  # cell -> Parquet files
    unsound: Mapping[Path, str]  # files that cannot be read, and why: a finding, and no part of the rest
    origins: Mapping[str, tuple[str, str]]  # cell -> its task and source
    patterns: dict[tuple[str, str], re.Pattern[str] | None] = field(default_factory=dict)  # of templates, once read

    @property
    def folder(self) -> Path:
        """The folder under audit."""
        return self.dataset.folder

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query whose result is small."""
        return self.engine.sql.execute(query).fetchall()  # type: ignore[no-any-return]

    def many(self, query: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query one by one; a batch at a time is in memory. No other query before the last of them."""
        cursor = self.engine.sql.execute(query)
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    def value(self, query: str) -> Any:
        return self.engine.value(query)

    def stream(self, cell: str, *columns: str) -> Iterator[dict[str, Any]]:
        """The rows of a cell one by one, with `split`; a batch at a time is in memory. None of another shape's cell."""
        if not self.shape_of(cell).instructs:
            return
        for split, batch in self.batches(cell, *columns):
            base = {**dict.fromkeys(columns), "split": split}
            yield from ({**base, **row} for row in batch.to_pylist())

    def batches(self, cell: str, *columns: str, splits: Sequence[str] = SPLITS) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of a cell, a batch of one split at a time; a column that a file lacks is not in its batches."""
        if not self.shape_of(cell).instructs:
            yield from self._batches_of_view(cell, columns, splits)
            return
        for path in self.files[cell]:
            split = path.name.partition("-")[0]
            if split in splits:
                file = open_shard(path)
                have = [name for name in columns if name in file.schema_arrow.names]
                yield from ((split, batch) for batch in file.iter_batches(BATCH, columns=have))

    def _batches_of_view(
        self, cell: str, columns: Sequence[str], splits: Sequence[str]
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        import pyarrow as pa

        chosen = ", ".join(f'"{name}"' for name in columns)
        for split in splits:
            query = f"SELECT {chosen} FROM examples WHERE cell = {quote(cell)} AND split = {quote(split)}"
            cursor = self.engine.sql.cursor().execute(query)
            while rows := cursor.fetchmany(BATCH):
                made = dict(zip(columns, zip(*rows, strict=True), strict=True))
                arrays = [pa.array(made[name], INSTRUCTION.schema.field(name).type) for name in columns]
                yield split, pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def titles(self) -> str:
        """The table of all titles as compared, by hash: cell, split, id, source, user, answer_kind and three lists; made once."""
        lists = ", ".join(
            f"list_transform({name}, lambda t: hash({NORM.format('t')})) AS {name}"
            for name in ("history", "candidates", "targets")
        )
        self.engine.sql.execute(
            f'CREATE TEMP TABLE IF NOT EXISTS titles AS SELECT cell, split, id, source, "user", answer_kind, {lists} '
            "FROM examples"
        )
        return "titles"

    def prompts(self) -> str:
        """The table of all prompts and answers as compared, by hash: cell, split, id, prompt, answer; made once."""
        self.engine.sql.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS prompts AS SELECT cell, split, id, md5_number({NORM.format('input')}) AS "
            f"prompt, md5_number({NORM.format('output')}) AS answer FROM examples"
        )
        return "prompts"

    def recipe(self, cell: str) -> Mapping[str, Any]:
        """The recipe a cell was built with, as far as the ledger knows."""
        return self.dataset.cells[cell].recipe if cell in self.dataset.cells else {}

    def task_of(self, cell: str) -> str:
        """The id of a cell's task."""
        return self.origins[cell][0]

    def answer_of(self, cell: str) -> AnswerKind:
        """The kind of a cell's answers; that of a text for a task that is not known."""
        task = self.task_of(cell)
        return catalogue.task(task).answer if task in catalogue.task_ids() else "text"

    def source_of(self, cell: str) -> str:
        """The id of a cell's source."""
        return self.origins[cell][1]

    def cells_of(self, source: str) -> list[str]:
        """The cells of a source."""
        return [cell for cell in self.cells if self.source_of(cell) == source]

    def by_user(self, where: str) -> bool:
        """Whether the splits of a cell, or of all cells of a source, are promised to share no user.

        They are not where ranking or rating cells were split along time.
        """
        mine = [where] if where in self.cells else self.cells_of(where)
        return all(self.recipe(cell).get("split_protocol", "user") == "user" for cell in mine if self._timed(cell))

    def _timed(self, cell: str) -> bool:
        return self.known(cell) and self.cell(cell).task.timed

    def shape_of(self, cell: str) -> Shape:
        """The shape of a cell's rows."""
        return self.dataset.shape_of(cell)

    def known(self, cell: str) -> bool:
        """Whether the catalogue has this cell."""
        return self.dataset.known(cell)

    def cell(self, name: str) -> Cell:
        """The catalogue's cell of this name."""
        return self.dataset.cell(name)


@contextmanager
def open_corpus(
    dataset: Dataset, *, memory_limit: str | None = None, progress: OnProgress = ignore
) -> Iterator[Corpus]:
    """Open a dataset folder or a folder of Alpaca files. Raises UsageError for a folder that is neither."""
    from itdr_hf.dataset.audit.alpaca import find_alpaca, origins_of, to_parquet

    folder = dataset.folder

    with open_duckdb(memory_limit=memory_limit) as engine:
        engine.sql.execute("SET preserve_insertion_order = true")
        engine.sql.execute(f"CREATE OR REPLACE TEMP MACRO normed(text) AS {_NORMED}")
        (files, unsound), layout, origins = _sound(dataset), "itdr", {}
        if unsound and not files:
            path, why = next(iter(unsound.items()))
            raise UsageError(f"{path}: {why}; want a dataset folder with files that can be read; build it again")
        if not files:
            layout, found = "alpaca", find_alpaca(folder)
            if not found:
                raise UsageError(
                    f"{folder}: no <config>/<split>-*.parquet and no '<task> <source> <split>.json'; "
                    "want a dataset folder or the authors' files; name another folder"
                )
            files, origins = to_parquet(engine, found, progress), origins_of(found)
        _make_view(engine, files, dataset if layout == "itdr" else None)
        cells = dataset.in_order(files)
        yield Corpus(
            dataset=dataset,
            engine=engine,
            layout=layout,
            cells=cells,
            files=files,
            unsound=unsound,
            origins=origins or {cell: (dataset.task_of(cell), dataset.source_of(cell)) for cell in cells},
        )


def _parquet(dataset: Dataset) -> dict[str, list[Path]]:
    return {cell: [path for split in SPLITS for path in dataset.paths(cell, split)] for cell in dataset.names}


def _sound(dataset: Dataset) -> tuple[dict[str, list[Path]], dict[Path, str]]:
    """Return the files that can be read as examples, and of the others why not."""
    sound: dict[str, list[Path]] = {}
    unsound: dict[Path, str] = {}
    for cell, path in [(cell, path) for cell, paths in _parquet(dataset).items() for path in paths]:
        try:
            have = open_shard(path).schema_arrow
        except UsageError as error:
            unsound[path] = str(error).partition("; ")[0].partition(": ")[2]
            continue
        schema = dataset.shape_of(cell).schema
        other = [n for n in have.names if n in schema.names and have.field(n).type != schema.field(n).type]
        if other:
            unsound[path] = f"columns {', '.join(other)} of another type"
        else:
            sound.setdefault(cell, []).append(path)
    return sound, unsound


# The columns of an instruction, as far as rows of another shape have them, so that one view holds all prompts and answers.
_TEXT = "array_to_string([m.content for m in {0} if m.role {1} 'assistant'], chr(10))"
_AS_INSTRUCTION = {
    "conversation": {
        "subtask": "task",
        "input": _TEXT.format("messages", "<>"),
        "output": _TEXT.format("messages", "="),
    },
    "preference": {
        "subtask": "task",
        "input": _TEXT.format("prompt", "<>"),
        "output": _TEXT.format("chosen", "="),
        "targets": f"[{_TEXT.format('chosen', '=')}]",
    },
}


def _make_view(engine: DuckDBEngine, files: Mapping[str, list[Path]], dataset: Dataset | None) -> None:
    """Make the view `examples` of all cells; without a dataset, as of the authors' files, all are instructions."""
    by_shape: dict[str, list[Path]] = {}
    for cell, found in files.items():
        by_shape.setdefault((dataset.shape_of(cell) if dataset else INSTRUCTION).name, []).extend(found)
    parts = [_select(engine, shape, paths) for shape, paths in by_shape.items()]
    engine.sql.execute(f"CREATE OR REPLACE VIEW examples AS {' UNION ALL '.join(parts)}")


def _select(engine: DuckDBEngine, shape: str, paths: list[Path]) -> str:
    source = f"read_parquet([{', '.join(map(quote, map(str, paths)))}], filename = true, union_by_name = true)"
    have = {row[0] for row in engine.sql.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    made = {name: f'"{name}"' for name in INSTRUCTION if name in have} | _AS_INSTRUCTION.get(shape, {})
    columns = [
        f'{made[name] if name in made else f"NULL::{INSTRUCTION.sql_type(name)}"} AS "{name}"' for name in INSTRUCTION
    ]
    where = "'([^/\\\\]+)[/\\\\](train|validation|test)-[^/\\\\]*\\.parquet$'"
    kinds = " ".join(f"WHEN {quote(t)} THEN {quote(catalogue.task(t).answer)}" for t in catalogue.task_ids())
    columns.append(f"CASE {made.get('subtask', 'NULL')} {kinds} END AS answer_kind")
    columns += [f"regexp_extract(filename, {where}, {n}) AS {name}" for n, name in ((1, "cell"), (2, "split"))]
    return f"SELECT {', '.join(columns)} FROM {source}"
