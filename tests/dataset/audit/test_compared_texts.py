"""Texts are compared in lower case with one blank between words, by a quick way that must say what the plain one says."""

from __future__ import annotations

import random

import duckdb
import pyarrow as pa

from itdr_hf.dataset.audit.corpus import _NORMED

PLAIN = r"lower(trim(regexp_replace(text, '\s+', ' ', 'g')))"
PIECES = [*"aB \n\t\r\f\x01\x0bé中İß", "\xa0", "\u2003", "\u3000", "\u200b", "  ", "\n\n"]


def test_the_quick_way_to_compare_texts_says_what_a_pattern_would():
    rng = random.Random(0)
    texts = ["", *("".join(rng.choices(PIECES, k=rng.randint(1, 9))) for _ in range(20_000))]
    with duckdb.connect() as con:
        con.register("texts", pa.table({"text": texts}))
        assert con.sql(f"SELECT text, {PLAIN}, {_NORMED} FROM texts WHERE {PLAIN} <> {_NORMED}").fetchall() == []
        assert con.sql(f"SELECT {_NORMED} FROM (SELECT ' A\n  b ' AS text)").fetchall() == [("a b",)]
