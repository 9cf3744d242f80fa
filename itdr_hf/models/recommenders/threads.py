"""One thread for torch, where the same seed is to give the same bytes on any machine of one kind."""

from __future__ import annotations

from importlib.util import find_spec


def one_thread() -> None:
    """Make torch add in one order: a process that trains calls it once; nothing happens without torch."""
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)
