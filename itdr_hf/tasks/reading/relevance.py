"""Which places of a ranked list are hits."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def relevance(ranked: Iterable[str], targets: Collection[str], candidates: Collection[str] | None = None) -> list[bool]:
    """Return for each place of a ranked list whether it holds a target, best place first.

    Every place keeps its rank: one that is empty, repeats an item or names none of `candidates` is a miss.
    Places that the list does not reach are misses too, so the result may be short or empty.
    """
    left = set(targets) if candidates is None else set(targets) & set(candidates)
    left.discard("")
    hits = []
    for item in ranked:
        hits.append(item in left)
        left.discard(item)
    return hits
