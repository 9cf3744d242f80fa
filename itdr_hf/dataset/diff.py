"""Compare two dataset folders: per cell, the examples added, removed, changed or moved, and changes of the recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from itdr_hf.dataset.cell import BuiltCell
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.dataset.shards import open_shard
from itdr_hf.errors import UsageError
from itdr_hf.records import INSTRUCTION
from itdr_hf.runtime.duckdb_engine import DuckDBEngine, open_duckdb, quote
from itdr_hf.runtime.progress import OnProgress, each, ignore
from itdr_hf.tasks.planning.recipe import recipe_changes

MAX_IDS = 5  # ids listed per kind of difference
Pair = tuple[Dataset, Dataset]  # the old one and the new one


@dataclass(frozen=True, kw_only=True)
class CellDifference:
    """One cell: the number of equal examples, and of different ones by kind."""

    cell: str
    state: str  # same, changed, added, removed
    same: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0  # the same id, other content
    moved: int = 0  # the same id, another split
    columns: Mapping[str, int] = field(default_factory=dict)  # column -> examples in which it changed
    recipe: Mapping[str, tuple[Any, Any]] = field(
        default_factory=dict
    )  # field -> (old, new), also of the same examples
    causes: tuple[str, ...] = ()  # besides the recipe: the data's version, raw files, who wrote references, the code
    ids: Mapping[str, list[str]] = field(default_factory=dict)  # added, removed, changed, moved -> a few ids


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The differences between two folders: their versions, and the difference of every cell of either."""

    old: str
    new: str
    versions: tuple[str, str]
    cells: list[CellDifference]

    @property
    def any(self) -> bool:
        return any(cell.state != "same" for cell in self.cells)

    def as_dict(self) -> dict[str, Any]:
        """Return the differences as JSON-able values."""
        return {**asdict(self), "different": self.any}


def diff(old: Dataset | Path, new: Dataset | Path, *, progress: OnProgress = ignore) -> Difference:
    """Compare two dataset folders. Raises UsageError for a folder without cells."""
    pair = (_with_cells(opened(old)), _with_cells(opened(new)))
    names = pair[1].in_order({*pair[0].names, *pair[1].names})
    made = []
    with open_duckdb() as engine:
        for cell in each("comparing", names, progress):
            made.append(_compare(engine, cell, pair))
    versions = (pair[0].version, pair[1].version)
    return Difference(old=str(pair[0].folder), new=str(pair[1].folder), versions=versions, cells=made)


def _with_cells(dataset: Dataset) -> Dataset:
    if not dataset.names:
        raise UsageError(f"{dataset.folder}: no <config>/<split>-*.parquet; want a dataset folder; name another")
    return dataset


def _compare(engine: DuckDBEngine, cell: str, pair: Pair) -> CellDifference:
    old, new = (cell in dataset.names for dataset in pair)
    if not (old and new):
        count = engine.value(f"SELECT count(*) FROM {_table(pair[0 if old else 1].folder, cell, ['id'])}")
        state, column = ("removed", "removed") if old else ("added", "added")
        return CellDifference(cell=cell, state=state, **{column: count})
    made = _compare_rows(engine, cell, (pair[0].folder, pair[1].folder))
    if not all(cell in dataset.cells for dataset in pair):
        return made
    before, after = (dataset.cells[cell] for dataset in pair)
    recipe = recipe_changes(before.recipe, after.recipe)
    made = replace(made, recipe=recipe)
    return made if made.state == "same" else replace(made, causes=_causes(before, after, pair, recipe=bool(recipe)))


def _causes(before: BuiltCell, after: BuiltCell, pair: Pair, *, recipe: bool) -> tuple[str, ...]:
    """Return why two builds of a cell differ, besides their recipe, as far as their ledgers tell."""
    versions = [dataset.version for dataset in pair]
    causes = [f"data {versions[0]} → {versions[1]}"] if versions[0] != versions[1] else []
    raw = [{file.name: file.sha256 for file in cell.raw} for cell in (before, after)]
    if differing := [name for name in {*raw[0], *raw[1]} if raw[0].get(name) != raw[1].get(name)]:
        causes.append(f"{len(differing)} of {len({*raw[0], *raw[1]})} raw files")
    if before.written_by.keys() != after.written_by.keys():
        causes.append(f"references by {', '.join(sorted(after.written_by))}")
    if not causes and not recipe:
        causes.append("code" if before.key != after.key else "files changed after the build")
    return tuple(causes)


def _compare_rows(engine: DuckDBEngine, cell: str, folders: tuple[Path, Path]) -> CellDifference:
    import duckdb

    content = [name for name in _columns(folders, cell) if name != "id"]
    one, other = (_table(folder, cell, ("id", *content)) for folder in folders)
    joined = f"{one} a FULL JOIN {other} b ON a.id = b.id"
    differ = {name: f'a."{name}" IS DISTINCT FROM b."{name}"' for name in content}
    kinds = {
        "added": "a.id IS NULL",
        "removed": "b.id IS NULL",
        "changed": f"a.id = b.id AND ({' OR '.join(differ.values())})",
        "moved": "a.id = b.id AND a.split <> b.split",
    }
    columns = [f"count(*) FILTER ({condition}) AS {name}" for name, condition in kinds.items()]
    columns += [f"(list(coalesce(a.id, b.id)) FILTER ({c}))[:{MAX_IDS}] AS ids_{n}" for n, c in kinds.items()]
    columns += [f'count(*) FILTER (a.id = b.id AND {condition}) AS "at_{name}"' for name, condition in differ.items()]
    same = f"count(*) FILTER (a.id = b.id AND a.split = b.split AND NOT ({' OR '.join(differ.values())})) AS same"

    try:
        result = engine.sql.execute(f"SELECT {same}, {', '.join(columns)} FROM {joined}")
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{cell}: {reason}; want columns of the same types in both; see `itdr audit`") from error

    row = dict(zip([d[0] for d in result.description], result.fetchall()[0], strict=True))
    numbers = {name: row[name] for name in kinds}
    return CellDifference(
        cell=cell,
        state="changed" if any(numbers.values()) else "same",
        same=row["same"],
        columns={name: row[f"at_{name}"] for name in content if row[f"at_{name}"]},
        ids={name: sorted(row[f"ids_{name}"]) for name in kinds if row[f"ids_{name}"]},
        **numbers,
    )


def _columns(folders: Iterable[Path], cell: str) -> list[str]:
    """Return the columns of a cell's files in either folder, those of the schema first."""
    paths = [path for folder in folders for path in sorted((folder / cell).glob("*-*.parquet"))]
    return list(dict.fromkeys([*INSTRUCTION, *(name for p in paths for name in open_shard(p).schema_arrow.names)]))


def _table(folder: Path, cell: str, names: Iterable[str]) -> str:
    """Return a SQL fragment of a cell's rows with their split; a column missing from an older schema is NULL."""
    paths = sorted((folder / cell).glob("*-*.parquet"))
    have = {name for path in paths for name in open_shard(path).schema_arrow.names}
    columns = [f'"{n}"' if n in have else f"NULL AS {n}" for n in names]
    listed = f"read_parquet([{', '.join(map(quote, paths))}], filename = true, union_by_name = true)"
    split = "regexp_extract(filename, '([a-z]+)-[^/]*$', 1) AS split"
    return f"(SELECT {', '.join(columns)}, {split} FROM {listed})"
