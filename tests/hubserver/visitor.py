"""Run code as a visitor would: another process, a fresh HF_HOME, nothing of ours, only loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

GUARD = """
import json, socket, sys
class Guarded(socket.socket):
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise SystemExit(f"wanted to reach {address}")
        return super().connect(address)
socket.socket = Guarded
"""
FORGOTTEN = ("PYTHONPATH", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE")


def run(code: str, home: Path, endpoint: str, *, token: str = "", xet: bool = False, path: str = "") -> Any:
    """What the code prints last, read as JSON; its whole output when it fails."""
    env = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
    env |= {
        "HF_HOME": str(home),
        "HF_ENDPOINT": endpoint,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_XET_TELEMETRY_ENABLED": "0",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    env |= ({"HF_TOKEN": token} if token else {}) | ({"PYTHONPATH": path} if path else {})
    env |= {} if xet else {"HF_HUB_DISABLE_XET": "1"}
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-c", GUARD + code],
        cwd=home,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert token == "" or token not in done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
