"""Plans that run at once: a thread and an engine of its own for each, which lasts as long as the block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from itdr_hf.planner import Planner

PAUSE = 0.1  # seconds between two calls to stop

Plan = Callable[[Planner], Any]


@contextmanager
def lanes(engine: Planner, count: int) -> Iterator[Callable[[Plan], Future[Any]]]:
    """A function that takes plans, in order, and runs so many at a time, or as many as the engine can.

    Whatever is not done when the block ends, as it does on Ctrl-C, is given up.
    """
    with engine.beside(count - 1) as others, ThreadPoolExecutor(1 + len(others)) as pool:
        every = [engine, *others]
        free: SimpleQueue[Planner] = SimpleQueue()
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
            for future in plans:
                future.cancel()
            while wait(plans, PAUSE).not_done:
                for one in every:
                    one.interrupt()
