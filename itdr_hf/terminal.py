"""What people see in the terminal: aligned tables and progress; colour only on a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf import catalogue
from itdr_hf.errors import MissingFileError, UsageError, unknown
from itdr_hf.progress import passes_tenth
from itdr_hf.reading import read_batches, shards
from itdr_hf.records import COLUMNS, SPLITS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn

    from itdr_hf.folder import Outcome

TINTS = {"present": "green", "built": "green", "add": "green", "get": "green"}
TINTS |= {"missing": "yellow", "incomplete": "yellow", "update": "yellow", "delete": "red"}
MOVES = re.compile(r"\b([\d,]*\d) of ([\d,]*\d)\b")  # a message that says how far a step is


def console(stderr: bool = False) -> Console:
    """A console that folds at the terminal's width, or at 80 columns where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 80, highlight=False)


def print_json(value: Any) -> None:
    """JSON on standard output."""
    print(json.dumps(value, indent=1, ensure_ascii=False))


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """The latest message and the time; a message with '3 of 26' in it moves a bar that has a rate.

    Without a terminal, a line a message on stderr; of those with numbers, one at every tenth.
    """
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    out = console(stderr=True)
    if not out.is_terminal:
        yield _say_tenths
        return
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(12), rate_column(), TimeElapsedColumn()
    with Progress(*columns, console=out) as bar:
        task = bar.add_task(title, total=None)

        def say(text: str) -> None:
            done, total = _moves(text) or (None, None)
            bar.update(task, description=text, completed=done, total=total)

        yield say


def _moves(text: str) -> tuple[int, int] | None:
    """How far a message says that a step is: done, and of how many."""
    moved = MOVES.search(text)
    return (int(moved[1].replace(",", "")), int(moved[2].replace(",", ""))) if moved else None


def _say_tenths(text: str) -> None:
    moved = _moves(text)
    if moved is None or passes_tenth(*moved):
        print(text, file=sys.stderr, flush=True)


def rate_column() -> ProgressColumn:
    """Steps a second, or seconds a step where they are slow; nothing before there are two."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            if not speed:
                return Text("")
            return Text(f"{speed:,.1f}/s" if speed >= 1 else f"{1 / speed:,.1f} s each", style="dim")

    return Rate()


def print_table(columns: Mapping[str, str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """An aligned table; `columns` maps headings to 'left', 'right' or 'fold' (left, and may break)."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading, kind in columns.items():
        table.add_column(
            heading, justify="right" if kind == "right" else "left", no_wrap=kind != "fold", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(value, style=TINTS.get(value, "")) for value in row))  # no markup in others' titles
    console().print(table)


def source_states(raw: Path) -> list[dict[str, Any]]:
    """Of every source: present or what is missing, licence, how to get it, the cells it feeds."""
    from itdr_hf.release import find_release

    states = []
    for source_id in catalogue.source_ids():
        source = catalogue.source(source_id)
        state: dict[str, Any] = {"source": source.id, "title": source.title, "licence": source.licence}
        state |= {"redistributable": source.redistributable, "obtain": source.obtain, "homepage": source.homepage}
        state["cells"] = [name for name in catalogue.cell_names() if name.partition("-")[2] == source.id]
        try:
            release = find_release(source, raw)
            missing = [release.lacks(table) for table in release.layout.tables if table not in release.tables]
            state |= {
                "state": "incomplete" if missing else "present",
                "layout": release.layout.name,
                "missing": missing,
                "unread": release.left_alone(),
            }
        except MissingFileError as error:
            state |= {"state": "missing", "layout": None, "missing": [str(error)], "unread": {}}
        states.append(state)
    return states


def print_sources(states: Sequence[Mapping[str, Any]]) -> None:
    """The states of `source_states` as a table, and how to get what is missing."""
    columns = {"source": "left", "state": "left", "cells": "right", "pass on": "left", "licence": "fold"}
    print_table(
        columns,
        [
            [s["source"], s["state"], str(len(s["cells"])), "yes" if s["redistributable"] else "no", s["licence"]]
            for s in states
        ],
    )
    for state in states:
        if state["state"] == "incomplete":
            print(f"\n{state['source']}: {'; '.join(state['missing'])}")
        elif state["state"] == "missing":
            print(f"\n{state['source']}: to get it, {state['obtain']}")
        for name, why in state["unread"].items():
            print(f"\n{state['source']}: {name} is here and not read: {why}")


def print_outcomes(outcomes: Sequence[Outcome], out: Path) -> None:
    """What was built, what was not and why, and the lines that load it."""
    columns = {"config": "left", "state": "left", **dict.fromkeys(SPLITS, "right")}
    print_table(columns, [[o.cell, o.state, *(f"{o.counts.get(s, 0):,}" for s in SPLITS)] for o in outcomes])
    notes: dict[str, list[str]] = {}
    for outcome in outcomes:
        notes.setdefault(outcome.note, []).append(outcome.cell)
    for note, cells in notes.items():
        if note:
            print(f"{', '.join(cells)}: {note}")
    good = [o for o in outcomes if o.counts]
    total = sum(sum(o.counts.values()) for o in good)
    print(f"\n{len(good)} of {len(outcomes)} cells, {total:,} examples in {out}/. To load:\n")
    print("    from datasets import load_dataset")
    print(f'    load_dataset("{out}", "{good[0].cell}")')


def print_plan(rows: Sequence[tuple[str, str, int]], summary: str) -> None:
    """What a push would do, a line a file, and in one line."""
    print_table(
        {"": "left", "file": "fold", "bytes": "right"}, [[action, path, f"{size:,}"] for action, path, size in rows]
    )
    print(summary)


def read_example(folder: Path, config: str, split: str, index: int) -> dict[str, Any]:
    """One row of a dataset folder. Raises UsageError when there is no such config, split or row."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    paths = shards(folder, config, split)
    if not paths:
        have = sorted(p.parent.name for p in folder.glob(f"*/{split}-00000-*.parquet"))
        raise UsageError(
            f"{folder}: no config {config!r}; have: {', '.join(have) or 'none'}; build it with `itdr build`"
        )
    at = index
    for batch in (batch for path in paths for batch in read_batches(path, COLUMNS)):
        if at < batch.num_rows:
            return batch.slice(at, 1).to_pylist()[0]  # type: ignore[no-any-return]
        at -= batch.num_rows
    raise UsageError(f"{config} {split}: {index - at} rows; want an index below that")
