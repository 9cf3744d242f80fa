"""Choice by stable hash: who is in which split, who is sampled, which items are drawn as negatives.

Everything is md5 of text, compared as hex digits, so that every engine, machine and run agrees; nothing
here is random. Expressions are Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from itdr_hf.records import SPLITS
from itdr_hf.tasks.planning.splits import SHARES

if TYPE_CHECKING:
    pass


def quotas(available: Mapping[tuple[str, str], int], wanted: int) -> dict[tuple[str, str], int]:
    """How many examples each (domain, split) gives: exact in total, as near to the shares as can be.

    Domains count alike; where a domain or a split has fewer than its share, the others fill in. The total is
    min(wanted, sum of available).
    """
    domains = sorted({domain for domain, _ in available})
    per_domain = fill(
        {d: sum(available.get((d, s), 0) for s in SPLITS) for d in domains},
        dict.fromkeys(domains, 1.0),
        wanted,
    )
    result: dict[tuple[str, str], int] = {}
    for domain, count in per_domain.items():
        room = {s: available.get((domain, s), 0) for s in SPLITS}
        result |= {(domain, s): n for s, n in fill(room, SHARES, count).items()}
    return result


def fill(room: Mapping[str, int], weights: Mapping[str, float], wanted: int) -> dict[str, int]:
    """Divide `wanted` by weight (largest remainder), never more than each one's room; the rest moves on."""
    given = dict.fromkeys(room, 0)
    left = min(wanted, sum(room.values()))
    while left:
        open_ = [name for name in room if given[name] < room[name]]
        for name, share in _apportion(open_, weights, left).items():
            given[name] += min(share, room[name] - given[name])
        left = min(wanted, sum(room.values())) - sum(given.values())
    return given


def _apportion(names: Iterable[str], weights: Mapping[str, float], count: int) -> dict[str, int]:
    names = list(names)
    total = sum(weights[n] for n in names)
    exact = {n: count * weights[n] / total for n in names}
    whole_part = {n: int(exact[n] + 1e-9) for n in names}
    spare = count - sum(whole_part.values())
    for name in sorted(names, key=lambda n: (whole_part[n] - exact[n], names.index(n)))[:spare]:
        whole_part[name] += 1
    return whole_part


def next_prime(number: int) -> int:
    """Return the least prime that is at least `number` (and at least 3)."""
    candidate = max(number, 3) | 1
    while any(candidate % k == 0 for k in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate
