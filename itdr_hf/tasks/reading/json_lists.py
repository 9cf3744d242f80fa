"""Lists of items within JSON: arrays, arrays of objects, objects by rank, several objects in a row, strings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_TITLE_KEYS = ("title", "name", "item", "candidate", "movie", "film", "book", "game", "product", "song", "artist", "anime", "show", "recommendation", "id")  # fmt: skip
_RANK_KEYS = ("rank", "position", "place", "order", "index")
_RANK = re.compile(
    r"(?:(?:rank|top|position|place|item|number|no|choice)[\s_.#]*|#\s?)?(\d{1,3})(?:st|nd|rd|th)?[.)]?", re.I
)
_ASIDE = re.compile(r"reason|expla|rational|thought|analysis|histor|comment|note|justif|why", re.IGNORECASE)
_LISTS = re.compile(r"[,;>|\n]")


class Items(NamedTuple):
    """A list of items and the key that it stands under, if any."""

    key: str
    items: list[str]


def item_lists(values: Sequence[Any]) -> Iterator[Items]:
    """Give every list of items that the JSON values of a text hold, in order; of several objects in a row the one list."""
    if len(values) > 1 and all(isinstance(value, Mapping) for value in values):
        keys = [key for value in values for key in value]
        together = {key: inner for value in values for key, inner in value.items()}
        row = _by_rank(together) if len(together) == len(keys) else []
        row = row or [item for value in values if (item := _item(value))]
        if len(row) == len(values):
            yield Items("", row)
            return
    for value in values:
        yield from _lists(value, "")


def listing_strings(value: Any, key: str = "") -> Iterator[str]:
    """Give the strings that may list items themselves, except those that give reasons."""
    if isinstance(value, str):
        if _LISTS.search(value) and not _ASIDE.search(key):
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from listing_strings(inner, str(name))


def _lists(value: Any, key: str) -> Iterator[Items]:
    if isinstance(value, Mapping):
        if ordered := _by_rank(value):
            yield Items(key, ordered)
        else:
            for name, inner in value.items():
                yield from _lists(inner, str(name)) if isinstance(inner, (Mapping, list, tuple)) else ()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        items = [_item(one) for one in _ranked(value)]
        if any(items):
            yield Items(key, [item for item in items if item])
        else:
            for inner in value:
                yield from _lists(inner, key)


def _by_rank(value: Mapping[Any, Any]) -> list[str]:
    """Read {"1": "title", …} and {"title": 1, …}; scores only where they fall in the order written."""
    keys, values = list(value), list(value.values())
    if len(keys) < 2:
        return []
    places = [found[1] if (found := _RANK.fullmatch(str(key).strip())) else None for key in keys]
    if all(places) and all(map(_item, values)):
        ordered = sorted(zip(places, values, strict=True), key=lambda pair: int(pair[0] or 0))
        return [_item(one) for _, one in ordered]
    ranks = [_rank(one) for one in values]
    if sorted(rank or 0 for rank in ranks) == list(range(1, len(values) + 1)):
        return [str(key) for _, key in sorted(zip(ranks, keys, strict=True), key=lambda pair: pair[0] or 0)]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return []
    return [str(key) for key in keys] if values == sorted(values, reverse=True) else []


def _ranked(values: Sequence[Any]) -> Sequence[Any]:
    """Order objects by their rank, and pairs by their number, where every one has one."""
    for key in _RANK_KEYS:
        ranks = [_rank(one.get(key)) if isinstance(one, Mapping) else None for one in values]
        if ranks and all(rank is not None for rank in ranks):
            return [one for _, one in sorted(zip(ranks, values, strict=True), key=lambda pair: pair[0] or 0)]
    pairs = [sorted(one, key=lambda part: isinstance(part, str)) for one in values if _is_pair(one)]
    numbers = [_rank(pair[0]) for pair in pairs]
    if pairs and sorted(number or 0 for number in numbers) == list(range(1, len(values) + 1)):
        return [pair[1] for _, pair in sorted(zip(numbers, pairs, strict=True), key=lambda both: both[0] or 0)]
    return values


def _rank(value: Any) -> int | None:
    """Return a rank that is a whole number, or says one: 3, "3", "3rd"."""
    if isinstance(value, str) and (found := _RANK.fullmatch(value.strip())):
        return int(found[1])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_pair(value: Any) -> bool:
    """Whether a value is a title and its number, in either order."""
    return isinstance(value, list | tuple) and len(value) == 2 and sum(isinstance(one, str) for one in value) == 1


def _item(value: Any) -> str:
    """Return the title of one entry; '' where it is none."""
    if isinstance(value, Mapping):
        lowered = {str(key).lower(): inner for key, inner in value.items()}
        named = (lowered[key] for key in _TITLE_KEYS if isinstance(lowered.get(key), str | int))
        return str(next(named, ""))
    if isinstance(value, list | tuple):
        return next(one for one in value if isinstance(one, str)) if _is_pair(value) else ""
    return "" if value is None or isinstance(value, bool) else str(value)
