"""A small dataset folder, and the command line as a person types it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings

Typed = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def folder(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cells, as a build leaves them."""
    out = tmp_path_factory.mktemp("cli") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=["rp-movielens32m", "tkr-mind"])
    return out


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Run `itdr` with these words, in an empty folder."""

    def run(*words: object, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "itdr_hf", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=cwd)

    return run
