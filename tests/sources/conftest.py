"""Reading the source that a test module names as SOURCE."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sources.reading import RAW, Read

from itdr_hf import catalogue
from itdr_hf.build.render import render
from itdr_hf.build.rows import ensure_rows
from itdr_hf.raw.source import Source
from itdr_hf.records import SPLITS
from itdr_hf.runtime.duckdb_engine import DuckDBEngine
from itdr_hf.tables.cache import Tables, ensure_tables

# Hand-made rows are too few for all that is asked by default, and are meant in the order in which they are written.
PAPER = {"order": "file", "availability": "any", "future": "shown"}


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Source:
    return request.module.SOURCE


@pytest.fixture
def read(source: Source, engine: DuckDBEngine, tmp_path: Path) -> Read:
    """The tables of a raw folder, the hand-made rows by default; read once a test."""

    def reading(raw: Path = RAW, **options: Any) -> Tables:
        return ensure_tables(source, raw, engine=engine, cache=tmp_path / "cache", **options)

    return reading


@pytest.fixture
def copied(source: Source, tmp_path: Path) -> Path:
    """A copy of the release to spoil."""
    shutil.copytree(RAW / source.folders[0], tmp_path / "raw" / source.folders[0])
    return tmp_path / "raw"


@pytest.fixture
def examples(read: Read, engine: DuckDBEngine) -> Callable[[str], list[dict[str, Any]]]:
    """The examples that a cell makes of the hand-made rows."""

    def rendering(name: str) -> list[dict[str, Any]]:
        cell = catalogue.cell(name)
        recipe = cell.recipe(**PAPER)
        made = ensure_rows(cell, recipe, read(), engine)
        return [row for s in SPLITS for batch in render(cell, recipe, made, s) for row in batch.to_pylist()]

    return rendering
