"""Plan steps that subtasks share, as Ibis expressions: who has enough, what came first, what was never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itdr_hf import sampling
from itdr_hf.errors import BuildError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.rows import Gathering

WHOLE_CYCLE = 509  # catalogues up to this size are walked whole: no user runs out of negatives by bad luck
KEYS = ["domain", "subject"]


def users_with(g: Gathering, least: int) -> ir.Table:
    """The (domain, user)s with at least so many interactions."""
    interactions = g.table("interactions")
    counted = interactions.group_by([*g.domain, "user"]).agg(n=interactions.count())
    return counted.filter(counted.n >= least).drop("n").rename(subject="user")


def interactions_of(g: Gathering, chosen: ir.Table) -> ir.Table:
    """All interactions of the chosen, with the domain and subject of their example."""
    mine = g.table("interactions").rename(subject="user")
    keys = chosen.select("subject", *g.domain, *([] if g.domain else ["domain"]))
    return mine.inner_join(keys, [*g.domain, "subject"])


def first_by_time(interactions: ir.Table, count: int) -> ir.Table:
    """Each subject's first interactions by (timestamp, item), with `rank` from 0."""
    import ibis

    rank = ibis.row_number().over(
        group_by=[interactions.domain, interactions.subject],
        order_by=[interactions.timestamp, interactions.item],
    )
    ranked = interactions.mutate(rank=rank)
    return ranked.filter(ranked["rank"] < count)


def titled(g: Gathering, rows: ir.Table) -> ir.Table:
    """The rows with `title`, `norm` and `label` of their items."""
    import ibis

    items = g.table("items")
    label = items[g.source.label] if g.source.label else ibis.null("string")
    return rows.inner_join(items.select(*g.domain, "item", "title", "norm", label=label), [*g.domain, "item"])


def in_order(rows: ir.Table, column: str, where: ir.BooleanValue | None = None) -> ir.ArrayValue:
    """An aggregate: the values of a column as a list in order of `rank`.

    Structs that begin with the rank are collected and sorted, since not every engine collects in order.
    """
    import ibis

    pairs = ibis.struct({"rank": rows["rank"], "value": rows[column]})
    return pairs.collect(where=where).sort().map(lambda pair: pair.value)


def reason(*cases: tuple[ir.BooleanValue, str]) -> ir.StringValue:
    """Why a row is left out: the first case that holds, or NULL."""
    import ibis

    return ibis.cases(*cases, else_=ibis.null("string"))


def negatives(g: Gathering, chosen: ir.Table, mine: ir.Table, shown: ir.Table, count: int) -> ir.Table:
    """For each chosen: up to `count` items its user never touched: `negatives` (titles), `negative_labels`.

    Each subject walks a prime-sized cycle over the catalogue, itself in md5 order, from a start and with a
    step of its own: every item equally likely, no item twice. Items in `mine` (all the user's interactions)
    and titles in `shown` (those in the example) are passed over, and repeated titles taken once.
    """
    import ibis

    draws = _walk(g, chosen, count)
    untouched = draws.anti_join(mine.select(*KEYS, "item"), [*KEYS, "item"])
    unseen = untouched.anti_join(shown.select(*KEYS, "norm"), [*KEYS, "norm"])
    visit = ibis.struct({"rank": unseen["rank"], "title": unseen.title, "label": unseen.label})
    once = unseen.group_by([*KEYS, "norm"]).agg(first=visit.min())
    once = once.select(*KEYS, **{name: once["first"][name] for name in ("rank", "title", "label")})
    place = ibis.row_number().over(group_by=[once.domain, once.subject], order_by=once["rank"])
    taken = once.mutate(place=place)
    taken = taken.filter(taken.place < count)
    return taken.group_by(KEYS).agg(negatives=in_order(taken, "title"), negative_labels=in_order(taken, "label"))


def _walk(g: Gathering, chosen: ir.Table, count: int) -> ir.Table:
    """The items each subject's walk visits: domain, subject, item, title, norm, label, rank."""
    import ibis

    items = g.table("items")
    items = items.mutate(label=items[g.source.label] if g.source.label else ibis.null("string"))
    if not g.domain:
        items = items.mutate(domain=ibis.literal(""))
    if "shelf" not in chosen.columns:
        chosen = chosen.mutate(shelf=chosen.domain)
    place = ibis.row_number().over(group_by=items.domain, order_by=[sampling.digest("shelf", items.item), items.item])
    shelves = items.select("item", "title", "norm", "label", shelf=items.domain, place=place)
    sizes = {r["domain"]: r["n"] for r in items.group_by("domain").agg(n=items.count()).to_pyarrow().to_pylist()}
    if not sizes:
        raise BuildError(f"{g.source.id}: no titled items; want a catalogue to draw negatives from; check the release")
    primes = [
        {"shelf": d, "prime": p, "steps": p if p <= WHOLE_CYCLE else max(4 * count, 20)}
        for d, p in ((d, sampling.next_prime(n)) for d, n in sizes.items())
    ]
    walkers = chosen.inner_join(ibis.memtable(primes), "shelf")
    digits = sampling.digest(f"negatives|{g.recipe.seed}|{g.source.id}", walkers.domain, walkers.subject)
    walkers = walkers.mutate(
        start=sampling.whole(digits, 0, 7) % walkers.prime,
        stride=1 + sampling.whole(digits, 7, 7) % (walkers.prime - 1),
    )
    steps = walkers.select(*KEYS, "shelf", "start", "stride", "prime", rank=ibis.range(0, walkers.steps).unnest())
    visits = steps.select(*KEYS, "shelf", "rank", place=(steps.start + steps["rank"] * steps.stride) % steps.prime)
    return visits.inner_join(shelves, ["shelf", "place"]).select(*KEYS, "item", "title", "norm", "label", "rank")
