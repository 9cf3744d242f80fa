"""The rows that a trainer passes to a reward, as examples of their cells with the answers to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.dataset.folder import Dataset, opened
from itdr_hf.errors import UsageError
from itdr_hf.records import INSTRUCTION, Example
from itdr_hf.tasks.reading import ParsedAnswer
from itdr_hf.tasks.task import Cell

BATCHES = 16  # that are remembered: trainers call one function after the other with the same batch
LISTS = ("history", "candidates", "target_names")  # columns that may be missing: the empty list stands for them


@dataclass(frozen=True, kw_only=True)
class CellRows:
    """The rows of one cell in a batch: their places in it, their examples, and the texts that answer them.

    `key` is all that their rewards depend on, by which batches are compared.
    """

    key: tuple[Any, ...]
    cell: Cell = field(compare=False)
    places: Sequence[int] = field(compare=False)
    examples: Sequence[Example] = field(compare=False)
    texts: Sequence[str] = field(compare=False)


@lru_cache(maxsize=BATCHES)
def read_answers(rows: CellRows, *, strict: bool) -> list[ParsedAnswer]:
    """Read the answers as `itdr score` does: once for all functions that reward the same batch."""
    pairs = zip(rows.texts, rows.examples, strict=True)
    return [rows.cell.parse(text, example, strict=strict) for text, example in pairs]


def rows_by_cell(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[CellRows]:
    """Return the rows of a batch by cell, in the order of their first rows; rows of other data are left out.

    `completions` are texts, or lists of messages of which the last is the answer. A row belongs to the cell that its
    columns `subtask` (or `task`) and `source` name, and needs `targets`. Raises UsageError for columns that lack these,
    and for a source that is not known.
    """
    named = _names(columns)
    if "targets" not in columns:
        raise UsageError(
            f"reward: columns {', '.join(sorted(columns)) or 'none'}; want targets and those named in its "
            "documentation; export with `itdr export --format trl-grpo`, or keep these columns"
        )
    places: dict[str, list[int]] = {}
    for place, (task, source) in enumerate(named):
        if task in catalogue.task_ids():
            places.setdefault(f"{task}-{source}", []).append(place)
    return [_cell_rows(name, at, completions, columns) for name, at in places.items()]


def answer_text(completion: Any) -> str:
    """Return the text of a completion: itself, or the content of its last message."""
    if isinstance(completion, str):
        return completion
    message = completion[-1] if completion else {}
    content = message.get("content") or ""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def use_sources_of(folder: Dataset | Path) -> list[str]:
    """Make the custom sources of a dataset folder known, so that rewards can read answers about them; return their ids."""
    dataset, added = opened(folder), []
    for source_id in dataset.ledger.own:
        if not catalogue.own(source_id):
            cells = [cell for cell in dataset.cells.values() if cell.source == source_id]
            source = dataset.catalogue.source(source_id)
            catalogue.register(source, tasks={cell.task: cell.examples for cell in cells})
            added.append(source_id)
    return added


def _cell_rows(name: str, places: list[int], completions: Sequence[Any], columns: Mapping[str, Any]) -> CellRows:
    try:
        cell = catalogue.cell(name)
    except UsageError as error:
        raise UsageError(
            f"reward: rows of {name}, whose source is not known; want a published or registered one; "
            "call itdr_hf.rewards.use_sources_of(folder of the dataset) first"
        ) from error
    examples = [_example(cell, place, columns) for place in places]
    texts = [answer_text(completions[place]) for place in places]
    key = (cell.name, id(cell.source), *map(_key, examples), *texts)
    return CellRows(key=key, cell=cell, places=places, examples=examples, texts=texts)


def _key(example: Example) -> tuple[Any, ...]:
    """Return what of an example decides how its answers are read and measured."""
    lists = (example.history, example.candidates, example.targets, example.target_names)
    return example.instruction, example.input, example.template, *map(tuple, lists)


def _names(columns: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return task and source of each row; '' where a row has none."""
    tasks = columns.get("subtask", columns.get("task"))
    if tasks is None or "source" not in columns:
        raise UsageError(
            f"reward: columns {', '.join(sorted(columns)) or 'none'}; want subtask (or task) and source; "
            "export with `itdr export --format trl-grpo`, or keep these columns"
        )
    return [(task or "", source or "") for task, source in zip(tasks, columns["source"], strict=True)]


def _example(cell: Cell, place: int, columns: Mapping[str, Any]) -> Example:
    """Return a row as its example; of columns that no reading looks at, the empty value stands for a missing one."""
    values: dict[str, Any] = {}
    for name in INSTRUCTION.names:
        given = columns[name][place] if columns.get(name) is not None else None
        values[name] = INSTRUCTION.empty(name) if given is None else given
    for name in (*LISTS, "targets"):
        values[name] = list(values[name])
    values |= {"subtask": cell.task.id, "source": cell.source.id}
    if not values["input"] and columns.get("prompts") is not None:
        values["input"] = answer_text(columns["prompts"][place])
    return Example(**values)
