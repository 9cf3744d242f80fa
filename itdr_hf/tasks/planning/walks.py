"""How items are met: walks over shelves, each a prime-sized cycle from a start and with a stride of its own.

A shelf is a group of a catalogue's items in an order that has nothing to do with them, so that every item of it is
equally likely and none is met twice. Where negatives have to be known by the time of their positive (`availability`),
the whole catalogue is walked in the order in which it was first seen, no further than it was then: nothing is met in
vain, however young the data were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import digest, sampling
from itdr_hf.tasks.planning.queries import KEYS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.runtime.engine import Record
    from itdr_hf.tasks.planning.context import PlanContext

WHOLE_CYCLE = 509  # catalogues up to this size are walked whole where need be: nobody runs out by bad luck
NEAR = 3  # steps beyond those wanted after which most have found enough
SHORT_CYCLE = 61  # the same for a band or a genre: there is more behind it
RUNG = 1.2  # from one size of a cycle to the next, where how far it may go is another number for every example
LEVEL = 10**6  # ranks of one level; no walk has more steps
FOUND = ("item", "title", "norm", "label")
MANY = 10**6  # wanted of a side without a limit


class Walks(NamedTuple):
    """`shelves`: FOUND, shelf, place, first_seen. `walkers`: KEYS, shelf, level, turn, until, reach, key.

    `turn` is the number of the positive that a walk is for. `until` is the time by which what is met has to have been
    seen, NULL for any; `reach` is how many places of the shelf the walk may go to, NULL for all; `key` is hashed for
    start and stride. The walks of `last` come behind all others.
    """

    shelves: ir.Table
    walkers: ir.Table
    last: ir.Table | None = None


def positives(plan: PlanContext, chosen: ir.Table, shown: ir.Table) -> ir.Table:
    """Return the positives: KEYS, item, home (the domain they are of), turn (their number from 0), when."""
    asked = shown.filter(shown["rank"] >= plan.recipe.history)
    asked = asked.select(
        *KEYS, "item", turn=(asked["rank"] - plan.recipe.history).cast("int64"), when=asked.timestamp.cast("float64")
    )
    return asked.inner_join(chosen.select(*KEYS, home="shelf"), KEYS)


def meet(plan: PlanContext, walks: Walks, count: int, *, far: bool) -> ir.Table:
    """Walk: what `draw` returns."""
    import ibis

    cycles = plan.engine.table(_cycles(plan, walks.shelves, count, far))
    no = ibis.literal(False)
    walkers = walks.walkers.mutate(last=no)
    if walks.last is not None:
        walkers = walkers.union(walks.last.mutate(last=~no))
    walkers = _with_reach(walkers.inner_join(cycles, "shelf"), count, far)
    walkers = plan.engine.materialise(walkers)  # DuckDB 2.0 breaks on this join inside the next (duckdb issue 24807)
    digits = digest.digest(
        f"negatives|{plan.recipe.seed}|{plan.source.id}{plan.period and '|' + plan.period}", walkers.key
    )
    walkers = walkers.mutate(
        start=digest.whole(digits, 0, 7) % walkers.prime,
        stride=1 + digest.whole(digits, 7, 7) % (walkers.prime - 1),
    )
    steps = walkers.mutate(step=ibis.range(0, walkers.steps).unnest())
    visits = steps.mutate(
        rank=steps.level * LEVEL + steps.step, place=(steps.start + steps.step * steps.stride) % steps.prime
    )
    visits = visits.filter(visits.place < visits.reach.fill_null(visits.place + 1))
    met = visits.inner_join(walks.shelves, ["shelf", "place"])
    met = met.filter(met.until.isnull() | (met.first_seen <= met.until))
    zero = ibis.literal(0, type="int64")
    return met.select(*KEYS, *FOUND, "rank", "turn", "last", side=zero, wanted=zero + MANY)


def _cycles(plan: PlanContext, shelves: ir.Table, count: int, far: bool) -> list[Record]:
    """For each shelf the prime that its walks go round, and how many steps they take."""
    sizes = {r["shelf"]: r["n"] for r in plan.engine.collect(shelves.group_by("shelf").agg(n=shelves.count()))}
    if not sizes:
        raise BuildError(
            f"{plan.source.id}: no titled items; want a catalogue to draw negatives from; check the release"
        )
    primes = {shelf: sampling.next_prime(size) for shelf, size in sizes.items()}
    few = max(4 * count, 20)

    def steps(shelf: str, prime: int) -> int:
        if "\x1f" not in shelf and not far:
            return min(count + NEAR, prime)
        return prime if prime <= (SHORT_CYCLE if "\x1f" in shelf else WHOLE_CYCLE) else few

    return [{"shelf": shelf, "prime": p, "steps": steps(shelf, p)} for shelf, p in primes.items()]


def _with_reach(walkers: ir.Table, count: int, far: bool) -> ir.Table:
    """Walkers that may not go everywhere, with a prime near what they may, and as many steps as that asks for."""
    import ibis

    primes = _rungs(10**8)
    prime = ibis.cases(*[(walkers.reach <= p, ibis.literal(p, type="int64")) for p in primes[:-1]], else_=primes[-1])
    few = max(4 * count, 20) if far else count + NEAR
    whole = ibis.least(prime, ibis.literal(WHOLE_CYCLE if far else few, type="int64"))
    steps = ibis.ifelse(prime <= WHOLE_CYCLE, whole, few) if far else whole
    bounded = walkers.reach.notnull()
    return walkers.mutate(
        prime=ibis.ifelse(bounded, prime, walkers.prime).cast("int64"),
        steps=ibis.ifelse(bounded, steps, walkers.steps).cast("int64"),
    )


def _rungs(most: int) -> list[int]:
    """Primes, each little larger than the one before: sizes of cycles for every reach up to `most`."""
    primes = [3]
    while primes[-1] < most:
        primes.append(sampling.next_prime(max(primes[-1] + 2, int(primes[-1] * RUNG))))
    return primes
