"""What the cells of one source share, computed once and kept beside its tables.

    users      activity + split, order: the split of each user, and their place in the order of sampling, which it is sorted by
    catalogue  item, title, norm, label, popularity [, domain] + first_seen, year, place, since, alike: the catalogue as
               negatives are drawn from it
    calendar   [domain,] tick, known + begin, length: how many items were seen before each tick of the source's time
    histories  the interactions of everybody up to a place in the order of sampling

All cells sample users in one order, so whoever is chosen by any of them is among the first of it. Histories reach
a little beyond what was asked for; a cell that looks further makes a larger file. A superset of what a plan needs
never changes its result.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.hashing import fingerprint
from itdr_hf.tables.cache import Tables
from itdr_hf.tasks.planning import digest, splits

if TYPE_CHECKING:
    import ibis.expr.types as ir

BEYOND = 1.25  # times as many users as asked for, so that the next cell finds its own among them
ENOUGH = 5  # interactions that nearly every cell asks of a user; many users of real releases have fewer
WORTHWHILE = 0.5  # of all users: beyond that the whole table is read as fast
TICKS = 20_000  # of a source's time: half a day each in a release of thirty years
YEAR = r"\((1[89]\d\d|20\d\d)\)$"  # at the end of a title
DIGITS = 8  # of an order, enough to tell one user in 4 billion


def sampling_order(tables: Tables, seed: int, *keys: ir.Value | str) -> ir.StringValue:
    """Where in the order of sampling a user or item stands: hex digits."""
    return digest.digest(f"sample|{seed}|{tables.source.id}", *keys)


def users(tables: Tables, engine: Engine, seed: int, least: int) -> Path:
    """Return the activity with `split` and `order`: of all who have enough interactions for most cells, or of everybody."""
    enough = ENOUGH if least >= ENOUGH else 0

    def query() -> ir.Table:
        import ibis

        active = engine.parquet(tables.path("activity")).filter(lambda t: t.interactions >= enough)
        domain = active.domain if tables.source.domains else ibis.literal("")
        split = splits.split_of(tables.source.id, active["user"], "user")
        order = sampling_order(tables, seed, domain, active["user"])
        return active.mutate(split=split, order=order).order_by(["order", "user"])

    return kept(tables, engine, f"users-{_key(seed, enough)}", query)


def catalogue(tables: Tables, engine: Engine) -> Path:
    """Return the catalogue as `placed_items` places it."""
    name = f"catalogue-{_key(tables.source.label)}"
    return kept(tables, engine, name, lambda: placed_items(tables, engine))


def placed_items(tables: Tables, engine: Engine, among: ir.Table | None = None) -> ir.Table:
    """Return the items, or those of them with the keys of `among`, with what negatives are chosen by.

    `place`, from 0 in its domain, has nothing to do with the items; `since` is the place in the order in which they were
    first seen in the data, at `first_seen` (NULL: never); `year` is the one at the end of a title (NULL: none);
    `alike` is how many records have the title.
    """
    import ibis

    source, items = tables.source, engine.parquet(tables.path("items"))
    domain = ["domain"] if source.domains else []
    label = items[source.label] if source.label else ibis.null("string")
    items = items.select("item", "title", "norm", "popularity", *domain, label=label)
    items = items if among is None else items.semi_join(among, [*domain, "item"])
    titles = items.group_by("norm").agg(alike=items.count()).filter(lambda t: t.alike > 1)
    items = items.left_join(titles, "norm").drop("norm_right")
    seen = engine.parquet(tables.path("interactions")).group_by([*domain, "item"])
    items = items.left_join(seen.agg(first_seen=lambda t: t.timestamp.min()), [*domain, "item"])
    items = items.drop(*[name for name in items.columns if name.endswith("_right")])
    items = digest.placed(items, domain).mutate(alike=lambda t: t.alike.fill_null(1))
    year = items.title.re_extract(YEAR, 1)
    order = [items.first_seen.isnull(), items.first_seen, items.place]
    return items.mutate(
        year=year.nullif("").cast("int64"),
        since=ibis.row_number().over(group_by=[items[name] for name in domain], order_by=order),
    )


def calendar(tables: Tables, engine: Engine, items_path: Path | None = None) -> Path:
    """Return how many items of each domain had been seen (`known`) before each tick, from 0 to TICKS.

    The items are those of `items_path`, else the catalogue. Ticks are of equal `length` and cover the time from `begin`, when
    the first item was seen, to when the last was.
    """

    def query() -> ir.Table:
        import ibis

        items = engine.parquet(items_path or catalogue(tables, engine)).filter(lambda t: t.first_seen.notnull())
        domain = ["domain"] if tables.source.domains else []
        [span] = engine.collect(items.agg(begin=items.first_seen.min(), end=items.first_seen.max()))
        begin, length = int(span["begin"] or 0), int((span["end"] or 0) - (span["begin"] or 0)) // TICKS + 1
        tick = ((items.first_seen - begin) // length).cast("int64") + 1
        new = items.mutate(tick=tick).group_by([*domain, "tick"]).agg(new=lambda t: t.count())
        every = items.select(*domain).distinct() if domain else engine.table([{"tick": 0}]).drop("tick")
        every = every.mutate(tick=ibis.range(0, TICKS + 1).unnest())  # Spark has no cast around an unnest
        every = every.mutate(tick=every.tick.cast("int64"))
        filled = every.left_join(new, [*domain, "tick"])
        filled = filled.drop(*[name for name in filled.columns if name.endswith("_right")])
        by_domain = [filled[name] for name in domain]
        fresh = filled.new.fill_null(0).cast("float64")  # DuckDB's sums of whole numbers are too wide for Parquet
        known = fresh.sum().over(group_by=by_domain, order_by=filled.tick, rows=(None, 0))
        return filled.select(
            *domain,
            "tick",
            known=known.cast("int64"),
            begin=ibis.literal(begin, type="int64"),
            length=ibis.literal(length, type="int64"),
        )

    name = f"calendar-{_key(TICKS, items_path.stem if items_path else None)}"
    return kept(tables, engine, name, query)


def sampled_histories(tables: Tables, engine: Engine, seed: int, chosen: ir.Table) -> Path | None:
    """Return a Parquet file with all interactions of the chosen users, or None where the table itself serves as well.

    `chosen` has `subject` and `order`, of a source without domains (with them each domain has its own order).
    """
    last = engine.collect(chosen.agg(last=chosen.order.max()))[0]["last"]
    if tables.source.domains or last is None:
        return None
    needed = int(last[:DIGITS], 16)
    if needed > WORTHWHILE * 16**DIGITS:
        return None
    name = f"histories-{_key(seed)}"
    with FileLock(tables.folder / f"{name}.lock"):
        large = [p for p in sorted(tables.folder.glob(f"{name}-*.parquet")) if int(p.stem[-DIGITS:], 16) >= needed]
        if large:
            return large[0]
        end = f"{int(needed * BEYOND):0{DIGITS}x}"
        active = engine.parquet(tables.path("activity"))
        order = sampling_order(tables, seed, "", active["user"])
        first = active.filter(order <= end + "f" * 24).select("user")
        rows = engine.parquet(tables.path("interactions")).semi_join(first, "user")
        return _write(tables, engine, f"{name}-{end}", rows)


def _key(*facts: str | int | None) -> str:
    return key(__name__, *facts)


def key(module: str, *facts: str | int | None) -> str:
    """Return a name for what a module computes from facts: another code, another name."""
    return fingerprint(facts, {module})


def kept(tables: Tables, engine: Engine, name: str, query: Callable[[], ir.Table]) -> Path:
    """Return the Parquet file of a name beside the tables, written by `query` if it is not there."""
    return kept_file(tables, name, lambda draft: engine.write(query(), draft), engine.name)


def kept_file(tables: Tables, name: str, write: Callable[[Path], object], by: str = "") -> Path:
    """Return the same, written by a function that takes the path of a draft."""
    path = tables.folder / f"{name}.parquet"
    with FileLock(tables.folder / f"{name}.lock"):
        if not path.exists():
            draft = tables.folder / f".{name}.{by}.draft"
            write(draft)
            draft.replace(path)
    return path


def _write(tables: Tables, engine: Engine, name: str, query: ir.Table) -> Path:
    draft, path = tables.folder / f".{name}.{engine.name}.draft", tables.folder / f"{name}.parquet"
    engine.write(query, draft)
    draft.replace(path)
    return path
