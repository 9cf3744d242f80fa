"""Plans that run at once: a thread and an engine of its own for each, which lasts as long as the block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from itdr_hf.runtime.engine import Engine

PAUSE = 0.1  # seconds between two calls to stop

Plan = Callable[[Engine], Any]
Result = TypeVar("Result")


@contextmanager
def lanes(engine: Engine, number: int) -> Iterator[Callable[[Plan], Future[Any]]]:
    """Provide a function that takes plans, in order, and runs this many at a time, or as many as the engine can.

    Whatever is not done when the block ends, as it does on Ctrl-C, is given up: its queries are stopped.
    """
    with engine.beside(number - 1) as others, ThreadPoolExecutor(1 + len(others)) as pool:
        every = [engine, *others]
        free: SimpleQueue[Engine] = SimpleQueue()
        for one in every:
            free.put(one)
        plans: list[Future[Any]] = []

        def run(plan: Plan) -> Any:
            mine = free.get()
            try:
                return plan(mine)
            finally:
                free.put(mine)

        def submit(plan: Plan) -> Future[Any]:
            plans.append(pool.submit(run, plan))
            return plans[-1]

        try:
            yield submit
        finally:
            _give_up(plans, every)


def awaited(future: Future[Result]) -> Result:
    """Return the result of a future, waited for so that Ctrl-C is heard whenever it comes."""
    while not wait([future], PAUSE).done:
        pass
    return future.result()


def _give_up(plans: Sequence[Future[Any]], every: Sequence[Engine]) -> None:
    for future in plans:
        future.cancel()
    while True:
        with suppress(KeyboardInterrupt):  # Ctrl-C again: that is what is being done
            if not wait(plans, PAUSE).not_done:
                return
            for one in every:
                one.interrupt()
