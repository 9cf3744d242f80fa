"""Python's work in other threads, stopped as Ctrl-C stops that of the main one.

Else it would go on to its end: reading a large file, or waiting for a lock that another process holds for an hour.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TypeVar

Result = TypeVar("Result")


class Workers:
    """Threads that can be stopped while they are at work; once they are, none begins."""

    def __init__(self) -> None:
        self._at_work: set[int] = set()
        self._guard = Lock()  # so that none is stopped behind its work
        self._over = False

    def run(self, work: Callable[[], Result]) -> Result:
        """Do some work in this thread: `stop` raises KeyboardInterrupt in it."""
        with self._guard:
            if self._over:
                raise KeyboardInterrupt
            self._at_work.add(get_ident())
        try:
            return work()
        finally:
            with self._guard:
                self._at_work.discard(get_ident())

    def stop(self) -> None:
        """Raise KeyboardInterrupt in all that are at work, when they are back in Python."""
        with self._guard:
            self._over = True
            for thread in self._at_work:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))


@contextmanager
def meanwhile(work: Callable[[], Result]) -> Iterator[Future[Result]]:
    """What another thread works out during a `with` block; it is stopped where the block fails."""
    workers = Workers()
    with ThreadPoolExecutor(1) as thread:
        try:
            yield thread.submit(workers.run, work)
        except BaseException:
            workers.stop()
            raise
