"""A built dataset: a folder of `<cell>/<split>-….parquet` files with its ledger, opened once and passed on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from itdr_hf.catalogue import DEFAULT, Catalogue, current
from itdr_hf.dataset import shards
from itdr_hf.dataset.cell import BuiltCell, ShardFacts
from itdr_hf.dataset.ledger import LEDGER, Ledger, ledger_text, packages, parse_ledger
from itdr_hf.errors import UnknownNameError, UsageError, meant, unknown
from itdr_hf.raw.source import Source
from itdr_hf.records import INSTRUCTION, SPLITS, Shape
from itdr_hf.runtime.files import write_atomically
from itdr_hf.sources.own import described, recalled
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import pyarrow as pa


class Dataset:
    """A dataset folder with its ledger, which is read once; `locked` reads it again if it has changed.

    A folder without a ledger, such as a part of another dataset, is a dataset too: its cells are the folders in it.
    """

    def __init__(self, folder: Path | str, *, family: str = DEFAULT, base: Catalogue | None = None) -> None:
        self.folder = Path(folder)
        self._base = base or current()
        self._text: str | None = None
        family = self._family_here() or family
        self._ledger = Ledger(family=family, version=self._base.family(family).version)
        self._read()

    @classmethod
    def open(cls, folder: Path | str, *, lenient: bool = False) -> Dataset:
        """Open a folder.

        Raises UsageError for a ledger that is damaged or was edited since it was written; `lenient` accepts an edited
        one, and the caller must check `edited`.
        """
        dataset = cls(folder)
        if not lenient:
            dataset.refuse_edits()
        return dataset

    # content of the ledger

    @property
    def ledger(self) -> Ledger:
        """The parsed ledger; empty if there is none."""
        return self._ledger

    @property
    def cells(self) -> Mapping[str, BuiltCell]:
        """The cells that were built, by name, in catalogue order."""
        return self._ledger.cells

    @property
    def version(self) -> str:
        """The version of the data."""
        return self._ledger.version

    @property
    def edited(self) -> str:
        """A description of how the ledger differs from the one that was written, '' if it does not."""
        return self._ledger.edited

    @property
    def files(self) -> dict[str, ShardFacts]:
        """The facts of every published file, by its path in the folder."""
        return {f"{cell.name}/{name}": facts for cell in self.cells.values() for name, facts in cell.files.items()}

    @property
    def contents(self) -> dict[str, str]:
        """The hash of each cell's files, by which notes about the folder are matched to its content."""
        return {name: cell.content for name, cell in self.cells.items()}

    @cached_property
    def digest(self) -> str:
        """The ledger's own hash, which identifies its content."""
        return str(self._ledger.as_dict()["digest"])

    @property
    def simulated(self) -> bool:
        """True if any cell was built from simulated raw files."""
        return any(cell.simulated for cell in self.cells.values())

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue with the folder's custom sources, unless they are registered; the current one is not changed."""
        known = self._base
        for source_id, description in self._ledger.own.items():
            if not (known.own(source_id) and known.source(source_id).layouts):  # it is not registered
                cells = [cell for cell in self.cells.values() if cell.source == source_id]
                sizes = {cell.task: cell.examples for cell in cells if cell.task in known.task_ids()}
                known = known.with_source(self._recalled(source_id, description), tasks=sizes)
        return known

    def _recalled(self, source_id: str, description: Mapping[str, Any]) -> Source:
        try:
            return recalled(description)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"source {source_id!r}: {type(error).__name__} {error}"
            raise UsageError(f"{self.folder / LEDGER}: {reason}; want its description; build again") from error

    def refuse_edits(self) -> None:
        """Raise UsageError if the ledger was edited since it was written."""
        if self.edited:
            raise UsageError(
                f"{self.folder / LEDGER}: {self.edited}; want it as `itdr build` wrote it; restore it, or build into a new folder"
            )

    def as_built(self) -> Dataset:
        """Return the dataset itself. Raises UsageError for a folder without built cells."""
        if not self.cells:
            raise UsageError(
                f"{self.folder}: no {LEDGER} with cells; want a dataset folder; make one with `itdr build`"
            )
        return self

    # cells, with their tasks and sources

    def shape_of(self, name: str) -> Shape:
        """Return the shape of a cell's rows, or of its task if the ledger does not list it."""
        if name in self.cells:
            return self.cells[name].shape
        return self.cell(name).task.shape if self.known(name) else INSTRUCTION

    @cached_property
    def names(self) -> list[str]:
        """The cells with files in the folder, in catalogue order, whether in the ledger or not."""
        here = {path.parent.name for split in SPLITS for path in self.folder.glob(f"*/{split}-*.parquet")}
        return self.in_order(here)

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Sort cell names in catalogue order, followed by unknown ones by name."""
        place = {name: number for number, name in enumerate(self.catalogue.cell_names(self._ledger.family))}
        return sorted(names, key=lambda name: (place.get(name, len(place)), name))

    def task_of(self, name: str) -> str:
        """Return the id of a cell's task."""
        return self.cells[name].task if name in self.cells else self._base.task_of(name)

    def source_of(self, name: str) -> str:
        """Return the id of a cell's source."""
        return self.cells[name].source if name in self.cells else self._base.source_of(name)

    def known(self, name: str) -> bool:
        """Return whether the catalogue has a cell with this name."""
        return name in self.catalogue.cell_names(self._ledger.family)

    def cell(self, name: str) -> Cell:
        """Return the catalogue's cell with this name. Raises UsageError for an unknown one."""
        return self.catalogue.cell(name)

    def select(self, configs: Iterable[str] | None = None, split: str = "test") -> list[str]:
        """Return the cells with examples in a split that match `configs`: names, unions or patterns; default all.

        Raises UsageError for an unknown split or config, or if no cell remains.
        """
        _check_split(split)
        have = [name for name in self.names if self.has(name, split) and self.known(name)]
        if not have:
            raise UsageError(
                f"{self.folder}: no cell with a {split} split; want a dataset folder; make one with `itdr build`"
            )
        named = self.catalogue.select(configs, self._ledger.family)
        chosen = [name for name in named if name in have]
        if not chosen and (without := [name for name in named if name in self.names]):
            raise UsageError(
                f"{self.folder}: no {split} example in {', '.join(without)}; want a cell that has some: {', '.join(have)}; "
                "choose one, or build it with more examples"
            )
        if not chosen:
            raise unknown("config in this folder", ", ".join(configs or ()), have)
        return chosen

    # examples

    def has(self, name: str, split: str) -> bool:
        """Return whether a cell has any examples in a split."""
        if name in self.cells:
            return bool(self.cells[name].counts.get(split)) and bool(self.paths(name, split))
        return bool(self.paths(name, split))

    def paths(self, name: str, split: str) -> list[Path]:
        """Return the Parquet files of a split of a cell, in order."""
        return shards.shards(self.folder, name, split)

    def batches(
        self, name: str, split: str, columns: Iterable[str], size: int = shards.BATCH
    ) -> Iterator[pa.RecordBatch]:
        """Yield the given columns of a split of a cell, at most `size` rows at a time.

        Raises UsageError, naming the file, if one is damaged or lacks a column.
        """
        columns = list(columns)
        for path in self.paths(name, split):
            yield from shards.read_batches(path, columns, size)

    def rows(self, name: str, split: str, columns: Iterable[str], size: int = shards.BATCH) -> Iterator[dict[str, Any]]:
        """Yield the given columns of each example of a split of a cell. Raises UsageError as `batches` does."""
        for batch in self.batches(name, split, columns, size):
            yield from batch.to_pylist()

    def example(self, name: str, split: str, index: int) -> dict[str, Any]:
        """Return one row. Raises UsageError for an unknown config, split or row."""
        _check_split(split)
        if not self.paths(name, split):
            names = [cell for cell in self.names if self.paths(cell, split)]
            have = ", ".join(names) or "none"
            raise UnknownNameError(
                f"{self.folder}: no config {name!r}; {meant(name, names)}have: {have}; build it with `itdr build`"
            )
        columns = self.cells[name].shape.names if name in self.cells else INSTRUCTION.names
        row = next(islice(self.rows(name, split, columns), index, None), None)
        if row is None:
            count = sum(map(shards.count_rows, self.paths(name, split)))
            raise UsageError(f"{name} {split}: {count} rows; want an index below that")
        return row

    # changes

    @contextmanager
    def locked(self) -> Iterator[Dataset]:
        """Hold the folder's lock, which every writer holds, and read the current ledger."""
        with folder_lock(self.folder):
            self._read()
            self.refuse_edits()
            yield self

    def save(self, **changes: Any) -> None:
        """Write the ledger with changed fields and the installed package versions. The caller must hold the lock."""
        cells = changes.pop("cells", self.cells)
        ordered = {name: cells[name] for name in self.in_order(cells)}
        ledger = replace(self._ledger, **changes, cells=ordered, packages=packages(), edited="")
        text = ledger_text(ledger)
        write_atomically(self.folder / LEDGER, text)
        self._ledger, self._text = ledger, text
        self._forget()

    def mark_release(self, version: str, releases: tuple[Mapping[str, str], ...]) -> None:
        """Write the ledger as that of a release, with nothing else changed. The caller must hold the lock."""
        self._ledger = replace(self._ledger, version=version, releases=releases)
        self._text = ledger_text(self._ledger)
        write_atomically(self.folder / LEDGER, self._text)
        self._forget()

    def as_released(self, version: str, releases: tuple[Mapping[str, str], ...]) -> Dataset:
        """Return the same folder with the ledger of a release, which is not written."""
        other = Dataset(self.folder, base=self._base)
        other._ledger = replace(self._ledger, version=version, releases=releases)
        other._forget()
        return other

    def record(self, cell: BuiltCell) -> None:
        """Record a cell in the ledger, and its source if it is custom. The caller must hold the lock."""
        own = dict(self._ledger.own)
        if self._base.own(cell.source):
            own[cell.source] = described(self._base.source(cell.source))
        self.save(cells={**self.cells, cell.name: cell}, own=own)

    def remove(self, name: str) -> None:
        """Remove a cell from the ledger, if it is there. The caller must hold the lock."""
        if name in self.cells:
            self.save(cells={other: cell for other, cell in self.cells.items() if other != name})

    def _read(self) -> None:
        """Read the ledger if it exists and has changed."""
        path = self.folder / LEDGER
        try:
            text = path.read_text(encoding="utf-8") if path.is_file() else None
        except ValueError as error:
            raise UsageError(f"{path}: {error}; want the ledger that `itdr build` wrote; get it again") from error
        if text is not None and text != self._text:
            self._ledger = parse_ledger(path, text, lambda name: (self._base.task_of(name), self._base.source_of(name)))
            self._text = text
            self._forget()

    def _family_here(self) -> str | None:
        """Return the family of the cells with files in the folder, if it is the same for all; for folders without ledger."""
        tasks = {self._base.task_of(path.parent.name) for path in self.folder.glob("*/*-00000-of-*.parquet")}
        found = {family.id for family in map(self._base.family_of, tasks) if family}
        return found.pop() if len(found) == 1 else None

    def _forget(self) -> None:
        """Drop values derived from the previous ledger."""
        for name in ("catalogue", "digest", "names"):
            self.__dict__.pop(name, None)


def opened(dataset: Dataset | Path) -> Dataset:
    """Return the dataset, or open a folder. Raises UsageError as `Dataset.open` does."""
    return dataset if isinstance(dataset, Dataset) else Dataset.open(dataset)


def folder_lock(folder: Path) -> FileLock:
    """Return the lock that every writer of a folder holds, the same for all paths to the folder."""
    place = folder.resolve()
    return FileLock(place.parent / f".{place.name}.lock")


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
