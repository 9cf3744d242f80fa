"""A small dataset folder to annotate, and endpoints on loopback."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faultserver import FaultServer, Script

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.models.endpoint import client
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.writer import Writer
from itdr_hf.simulate import simulate


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TUI of MIND, 40 examples, and IR of Steam, 12; not to be changed."""
    home = tmp_path_factory.mktemp("teacher")
    simulate(home / "raw", sources=["mind", "steam"], scale=0.01, seed=3)
    settings = Settings(raw=home / "raw", warn=lambda text: None)
    build_folder(home / "itdr", settings, configs=["tui-mind"], changes={"num_examples": 40})
    build_folder(home / "itdr", settings, configs=["ir-steam"], changes={"num_examples": 12})
    return home / "itdr"


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of the small dataset folder."""
    return Path(shutil.copytree(built, tmp_path / "itdr"))


@pytest.fixture(scope="session")
def two_thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TUI of MIND, 2,000 examples."""
    home = tmp_path_factory.mktemp("many")
    simulate(home / "raw", sources=["mind"], scale=0.3, seed=3)
    settings = Settings(raw=home / "raw", warn=lambda text: None)
    build_folder(home / "itdr", settings, configs=["tui-mind"], changes={"num_examples": 2000})
    return home / "itdr"


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    """Start an endpoint: `serve(script, latency=…)`."""
    running: list[FaultServer] = []

    def start(script: Script | None = None, **settings: object) -> FaultServer:
        running.append(FaultServer(**({"script": script} if script else {}), **settings))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "answers") as opened:
        yield opened


@pytest.fixture
def writer_of() -> Callable[..., Writer]:
    """The writer behind a server."""
    return lambda server, **changes: Writer(**{"endpoint": server.url, "model": "m", **changes})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Back-offs of milliseconds, a store of the test's own, and no key."""
    monkeypatch.setattr(client, "BACK_OFF", 0.005)
    monkeypatch.setenv("ITDR_ANSWERS", str(tmp_path / "answers"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
