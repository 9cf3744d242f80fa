"""Progress of long steps: the type that every long step reports, and its output as lines for a pipe or a log."""

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

MIN_RATE_SECONDS = 0.3  # before this a rate means nothing
LINE_EVERY = 30.0  # seconds after which an advancing step gets another line even within the same tenth
REMIND_AFTER = 55.0  # seconds without any line after which the latest one is repeated: at least one line a minute


class Progress(NamedTuple):
    """The state of a step: `done` of `total`, counted in `unit` ("B": bytes); without `done`, the step has begun.

    `message` names the step and stays the same while it runs; `detail` may change: the current item, a loss.
    """

    message: str
    done: int | None = None
    total: int | None = None
    unit: str = ""
    detail: str = ""


OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Discard a report."""


def each(message: str, items: Sequence[T], progress: OnProgress, unit: str = "") -> Iterator[T]:
    """Yield the items, reporting how many are done and which one is next."""
    for done, item in enumerate(items):
        progress(Progress(message, done, len(items), unit, str(item)))
        yield item
    progress(Progress(message, len(items), len(items), unit))


@contextmanager
def watching(
    share: Callable[[], float], total: int, report: Callable[[int], None], every: float = 0.5
) -> Iterator[None]:
    """Report how much of `total` is done while the block runs, polling `share` (0 to 1) `every` seconds."""
    over = Event()

    def poll() -> None:
        done = 0
        while not over.wait(every):
            done, before = max(done, int(share() * total)), done
            if done > before:
                report(done)

    thread = Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass
class Step:
    """The first and the latest report of a step, from which its rate follows."""

    latest: Progress
    started: float
    reported: float
    first: int = 0
    tenth: int = 0  # the last tenth for which a line was printed
    printed: float = 0.0

    def state(self) -> str:
        """Return the state as text, such as 'validation: 240 of 800 MB, rp-yelp'."""
        message, done, total, unit, detail = self.latest
        count = "" if done is None else _count(done, total, unit)
        return f"{message}{': ' if count or detail else ''}{', '.join(filter(None, (count, detail)))}"

    def pace(self, now: float) -> str:
        """Return the rate and the time left, such as '35.1 MB/s, 16 s left'; "" before there is a rate."""
        _, done, total, unit, _ = self.latest
        seconds = self.reported - self.started
        if done is None or done <= self.first or seconds < MIN_RATE_SECONDS:
            return ""
        rate = (done - self.first) / seconds
        wait = (total - done) / rate - (now - self.reported) if total and done < total else 0
        left = f", {duration(wait)} left" if wait > 0 else ""
        return f"{_rate(rate, unit)}{left}"


class Steps:
    """The steps under way, by message; a step that starts again counts as a new one."""

    def __init__(self) -> None:
        self.under_way: dict[str, Step] = {}

    def update(self, progress: Progress, now: float) -> Step:
        """Record a report and return the step it belongs to."""
        step = self.under_way.get(progress.message)
        if step is None or (progress.done or 0) < (step.latest.done or 0) or progress.done is None:
            step = Step(progress, started=now, reported=now, first=progress.done or 0, printed=float("-inf"))
            self.under_way[progress.message] = step
        step.latest, step.reported = progress, now
        return step


class Lines:
    """Write a line when a step begins, at every tenth of it, and at least once a minute while any step runs."""

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
        """Repeat the latest line if none was written for REMIND_AFTER seconds."""
        with self._lock:
            now = self._clock()
            if self._latest is not None and now - self._printed >= REMIND_AFTER:
                self._print(self._latest, now, f"{duration(now - self._latest.started)} so far")

    def _print(self, step: Step, now: float, more: str = "") -> None:
        step.printed = self._printed = now
        step.tenth = _tenth(step.latest)
        self._write(", ".join(filter(None, (step.state(), step.pace(now) or more))))


@contextmanager
def lines(write: Callable[[str], None] | None = None) -> Iterator[OnProgress]:
    """Report progress as lines while the block runs, on standard error by default."""
    report, over = Lines(write or _to_stderr), Event()

    def remind() -> None:
        while not over.wait(REMIND_AFTER / 10):
            report.remind()

    thread = Thread(target=remind, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        over.set()
        thread.join()


def duration(seconds: float) -> str:
    """Return a duration as text: '45 s', '3 min 20 s', '2 h 5 min'."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"


def _is_due(step: Step, now: float) -> bool:
    done = step.latest.done
    if not done:
        return done is None or step.printed == float("-inf")
    return _tenth(step.latest) > step.tenth or now - max(step.printed, step.started) >= LINE_EVERY


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
