"""Any file of any release may be compressed by gzip, and is read as it lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from drill.bases import Base, bases
from sources.reading import rows

from itdr_hf import catalogue
from itdr_hf.runtime.duckdb_engine import DuckDBEngine, open_duckdb
from itdr_hf.tables.cache import ensure_tables

PLAIN = [base for base in bases() if not base.compressed]


@pytest.fixture(scope="module")
def engine():
    with open_duckdb() as opened:
        yield opened


def read(base: Base, work: Path, engine: DuckDBEngine) -> dict[str, list[dict]]:
    """The rows of every table of a release."""
    base.write(work / "raw")
    tables = ensure_tables(catalogue.source(base.source), work / "raw", engine=engine, cache=work / "cache")
    return {name: rows(tables, name) for path in tables.folder.glob("*.parquet") if (name := path.stem) != "texts"}


@pytest.mark.parametrize("base", PLAIN, ids=lambda base: base.name)
def test_a_release_compressed_file_by_file_gives_the_same_tables(base, engine, tmp_path):
    assert read(base.twin(), tmp_path / "gz", engine) == read(base, tmp_path / "plain", engine) != {}
