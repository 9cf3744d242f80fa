"""The questions of the contamination probe, after Di Palma et al. (arXiv 2505.10212), in our own words.

Whoever answers them has seen the release: an id says nothing of its title, and of a history the first items say little
of the next. Titles need the raw files, since a built dataset has no ids; histories need the built dataset alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.folder import Dataset
from itdr_hf.models.predict.questions import Question
from itdr_hf.tables.cache import ensure_tables
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.task import Cell

SHOWN = 3  # ids whose titles a question shows, so that its form is plain
SHORTEST = 4  # titles of a history that is asked about
TITLE = (
    "The public dataset {dataset} gives every {item} an id. Three of them:\n{shown}\n"
    "Which {item} has the id {id} in this dataset? Answer with its title alone."
)
HISTORY = (
    "The public dataset {dataset} holds what people {did}, in the order of time. The list of one of them begins so:\n"
    "{given}\nWrite down the next {count} {items} of this list, as the dataset has them: one title a line, nothing else."
)


class Probe(NamedTuple):
    """One question, its kind (titles or histories), and the titles that only one who has seen the release knows."""

    question: Question
    kind: str
    truth: tuple[str, ...]


def history_probes(dataset: Dataset, limit: int) -> list[Probe]:
    """Return at most `limit` questions a source on how the histories of its test examples go on, one a user."""
    probes: list[Probe] = []
    for cell in _timed(dataset).values():
        rows = dataset.rows(cell.name, "test", ["id", "user", "history"])
        by_user = {row["user"]: row for row in sorted(rows, key=lambda row: row["id"], reverse=True)}
        asked = [row for row in by_user.values() if len(row["history"]) >= SHORTEST]
        probes += [_history(cell, row) for row in sorted(asked, key=lambda row: row["id"])[:limit]]
    return probes


def title_probes(dataset: Dataset, raw: Path, limit: int) -> list[Probe]:
    """Return at most `limit` questions a source on the titles of its items, drawn by a hash of their ids.

    Raises MissingFileError when the release of a source is not under `raw`.
    """
    probes: list[Probe] = []
    with Settings(raw=raw).open_engine() as engine:
        for cell in {dataset.source_of(name): dataset.cell(name) for name in dataset.cells}.values():
            tables = ensure_tables(cell.source, raw, engine=engine.reader)
            drawn = sorted(_titles(tables.path("items")), key=lambda pair: _place(cell.source.id, pair[0]))
            shown, asked = drawn[:SHOWN], drawn[SHOWN : SHOWN + limit]
            probes += [_title(cell, shown, *pair) for pair in asked]
    return probes


def _timed(dataset: Dataset) -> Mapping[str, Cell]:
    """Return source -> a cell whose histories are in the order of time, the longest ones first."""
    cells = [dataset.cell(name) for name in dataset.cells if dataset.has(name, "test")]
    timed = [cell for cell in cells if cell.task.timed and not cell.source.pairs]
    return {cell.source.id: cell for cell in sorted(timed, key=lambda cell: cell.recipe().history)}


def _history(cell: Cell, row: Mapping[str, Sequence[str]]) -> Probe:
    half = (len(row["history"]) + 1) // 2
    given, truth = row["history"][:half], row["history"][half:]
    words = cell.source.words
    text = HISTORY.format(
        dataset=cell.source.title, did=words.did, items=words.items, given=numbered(given), count=len(truth)
    )
    return Probe(_question(cell, f"histories-{row['id']}", text, given), "histories", tuple(truth))


def _title(cell: Cell, shown: Sequence[tuple[str, str]], item: str, title: str) -> Probe:
    examples = "\n".join(f"{known}: {name}" for known, name in shown)
    text = TITLE.format(dataset=cell.source.title, item=cell.source.words.item, shown=examples, id=item)
    return Probe(_question(cell, f"titles-{cell.source.id}-{item}", text, ()), "titles", (title,))


def _question(cell: Cell, key: str, text: str, history: Sequence[str]) -> Question:
    return Question(
        id=key,
        config=f"probe-{cell.source.id}",
        subtask=cell.task.id,
        source=cell.source.id,
        domain="",
        instruction="",
        input=text,
        history=list(history),
        history_ratings=[],
        candidates=[],
        target_names=[],
    )


def _titles(path: Path) -> Iterator[tuple[str, str]]:
    """Give the id and title of every item that has one."""
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(path).iter_batches(columns=["item", "title"]):
        yield from ((str(row["item"]), row["title"]) for row in batch.to_pylist() if row["title"])


def _place(source: str, item: str) -> bytes:
    return hashlib.md5(f"probe|{source}|{item}".encode()).digest()
