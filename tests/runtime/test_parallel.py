"""Plans that run at once, each on an engine of its own."""

from __future__ import annotations

import _thread
import threading
import time
from contextlib import suppress

import duckdb
import pytest

from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.runtime.parallel import parallel

ENDLESS = "SELECT count(*) FROM range(1000000000000) a, range(1000) b WHERE a.range + b.range = -1"


def test_as_many_plans_run_at_once_as_are_allowed():
    together = threading.Barrier(2, timeout=30)
    with open_duckdb() as engine, parallel(engine, 2) as submit:
        plans = [submit(lambda worker: (together.wait(), worker.spill)) for _ in range(4)]
        spills = {plan.result()[1] for plan in plans}
    assert len(spills) == 2


def test_one_worker_takes_the_plans_in_order():
    order: list[int] = []
    with open_duckdb() as engine, parallel(engine, 1) as submit:
        for plan in [submit(lambda worker, n=n: order.append(n)) for n in range(5)]:
            plan.result()
    assert order == [0, 1, 2, 3, 4]


def test_what_one_plan_keeps_is_not_freed_by_the_end_of_another():
    kept, freed = threading.Event(), threading.Event()

    def long(worker):
        with worker.planning("long"):
            rows = worker.materialise(worker.table([{"n": 1}, {"n": 2}]))
            kept.set()
            freed.wait(30)
            return worker.collect(rows.agg(n=rows.n.sum()))

    def short(worker):
        kept.wait(30)
        with worker.planning("short"):
            worker.materialise(worker.table([{"n": 3}]))
        freed.set()

    with open_duckdb() as engine, parallel(engine, 2) as submit:
        first, second = submit(long), submit(short)
        second.result()
        assert first.result() == [{"n": 3}]


def test_a_failure_outside_stops_the_plans_that_run_and_those_that_wait():
    running, began = threading.Event(), time.monotonic()

    def endless(worker):
        running.set()
        worker.value(ENDLESS)

    with pytest.raises(KeyboardInterrupt), open_duckdb() as engine, parallel(engine, 2) as submit:
        plans = [submit(endless) for _ in range(5)]
        running.wait(30)
        raise KeyboardInterrupt
    assert all(plan.done() for plan in plans) and plans[-1].cancelled()
    assert time.monotonic() - began < 60


def test_a_second_ctrl_c_stops_no_less_than_the_first():
    running, began = threading.Event(), time.monotonic()

    def deaf(worker):
        running.set()
        for part in range(100):
            with suppress(KeyboardInterrupt, duckdb.InterruptException):
                time.sleep(0.01)
            if part == 30:
                _thread.interrupt_main()  # from here: there is no end before it is heard
        later.start()
        worker.value(ENDLESS)

    with pytest.raises(KeyboardInterrupt), open_duckdb() as engine, parallel(engine, 1) as submit:
        later = threading.Timer(60, engine.interrupt)
        submit(deaf)
        running.wait(30)
        raise KeyboardInterrupt
    later.cancel()
    assert time.monotonic() - began < 30
