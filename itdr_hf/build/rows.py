"""From tables to rows: who is eligible, who is sampled into which split, what each example is made of.

A subtask says who is eligible and gathers the content of the chosen; sampling, splitting, exact counts and
the count of everybody left out are the same for all and live here. The rows of a cell are one Parquet file,
sorted by split and sampling order; rendering them (`render.py`) is then a pure function of each row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from itdr_hf.errors import BuildError, unknown
from itdr_hf.raw.source import ARROW
from itdr_hf.records import SPLITS
from itdr_hf.runtime.engine import Engine
from itdr_hf.runtime.files import new_folder
from itdr_hf.runtime.hashing import fingerprint
from itdr_hf.runtime.kept import read_record, write_record
from itdr_hf.tables.cache import Tables
from itdr_hf.tasks.planning import (
    derived,
    digest,
    giveaways,
    ordering,
    sampling,
    split_protocols,
    splits,
    strategies,
    whole_catalogue,
)
from itdr_hf.tasks.planning.context import PlanContext
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

if TYPE_CHECKING:
    import ibis.expr.types as ir

GROUP = 8_192  # rows of a row group: rendering reads as many at a time
SPARE = 32  # units gathered beyond a quota, for those whose titles or negatives do not work out
AMPLE = 1.25  # times a group's share of the sampling order that are looked through for its first ones
PIECE = 100_000  # units gathered at a time: of each, DuckDB keeps what comes first in memory, and not on disk
RANKED = ("ranking", "choice")  # kinds of answers that are among candidates
RENDER_ONLY = (
    "salt",
    "with_description",
    "template",
    "max_prompt",
    "max_chars",
)  # recipe fields the rows do not depend on


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a cell: a Parquet file or, from Spark, a folder of them; how many in each split, and the ledger's steps."""

    path: Path
    counts: Mapping[str, int]
    steps: list[dict[str, Any]]
    players: list[dict[str, Any]]  # what `giveaways` found; nothing where nothing is ranked
    derived: Mapping[str, str | int] = field(default_factory=dict)  # what the task reports of what it is made with


def ensure_rows(cell: Cell, recipe: Recipe, tables: Tables, engine: Engine) -> Rows:
    """Return the rows of a cell, from the cache or planned now.

    Raises BuildError when a table the plan needs is not in the release, UsageError for an unknown option.
    """
    check(cell, recipe)
    for name in cell.task.needs(cell.source):
        if not tables.has(name):
            raise BuildError(
                f"{cell.name}: {tables.release.lacks(name)}; want it in {tables.release.folder}; "
                f"get {cell.source.title}: {cell.source.obtain}"
            )
    folder = tables.folder / "rows" / f"{cell.task.id}-{_key(cell, recipe)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        record = read_record(folder)
        if record is None:
            with new_folder(folder, locked=True) as draft:
                gathering = PlanContext(engine=engine, tables=tables, recipe=recipe)
                with engine.planning(cell.name):
                    record = _plan(cell, gathering, draft / "rows.parquet")
                    record["derived"] = cell.task.facts(gathering)
                write_record(draft, record)
            record = read_record(folder) or {}
    return Rows(path=folder / "rows.parquet", **record)


def check(cell: Cell, recipe: Recipe) -> None:
    """Raise UsageError for a way of sampling, splitting or ordering that does not exist, or what the task cannot be made with."""
    known = {
        "negative_sampling": strategies.STRATEGIES,
        "split_protocol": split_protocols.PROTOCOLS,
        "order": ordering.ORDERS,
        "availability": whole_catalogue.AVAILABILITIES,
        "future": ordering.FUTURES,
    }
    for name, choices in known.items():
        if (asked := getattr(recipe, name)) not in choices:
            raise unknown(name, asked, choices)
    cell.task.check(recipe)


def protocol(cell: Cell, recipe: Recipe) -> str:
    """Return the protocol a cell is split by: an answer without a time, as all of UIU's, goes by user or item."""
    return recipe.split_protocol if cell.task.timed else "user"


def _key(cell: Cell, recipe: Recipe) -> str:
    plan = {k: v for k, v in asdict(recipe).items() if k not in RENDER_ONLY}
    return fingerprint([cell.name, plan], {*cell.task.planned_by, __name__})


def _plan(cell: Cell, g: PlanContext, path: Path) -> dict[str, Any]:
    """Write the rows of a cell; returns counts, steps and players of `Rows`."""
    if protocol(cell, g.recipe) in ("time", "snapshots"):
        g = replace(g, cuts=split_protocols.moments(g))
    units = _units(cell, g)
    available = _count(g, units)
    wanted, spare = g.recipe.num_examples, SPARE
    while True:
        asked = _with_spare(sampling.quotas(available, wanted), available, spare)
        chosen = _chosen(g, units, asked, available)
        if cell.task.subject == "user":
            g = replace(g, sampled=derived.sampled_histories(g.tables, g.engine, g.recipe.seed, chosen))
        gathered = _gathered(cell, g, chosen, sum(asked.values()))
        good = gathered.filter(gathered.left_out.isnull())
        found = _count(g, good)
        exact = sampling.quotas(found, wanted)
        short = sum(exact.values()) < min(wanted, sum(available.values()))
        if not short or asked == available:
            break
        spare *= 8  # many fell out: look at more of the eligible, as many as it takes
    first = good if all(exact[key] == n for key, n in found.items()) else _first(good, exact)
    final = first.drop("left_out").order_by(["split", "order", "domain", "subject", *_part(good)])
    total = g.engine.write(final, path, row_group_size=GROUP)
    counts = {split: sum(n for (_, s), n in exact.items() if s == split) for split in SPLITS}
    return {
        "counts": counts,
        "steps": _steps(g, _everyone(cell, g, available), available, asked, gathered, total),
        "players": _players(cell, g, path) if total and cell.task.answer in RANKED else [],
    }


def _players(cell: Cell, g: PlanContext, path: Path) -> list[dict[str, Any]]:
    """Return the figures of those that play every cell, and of those that the task adds."""
    rows = g.engine.parquet(path)
    return [*giveaways.played(g, rows), *map(dict, cell.task.players(g, rows))]


def _units(cell: Cell, g: PlanContext) -> ir.Table:
    """Return the eligible, each with its split and its place in the sampling order."""
    import ibis

    if protocol(cell, g.recipe) == "user":
        eligible = _eligible(cell, g)
        eligible = eligible if "split" in eligible.columns else _split(cell, g, eligible)
    else:
        parts = [(split, _eligible(cell, replace(g, period=split))) for split in SPLITS]
        eligible = ibis.union(*[part.mutate(split=ibis.literal(split)) for split, part in parts])
    if "order" in eligible.columns:
        return eligible  # as `derived.users` has it, of the same keys
    order = derived.sampling_order(g.tables, g.recipe.seed, eligible.domain, eligible.subject)
    return g.engine.materialise(eligible.mutate(order=order))


def _eligible(cell: Cell, g: PlanContext) -> ir.Table:
    """Return the eligible of the domains that the recipe asks for; `domain` is '' where a task takes all together."""
    import ibis

    found, asked = cell.task.eligible(g), _domains(g)
    if "domain" not in found.columns:
        found = found.mutate(domain=ibis.literal(""))
    return found.filter(found.domain.isin(asked)) if asked else found


def _domains(g: PlanContext) -> list[str]:
    """Return the domains that the recipe asks for, pairs that lead to it included; none for all."""
    only = g.recipe.domain if g.source.domains else ""
    return [only, *(ARROW.join(pair) for pair in g.source.pairs if pair[1] == only)] if only else []


def _split(cell: Cell, g: PlanContext, eligible: ir.Table) -> ir.Table:
    """Split by user; an item goes by its title, so that two records of one thing are never in two splits."""
    if cell.task.subject == "user":
        return eligible.mutate(split=splits.split_of(cell.source.id, eligible.subject, "user"))
    keys = [*g.domain, "subject"]
    titled = eligible.inner_join(g.table("items").rename(subject="item").select(*keys, "norm"), keys)
    return titled.mutate(split=splits.split_of(cell.source.id, titled.norm, "item")).drop("norm")


def _gathered(cell: Cell, g: PlanContext, chosen: ir.Table, count: int) -> ir.Table:
    """Return the examples of the chosen in batches, split by split where a user may be in more than one.

    What they are made of is computed once.
    """
    import ibis

    if protocol(cell, g.recipe) == "user":
        pieces = 1 if g.engine.distributed else max(1, -(-count // PIECE))
        place = digest.whole(chosen.order, 24, 7) % pieces
        cut = [g.engine.materialise(chosen.filter(place == n)) for n in range(pieces)] if pieces > 1 else [chosen]
        parts = [(g, part) for part in cut]
    else:
        parts = [(replace(g, period=split), chosen.filter(chosen.split == split)) for split in SPLITS]
    return ibis.union(*[cell.task.spread(p, p.engine.materialise(cell.task.gather(p, part))) for p, part in parts])


def _everyone(cell: Cell, g: PlanContext, available: Mapping[tuple[str, str], int]) -> int:
    """How many users or items there are to choose from, counted as the eligible are; the rest is below a minimum."""
    asked = _domains(g)
    if cell.task.subject == "item":
        items = g.table("items")
        return _size(g, items.filter(items.domain.isin(asked)) if asked else items)
    across = bool(g.source.domains) and not {domain for domain, _ in available} <= set(g.source.domains)
    rows = g.table("activity").select(*([] if across else g.domain), "user")
    rows = rows.filter(rows.domain.isin(asked)) if asked and not across else rows
    users = _size(g, rows.distinct() if across else rows)
    pairs = [pair for pair in g.source.pairs if not asked or ARROW.join(pair) in asked]
    times = len(pairs) if across else 1
    return users * times * (1 if protocol(cell, g.recipe) == "user" else len(SPLITS))


def _size(g: PlanContext, rows: ir.Table) -> int:
    return int(g.engine.collect(rows.agg(n=rows.count()))[0]["n"])


def _count(g: PlanContext, units: ir.Table) -> dict[tuple[str, str], int]:
    rows = g.engine.collect(units.group_by(["domain", "split"]).agg(n=units.count()))
    return {(row["domain"], row["split"]): row["n"] for row in rows}


def _with_spare(
    quotas: Mapping[tuple[str, str], int], available: Mapping[tuple[str, str], int], spare: int
) -> dict[tuple[str, str], int]:
    return {
        key: min(available[key], n + spare + n // 50 if n else spare) for key, n in quotas.items() if key in available
    }


def _chosen(
    g: PlanContext, units: ir.Table, asked: Mapping[tuple[str, str], int], available: Mapping[tuple[str, str], int]
) -> ir.Table:
    """Return the first of each (domain, split), sought among those early in the order and, failing that, among all.

    The order is even, so that a little more than a group's share of it holds as many of the group as are asked for.
    """
    if asked == available:
        return g.engine.materialise(units)
    share = max((AMPLE * n + SPARE) / available[key] for key, n in asked.items() if n) if any(asked.values()) else 1.0
    if share < 1:
        early = units.filter(units.order < f"{int(share * 16**8):08x}")
        chosen = g.engine.materialise(_first(early, asked))
        if sum(_count(g, chosen).values()) == sum(asked.values()):
            return chosen
    return g.engine.materialise(_first(units, asked))


def _first(units: ir.Table, counts: Mapping[tuple[str, str], int]) -> ir.Table:
    """Return the first of each (domain, split) in sampling order."""
    import ibis

    order = [units.order, units.subject, *(units[name] for name in _part(units))]
    place = ibis.row_number().over(group_by=[units.domain, units.split], order_by=order)
    ranked = units.mutate(place=place)
    group = ranked.domain.concat("/", ranked.split)
    cases = [(f"{domain}/{split}", n) for (domain, split), n in counts.items()]
    most = group.cases(*cases, else_=0) if cases else 0
    return ranked.filter(ranked.place < most).drop("place")


def _part(rows: ir.Table) -> list[str]:
    """Return the column that tells the rows of one subject and split apart, where a task makes several."""
    return ["part"] if "part" in rows.columns else []


def _steps(
    g: PlanContext,
    everyone: int,
    available: Mapping[tuple[str, str], int],
    asked: Mapping[tuple[str, str], int],
    gathered: ir.Table,
    total: int,
) -> list[dict[str, Any]]:
    eligible, looked_at = sum(available.values()), sum(asked.values())
    reasons = g.engine.collect(gathered.group_by("left_out").agg(n=gathered.count()).order_by("left_out"))
    left_out = {row["left_out"]: row["n"] for row in reasons if row["left_out"]}
    made = sum(row["n"] for row in reasons)
    spare = made - sum(left_out.values()) - total
    steps: list[dict[str, Any]] = [{"what": "eligible", "rows": eligible, "of": everyone}]
    steps += [{"what": "not sampled", "rows": looked_at - eligible}]
    if made > looked_at:
        steps += [{"what": "further examples of the same", "rows": made - looked_at}]
    if made < looked_at:
        steps += [{"what": "no text for any of the instructions", "rows": made - looked_at}]
    steps += [{"what": why, "rows": -n} for why, n in left_out.items()]
    return [*steps, {"what": "spare, not needed", "rows": -spare}, {"what": "examples", "rows": total}]
