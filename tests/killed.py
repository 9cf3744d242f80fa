"""Kill a training run at the moment its first checkpoint is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itdr_hf.models.train.checkpoints import last_checkpoint


def kill_after_first_checkpoint(
    command: Sequence[str], checkpoints: Path, *, seconds: float = 120, **options: Any
) -> None:
    """Start a command, wait for its first checkpoint, and kill it with all its processes; `options` are of Popen."""
    run = subprocess.Popen(command, start_new_session=True, **options)
    deadline = time.monotonic() + seconds
    while last_checkpoint(checkpoints) is None:
        assert run.poll() is None and time.monotonic() < deadline, "no checkpoint before the end"
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
