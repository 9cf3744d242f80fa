"""Bytes as they come: a bar with rate and time left on a terminal, else a line at every tenth, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tick = Callable[[str, int, int | None], None]
QUIET = 20.0  # seconds between lines where the whole is not known


@contextmanager
def counting_bytes() -> Iterator[tuple[Tick, Callable[[str], None]]]:
    """What hears of bytes (name, there, in all) and what hears of steps."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from itdr_hf.runtime.terminal import console

    out = console(stderr=True)
    if not out.is_terminal:
        lines = _Lines()
        yield lines.tick, lambda text: print(text, file=sys.stderr, flush=True)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out) as bar:
        tasks: dict[str, int] = {}

        def tick(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield tick, bar.console.print


class _Lines:
    """A line at every tenth of a file, with the rate since the first bytes; of unknown length, every few seconds."""

    def __init__(self) -> None:
        self.name, self.started, self.first, self.last, self.at = "", 0.0, 0, -1, 0.0

    def tick(self, name: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if name != self.name:
            self.name, self.started, self.first, self.last, self.at = name, now, done, -1, now
        tenth = done * 10 // total if total else -1
        if tenth == self.last and (total or now - self.at < QUIET):
            return
        self.last, self.at = tenth, now
        rate = (done - self.first) / max(now - self.started, 1e-6)
        whole = f" of {total / 1e6:,.1f}" if total else ""
        print(f"{name}: {done / 1e6:,.1f}{whole} MB, {rate / 1e6:,.1f} MB/s", file=sys.stderr, flush=True)
