"""Which examples of a dataset folder a teacher is asked about, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from itdr_hf import catalogue
from itdr_hf.dataset.ledger import LEDGER, read_ledger
from itdr_hf.dataset.shards import read_rows
from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.endpoint.request import Ask, Reply
from itdr_hf.models.teacher.acceptance import Completion, common_words, fault, own, read_text
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer
from itdr_hf.records import SPLITS
from itdr_hf.tasks.task import Teacher


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An example that is to get a reference."""

    cell: str
    id: str
    input: str


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Cells and splits of a dataset folder, at most `limit` examples of each cell."""

    folder: Path
    counts: Mapping[str, int]  # cell -> its examples
    splits: tuple[str, ...] = SPLITS
    limit: int | None = None

    def __iter__(self) -> Iterator[Wanted]:
        """The examples, one after the other, in the folder's order."""
        for cell, count in self.counts.items():
            rows = (row for split in self.splits for row in read_rows(self.folder, cell, split, ["id", "input"]))
            yield from (Wanted(cell=cell, **row) for row in islice(rows, count))


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
    folder: Path, configs: Iterable[str] | None = None, split: str | None = None, limit: int | None = None
) -> Selection:
    """The cells of a dataset folder that a teacher can write for, among `configs` (names, unions, patterns).

    Raises UsageError when the folder is none, when a cell asked for by name is not in it, or when none is left.
    """
    if not (folder / LEDGER).is_file():
        raise UsageError(f"{folder}: no {LEDGER}; want a dataset folder; make one with `itdr build`")
    if split is not None and split not in SPLITS:
        raise unknown("split", split, SPLITS)
    built = read_ledger(folder)["cells"]
    taught = [name for name in built if catalogue.cell(name).task.teacher]
    chosen = [name for name in catalogue.select(configs) if name in taught]
    for name in set(configs or ()) & set(catalogue.cell_names()) - set(chosen):
        raise UsageError(f"{folder}: no config {name!r} that a teacher writes for; have: {', '.join(taught) or 'none'}")
    if not chosen:
        raise UsageError(f"{folder}: nothing a teacher writes for; want an ir-* or tui-* config; build one")
    splits = (split,) if split else SPLITS
    counts = {name: sum(built[name]["counts"][s] for s in splits) for name in chosen}
    return Selection(
        folder=folder,
        counts={name: count if limit is None else min(count, limit) for name, count in counts.items()},
        splits=splits,
        limit=limit,
    )


def teacher_of(cell: str) -> Teacher:
    """The teacher prompt of a cell's subtask. Raises UsageError when it has none."""
    teacher = catalogue.cell(cell).task.teacher
    if teacher is None:
        raise UsageError(f"{cell}: its references are the data's own; want an ir-* or tui-* config")
    return teacher


def standing(cell: str, text: str, writer: Writer, store: Store) -> Standing:
    """How far the example with this input is, by what the store holds."""
    teacher = teacher_of(cell)
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


def judged(reply: Reply, cell: str, text: str, as_json: bool) -> tuple[str | None, str | None]:
    """The fault of a reply about an example, if any, and the reference in it."""
    teacher = teacher_of(cell)
    said = read_text(reply, teacher, as_json)
    own_words = own(text, besides=common_words(cell))
    return fault(Completion(reply=reply, text=said, teacher=teacher, own_words=own_words)), said
