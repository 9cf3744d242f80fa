"""A disk that is soon full: a small file system, mounted for one process only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# In a mount namespace of its own, which ends with the process: whatever becomes of it, nothing stays mounted.
MOUNTED = ["unshare", "--mount", "bash", "-c", 'mount -t tmpfs -o size="$0" tmpfs "$1" && exec "${@:2}"']

needs_mount = pytest.mark.skipif(
    subprocess.run([*MOUNTED, "256k", "/mnt", "true"], capture_output=True).returncode != 0,
    reason="a small file system can only be mounted by root",
)


def run_on_small_disk(small: Path, size: str, code: str, *arguments: object) -> Any:
    """What Python code prints as JSON; its arguments are the folder that is the small disk, and those given."""
    small.mkdir()
    command = [*MOUNTED, size, small, sys.executable, "-c", code, small, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
