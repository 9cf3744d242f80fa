"""The retry policy: how many tries, how long to wait between them, and how long a server asks to wait."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

TRANSIENT = (408, 425, 429, 500, 502, 503, 504)  # statuses worth another try
MAX_DOUBLINGS = 30  # of a pause, which is then years long


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How many times to try, and how long to wait between tries, in seconds."""

    tries: int = 5  # in total, including the first
    pause: float = 1.0  # before the second try; doubled before each further one …
    longest_pause: float = math.inf  # … up to this
    longest: float = 600.0  # give up rather than wait longer
    sleep: Callable[[float], object] = time.sleep

    def wait(self, failures: int, asked: float | None = None, spread: float = 1.0) -> float | None:
        """Return the seconds to wait after this many failures in a row; None to give up.

        `asked` is the wait that the server asks for, which replaces the computed one; `spread` (a factor of about 1)
        keeps requests that failed together from being retried together.
        """
        doubled = self.pause * 2 ** min(failures - 1, MAX_DOUBLINGS)
        pause = min(doubled, self.longest_pause) * spread if asked is None else asked
        return None if failures >= self.tries or pause > self.longest else pause


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds that a server asks to wait; None if it asks for none, or in an unknown form.

    The headers read are `Retry-After-Ms`, `Retry-After` (seconds or a date) and an exhausted `RateLimit`
    (`r=0;t=SECONDS`).
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = str(headers.get(name) or "").strip()
        seconds = _number(value) if value else None
        if seconds is not None:
            return max(0.0, seconds / unit)
    after = str(headers.get("retry-after") or "").strip()
    if after:
        return _until(after)
    used_up = re.search(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})", str(headers.get("ratelimit") or ""))
    return float(used_up[1]) if used_up else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _until(date: str) -> float | None:
    """Return the seconds until an HTTP date; 0 for one in the past, None for an invalid one."""
    try:
        then = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
