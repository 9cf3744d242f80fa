"""Terminal output: aligned tables and progress bars; colour only on a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.escaping import safe_json, safe_line, safe_text
from itdr_hf.runtime.progress import OnProgress, Progress, Steps, lines

if TYPE_CHECKING:
    from rich.console import Console


TINTS = {"present": "green", "built": "green", "add": "green", "get": "green"}
TINTS |= {"missing": "yellow", "incomplete": "yellow", "update": "yellow", "delete": "red"}
MAX_BARS = 4  # steps shown at a time


def console(stderr: bool = False) -> Console:
    """Return a console that wraps at the terminal's width, or at 80 columns without a terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 80, highlight=False)


def print_line(text: str = "", *, error: bool = False) -> None:
    """Print a text on standard output or standard error, with characters that would control a terminal escaped."""
    stream = sys.stderr if error else sys.stdout
    print(
        safe_text(text).encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"),
        file=stream,
    )


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(safe_json(json.dumps(value, indent=1, ensure_ascii=False)))


@contextmanager
def show_progress(title: str) -> Iterator[OnProgress]:
    """Show reported progress on standard error: as a bar for each step on a terminal, else as lines.

    Bars show the rate and the time left.
    """
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    out = console(stderr=True)
    if not out.is_terminal:
        with lines() as report:
            yield report
        return
    texts = (TextColumn("{task.description}", markup=False), TextColumn("{task.fields[pace]}", "dim", markup=False))
    with Bars(SpinnerColumn(), texts[0], BarColumn(12), texts[1], TimeElapsedColumn(), console=out) as bars:
        yield _Bars(bars, title)


class _Bars:
    """One progress bar for each of the latest steps; finished ones make room for the next."""

    def __init__(self, bars: Any, title: str) -> None:
        self._bars, self._steps = bars, Steps()
        self._tasks = {"": bars.add_task(title, total=None, pace="")}

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        step = self._steps.update(progress, now)
        if progress.message not in self._tasks:
            self._make_room()
            self._tasks[progress.message] = self._bars.add_task("", total=None, pace="")
        task = self._tasks[progress.message]
        state, pace = safe_text(step.state()), step.pace(now)
        self._bars.update(task, description=state, pace=pace, completed=progress.done or 0, total=progress.total)

    def _make_room(self) -> None:
        """Remove the title and the finished or uncounted steps, then the oldest steps beyond MAX_BARS."""
        ended = [name for name in self._tasks if name not in self._steps.under_way or self._has_ended(name)]
        rest = [name for name in self._tasks if name not in ended]
        for name in ended + rest[: max(0, len(rest) - MAX_BARS + 1)]:
            self._bars.remove_task(self._tasks.pop(name))

    def _has_ended(self, name: str) -> bool:
        _, done, total, *_ = self._steps.under_way[name].latest
        return done is None or (total is not None and done >= total)


def print_table(columns: Mapping[str, str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print an aligned table; `columns` maps headings to 'left', 'right' or 'fold' (left, may wrap)."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(safe_line(title)) if title else None,
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for heading, kind in columns.items():
        table.add_column(
            Text(safe_line(heading)),
            justify="right" if kind == "right" else "left",
            no_wrap=kind != "fold",
            overflow="fold",
        )
    for row in rows:
        table.add_row(
            *(Text(safe_line(value), style=TINTS.get(value, "")) for value in row)
        )  # Text, since titles in the data must not be read as markup
    console().print(table)
