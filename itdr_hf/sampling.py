"""Choice by stable hash: who is in which split, who is sampled, which items are drawn as negatives.

Everything is md5 of text, compared as hex digits, so that every engine, machine and run agrees; nothing
here is random. Expressions are Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from itdr_hf.records import SPLITS

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}  # as in the authors' release


def digest(*parts: ir.Value | str) -> ir.StringValue:
    """32 hex digits: the md5 of the parts as text, joined by '|'."""
    import ibis

    values = [ibis.literal(p) if isinstance(p, str) else p.cast("string") for p in parts]
    return ibis.literal("|").join(values).hexdigest("md5")


def split_of(source_id: str, subject: ir.Value, kind: str) -> ir.StringValue:
    """The split of a user or item of a source: the same in every cell, whatever the seed or the sample.

    It depends on nothing but the source and the id, so a later release never moves a test user to train.
    """
    import ibis

    place = digest(f"split|{source_id}|{kind}", subject)
    first, second = _hex(SHARES["train"]), _hex(SHARES["train"] + SHARES["validation"])
    return ibis.cases((place < first, SPLITS[0]), (place < second, SPLITS[1]), else_=SPLITS[2])


def _hex(share: float) -> str:
    return f"{round(share * 16**8):08x}"


def placed(items: ir.Table, shelf: list[str]) -> ir.Table:
    """Items with `place`, where each stands on its shelf, from 0: in md5 order, which has nothing to do with them."""
    import ibis

    order = [digest("shelf", items.item), items.item]
    return items.mutate(place=ibis.row_number().over(group_by=[items[name] for name in shelf], order_by=order))


def whole(digits: ir.StringValue, start: int, length: int) -> ir.IntegerValue:
    """The whole number that `length` (at most 15) hex digits stand for, from position `start`."""
    return _hex_number()(digits.substr(start, length))


@cache
def _hex_number() -> Any:
    """The function of this name that every engine defines for itself."""
    import ibis

    @ibis.udf.scalar.builtin(signature=(("string",), "int64"))
    def hex_number(digits):  # type: ignore[no-untyped-def]
        """The number that hex digits stand for."""

    return hex_number


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
    """The least prime that is at least `number` (and at least 3)."""
    candidate = max(number, 3) | 1
    while any(candidate % k == 0 for k in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate
