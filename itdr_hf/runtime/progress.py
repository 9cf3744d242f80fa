"""How far a long step is: one type that every long step reports, and the lines that a pipe or a log gets of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import NamedTuple, TypeVar

from itdr_hf.runtime.escaping import safe_text

T = TypeVar("T")

SETTLED = 0.3  # seconds before a rate means anything
STEADY = 30.0  # seconds after which a step that moves gets a further line, whatever its tenth
SILENCE = 55.0  # seconds without a line after which the latest one is said again: at least one a minute


class Progress(NamedTuple):
    """How far a step is: `done` of `total`, counted in `unit` ("B": bytes); without `done`, that it has begun.

    `message` names the step and stays the same while it goes on; `detail` may change: the item in hand, a loss.
    """

    message: str
    done: int | None = None
    total: int | None = None
    unit: str = ""
    detail: str = ""


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Report nothing to nobody."""


def each(message: str, items: Sequence[T], progress: OnProgress, unit: str = "") -> Iterator[T]:
    """Yield the items, reporting how many are done with and which one is next."""
    for done, item in enumerate(items):
        progress(Progress(message, done, len(items), unit, str(item)))
        yield item
    progress(Progress(message, len(items), len(items), unit))


@contextmanager
def watching(
    share: Callable[[], float], total: int, report: Callable[[int], None], every: float = 0.5
) -> Iterator[None]:
    """Report how much of `total` is done for as long as the block lasts, looking at `share` (0 to 1) now and then."""
    over = Event()

    def look() -> None:
        done = 0
        while not over.wait(every):
            done, before = max(done, int(share() * total)), done
            if done > before:
                report(done)

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


@dataclass
class Step:
    """A step as it was first and last reported, which makes its rate."""

    latest: Progress
    started: float
    reported: float
    first: int = 0
    tenth: int = 0  # the last one that got a line
    printed: float = 0.0

    def state(self) -> str:
        """Return how far it is, as in 'validation: 240 of 800 MB, rp-yelp'."""
        message, done, total, unit, detail = self.latest
        count = "" if done is None else _count(done, total, unit)
        return f"{message}{': ' if count or detail else ''}{', '.join(filter(None, (count, detail)))}"

    def pace(self, now: float) -> str:
        """'35.1 MB/s, 16 s left'; nothing before there is a rate."""
        _, done, total, unit, _ = self.latest
        seconds = self.reported - self.started
        if done is None or done <= self.first or seconds < SETTLED:
            return ""
        rate = (done - self.first) / seconds
        wait = (total - done) / rate - (now - self.reported) if total and done < total else 0
        left = f", {duration(wait)} left" if wait > 0 else ""
        return f"{_rate(rate, unit)}{left}"


class Steps:
    """The steps under way by message; a step that starts anew is a new one."""

    def __init__(self) -> None:
        self.under_way: dict[str, Step] = {}

    def update(self, progress: Progress, now: float) -> Step:
        """Enter a report; returns the step it belongs to."""
        step = self.under_way.get(progress.message)
        if step is None or (progress.done or 0) < (step.latest.done or 0) or progress.done is None:
            step = Step(progress, started=now, reported=now, first=progress.done or 0, printed=float("-inf"))
            self.under_way[progress.message] = step
        step.latest, step.reported = progress, now
        return step


class Lines:
    """A line when a step begins, at every tenth of it, and at least once a minute while anything goes on."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock, self._lock = write, clock, Lock()
        self._steps, self._latest, self._printed = Steps(), None, clock()  # type: tuple[Steps, Step | None, float]

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            now = self._clock()
            self._latest = step = self._steps.update(progress, now)
            if _is_due(step, now):
                self._print(step, now)

    def remind(self) -> None:
        """Say the latest again where nothing was said for long."""
        with self._lock:
            now = self._clock()
            if self._latest is not None and now - self._printed >= SILENCE:
                self._print(self._latest, now, f"{duration(now - self._latest.started)} so far")

    def _print(self, step: Step, now: float, more: str = "") -> None:
        step.printed = self._printed = now
        step.tenth = _tenth(step.latest)
        self._write(", ".join(filter(None, (step.state(), step.pace(now) or more))))


@contextmanager
def lines(write: Callable[[str], None] | None = None) -> Iterator[OnProgress]:
    """Report in lines, on standard error unless told otherwise, for as long as the block lasts."""
    report, over = Lines(write or _to_stderr), Event()

    def remind() -> None:
        while not over.wait(SILENCE / 10):
            report.remind()

    reminding = Thread(target=remind, daemon=True)
    reminding.start()
    try:
        yield report
    finally:
        over.set()
        reminding.join()


def duration(seconds: float) -> str:
    """'45 s', '3 min 20 s', '2 h 5 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _is_due(step: Step, now: float) -> bool:
    done = step.latest.done
    if not done:
        return done is None or step.printed == float("-inf")
    return _tenth(step.latest) > step.tenth or now - max(step.printed, step.started) >= STEADY


def _tenth(progress: Progress) -> int:
    return (progress.done or 0) * 10 // progress.total if progress.total else 0


def _count(done: int, total: int | None, unit: str) -> str:
    if unit == "B":
        return f"{done / 1e6:,.1f}" + (f" of {total / 1e6:,.1f} MB" if total else " MB")
    return f"{done:,}" + (f" of {total:,}" if total is not None else "") + (f" {unit}" if unit else "")


def _rate(rate: float, unit: str) -> str:
    if unit == "B":
        return f"{rate / 1e6:,.1f} MB/s"
    return f"{rate:,.1f}{f' {unit}' if unit else ''}/s" if rate >= 1 else f"{1 / rate:,.1f} s each"


def _to_stderr(text: str) -> None:
    print(safe_text(text), file=sys.stderr, flush=True)
