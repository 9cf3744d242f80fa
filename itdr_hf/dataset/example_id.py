"""Ids of examples, derived from their content, so that they are the same in every build."""

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
    texts: Iterable[str],
) -> str:
    """Return a hash of an example's content, 16 hex digits.

    `subject` is the hash of a user or the id of an item; `texts` are the targets, or the values of the prompt's slots.
    """
    text = SEPARATOR.join([domain, subject, *history, *map(str, ratings), *candidates, *texts])
    return hashlib.md5(text.encode()).hexdigest()[:16]
