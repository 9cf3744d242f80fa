"""What can be said of profiles by counting: the share that parses, their length, how much they repeat their neighbours'.

Over-smoothing is the failure that RecLM shows by a case: a user's profile becomes that of the users around them. Here it
is a number: the share of a profile's entries (identities and interests) that stand in the profile of a neighbour too. It
means something only beside the same share for as many users drawn by chance, and beside that of the references.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from itdr_hf.models.profiling.subjects import Key
from itdr_hf.tasks.reclm.rules import Profile, read_profile


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures of the profiles of one side.

    profiles: how many there are; parsed: the share that has identities and interests. words: the median length. distinct:
    different texts by all. repeats: the mean share of the entries of a parsed profile that a neighbour's has too;
    repeats_by_chance: the same with as many others drawn by a stable hash. compared: profiles with a parsed neighbour.
    """

    profiles: int
    parsed: float
    words: float
    distinct: float
    compared: int
    repeats: float | None
    repeats_by_chance: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, rounded."""
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}


def figures(texts: Mapping[Key, str], near: Mapping[Key, Sequence[Key]]) -> Figures:
    """Return the figures of profiles by key, of which there is at least one."""
    parsed = {key: profile for key, text in texts.items() if (profile := read_profile(text))}
    order = sorted(parsed)
    pairs = list(_shares(parsed, near, order))
    return Figures(
        profiles=len(texts),
        parsed=len(parsed) / len(texts),
        words=float(median(len(text.split()) for text in texts.values())),
        distinct=len(set(texts.values())) / len(texts),
        compared=len(pairs),
        repeats=fmean(mine for mine, _ in pairs) if pairs else None,
        repeats_by_chance=fmean(chance for _, chance in pairs) if pairs else None,
    )


def _shares(
    parsed: Mapping[Key, Profile], near: Mapping[Key, Sequence[Key]], order: Sequence[Key]
) -> Iterator[tuple[float, float]]:
    """Yield of each profile the share of its entries that neighbours have, and that as many others have."""
    for key in order:
        around = [parsed[other] for other in near.get(key, ()) if other in parsed]
        if around and len(order) > len(around):
            yield _repeated(parsed[key], around), _repeated(parsed[key], _others(key, len(around), parsed, order))


def _others(key: Key, count: int, parsed: Mapping[Key, Profile], order: Sequence[Key]) -> list[Profile]:
    """Return as many others' profiles, drawn by a hash of the key."""
    drawn = random.Random(f"others|{key}").sample(range(len(order)), count + 1)
    return [parsed[order[place]] for place in drawn if order[place] != key][:count]


def _repeated(profile: Profile, others: Sequence[Profile]) -> float:
    mine = {*_entries(profile)}
    theirs = {entry for other in others for entry in _entries(other)}
    return len(mine & theirs) / len(mine)


def _entries(profile: Profile) -> Iterator[str]:
    yield from (entry.casefold() for entry in (*profile.identities, *profile.interests))
