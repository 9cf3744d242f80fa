"""Which items an example's negatives are drawn from: the strategies of the recipe's `negative_sampling`.

A strategy names shelves (groups of a catalogue's items) and who walks them: each walk is a prime-sized cycle
over one shelf, itself in md5 order, from a start and with a step of its own, so that every item of the shelf
is equally likely and none is met twice. Who finds too little on the near shelves ends on the whole catalogue.

    uniform     the whole catalogue, as the paper
    popularity  for each positive in turn the band of items about as popular as it: popularity is then no answer
    hard        for each positive in turn the items of the same genre or category, then of the same leading one
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from itdr_hf import sampling
from itdr_hf.errors import BuildError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.engine import Record
    from itdr_hf.gathering import Gathering

WHOLE_CYCLE = 509  # catalogues up to this size are walked whole where need be: nobody runs out by bad luck
NEAR = 3  # steps beyond those wanted after which most have found enough
SHORT_CYCLE = 61  # the same for a band or a genre: there is more behind it
BANDS = 20  # of popularity, each with the same share of all interactions
LAST = 9  # the level of the whole catalogue: what comes after everything near
LEVEL = 10**6  # ranks of one level; no walk has more steps
KEYS = ["domain", "subject"]


class Walks(NamedTuple):
    """`shelves`: item, title, norm, label, shelf, place. `walkers`: domain, subject, shelf, level, turn, key.

    Of two walks the lower level goes first, then the earlier step, then the lower turn; `key` is hashed for
    start and stride.
    """

    shelves: ir.Table
    walkers: ir.Table


Strategy = Callable[["Gathering", "ir.Table", "ir.Table", "ir.Table"], Walks]


def draw(g: Gathering, chosen: ir.Table, shown: ir.Table, count: int, *, far: bool) -> ir.Table:
    """The items each subject meets: domain, subject, item, title, norm, label, rank (the order met in).

    `shown` is the example's window; its ranks from `recipe.history` on are the positives. Not `far`: only the first
    steps over the whole catalogue, which come last; who finds enough on them finds the same by going on.
    """
    import ibis

    items = g.shelves if g.domain else g.shelves.mutate(domain=ibis.literal(""))
    if "shelf" not in chosen.columns:
        chosen = chosen.mutate(shelf=chosen.domain)
    walks = STRATEGIES[g.recipe.negative_sampling](g, items, chosen, shown)
    cycles = g.engine.table(_cycles(g, walks.shelves, count, far))
    walkers = walks.walkers.inner_join(cycles, "shelf")
    digits = sampling.digest(f"negatives|{g.recipe.seed}|{g.source.id}{g.period and '|' + g.period}", walkers.key)
    walkers = walkers.mutate(
        start=sampling.whole(digits, 0, 7) % walkers.prime,
        stride=1 + sampling.whole(digits, 7, 7) % (walkers.prime - 1),
    )
    steps = walkers.mutate(step=ibis.range(0, walkers.steps).unnest())
    turns = 2 * max(g.recipe.positives, 1)
    visits = steps.select(
        *KEYS,
        "shelf",
        rank=steps.level * LEVEL + steps.step * turns + steps.turn,
        place=(steps.start + steps.step * steps.stride) % steps.prime,
    )
    return visits.inner_join(walks.shelves, ["shelf", "place"]).select(*KEYS, "item", "title", "norm", "label", "rank")


def _cycles(g: Gathering, shelves: ir.Table, count: int, far: bool) -> list[Record]:
    """For each shelf the prime that its walks go round, and how many steps they take."""
    sizes = {r["shelf"]: r["n"] for r in g.engine.fetch(shelves.group_by("shelf").agg(n=shelves.count()))}
    if not sizes:
        raise BuildError(f"{g.source.id}: no titled items; want a catalogue to draw negatives from; check the release")
    primes = {shelf: sampling.next_prime(size) for shelf, size in sizes.items()}
    few = max(4 * count, 20)

    def steps(shelf: str, prime: int) -> int:
        if "\x1f" not in shelf and not far:
            return min(count + NEAR, prime)
        return prime if prime <= (SHORT_CYCLE if "\x1f" in shelf else WHOLE_CYCLE) else few

    return [{"shelf": shelf, "prime": p, "steps": steps(shelf, p)} for shelf, p in primes.items()]


def uniform(g: Gathering, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """Anything of the catalogue."""
    import ibis

    shelves = items.select("item", "title", "norm", "label", "place", shelf=items.domain)
    key = ibis.literal("|").join([chosen.domain.cast("string"), chosen.subject.cast("string")])
    zero = ibis.literal(0, type="int64")
    return Walks(shelves, chosen.select(*KEYS, "shelf", level=zero, turn=zero, key=key))


def popularity(g: Gathering, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """What as many people touched: the positive's band, then the bands on either side, one and two away."""
    banded = _banded(items)
    shelves = _placed(banded, _shelf(banded.domain, "band", banded.band))
    walks = [uniform(g, items, chosen, shown)]
    found = _positives(g, chosen, shown, banded.select("item", "band", home=banded.domain))
    for offset in (0, -1, 1, -2, 2):
        shelf = _shelf(found.home, "band", found.band + offset)
        turn = 2 * found.turn + int(offset > 0)
        walks.append(Walks(shelves, _walkers(found.mutate(shelf=shelf, turn=turn), abs(offset))))
    return _together(walks)


def hard(g: Gathering, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """What is alike: of the same label (all its genres, its category), then of the same first genre."""
    if g.source.label is None:
        raise BuildError(
            f"{g.source.id}: its items have no genre or category; want one for hard negatives; "
            "choose negative_sampling 'uniform' or 'popularity'"
        )
    known = items.filter(items.label.notnull())
    whole, first = (("label", known.label), ("first", known.label.split(",")[0].strip()))
    shelves = [_placed(known, _shelf(known.domain, kind, name)) for kind, name in (whole, first)]
    found = _positives(g, chosen, shown, known.select("item", kinds=known.label, home=known.domain))
    names = (("label", found.kinds), ("first", found.kinds.split(",")[0].strip()))
    walks = [uniform(g, items, chosen, shown)]
    for level, (kind, name) in enumerate(names):
        walkers = found.mutate(shelf=_shelf(found.home, kind, name), turn=2 * found.turn)
        walks.append(Walks(shelves[level], _walkers(walkers, level)))
    return _together(walks)


STRATEGIES: dict[str, Strategy] = {"uniform": uniform, "popularity": popularity, "hard": hard}


def _placed(items: ir.Table, shelf: ir.StringValue) -> ir.Table:
    """Items on shelves of their own, each with its place there."""
    return sampling.placed(items.select("item", "title", "norm", "label", shelf=shelf), ["shelf"])


def _shelf(domain: ir.Value, kind: str, name: ir.Value) -> ir.StringValue:
    """A shelf's name; the separator tells it from the whole catalogue of a domain."""
    import ibis

    return ibis.literal("\x1f").join([domain.cast("string"), ibis.literal(kind), name.cast("string")])


def _banded(items: ir.Table) -> ir.Table:
    """Items with their popularity band: 0 the most popular; whole numbers only, so that engines agree."""
    import ibis

    order = [ibis.desc(items.popularity), sampling.digest("shelf", items.item), items.item]
    through = items.popularity.sum().over(group_by=items.domain, order_by=order, rows=(None, 0))
    total = items.popularity.sum().over(group_by=items.domain)
    counted = items.mutate(before=(through - items.popularity).cast("int64"), total=total.cast("int64"))
    band = (counted.before * BANDS) // ibis.greatest(counted.total, 1)
    return counted.mutate(band=band.cast("int64"))


def _positives(g: Gathering, chosen: ir.Table, shown: ir.Table, known: ir.Table) -> ir.Table:
    """The positives of each subject with what is known of their items; `turn` counts them from 0."""
    asked = shown.filter(shown["rank"] >= g.recipe.history)
    asked = asked.select(*KEYS, "item", turn=(asked["rank"] - g.recipe.history).cast("int64"))
    homes = chosen.select(*KEYS, home="shelf")
    return asked.inner_join(homes, KEYS).inner_join(known, ["home", "item"])


def _walkers(found: ir.Table, level: int) -> ir.Table:
    import ibis

    parts = [found[name].cast("string") for name in (*KEYS, "shelf", "turn")]
    key = ibis.literal("|").join(parts)
    return found.select(*KEYS, "shelf", level=ibis.literal(level, type="int64"), turn="turn", key=key)


def _together(walks: list[Walks]) -> Walks:
    """The first walk is the whole catalogue and goes last."""
    import ibis

    whole, *near = walks
    shelves: list[ir.Table] = []
    for walk in near:
        if not any(walk.shelves is known for known in shelves):
            shelves.append(walk.shelves)
    last = whole.walkers.mutate(level=ibis.literal(LAST, type="int64"))
    return Walks(ibis.union(whole.shelves, *shelves), ibis.union(*[w.walkers for w in near], last))
