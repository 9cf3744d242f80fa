"""A small dataset that each test may change: two cells of one source, built once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings

CELLS = ("nir-movielens32m", "tui-movielens32m")


@pytest.fixture(scope="session")
def whole(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dataset") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=CELLS)
    return out


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "itdr"))
