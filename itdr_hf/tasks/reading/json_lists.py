"""Lists of items within JSON: arrays, arrays of objects, objects by rank."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TITLE_KEYS = ("title", "name", "item", "candidate", "movie", "film", "book", "game", "product", "song", "artist", "anime", "show", "recommendation", "id")  # fmt: skip
_RANK_KEYS = ("rank", "position", "place", "order", "index")


def item_lists(value: Any) -> Iterator[list[str]]:
    """Give every list of items that a JSON value holds, in order."""
    if isinstance(value, Mapping):
        if ordered := _by_rank(value):
            yield ordered
        else:
            for inner in value.values():
                yield from item_lists(inner) if isinstance(inner, (Mapping, list, tuple)) else ()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = [_item(one) for one in _ranked(value)]
        if any(items):
            yield [item for item in items if item]
        else:
            for inner in value:
                yield from item_lists(inner)


def _by_rank(value: Mapping[Any, Any]) -> list[str]:
    """Read {"1": "title", …} and {"title": 1, …}; scores only where they fall in the order written."""
    keys, values = list(value), list(value.values())
    if len(keys) < 2:
        return []
    if all(str(key).strip("#rank_. item").isdigit() for key in keys) and all(map(_item, values)):
        ordered = sorted(value.items(), key=lambda pair: int(str(pair[0]).strip("#rank_. item")))
        return [_item(one) for _, one in ordered]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return []
    if sorted(values) == list(range(1, len(values) + 1)):
        return [str(key) for key in sorted(keys, key=lambda key: float(value[key]))]
    return [str(key) for key in keys] if values == sorted(values, reverse=True) else []


def _ranked(values: Sequence[Any]) -> Sequence[Any]:
    """Order objects by their rank where every one has one."""
    for key in _RANK_KEYS:
        ranks = [one.get(key) if isinstance(one, Mapping) else None for one in values]
        if ranks and all(isinstance(rank, int) for rank in ranks):
            return sorted(values, key=lambda one: int(one[key]))
    return values


def _item(value: Any) -> str:
    """Return the title of one entry; '' where it is none."""
    if isinstance(value, Mapping):
        lowered = {str(key).lower(): inner for key, inner in value.items()}
        named = (lowered[key] for key in _TITLE_KEYS if isinstance(lowered.get(key), str | int))
        return str(next(named, ""))
    if isinstance(value, list | tuple):
        return (
            value[0]
            if value and isinstance(value[0], str) and len(value) == 2 and not isinstance(value[1], str)
            else ""
        )
    return "" if value is None or isinstance(value, bool) else str(value)
