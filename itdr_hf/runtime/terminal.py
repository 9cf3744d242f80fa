"""What people see in the terminal: aligned tables and progress; colour only on a terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.progress import passes_tenth

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn


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


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[], None]]:
    """A function to be called once a step."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    out = console(stderr=True)
    if not out.is_terminal:
        yield _tenths(title, total)
        return
    shown = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    columns = *shown, rate_column(), TimeRemainingColumn()
    with Progress(*columns, console=out) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.update(task, advance=1)


def _tenths(title: str, total: int) -> Callable[[], None]:
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if passes_tenth(done, total):
            print(f"{title}: {done:,} of {total:,}", file=sys.stderr, flush=True)

    return step
