"""Fixtures around a running stand-in: clients that cannot leave loopback and do not really sleep."""

from __future__ import annotations

import socket
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils.tqdm import disable_progress_bars

from hubserver import WRITE, Hub
from hubserver.folders import write_folder
from hubserver.stage import Stage

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """An empty hub, without Xet."""
    yield from _stage(tmp_path, monkeypatch)


@pytest.fixture
def released(stage: Stage) -> Stage:
    """A hub that holds v1.0.0; its log is empty."""
    stage.push(stage.old, verify="tree")
    stage.hub.log.clear()
    return stage


def _stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    naps: list[float] = []
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    for module in ("huggingface_hub.utils._http", "huggingface_hub.file_download"):
        monkeypatch.setattr(f"{module}.time", types.SimpleNamespace(sleep=naps.append))
    monkeypatch.setattr(socket, "getaddrinfo", _loopback_only(socket.getaddrinfo))
    disable_progress_bars()
    old, new = write_folder(tmp_path / "old"), write_folder(tmp_path / "new", "2.0.0")
    with Hub(tmp_path / "hub") as hub:
        yield Stage(
            hub=hub,
            api=HfApi(endpoint=hub.url, token=WRITE),
            old=old,
            new=new,
            naps=[],
            client_naps=naps,
        )
    assert hub.unknown == [], "a request the stand-in does not know"
    assert hub.leaks == [], "a bearer token went to the storage origin"


def _loopback_only(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        assert name in LOOPBACK, f"a test wanted to reach {name}"
        return resolve(host, *args, **kwargs)

    return guarded
