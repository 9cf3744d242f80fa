"""Python's work in other threads ends soon after Ctrl-C, however much of it is left."""

from __future__ import annotations

import os
import threading
import time

import pytest

from itdr_hf import catalogue
from itdr_hf.engine import open_engine
from itdr_hf.simulate import simulate
from itdr_hf.stopping import Workers, meanwhile
from itdr_hf.tables import ensure_tables


def endless() -> None:
    while True:
        time.sleep(0.01)


def test_what_is_worked_out_meanwhile_is_given_up_where_the_block_fails():
    with pytest.raises(ValueError, match="no"), meanwhile(endless) as result:
        raise ValueError("no")
    assert isinstance(result.exception(), KeyboardInterrupt)


def test_what_is_worked_out_meanwhile_is_there_in_the_end():
    with meanwhile(lambda: 7) as result:
        pass
    assert result.result() == 7


def test_no_work_begins_once_it_is_stopped_and_none_is_stopped_behind_its_end():
    workers = Workers()
    assert workers.run(lambda: 7) == 7
    workers.stop()
    time.sleep(0.01)
    with pytest.raises(KeyboardInterrupt):
        workers.run(lambda: 7)


def test_a_reading_that_is_stopped_does_not_wait_for_large_files_to_be_hashed(tmp_path):
    simulate(tmp_path / "raw", sources=["movielens32m"], scale=0.01, seed=2)
    [movies] = tmp_path.glob("raw/*/movies.csv")
    os.truncate(movies, 2**38)  # of no blocks on disk; hours to hash

    def ctrl_c(text: str) -> None:
        if text.endswith("rows"):
            raise KeyboardInterrupt

    began, before = time.monotonic(), set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt), open_engine() as engine:
        ensure_tables(
            catalogue.source("movielens32m"), tmp_path / "raw", engine=engine, cache=tmp_path / "cache", say=ctrl_c
        )
    assert time.monotonic() - began < 60
    assert set(threading.enumerate()) <= before
