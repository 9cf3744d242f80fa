"""A release of every cell, its audit and its scores, the page about it, and a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from report.chromium import PROGRAM, Browser, chromium


def itdr(*words: object, code: int = 0) -> str:
    """What the command prints; it must end with the exit code."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result.stdout


@pytest.fixture(scope="session")
def release(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of all cells, audited, and beside it scores.json of a baseline."""
    home = tmp_path_factory.mktemp("report")
    folder = home / "itdr"
    build_folder(folder, Settings(raw=raw, warn=lambda text: None))
    CliRunner().invoke(app, ["audit", str(folder)])  # exit code 1 on a breach, which so small a release may have
    itdr("predict", folder, "--baseline", "popular", "--out", home / "popular.parquet")
    itdr("score", home / "popular.parquet", folder, "--replicates", 50, "--out", home / "scores")
    return folder


@pytest.fixture(scope="session")
def scores(release: Path) -> Path:
    return release.parent / "scores" / "scores.json"


@pytest.fixture(scope="session")
def page(release: Path, scores: Path) -> Path:
    """The report with scores."""
    out = release.parent / "report.html"
    made = json.loads(itdr("report", release, "--scores", scores, "--out", out, "--examples", 5, "--json"))
    assert made["path"] == str(out) and made["cells"] == 33
    return out


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium; tests that want one are skipped where there is none."""
    if PROGRAM is None:
        pytest.skip("no chromium here; install it to test the page in a browser (Debian: apt-get install chromium)")
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running
