"""A bar for steps whose number is known: on a terminal a bar with a rate, else a line at every tenth, on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


def passes_tenth(done: int, total: int) -> bool:
    """Whether this step is the one that reaches a further tenth of all."""
    return done >= total or done * 10 // total > (done - 1) * 10 // total


@contextmanager
def watching(share: Callable[[], float], total: int, tell: Callable[[int], None], every: float = 0.5) -> Iterator[None]:
    """Tell how much of `total` is done for as long as the block lasts, looking at `share` (0 to 1) now and then."""
    over = Event()

    def look() -> None:
        done = 0
        while not over.wait(every):
            done, before = max(done, int(share() * total)), done
            for number in reached(before, done, total):
                tell(number)

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def reached(before: int, done: int, total: int) -> list[int]:
    """What to tell of a step from `before` to `done`: a tenth that was passed, for those told only of tenths, and `done`."""
    tenth = done * 10 // max(total, 1)
    passed = [-(-tenth * total // 10)] if tenth > before * 10 // max(total, 1) else []
    return passed + [done for _ in range(before < done) if done not in passed]


Say = Callable[[str], None]
