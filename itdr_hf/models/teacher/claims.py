"""Who is asking for what right now: a lock per key, given back by the system when its process dies."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two processes may then ask for the same answer at once
    fcntl = None  # type: ignore[assignment]


class Claims:
    """Locks on single bytes of one empty file, at the place that a key's first digits name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._mine: set[str] = set()

    def take(self, key: str) -> bool:
        """Whether the key is now ours; False when it is taken, also by ourselves."""
        if key in self._mine:
            return False
        if fcntl is not None:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(key))
            except (BlockingIOError, PermissionError):
                return False
        self._mine.add(key)
        return True

    def give_back(self, key: str) -> None:
        """Let others have it."""
        if fcntl is not None and self._file is not None and key in self._mine:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(key))
        self._mine.discard(key)

    def close(self) -> None:
        """Give everything back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._mine.clear()


def _place(key: str) -> int:
    return int(key[:15], 16)  # below 2**60, as a file's offset must be
