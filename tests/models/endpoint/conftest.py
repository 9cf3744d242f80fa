"""A dataset folder of two small cells, and a server that sends whatever bytes it is given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from oddserver import OddServer

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.models.endpoint import client
from itdr_hf.simulate import simulate


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RP and TUI of MovieLens, some 30 examples each; not to be changed."""
    home = tmp_path_factory.mktemp("odd")
    simulate(home / "raw", sources=["movielens32m"], scale=0.01, seed=3)
    settings = Settings(raw=home / "raw", warn=lambda text: None)
    build_folder(home / "itdr", settings, configs=["rp-movielens32m", "tui-movielens32m"], changes={"num_examples": 30})
    return home / "itdr"


@pytest.fixture
def server() -> Iterator[OddServer]:
    running = OddServer()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Back-offs of milliseconds, no key, and no certificates to load for a server that has none."""
    monkeypatch.setattr(client, "BACK_OFF", 0.001)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path_factory.getbasetemp()))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ITDR_ANSWERS"):
        monkeypatch.delenv(name, raising=False)
