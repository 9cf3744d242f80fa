"""Which examples of a dataset folder a teacher is asked about, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.dataset.ledger import LEDGER
from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.acceptance import Completion, common_words, fault, own, read_text
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer
from itdr_hf.records import SPLITS
from itdr_hf.tasks.task import Cell, Teacher


@dataclass(frozen=True, kw_only=True)
class Taught:
    """A cell whose references a teacher writes: its prompt, and the words that all its examples have in common."""

    name: str
    teacher: Teacher
    common_words: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An example that is to get a reference."""

    taught: Taught
    id: str
    input: str

    @property
    def cell(self) -> str:
        """The name of its cell."""
        return self.taught.name


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Cells and splits of a dataset folder, at most `limit` examples of each cell."""

    dataset: Dataset
    taught: Mapping[str, Taught]
    counts: Mapping[str, int]  # cell -> its examples
    splits: tuple[str, ...] = SPLITS
    limit: int | None = None

    def __iter__(self) -> Iterator[Wanted]:
        """Yield the examples, one after the other, in the folder's order."""
        for cell, count in self.counts.items():
            rows = (row for split in self.splits for row in self.dataset.rows(cell, split, ["id", "input"]))
            yield from (Wanted(taught=self.taught[cell], **row) for row in islice(rows, count))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far an example is: its accepted text, or the request to send next; the faults of what was rejected.

    With neither text nor request every try was rejected.
    """

    text: str | None = None
    ask: Ask | None = None
    faults: tuple[str, ...] = ()
    reply: Reply | None = None  # the accepted one


def select(
    folder: Dataset | Path, configs: Iterable[str] | None = None, split: str | None = None, limit: int | None = None
) -> Selection:
    """Return the cells of a dataset folder that a teacher can write for, among `configs` (names, unions, patterns).

    Raises UsageError when the folder is none, when a cell asked for by name is not in it, or when none is left.
    """
    dataset = opened(folder)
    if not (dataset.folder / LEDGER).is_file():
        raise UsageError(f"{dataset.folder}: no {LEDGER}; want a dataset folder; make one with `itdr build`")
    if split is not None and split not in SPLITS:
        raise unknown("split", split, SPLITS)
    chosen = _chosen(dataset, set(configs) if configs else None)
    splits = (split,) if split else SPLITS
    counts = {name: sum(dataset.cells[name].counts[s] for s in splits) for name in chosen}
    return Selection(
        dataset=dataset,
        taught={name: taught(dataset.cell(name)) for name in chosen},
        counts={name: count if limit is None else min(count, limit) for name, count in counts.items()},
        splits=splits,
        limit=limit,
    )


def _chosen(dataset: Dataset, configs: Set[str] | None) -> list[str]:
    family = dataset.ledger.family
    able = [name for name in dataset.cells if dataset.cell(name).task.teacher]
    wanted = dataset.catalogue.select(configs, family) if configs else able  # of all, those built on request too
    chosen = [name for name in wanted if name in able]
    for name in (configs or set()) & set(dataset.catalogue.cell_names(family)) - set(chosen):
        have = ", ".join(able) or "none"
        raise UsageError(f"{dataset.folder}: no config {name!r} that a teacher writes for; have: {have}")
    if not chosen:
        raise UsageError(
            f"{dataset.folder}: nothing a teacher writes for; want an ir-*, tui-*, profile-*, preference-* or intention-* "
            "config; build one"
        )
    return chosen


def taught(cell: Cell) -> Taught:
    """Return what a teacher needs to know of a cell. Raises UsageError for one whose references are the data's own."""
    if cell.task.teacher is None:
        raise UsageError(f"{cell.name}: its references are the data's own; want an ir-*, tui-* or profile-* config")
    return Taught(name=cell.name, teacher=cell.task.teacher, common_words=common_words(cell))


def standing(cell: Taught, text: str, writer: Writer, store: Store) -> Standing:
    """How far the example with this input is, by what the store holds."""
    teacher = cell.teacher
    faults: list[str] = []
    for attempt in range(writer.tries):
        ask = writer.ask(teacher, text, attempt)
        reply = store.get(ask.key)
        if reply is None:
            return Standing(ask=ask, faults=tuple(faults))
        found, said = judged(reply, cell, text, writer.as_json(teacher))
        if found is None:
            return Standing(text=said, reply=reply, faults=tuple(faults))
        faults.append(found)
    return Standing(faults=tuple(faults))


def judged(reply: Reply, cell: Taught, text: str, as_json: bool) -> tuple[str | None, str | None]:
    """Return the fault of a reply about an example, if any, and the reference in it."""
    said = read_text(reply, cell.teacher, as_json)
    own_words = own(text, besides=cell.common_words)
    return fault(Completion(reply=reply, text=said, teacher=cell.teacher, own_words=own_words)), said
