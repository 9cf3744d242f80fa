"""Reviews stay in the file they were read into; an interaction knows its row there."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from sources.reading import rows

from itdr_hf.raw.source import RatingScale
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.sources.own import own_source
from itdr_hf.tables.cache import ensure_tables

REVIEWS = """user,item,timestamp,rating,text
1,a,7,4,later
1,a,5,4,second by its letters
1,a,5,4,first by its letters
1,b,6,3," \t\n"
2,a,8,2,
2,b,9,5,of its own
"""


def test_each_interaction_has_the_text_of_its_earliest_row_and_a_blank_text_is_none(tmp_path: Path):
    folder = tmp_path / "myshop"
    folder.mkdir()
    (folder / "interactions.csv").write_text(REVIEWS)
    (folder / "items.csv").write_text("item,title\na,The First\nb,The Second\n")
    source = own_source(folder, scale=RatingScale(low=1, high=5, step=1))
    with open_duckdb() as engine:
        tables = ensure_tables(source, tmp_path, engine=engine, cache=tmp_path / "cache")
        numbered = engine.collect(engine.numbered(tables.path("texts"), "text_row"))
    assert {(row["user"], row["item"]): row["text"] for row in rows(tables, "interactions")} == {
        ("1", "a"): "first by its letters",
        ("1", "b"): None,
        ("2", "a"): None,
        ("2", "b"): "of its own",
    }
    assert "text" not in pq.read_schema(tables.path("interactions")).names
    assert [row["text_row"] for row in numbered] == list(range(6))
