"""Faults on demand: what goes wrong, at which request, how many times."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["status", "drop", "reset", "lose reply", "cut body", "reset body", "corrupt", "stall", "call"]


@dataclass(kw_only=True)
class Fault:
    """From the `nth` request that matches, `times` requests in a row go wrong.

    kind: `status` answers without doing anything; `drop` reads the request and closes; `reset` closes by
    RST at once; `lose reply` does the work and closes; `cut body` and `reset body` stop half-way through
    the answer; `corrupt` flips a byte of the answer (of the request, for a PUT); `stall` waits `seconds`
    and closes; `call` runs `action` (someone else's push, say) and then serves the request as usual.
    """

    method: str
    path: str
    kind: Kind = "status"
    nth: int = 1
    times: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"error": "injected"}'
    seconds: float = 30.0
    action: Callable[[], object] | None = None
    seen: int = 0
    fired: int = 0

    def matches(self, method: str, path: str) -> bool:
        return self.method in (method, "*") and re.search(self.path, path) is not None


class Faults:
    """The faults of one server, in the order they were added; at most one fires per request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.matches(method, path):
                    fault.seen += 1
                    if fault.nth <= fault.seen < fault.nth + fault.times:
                        fault.fired += 1
                        return fault
        return None
