"""Many examples are gathered some at a time; how many at a time is not to be seen in them."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build import rows
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.simulate import simulate


@pytest.mark.parametrize("config", ["tkr-movielens32m", "tui-movielens32m"])
def test_rows_gathered_in_pieces_are_those_gathered_at_once(config, tmp_path, monkeypatch):
    simulate(tmp_path / "raw", sources=["movielens32m"], scale=0.05)
    cell = catalogue.cell(config)

    def planned(cache: str) -> object:
        settings = Settings(raw=tmp_path / "raw", cache=tmp_path / cache, warn=lambda text: None)
        return pq.read_table(prepare(cell, cell.recipe(), settings).rows.path)

    at_once = planned("one")
    monkeypatch.setattr(rows, "PIECE", 40)
    assert at_once.num_rows > 200 and planned("two").equals(at_once)
