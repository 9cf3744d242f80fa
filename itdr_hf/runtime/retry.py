"""One policy for whatever is tried again: how often, after which wait, and the wait that a server asks for."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

TRANSIENT = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be another one next time
MOST_DOUBLINGS = 30  # of a pause: beyond that it is years


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often something is tried, and how long to wait in between, in seconds."""

    tries: int = 5  # in all, the first included
    pause: float = 1.0  # before the second try; doubled before each further one …
    longest_pause: float = math.inf  # … up to this
    longest: float = 600.0  # a longer wait is not agreed to
    sleep: Callable[[float], object] = time.sleep

    def wait(self, failures: int, asked: float | None = None, spread: float = 1.0) -> float | None:
        """Return the seconds to wait after this many failures in a row; None when there is to be no other try.

        `asked` is what the server asks for, in place of our own pause; `spread` (a factor of about 1) keeps
        requests that failed together from coming back together.
        """
        doubled = self.pause * 2 ** min(failures - 1, MOST_DOUBLINGS)
        pause = min(doubled, self.longest_pause) * spread if asked is None else asked
        return None if failures >= self.tries or pause > self.longest else pause


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds that a server asks to wait; None when it does not, or in no form that can be read.

    Read are `Retry-After-Ms`, `Retry-After` (seconds or a date) and a used-up `RateLimit` (`r=0;t=SECONDS`).
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
    """Return the seconds until a date of HTTP, 0 for one that is past."""
    try:
        then = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
