"""Run plans in parallel, each on its own thread and engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from itdr_hf.runtime.engine import Engine

PAUSE = 0.1  # seconds between two checks, or two interrupts

Plan = Callable[[Engine], Any]
Result = TypeVar("Result")


@contextmanager
def parallel(engine: Engine, number: int) -> Iterator[Callable[[Plan], Future[Any]]]:
    """Yield a function that submits a plan; up to `number` plans run at a time, in the order submitted.

    An engine may allow fewer. Plans unfinished when the block ends, as on Ctrl-C, are cancelled and their queries
    interrupted.
    """
    with engine.siblings(number - 1) as others, ThreadPoolExecutor(1 + len(others)) as pool:
        engines = [engine, *others]
        free: SimpleQueue[Engine] = SimpleQueue()
        for each in engines:
            free.put(each)
        plans: list[Future[Any]] = []

        def run(plan: Plan) -> Any:
            own = free.get()
            try:
                return plan(own)
            finally:
                free.put(own)

        def submit(plan: Plan) -> Future[Any]:
            plans.append(pool.submit(run, plan))
            return plans[-1]

        try:
            yield submit
        finally:
            _cancel(plans, engines)


def await_result(future: Future[Result]) -> Result:
    """Wait for a future and return its result; Ctrl-C is handled while waiting."""
    while not wait([future], PAUSE).done:
        pass
    return future.result()


def _cancel(plans: Sequence[Future[Any]], engines: Sequence[Engine]) -> None:
    for future in plans:
        future.cancel()
    while True:
        with suppress(KeyboardInterrupt):  # Ctrl-C again: the plans are being stopped already
            if not wait(plans, PAUSE).not_done:
                return
            for engine in engines:
                engine.interrupt()
