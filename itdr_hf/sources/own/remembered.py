"""What a built dataset remembers of a custom source: everything but how its files are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from itdr_hf.raw.source import Attribute, RatingScale, Source, Words

NOT_REMEMBERED = ("layouts", "downloads")  # what a built dataset has no use for


def described(source: Source) -> dict[str, Any]:
    """Return what a ledger keeps of a custom source: everything but how its files are read."""
    kept = {f.name: getattr(replace(source, layouts=(), downloads=()), f.name) for f in fields(source)}
    whole = asdict(Source(**kept))
    return {name: value for name, value in whole.items() if name not in NOT_REMEMBERED}


def recalled(description: Mapping[str, Any]) -> Source:
    """Return the source that was `described`, without files: enough for everything that is done with a built dataset."""
    known = {f.name for f in fields(Source)}
    kept: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in description.items() if n in known}
    kept |= {n: tuple(Attribute(**a) for a in kept[n]) for n in ("user_attributes", "item_attributes")}
    kept |= {"words": Words(**kept["words"]), "scale": kept["scale"] and RatingScale(**kept["scale"])}
    return Source(**kept | {"pairs": tuple(map(tuple, kept["pairs"])), "layouts": ()})
