"""The authors' release: a JSON file of instruction, input and output per task, source and split.

    ITDR_train_data/task_top k source_ml-32m train.json      (val.json, test.json alike)

Their files name no user, history or candidates; what can be read back from the wording is: numbered or bracketed
lists of titles. Who has the same history in the same source is taken for the same user. The files that hold
everything once more (ITDR_train.json) are passed over. https://github.com/hellolzk/ITDR
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from itdr_hf.engine import Engine, quote
from itdr_hf.records import COLUMNS

NAME = re.compile(r"^task_(?P<task>.+?) source_(?P<source>.+?) (?P<split>train|val|validation|test)\d*\.jsonl?$", re.I)
TASKS = {
    "rating": "rp", "top": "tkr", "cross": "cdr", "next": "nir", "attribute": "uap", "interest": "ir", "target": "tui",
}  # fmt: skip
SOURCES = (
    ("book_review", "amazonbooks"), ("books review", "amazonbooks"), ("bookcrossing", "bookcrossing"),
    ("amazon", "amazon2023"), ("anime", "anime2023"), ("ml-32m", "movielens32m"), ("ml-1m", "movielens1m"),
    ("yelp", "yelp"), ("lastfm-1k", "lastfm1k"), ("360k", "lastfm360k"), ("steam", "steam"),
    ("microlens", "microlens"), ("pixelrec", "pixelrec"), ("mind", "mind"),
)  # fmt: skip
SPLIT = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
LEAST_HISTORY = 3  # titles; a shorter history tells nobody apart
_NUMBERED = re.compile(r"^\s*\d{1,2}\s*\.\s*(.+?)\s*$", re.MULTILINE)
_BRACKETS = re.compile(r"\[(.+?)\]", re.DOTALL)
_QUOTED = re.compile(r"'(?:\d{1,2}\.\s*)?((?:[^'\\]|\\.|'(?!\s*(?:,|$)))+)'(?=\s*(?:,|$))")


class AlpacaFile(NamedTuple):
    """One of their files: where, and what it holds."""

    path: Path
    subtask: str
    source: str
    domain: str
    split: str


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


def to_parquet(engine: Engine, files: list[AlpacaFile], say: Callable[[str], None]) -> dict[str, list[Path]]:
    """Their files in our schema, in the engine's spill folder: cell -> Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from itdr_hf.render import SCHEMA

    made: dict[str, list[Path]] = {}
    for number, file in enumerate(files):
        say(f"reading {file.path.name}")
        cell = f"{file.subtask}-{file.source}"
        path = engine.spill / "alpaca" / cell / f"{file.split}-{number:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, SCHEMA) as writer:
            for batch in _read(engine, file.path):
                rows = [_row(file, row) for row in batch.to_pylist()]
                writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
        made.setdefault(cell, []).append(path)
    return made


def titles(text: str) -> list[list[str]]:
    """The lists of titles in a text: each bracketed list, else all numbered lines as one list.

    >>> titles("watched ['1.Up:Drama', '2.Her:Drama'], candidates ['Heat:Crime']")
    [['Up:Drama', 'Her:Drama'], ['Heat:Crime']]
    """
    bracketed = [[m.strip() for m in _QUOTED.findall(inside)] for inside in _BRACKETS.findall(text)]
    bracketed = [found for found in bracketed if found]
    return bracketed or ([numbered] if (numbered := _NUMBERED.findall(text)) else [])


def _read(engine: Engine, path: Path) -> Iterator[Any]:
    """Batches of a JSON file, an array or one object a line; staged as Parquet, so that memory stays bounded."""
    import pyarrow.parquet as pq

    columns = "{'instruction': 'VARCHAR', 'input': 'VARCHAR', 'output': 'VARCHAR'}"
    query = f"SELECT * FROM read_json({quote(path)}, format = 'auto', columns = {columns})"
    staged = engine.spill / "staged.parquet"
    engine.write(query, staged)
    yield from pq.ParquetFile(staged).iter_batches(4_096)


def _row(file: AlpacaFile, row: Mapping[str, str | None]) -> dict[str, Any]:
    text, output = row["input"] or "", row["output"] or ""
    history, candidates, targets = _lists(file.subtask, text, output)
    who = [file.source, file.domain, *(_bare(title) for title in history)]
    user = hashlib.md5("\x1f".join(who).encode()).hexdigest()[:16] if len(history) >= LEAST_HISTORY else ""
    content = "\x1f".join([file.path.name, row["instruction"] or "", text, output])
    made: dict[str, Any] = {name: [] if kind.startswith("list") else "" for name, kind in COLUMNS.items()}
    made |= {"id": f"{file.subtask}-{file.source}-{hashlib.md5(content.encode()).hexdigest()[:16]}"}
    made |= {"subtask": file.subtask, "source": file.source, "domain": file.domain, "user": user}
    made |= {"instruction": row["instruction"] or "", "input": text, "output": output}
    return made | {"history": history, "candidates": candidates, "targets": targets}


def _lists(subtask: str, text: str, output: str) -> tuple[list[str], list[str], list[str]]:
    """History, candidates and targets, as far as the wording gives them away."""
    found = titles(text)
    if subtask in ("tkr", "cdr"):
        ranking = _NUMBERED.findall(output)
        answered = {_bare(title) for title in ranking}
        shown = [title for part in found for title in part]
        candidates = [title for title in shown if _bare(title) in answered][-len(ranking) or None :] if ranking else []
        return shown[: len(shown) - len(candidates)], candidates, ranking[: len(ranking) // 2]
    if subtask == "nir":
        if len(found) > 1:
            return found[0], [_bare(title) for title in found[-1]], [_bare(output)]
        shown = found[0] if found else []
        return shown[:5], [_bare(title) for title in shown[5:]], [_bare(output)]
    return [], [], [output]


def _bare(title: str) -> str:
    """A title as compared: without a ':category' behind it, lower case, without a final stop."""
    head, colon, tail = title.rpartition(":")
    bare = head if colon and head and len(tail) <= 40 and not tail.startswith(" ") else title
    return " ".join(bare.lower().split()).rstrip(".,")


def _subtask(task: str) -> str:
    return next((short for word, short in TASKS.items() if word in task.lower()), "other")


def _source(name: str) -> str:
    return next((source for part, source in SOURCES if part in name.lower()), re.sub(r"\W+", "", name.lower()))
