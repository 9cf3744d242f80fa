"""Whole prompts, pinned: whitespace and wording change results, so they change only on purpose.

The files hold the first example of each cell, built from the hand-made rows in tests/releases. After an intended
change run with ITDR_GOLDEN=write, and read every line of the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Settings, prepare
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import open_duckdb

HERE = Path(__file__).parent
RAW = HERE.parents[1] / "releases"
YOUNG = {"availability": "any", "future": "shown"}  # hand-made releases are too small for all that is asked by default


@pytest.fixture(scope="module")
def engine():
    with open_duckdb() as opened:
        yield opened


@pytest.mark.parametrize("name", catalogue.published())
def test_the_prompt_and_answer_of_a_cell_are_the_pinned_ones(name, engine):
    cell = catalogue.cell(name)
    prepared = prepare(cell, cell.recipe(**YOUNG), Settings(raw=RAW, warn=lambda text: None), engine)
    row = next(row for split in SPLITS for batch in prepared.batches(split) for row in batch.to_pylist())
    parts = [f"[{part}]\n{row[part]}" for part in ("instruction", "input", "output")]
    if row["domain"]:
        parts.insert(0, f"[domain]\n{row['domain']}")
    text = "\n\n".join(parts) + "\n"
    path = HERE / "golden" / cell.task.id / f"{cell.source.id}.txt"
    if os.environ.get("ITDR_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_pinned_prompt_belongs_to_a_cell():
    files = {f"{path.parent.name}-{path.stem}" for path in (HERE / "golden").rglob("*.txt")}
    assert files == set(catalogue.published())
