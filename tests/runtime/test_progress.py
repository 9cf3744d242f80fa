"""How far a long step is: what it reports, and what a pipe and a terminal get of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.runtime.progress import Lines, Progress, duration, each, watching
from itdr_hf.simulate import simulate


class Clock:
    """A clock that is set by hand, and lines with the second each was written."""

    def __init__(self) -> None:
        self.now, self.said = 0.0, list[tuple[float, str]]()
        self.lines = Lines(lambda text: self.said.append((self.now, text)), clock=lambda: self.now)

    def pass_by(self, seconds: float) -> None:
        """Let time pass as the reminding thread sees it."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 5)
            self.lines.remind()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@given(st.integers(1, 5_000), st.lists(st.integers(0, 900)))
def test_a_pipe_gets_a_line_for_every_tenth_that_is_passed_and_no_more(total, steps):
    clock, done, tenths = Clock(), 0, set()
    for step in steps:
        done = min(done + step, total)
        clock.lines(Progress("reading", done, total))
        tenths.add(done * 10 // total)
    told = [int(text.split()[1].replace(",", "")) * 10 // total for _, text in clock.said]
    assert [tenth for tenth in told if tenth] == sorted(tenths - {0}) and told.count(0) <= 1


def test_a_step_that_takes_hours_says_its_rate_and_the_time_left_once_a_minute(clock):
    clock.lines(Progress("training", 0, 122, "steps"))
    for step in range(1, 4):
        clock.pass_by(300)
        clock.lines(Progress("training", step, 122, "steps", f"loss {step}.0, 81 tokens/s"))
    gaps = [after - before for (before, _), (after, _) in zip(clock.said, clock.said[1:], strict=False)]
    assert max(gaps) <= 60
    clock.pass_by(60)
    assert clock.said[-1][1] == "training: 3 of 122 steps, loss 3.0, 81 tokens/s, 300.0 s each, 9 h 54 min left"


def test_a_step_without_numbers_is_still_heard_of_every_minute(clock):
    clock.lines(Progress("loading", detail="someone/model"))
    clock.pass_by(180)
    assert [text for _, text in clock.said] == [
        "loading: someone/model",
        *(f"loading: someone/model, {passed} so far" for passed in ("55 s", "1 min 50 s", "2 min 45 s")),
    ]


def test_steps_that_run_side_by_side_keep_their_own_rates(clock):
    for second in range(11):
        clock.now = float(second)
        clock.lines(Progress("a: interactions", second * 10**6, 10**7, "B"))
        clock.lines(Progress("cells", second // 5, 2))
    said = [text for _, text in clock.said]
    assert "a: interactions: 5.0 of 10.0 MB, 1.0 MB/s, 5 s left" in said
    assert said[-2:] == ["a: interactions: 10.0 of 10.0 MB, 1.0 MB/s", "cells: 2 of 2, 5.0 s each"]


def test_a_step_that_begins_anew_has_a_new_rate(clock):
    for start in (0, 100):
        for done in range(11):
            clock.now = start + done * (1.0 if start else 2.0)
            clock.lines(Progress("reading", done, 10))
    assert clock.said[-1][1] == "reading: 10 of 10, 1.0/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3599.7, "1 h 0 min"), (7500, "2 h 5 min")],
)
def test_a_duration_is_in_the_two_units_that_matter(seconds, text):
    assert duration(seconds) == text


def test_each_reports_what_is_in_hand_and_at_last_that_all_is_done():
    seen: list[Progress] = []
    assert list(each("counting", ["a", "b"], seen.append)) == ["a", "b"]
    assert [(p.done, p.total, p.detail) for p in seen] == [(0, 2, "a"), (1, 2, "b"), (2, 2, "")]


def test_a_file_that_is_read_tells_how_far_it_is(tmp_path):
    path, told = tmp_path / "numbers.csv", []
    with open_duckdb() as engine:
        engine.sql.execute(f"COPY (SELECT i, md5(i::VARCHAR) AS text FROM range(1500000) t(i)) TO '{path}'")
        query = f"SELECT * FROM read_csv('{path}', header = true, columns = {{'i': 'BIGINT', 'text': 'VARCHAR'}})"
        with watching(engine.progress, 1_000, told.append, every=0.01):
            engine.write(query, tmp_path / "numbers.parquet")
    assert told and told == sorted(told) and told[-1] <= 1_000


def test_a_build_tells_the_rows_of_each_table(tmp_path):
    simulate(tmp_path / "raw", sources=["movielens32m"], scale=0.05)
    said: list[Progress] = []
    cell = catalogue.cell("rp-movielens32m")
    prepare(cell, cell.recipe(), Settings(raw=tmp_path / "raw", cache=tmp_path / "cache", progress=said.append))
    ratings = len((tmp_path / "raw/ml-32m/ratings.csv").read_text().splitlines()) - 1
    assert Progress("movielens32m: interactions", detail=f"{ratings:,} rows") in said
    assert any(p.message == "movielens32m: items" and re.fullmatch(r"[\d,]+ rows", p.detail) for p in said)
