"""A built cell as recorded in the ledger: its inputs, how it was built, and its files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from itdr_hf.records import INSTRUCTION, SHAPES, Shape

FAMILY = "itdr"  # the family of cells recorded before the ledger named one


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the account: `rows` read, kept or (negative) left out, with the reason; `of` is the total."""

    what: str
    rows: int
    table: str = ""  # of a release's tables; empty for the steps from subjects to examples
    of: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the step as stored in the ledger."""
        facts = {"table": self.table, "what": self.what, "rows": self.rows, "of": self.of}
        return {name: value for name, value in facts.items() if value not in ("", None)}


@dataclass(frozen=True, kw_only=True)
class RawFile:
    """A file of the raw release that was read."""

    name: str
    size: int
    sha256: str
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class ShardFacts:
    """A published Parquet file: its hash, its size on disk, its rows, and its uncompressed bytes."""

    sha256: str
    size: int
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class BuiltCell:
    """The ledger's entry of one cell.

    name: the name of its folder and config. key: hash of everything the examples depend on. content: hash of its files.
    counts: examples by split. raw, unread: files of the release that were read, and those that were not, with the
    reason. tables, steps: the account from rows read to tables, and from subjects to examples. files: by file name.
    teachers: the models that wrote references, and their settings. players: what a player without taste
    would win (`planning.giveaways`). derived: the periods and
    neighbours that a task uses.
    """

    name: str
    task: str
    source: str
    family: str = FAMILY
    shape_name: str = INSTRUCTION.name
    key: str = ""
    content: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    layout: str = ""
    raw: Sequence[RawFile] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    tables: Sequence[Step] = ()
    steps: Sequence[Step] = ()
    engine: str = ""
    written_by: Mapping[str, int] = field(default_factory=dict)
    masked: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, ShardFacts] = field(default_factory=dict)
    teachers: Sequence[Mapping[str, Any]] = ()
    players: Sequence[Mapping[str, Any]] = ()
    derived: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def examples(self) -> int:
        """The number of examples in all splits."""
        return sum(self.counts.values())

    @property
    def shape(self) -> Shape:
        """The columns of its rows."""
        return SHAPES[self.shape_name]

    def files_of(self, split: str) -> list[ShardFacts]:
        """Return the files of a split, in order."""
        return [facts for name, facts in sorted(self.files.items()) if name.startswith(f"{split}-")]

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as stored in the ledger, where the name is its key."""
        entry = {
            "task": self.task, "source": self.source, "family": self.family, "shape": self.shape_name,
            "key": self.key, "content": self.content, "counts": dict(self.counts), "recipe": dict(self.recipe),
            "simulated": self.simulated, "layout": self.layout, "raw": [asdict(file) for file in self.raw],
            "unread": dict(self.unread), "tables": [step.as_dict() for step in self.tables],
            "rows": [step.as_dict() for step in self.steps], "engine": self.engine,
            "written_by": dict(self.written_by), "masked": dict(self.masked),
            "files": {name: asdict(facts) for name, facts in self.files.items()},
        }  # fmt: skip
        noted = {"teachers": list(self.teachers), "players": [dict(one) for one in self.players]}
        noted |= {"derived": dict(self.derived)}
        return {**entry, **{name: rows for name, rows in noted.items() if rows}}


def read_cell(name: str, entry: Mapping[str, Any], origin: tuple[str, str]) -> BuiltCell:
    """Parse an entry of the ledger; `origin`, task and source, is used if an old entry does not name them.

    Raises KeyError, TypeError or ValueError for an invalid entry.
    """
    known = {
        "family",
        "key",
        "content",
        "counts",
        "recipe",
        "layout",
        "unread",
        "engine",
        "written_by",
        "masked",
        "derived",
    }
    cell = BuiltCell(
        name=name,
        task=entry.get("task", origin[0]),
        source=entry.get("source", origin[1]),
        shape_name=entry.get("shape", INSTRUCTION.name),
        simulated=bool(entry.get("simulated")),
        raw=tuple(RawFile(**file) for file in entry.get("raw", ())),
        tables=tuple(Step(**step) for step in entry.get("tables", ())),
        steps=tuple(Step(**step) for step in entry.get("rows", ())),
        files={file: ShardFacts(**facts) for file, facts in entry["files"].items()},
        teachers=tuple(entry.get("teachers", ())),
        players=tuple(entry.get("players", ())),
        **{field: entry[field] for field in known if field in entry},
    )
    for record in (cell, *cell.raw, *cell.tables, *cell.steps, *cell.files.values()):
        _check_kinds(record)
    if any(type(count) is not int for count in cell.counts.values()):
        raise TypeError(f"counts {dict(cell.counts)}")
    return cell


KINDS: Mapping[str, type] = {"str": str, "int": int, "Mapping": Mapping}  # as annotations begin


def _check_kinds(record: Any) -> None:
    """Raise TypeError for a field of a record that holds something else than its annotation begins with."""
    for each in fields(record):
        value, wanted = getattr(record, each.name), KINDS.get(re.split(r"\W", str(each.type))[0])
        if wanted and value is not None and (not isinstance(value, wanted) or isinstance(value, bool)):
            raise TypeError(f"{each.name} {value!r}")
