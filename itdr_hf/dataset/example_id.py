"""What an example's id is made of: all that the example says, so that it is the same in every build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SEPARATOR = "\x1f"


def content_digits(
    domain: str,
    subject: str,
    history: Iterable[str],
    ratings: Iterable[float],
    candidates: Iterable[str],
    said: Iterable[str],
) -> str:
    """Return 16 hex digits; `subject` is the hash of a user or an item's id, `said` the targets or what fills a prompt."""
    text = SEPARATOR.join([domain, subject, *history, *map(str, ratings), *candidates, *said])
    return hashlib.md5(text.encode()).hexdigest()[:16]
