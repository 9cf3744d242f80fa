"""Write answers: lists of titles in an order, numbered, and numbers as their source writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import factorial

GROUP = 10  # candidates that are compared at once; of more, the first of each group meet in a final


def shuffled(titles: Sequence[str], seed: int) -> list[str]:
    """Return a permutation decided by `seed` (a large whole number) alone; every one equally likely."""
    left, out = list(titles), []
    seed %= factorial(len(left))  # the rest of it decides nothing
    for size in range(len(left), 1, -1):
        out.append(left.pop(seed % size))
        seed //= size
    return out + left


def listed(titles: Sequence[str]) -> str:
    """Return titles as a prompt offers them: '- first' and so on, one a line."""
    return "\n".join([f"- {title}" for title in titles])


def numbered(titles: Sequence[str]) -> str:
    """'1. first' and so on, one a line."""
    pieces = _numbers(len(titles)).copy()
    pieces[1::2] = titles
    return "".join(pieces)


@cache
def _numbers(count: int) -> list[str]:
    """Return what stands before each title, and a place for the title."""
    return [piece for n in range(1, count + 1) for piece in (f"\n{n}. " if n > 1 else "1. ", "")]


def as_written(value: str, write: Callable[[float], str]) -> str:
    """Return a number as `write` writes numbers, where that loses nothing: '4' as '4.0'."""
    written = write(float(value))
    return written if float(written) == float(value) else value
