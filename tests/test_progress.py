"""How far a long step is: bytes while raw files are read, examples while they are written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.runtime.progress import passes_tenth, reached, watching
from itdr_hf.simulate import simulate


@given(st.integers(1, 5_000), st.lists(st.integers(0, 900)))
def test_whoever_is_told_only_of_tenths_misses_none_that_was_passed_last(total, steps):
    done = 0
    for step in steps:
        before, done = done, min(done + step, total)
        told = reached(before, done, total)
        assert all(before < number <= done for number in told)
        if done * 10 // total > before * 10 // total:
            assert passes_tenth(told[0], total)


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
    said = []
    cell = catalogue.cell("rp-movielens32m")
    prepare(
        cell, cell.recipe(), Settings(raw=tmp_path / "raw", cache=tmp_path / "cache", say=said.append, warn=said.append)
    )
    assert "movielens32m: interactions: 9,600 rows" in said and any(
        text.startswith("movielens32m: items: ") for text in said
    )
