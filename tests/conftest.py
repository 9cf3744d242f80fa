"""Shared by all tests: simulated raw releases, their tables cache, and a dataset folder built from them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_home = tempfile.mkdtemp(prefix="itdr-tests-")
os.environ["HF_HOME"] = _home  # read when datasets is imported: set before anything else
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["ITDR_CACHE"] = f"{_home}/itdr"
os.environ.pop("ITDR_RAW", None)

import pytest  # noqa: E402

from itdr_hf.runtime.duckdb_engine import DuckDBEngine, open_duckdb  # noqa: E402
from itdr_hf.simulate import simulate  # noqa: E402

SCALE = 0.01


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw releases of all sources; $ITDR_TEST_RAW takes real ones in their place."""
    if given := os.environ.get("ITDR_TEST_RAW"):
        return Path(given)
    folder = tmp_path_factory.mktemp("raw")
    simulate(folder, scale=SCALE, seed=1)
    return folder


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    """Its own engine."""
    with open_duckdb() as opened:
        yield opened
