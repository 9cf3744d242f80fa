"""From rows to examples: batches of the one schema, the same whatever the number of processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from itdr_hf import catalogue
from itdr_hf.errors import unknown
from itdr_hf.prompts import HELD_OUT, MIXED, compile_template
from itdr_hf.records import COLUMNS, SPLITS, Cell, Parts, Recipe, Wording
from itdr_hf.rows import Rows

BATCH = 8_192  # rows rendered at a time; part of the output's layout, so never a setting

SCHEMA = pa.schema([
    (name, pa.list_(pa.field("item", {"string": pa.string(), "double": pa.float64()}[kind[5:-1]]))
     if kind.startswith("list") else pa.string())
    for name, kind in COLUMNS.items()
])  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """A slice of a rows file to be rendered; small enough to send to another process."""

    cell: str
    recipe: Recipe
    path: Path
    start: int
    stop: int


def render(cell: Cell, recipe: Recipe, rows: Rows, split: str, *, num_proc: int = 1) -> Iterator[pa.RecordBatch]:
    """The examples of a split, in order, as batches with SCHEMA.

    Raises UsageError for an unknown split or template.
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    order = sorted(SPLITS)  # the rows file is sorted by the split's name
    first = sum(rows.counts[s] for s in order[: order.index(split)])
    last = first + rows.counts[split]
    jobs = [
        Job(cell=cell.name, recipe=recipe, path=rows.path, start=a, stop=min(a + BATCH, last))
        for a in range(first, last, BATCH)
    ]
    _fillers(cell.name, recipe)  # a template at fault shows here, not in another process
    shared = cell.name in catalogue.published()  # a cell of one's own is not known in another process
    if num_proc <= 1 or len(jobs) <= 1 or not shared:
        yield from map(render_job, jobs)
    else:  # spawned, since a fork would copy the engine's threads half alive
        with ProcessPoolExecutor(min(num_proc, len(jobs)), mp_context=get_context("spawn")) as pool:
            yield from pool.map(render_job, jobs)


def render_job(job: Job) -> pa.RecordBatch:
    """The examples of one slice."""
    cell = catalogue.cell(job.cell)
    table = _slice(job.path, job.start, job.stop)
    names = table.column_names
    columns = [table.column(name).to_pylist() for name in names]
    wording = Wording(source=cell.source, recipe=job.recipe)
    fillers = _fillers(job.cell, job.recipe)
    subject = _subject(cell, job.recipe)
    fixed = _fixed(cell, job.recipe)
    out: dict[str, list[Any]] = {name: [] for name in COLUMNS if name not in fixed}
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        _append(out, row, cell.subtask.example(row, wording), fillers, subject)
    for name in out["id"] and fixed:
        out[name] = [fixed[name]] * len(out["id"])
    out["id"] = [f"{cell.name}-{digits}" for digits in out["id"]]
    return pa.RecordBatch.from_pydict({name: out.get(name, []) for name in COLUMNS}, schema=SCHEMA)


def _append(
    out: dict[str, list[Any]],
    row: Mapping[str, Any],
    parts: Parts,
    fillers: Sequence[tuple[str, Callable[..., str]]],
    subject: Callable[[str], str],
) -> None:
    who = subject(str(row["subject"]))
    content = [
        row["domain"],
        who or str(row["subject"]),
        *parts.history,
        *map(str, parts.history_ratings),
        *parts.candidates,
    ]
    content += parts.targets if parts.reference_by == "data" else [*parts.slots.values()]
    digits = hashlib.md5("\x1f".join(content).encode()).hexdigest()[:16]
    template, fill = fillers[int(digits, 16) % len(fillers)]
    out["id"].append(digits)
    out["domain"].append(row["domain"])
    out["input"].append(fill(parts.slots))
    out["output"].append(parts.output)
    out["history"].append(parts.history)
    out["history_ratings"].append(parts.history_ratings)
    out["candidates"].append(parts.candidates)
    out["targets"].append(parts.targets)
    out["target_names"].append(parts.target_names)
    out["user"].append(who)
    out["template"].append(template)
    out["reference_by"].append(parts.reference_by)


def _slice(path: Path, start: int, stop: int) -> pa.Table:
    """Rows start..stop of a Parquet file, reading only the row groups that hold them."""
    file = pq.ParquetFile(path)
    groups, first, seen = [], None, 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        if seen + rows > start and seen < stop:
            groups.append(number)
            first = seen if first is None else first
        seen += rows
    return file.read_row_groups(groups).slice(start - (first or 0), stop - start)


def _fixed(cell: Cell, recipe: Recipe) -> dict[str, str]:
    instruction = cell.subtask.description if recipe.with_description else ""
    return {"subtask": cell.subtask.id, "source": cell.source.id, "instruction": instruction}


def _subject(cell: Cell, recipe: Recipe) -> Callable[[str], str]:
    """User id -> salted hash; an item subject has no user."""
    if cell.subtask.subject == "item":
        return lambda subject: ""
    keyed = hashlib.blake2b(key=recipe.salt.encode()[:64], digest_size=8)

    def hashed(subject: str) -> str:
        state = keyed.copy()
        state.update(f"{cell.source.id}|{subject}".encode())
        return state.hexdigest()

    return hashed


@cache
def _fillers(name: str, recipe: Recipe) -> list[tuple[str, Callable[[Mapping[str, str]], str]]]:
    """Template ids with what fills them: one, or for "mixed" all but the one held out."""
    cell = catalogue.cell(name)
    templates = cell.subtask.templates
    if recipe.template not in (*templates, MIXED):
        raise unknown("template", recipe.template, (*templates, MIXED))
    chosen = [t for t in templates if t != HELD_OUT] if recipe.template == MIXED else [recipe.template]
    known = constants(cell, recipe)
    return [(t, compile_template(template_text(cell, t), known, cell.subtask.slots)) for t in chosen]


def template_text(cell: Cell, template: str) -> str:
    """The wording of a template in a cell: a source may have its own in place of the default one."""
    own = cell.source.wording.get(cell.subtask.id) if template == "default" else None
    return own or cell.subtask.templates[template]


def constants(cell: Cell, recipe: Recipe) -> dict[str, str]:
    """The slots that are the same in every example of a cell."""
    words, scale = cell.source.words, cell.source.scale
    named = {
        name: getattr(words, name) for name in ("item", "items", "do", "did", "doing", "acted", "liked", "disliked")
    }
    named |= {
        "Item": words.item.capitalize(),
        "order": "oldest first" if cell.source.by_time else "in no particular order of time",
    }
    if scale:
        named |= {"low": scale.text(scale.low), "high": scale.text(scale.high)}
    return named
