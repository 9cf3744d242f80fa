"""One thread for torch: on matrices this small, threads cost more than they bring, above all on a busy machine."""

from __future__ import annotations

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)
