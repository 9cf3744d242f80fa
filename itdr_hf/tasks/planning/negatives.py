"""Which items an example's negatives are drawn from: the strategies of the recipe's `negative_sampling`.

A strategy names shelves (groups of a catalogue's items) and who walks them: each walk is a prime-sized cycle
over one shelf, itself in md5 order, from a start and with a step of its own, so that every item of the shelf
is equally likely and none is met twice. Who finds too little on the near shelves ends on the whole catalogue.

    uniform     the whole catalogue, as the paper
    popularity  for each positive in turn the band of items about as popular as it: popularity is then no answer
    hard        for each positive in turn the items of the same genre or category, then of the same leading one
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf.tasks.planning.queries import first, in_order

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import digest, sampling

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.runtime.engine import Record
    from itdr_hf.tasks.planning.context import PlanContext

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


Strategy = Callable[["PlanContext", "ir.Table", "ir.Table", "ir.Table"], Walks]


def draw(plan: PlanContext, chosen: ir.Table, shown: ir.Table, count: int, *, far: bool) -> ir.Table:
    """Return the items each subject meets: domain, subject, item, title, norm, label, rank (the order met in).

    `shown` is the example's window; its ranks from `recipe.history` on are the positives. Not `far`: only the first
    steps over the whole catalogue, which come last; who finds enough on them finds the same by going on.
    """
    import ibis

    items = plan.shelves if plan.domain else plan.shelves.mutate(domain=ibis.literal(""))
    if "shelf" not in chosen.columns:
        chosen = chosen.mutate(shelf=chosen.domain)
    walks = STRATEGIES[plan.recipe.negative_sampling](plan, items, chosen, shown)
    cycles = plan.engine.table(_cycles(plan, walks.shelves, count, far))
    walkers = walks.walkers.inner_join(cycles, "shelf")
    digits = digest.digest(
        f"negatives|{plan.recipe.seed}|{plan.source.id}{plan.period and '|' + plan.period}", walkers.key
    )
    walkers = walkers.mutate(
        start=digest.whole(digits, 0, 7) % walkers.prime,
        stride=1 + digest.whole(digits, 7, 7) % (walkers.prime - 1),
    )
    steps = walkers.mutate(step=ibis.range(0, walkers.steps).unnest())
    turns = 2 * max(plan.recipe.positives, 1)
    visits = steps.select(
        *KEYS,
        "shelf",
        rank=steps.level * LEVEL + steps.step * turns + steps.turn,
        place=(steps.start + steps.step * steps.stride) % steps.prime,
    )
    return visits.inner_join(walks.shelves, ["shelf", "place"]).select(*KEYS, "item", "title", "norm", "label", "rank")


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


def uniform(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """Anything of the catalogue."""
    import ibis

    shelves = items.select("item", "title", "norm", "label", "place", shelf=items.domain)
    key = ibis.literal("|").join([chosen.domain.cast("string"), chosen.subject.cast("string")])
    zero = ibis.literal(0, type="int64")
    return Walks(shelves, chosen.select(*KEYS, "shelf", level=zero, turn=zero, key=key))


def popularity(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """Return what as many people touched: the positive's band, then the bands on either side, one and two away."""
    banded = _banded(items)
    shelves = _placed(banded, _shelf(banded.domain, "band", banded.band))
    walks = [uniform(plan, items, chosen, shown)]
    found = _positives(plan, chosen, shown, banded.select("item", "band", home=banded.domain))
    for offset in (0, -1, 1, -2, 2):
        shelf = _shelf(found.home, "band", found.band + offset)
        turn = 2 * found.turn + int(offset > 0)
        walks.append(Walks(shelves, _walkers(found.mutate(shelf=shelf, turn=turn), abs(offset))))
    return _together(walks)


def hard(plan: PlanContext, items: ir.Table, chosen: ir.Table, shown: ir.Table) -> Walks:
    """Return what is alike: of the same label (all its genres, its category), then of the same first genre."""
    if plan.source.label is None:
        raise BuildError(
            f"{plan.source.id}: its items have no genre or category; want one for hard negatives; "
            "choose negative_sampling 'uniform' or 'popularity'"
        )
    known = items.filter(items.label.notnull())
    whole, first = (("label", known.label), ("first", known.label.split(",")[0].strip()))
    shelves = [_placed(known, _shelf(known.domain, kind, name)) for kind, name in (whole, first)]
    found = _positives(plan, chosen, shown, known.select("item", kinds=known.label, home=known.domain))
    names = (("label", found.kinds), ("first", found.kinds.split(",")[0].strip()))
    walks = [uniform(plan, items, chosen, shown)]
    for level, (kind, name) in enumerate(names):
        walkers = found.mutate(shelf=_shelf(found.home, kind, name), turn=2 * found.turn)
        walks.append(Walks(shelves[level], _walkers(walkers, level)))
    return _together(walks)


STRATEGIES: dict[str, Strategy] = {"uniform": uniform, "popularity": popularity, "hard": hard}


def _placed(items: ir.Table, shelf: ir.StringValue) -> ir.Table:
    """Items on shelves of their own, each with its place there."""
    return digest.placed(items.select("item", "title", "norm", "label", shelf=shelf), ["shelf"])


def _shelf(domain: ir.Value, kind: str, name: ir.Value) -> ir.StringValue:
    """Return a shelf's name; the separator tells it from the whole catalogue of a domain."""
    import ibis

    return ibis.literal("\x1f").join([domain.cast("string"), ibis.literal(kind), name.cast("string")])


def _banded(items: ir.Table) -> ir.Table:
    """Items with their popularity band: 0 the most popular; whole numbers only, so that engines agree."""
    import ibis

    order = [ibis.desc(items.popularity), digest.digest("shelf", items.item), items.item]
    through = items.popularity.sum().over(group_by=items.domain, order_by=order, rows=(None, 0))
    total = items.popularity.sum().over(group_by=items.domain)
    counted = items.mutate(before=(through - items.popularity).cast("int64"), total=total.cast("int64"))
    band = (counted.before * BANDS) // ibis.greatest(counted.total, 1)
    return counted.mutate(band=band.cast("int64"))


def _positives(plan: PlanContext, chosen: ir.Table, shown: ir.Table, known: ir.Table) -> ir.Table:
    """Return the positives of each subject with what is known of their items; `turn` counts them from 0."""
    asked = shown.filter(shown["rank"] >= plan.recipe.history)
    asked = asked.select(*KEYS, "item", turn=(asked["rank"] - plan.recipe.history).cast("int64"))
    homes = chosen.select(*KEYS, home="shelf")
    return asked.inner_join(homes, KEYS).inner_join(known, ["home", "item"])


def _walkers(found: ir.Table, level: int) -> ir.Table:
    import ibis

    parts = [found[name].cast("string") for name in (*KEYS, "shelf", "turn")]
    key = ibis.literal("|").join(parts)
    return found.select(*KEYS, "shelf", level=ibis.literal(level, type="int64"), turn="turn", key=key)


def _together(walks: list[Walks]) -> Walks:
    """Return the first walk is the whole catalogue and goes last."""
    import ibis

    whole, *near = walks
    shelves: list[ir.Table] = []
    for walk in near:
        if not any(walk.shelves is known for known in shelves):
            shelves.append(walk.shelves)
    last = whole.walkers.mutate(level=ibis.literal(LAST, type="int64"))
    return Walks(ibis.union(whole.shelves, *shelves), ibis.union(*[w.walkers for w in near], last))


def negatives(
    plan: PlanContext, chosen: ir.Table, everything: ir.Table, mine: ir.Table, shown: ir.Table, count: int
) -> ir.Table:
    """For each chosen: up to `count` items its user never touched: `negatives` (titles), `negative_labels`.

    They are met in the order that `_negatives` decides by the recipe's `negative_sampling`. Items in `mine`
    (all the user's interactions), titles in `shown` (those in the example) and titles the user knows from another
    record or domain (of `everything` that was touched) are skipped, and repeated titles taken once. Hardly
    anybody has to go far for them.
    """
    known = _titles_touched(plan, everything)
    near = plan.engine.materialise(_met(plan, chosen, known, mine, shown, count, far=False))
    enough = near.filter(near.negatives.length() == count)
    others = plan.engine.materialise(chosen.anti_join(enough, KEYS))
    if not plan.engine.collect(others.agg(n=others.count()))[0]["n"]:
        return enough
    return enough.union(_met(plan, others, known, mine, shown, count, far=True))


def _met(
    plan: PlanContext, chosen: ir.Table, known: ir.Table, mine: ir.Table, shown: ir.Table, count: int, *, far: bool
) -> ir.Table:
    import ibis

    draws = draw(plan, chosen, shown, count, far=far)
    untouched = draws.anti_join(mine.select(*KEYS, "item"), [*KEYS, "item"])
    unseen = untouched.anti_join(shown.select(*KEYS, "norm"), [*KEYS, "norm"])
    unseen = unseen.anti_join(known, ["subject", "norm"])
    visit = ibis.struct({"rank": unseen["rank"], "title": unseen.title, "label": unseen.label})
    once = unseen.group_by([*KEYS, "norm"]).agg(first=visit.min())
    once = once.select(*KEYS, **{name: once["first"][name] for name in ("rank", "title", "label")})
    taken = first(once, KEYS, {"met": once["rank"]}, count)
    return taken.group_by(KEYS).agg(negatives=in_order(taken, "title"), negative_labels=in_order(taken, "label"))


def _titles_touched(plan: PlanContext, everything: ir.Table) -> ir.Table:
    """subject, norm: of everything that was touched anywhere in the source, the titles that several records have.

    A title of one record only is met only with that record, which is known by its item.
    """
    several = plan.shelves.filter(lambda t: t.alike > 1).select(*plan.domain, "item", "norm")
    return plan.engine.materialise(
        everything.inner_join(several, [*plan.domain, "item"]).select("subject", "norm").distinct()
    )
