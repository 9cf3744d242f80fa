"""The authors' release: a JSON file of instruction, input and output per task, source and split.

    ITDR_train_data/task_top k source_ml-32m train.json      (val.json, test.json alike)

Their files name no user, history or candidates; what can be read back from the wording is (`listed.py`). Who has the
same beginning of a history in the same source is taken for the same user. The files that hold everything once more
(ITDR_train.json) are skipped. https://github.com/hellolzk/ITDR
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from itdr_hf import catalogue
from itdr_hf.dataset.audit.alpaca_titles import bare, listed
from itdr_hf.errors import RawDataError
from itdr_hf.raw.malformed import unreadable_named
from itdr_hf.records import INSTRUCTION
from itdr_hf.runtime.duckdb_engine import DuckDBEngine, quote
from itdr_hf.runtime.progress import OnProgress, Progress
from itdr_hf.tasks.itdr.authors_files import NAME, SOURCES, SPLIT, TASKS

TELLING = 4  # titles of a history by which a user is known again; fewer tell nobody apart
POINTER = b"version https://git-lfs"


class AlpacaFile(NamedTuple):
    """One of their files: where, and what it holds."""

    path: Path
    subtask: str
    source: str
    domain: str
    split: str

    @property
    def cell(self) -> str:
        """The name of the cell that corresponds to it."""
        return f"{self.subtask}-{self.source}"


def origins_of(files: list[AlpacaFile]) -> dict[str, tuple[str, str]]:
    """Cell -> its task and source."""
    return {file.cell: (file.subtask, file.source) for file in files}


def find_alpaca(folder: Path) -> list[AlpacaFile]:
    """The task files under a folder, in a stable order."""
    found = []
    for path in sorted(folder.rglob("*.json*")):
        match = NAME.match(path.name)
        if match:
            source = _source(match["source"])
            domain = match["source"] if source == "amazon2023" else ""
            found.append(AlpacaFile(path, _subtask(match["task"]), source, domain, SPLIT[match["split"].lower()]))
    return found


def to_parquet(engine: DuckDBEngine, files: list[AlpacaFile], progress: OnProgress) -> dict[str, list[Path]]:
    """Their files in our schema, in the engine's spill folder: cell -> Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from itdr_hf.records import INSTRUCTION

    made: dict[str, list[Path]] = {}
    for number, file in enumerate(files):
        progress(Progress("reading", detail=file.path.name))
        cell = file.cell
        path = engine.spill / "alpaca" / cell / f"{file.split}-{number:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, INSTRUCTION.schema) as writer:
            for batch in _read(engine, file.path):
                rows = [_row(file, row) for row in batch.to_pylist()]
                writer.write_table(pa.Table.from_pylist(rows, schema=INSTRUCTION.schema))
        made.setdefault(cell, []).append(path)
    return made


def _read(engine: DuckDBEngine, path: Path) -> Iterator[Any]:
    """Batches of a JSON file, an array or one object a line; staged as Parquet, so that memory stays bounded."""
    import pyarrow.parquet as pq

    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise RawDataError(f"{path}: a pointer of Git LFS; want the file itself; run `git lfs pull` in the clone")
    columns = "{'instruction': 'VARCHAR', 'input': 'VARCHAR', 'output': 'VARCHAR'}"
    query = f"SELECT * FROM read_json({quote(path)}, format = 'auto', columns = {columns})"
    staged = engine.spill / "staged.parquet"
    with unreadable_named([path]):
        engine.write(query, staged)
    yield from pq.ParquetFile(staged).iter_batches(4_096)


def _row(file: AlpacaFile, row: Mapping[str, str | None]) -> dict[str, Any]:
    text, output = row["input"] or "", row["output"] or ""
    found = listed(catalogue.task(file.subtask).answer, text, output)
    who = [file.source, file.domain, *(bare(title) for title in found.history[:TELLING])]
    user = hashlib.md5("\x1f".join(who).encode()).hexdigest()[:16] if len(found.history) >= TELLING else ""
    content = "\x1f".join([file.path.name, row["instruction"] or "", text, output])
    made: dict[str, Any] = {name: INSTRUCTION.empty(name) for name in INSTRUCTION}
    made |= {"id": f"{file.cell}-{hashlib.md5(content.encode()).hexdigest()[:16]}"}
    made |= {"subtask": file.subtask, "source": file.source, "domain": file.domain, "user": user}
    made |= {"instruction": row["instruction"] or "", "input": text, "output": output}
    made |= {"history": found.history, "history_ratings": found.ratings}
    return made | {"candidates": found.candidates, "targets": found.targets}


def _subtask(task: str) -> str:
    return next((short for word, short in TASKS.items() if word in task.lower()), "other")


def _source(name: str) -> str:
    return next((source for part, source in SOURCES if part in name.lower()), re.sub(r"\W+", "", name.lower()))
