"""The engine's own functions."""

from __future__ import annotations

from itdr_hf.runtime.duckdb_engine import DuckDBEngine

LETTERS = "SELECT chr(n::INTEGER) AS c FROM range(1, 55_000) AS t(n)"  # every kind of blank is among them


def test_trimmed_is_trim_whatever_stands_at_either_end(engine: DuckDBEngine):
    written = "SELECT unnest([c, c || 'ab' || c, 'a' || c, c || 'a', ' ' || c, '', NULL, c || '\n ']) AS words"
    found = engine.sql.execute(
        "SELECT count(*), count(*) FILTER (trimmed(words) IS DISTINCT FROM trim(words)), "
        f"count(*) FILTER (trim(words) <> words) FROM ({written} FROM ({LETTERS}))"
    )
    [(count, differing, changed)] = found.fetchall()
    assert count == 8 * 54_999 and differing == 0 < changed
