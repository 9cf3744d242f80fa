"""Draw items from pools without replacement, the same ones on every engine.

A pool is a group of a catalogue's items, numbered in an order that has nothing to do with them. A draw goes round the
pool in steps of a fixed stride, both start and stride taken from a hash, and the size of the cycle is a prime: every
item is equally likely, and none comes twice. Where negatives have to be known by the time of their positive
(`availability`), the catalogue is numbered in the order in which items were first seen, and a draw stays below the
number that were known then, so that no step is lost, however young the data were.
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

FULL_CYCLE = 509  # pools up to this size are drawn empty where need be: no example runs out by bad luck
SPARE_STEPS = 3  # beyond those wanted, after which most examples have enough
SHORT_CYCLE = 61  # the same for a band or a genre, which has further pools behind it
GROWTH = 1.2  # from one size of cycle to the next, where every example may reach another number of items
LEVEL_RANKS = 10**6  # ranks of one level; no draw has more steps
FOUND = ("item", "title", "norm", "label")
NO_LIMIT = 10**6  # `wanted` of a side of which all may be taken


class Draws(NamedTuple):
    """Which examples draw from which pools.

    `pools` has FOUND, pool, place and first_seen; `draws` has KEYS, pool, level, slot, until, reach and key. `slot` is
    the number of the positive that a draw is for; `until` the time by which an item has to have been seen, NULL for
    any; `reach` how many places of the pool count, NULL for all; `key` is hashed for start and stride. What the draws
    of `last` find comes behind everything else.
    """

    pools: ir.Table
    draws: ir.Table
    last: ir.Table | None = None


def positives(plan: PlanContext, chosen: ir.Table, shown: ir.Table) -> ir.Table:
    """Return the positives: KEYS, item, home (the domain they are of), slot (their number from 0), when."""
    asked = shown.filter(shown["rank"] >= plan.recipe.history)
    asked = asked.select(
        *KEYS, "item", slot=(asked["rank"] - plan.recipe.history).cast("int64"), when=asked.timestamp.cast("float64")
    )
    return asked.inner_join(chosen.select(*KEYS, home="pool"), KEYS)


def draw(plan: PlanContext, wanted: Draws, count: int, *, far: bool) -> ir.Table:
    """Return what each example draws: KEYS, FOUND, and rank, slot, last, side and wanted, by which to choose.

    With `far`, a draw goes on until small pools are empty; without, it ends a few steps beyond `count`.
    """
    import ibis

    cycles = plan.engine.table(_cycles(plan, wanted.pools, count, far))
    no = ibis.literal(False)
    draws = wanted.draws.mutate(last=no)
    if wanted.last is not None:
        draws = draws.union(wanted.last.mutate(last=~no))
    draws = _with_reach(draws.inner_join(cycles, "pool"), count, far)
    draws = plan.engine.materialise(draws)  # DuckDB 2.0 breaks on this join inside the next (duckdb issue 24807)

    digits = digest.digest(
        f"negatives|{plan.recipe.seed}|{plan.source.id}{plan.period and '|' + plan.period}", draws.key
    )
    draws = draws.mutate(
        start=digest.whole(digits, 0, 7) % draws.prime,
        stride=1 + digest.whole(digits, 7, 7) % (draws.prime - 1),
    )

    steps = draws.mutate(step=ibis.range(0, draws.steps).unnest())
    drawn = steps.mutate(
        rank=steps.level * LEVEL_RANKS + steps.step, place=(steps.start + steps.step * steps.stride) % steps.prime
    )
    drawn = drawn.filter(drawn.place < drawn.reach.fill_null(drawn.place + 1))

    found = drawn.inner_join(wanted.pools, ["pool", "place"])
    found = found.filter(found.until.isnull() | (found.first_seen <= found.until))
    zero = ibis.literal(0, type="int64")
    return found.select(*KEYS, *FOUND, "rank", "slot", "last", side=zero, wanted=zero + NO_LIMIT)


def _cycles(plan: PlanContext, pools: ir.Table, count: int, far: bool) -> list[Record]:
    """Return for each pool the prime size of its cycle, and how many steps a draw takes."""
    sizes = {r["pool"]: r["n"] for r in plan.engine.collect(pools.group_by("pool").agg(n=pools.count()))}
    if not sizes:
        raise BuildError(
            f"{plan.source.id}: no titled items; want a catalogue to draw negatives from; check the release"
        )
    primes = {pool: sampling.next_prime(size) for pool, size in sizes.items()}
    few = max(4 * count, 20)

    def steps(pool: str, prime: int) -> int:
        if "\x1f" not in pool and not far:
            return min(count + SPARE_STEPS, prime)
        return prime if prime <= (SHORT_CYCLE if "\x1f" in pool else FULL_CYCLE) else few

    return [{"pool": pool, "prime": p, "steps": steps(pool, p)} for pool, p in primes.items()]


def _with_reach(draws: ir.Table, count: int, far: bool) -> ir.Table:
    """Return draws whose `reach` is bounded with a prime near it, and the steps that such a cycle takes."""
    import ibis

    primes = _cycle_sizes(10**8)
    prime = ibis.cases(*[(draws.reach <= p, ibis.literal(p, type="int64")) for p in primes[:-1]], else_=primes[-1])
    few = max(4 * count, 20) if far else count + SPARE_STEPS
    full = ibis.least(prime, ibis.literal(FULL_CYCLE if far else few, type="int64"))
    steps = ibis.ifelse(prime <= FULL_CYCLE, full, few) if far else full
    bounded = draws.reach.notnull()
    return draws.mutate(
        prime=ibis.ifelse(bounded, prime, draws.prime).cast("int64"),
        steps=ibis.ifelse(bounded, steps, draws.steps).cast("int64"),
    )


def _cycle_sizes(largest: int) -> list[int]:
    """Return primes, each little larger than the one before: sizes of cycles for every reach up to `largest`."""
    primes = [3]
    while primes[-1] < largest:
        primes.append(sampling.next_prime(max(primes[-1] + 2, int(primes[-1] * GROWTH))))
    return primes
