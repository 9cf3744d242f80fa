"""Prompts of a limited length: the oldest titles of a history go first, never the candidates or what is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from itdr_hf.tasks.answers import numbered

_PIECE = re.compile(r"\w{1,5}|[^\w\s]")


def pieces(text: str) -> int:
    """Return about how many tokens a text has: runs of up to five letters, and marks, each one.

    Tokenizers of English make fewer of it; the number is the same for every model, so that prompts are too.
    """
    return len(_PIECE.findall(text))


def fitted(
    fill: Callable[[Mapping[str, str]], str], slots: Mapping[str, str], history: Sequence[str], most: int
) -> tuple[str, Sequence[str]]:
    """Return the prompt of at most `most` pieces and the titles of the history that it shows, two at the least."""
    text = fill(slots)
    while most and len(history) > 2 and (over := pieces(text) - most) > 0:
        dropped, saved = 0, 0
        while saved < over and dropped < len(history) - 2:
            saved += pieces(history[dropped])
            dropped += 1
        history = history[dropped:]
        text = fill({**slots, "history": numbered(history)})
    return text, history
