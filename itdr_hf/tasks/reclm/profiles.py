"""The tables of profiles: one of each user and item of the snapshots, which every cell quotes.

    users   domain, subject, identities, interests, text, written_by
    items   domain, subject, identities, interests, text, cold

A user's profile is read from the train part without the held-out item. An item's is made of the profiles of its users
in train; of a cold item, of the profiles of the items nearest to it by text. Where a language model wrote profiles
(recipe `profiles`), they stand in the place of the rules' ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import BuildError
from itdr_hf.runtime.hashing import pseudonyms
from itdr_hf.tasks.planning import derived, neighbours, written
from itdr_hf.tasks.planning.streaming import BATCH_ROWS, stream
from itdr_hf.tasks.reclm import circle
from itdr_hf.tasks.reclm.rules import (
    ITEM_PARTS,
    Choice,
    Profile,
    item_profile,
    kinds,
    rarity,
    read_profile,
    user_profile,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from itdr_hf.tasks.planning.context import PlanContext

KEYS = circle.KEYS


def users(plan: PlanContext) -> ir.Table:
    """Return the profiles of all users with something in train besides what is held out. Raises BuildError."""
    name = f"profiles-user-{derived.key(__name__, circle.key(plan), plan.recipe.profiles)}"
    return plan.engine.parquet(
        derived.kept_file(plan.tables, name, lambda path: _write(plan, path, _users(plan), "subject", "written_by"))
    )


def items(plan: PlanContext) -> ir.Table:
    """Return the profiles of all items of the snapshots that have users in train, or similar items that have."""
    name = f"profiles-item-{derived.key(__name__, circle.key(plan), plan.recipe.profiles)}"
    return plan.engine.parquet(
        derived.kept_file(plan.tables, name, lambda path: _write(plan, path, _items(plan), "item", "cold"))
    )


def near_items(plan: PlanContext) -> ir.Table:
    """Return the items around each item: domain, subject, neighbour, rank."""
    import ibis

    rows = neighbours.neighbours(plan, "item")
    rows = rows if plan.domain else rows.mutate(domain=ibis.literal(""))
    return rows.filter(rows["rank"] < plan.recipe.neighbours)


def described(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the rows with `title` and `label` of their items."""
    import ibis

    items = plan.table("items")
    label = items[plan.source.label].cast("string") if plan.source.label else ibis.null("string")
    named = items.select(*plan.domain, "item", "title", label=label)
    return rows.inner_join(named, [*plan.domain, "item"])


def _users(plan: PlanContext) -> Iterator[dict[str, Any]]:
    rows = circle.parts(plan)
    rows = rows.filter(rows.part == "train")
    counted = rows.group_by(["domain", "item"]).agg(users=rows.count())
    usual = plan.engine.collect(counted.agg(usual=(counted.users * counted.users).sum() / counted.users.sum()))
    seen = rows.anti_join(circle.held(plan), [*KEYS, "norm"]).inner_join(counted, ["domain", "item"])
    seen = described(plan, seen.select(*KEYS, "item", "timestamp", "users"))
    telling = rarity((row["title"], row["label"]) for row in stream(plan, _catalogue(plan)))
    quote = _written(plan)
    quoted = 0
    told = seen.select(*KEYS, "title", "label", "users", "timestamp", "item").order_by([*KEYS, "timestamp", "item"])
    for (domain, subject), mine in groupby(stream(plan, told), lambda row: (row["domain"], row["subject"])):
        history = [Choice(row["title"], row["label"], row["users"]) for row in mine]
        profile, by = user_profile(history, telling, usual[0]["usual"], plan.source.words), written.RULE
        profile, by = quote(domain, str(subject)) or (profile, by)
        quoted += by != written.RULE
        yield _row(domain, subject, profile, by)
    if plan.recipe.profiles and not quoted:
        raise BuildError(
            f"profiles {plan.recipe.profiles}: of nobody in the two periods of {plan.source.id}; want profiles of its users "
            "by the same salt; name their folder and its --salt, or leave --profiles out"
        )


def _catalogue(plan: PlanContext) -> ir.Table:
    known = circle.parts(plan).select(*plan.domain, "item").distinct()
    return described(plan, known).select("title", "label")


def _written(plan: PlanContext) -> Any:
    """Return a function that gives the profile of a user that a model wrote, and who that was; None where none did."""
    if not plan.recipe.profiles:
        return lambda domain, subject: None
    rows = written.written(plan)
    known = {(row["domain"], row["user"]): (row["text"], row["written_by"]) for row in rows}
    hashed = pseudonyms(plan.source.id, rows[0]["salt"] if rows else "")

    def found(domain: str, subject: str) -> tuple[Profile, str] | None:
        text, by = known.get((domain, hashed(subject)), ("", ""))
        profile = read_profile(text)
        return (profile, by) if profile else None

    return found


def _items(plan: PlanContext) -> Iterator[dict[str, Any]]:
    """Items with users in train, then the cold ones, from the most frequent entries of the profiles behind them."""
    rows = circle.parts(plan)
    train = rows.filter(rows.part == "train").select("domain", "item", who="subject")
    warm = _counted(plan, train, users(plan))
    rest = rows.select("domain", "item").distinct().anti_join(train, ["domain", "item"])
    near = near_items(plan).rename(item="subject").inner_join(rest, ["domain", "item"])
    near = near.select("domain", "item", who="neighbour")
    shown = plan.engine.materialise(warm)
    yield from _made(plan, shown, cold=False)
    listed = shown.mutate(subject=shown["item"]).drop("item")
    yield from _made(
        plan, _top(near.inner_join(listed, [near.domain == listed.domain, near.who == listed.subject])), cold=True
    )


def _counted(plan: PlanContext, train: ir.Table, profiles: ir.Table) -> ir.Table:
    """Return the foremost entries of each item's users' profiles: domain, item, kind, entry, n, rank."""
    import ibis

    told = train.inner_join(profiles.rename(who="subject"), ["domain", "who"])
    lists = [
        told.select("domain", "item", kind=ibis.literal(kind), entry=told[kind].unnest(), n=ibis.literal(1, "int64"))
        for kind in ("identities", "interests")
    ]
    return _top(ibis.union(*lists))


def _top(entries: ir.Table) -> ir.Table:
    import ibis

    keys = ["domain", "item", "kind"]
    counted = entries.group_by([*keys, "entry"]).agg(n=entries.n.sum())
    order = [ibis.desc(counted.n), counted.entry]
    ranked = counted.mutate(rank=ibis.row_number().over(group_by=[counted[k] for k in keys], order_by=order))
    return ranked.filter(ranked["rank"] < ITEM_PARTS)


def _made(plan: PlanContext, entries: ir.Table, *, cold: bool) -> Iterator[dict[str, Any]]:
    told = described(plan, entries.select("domain", "item", "kind", "rank", "entry"))
    ordered = told.order_by(["domain", "item", "kind", "rank"])
    for (domain, item), mine in groupby(stream(plan, ordered), lambda row: (row["domain"], row["item"])):
        listed: dict[str, list[str]] = {"identities": [], "interests": []}
        of: list[str] = []
        for row in mine:
            of = of or kinds(row["title"], row["label"])
            listed[row["kind"]].append(row["entry"])
        profile = item_profile(of, listed["identities"], listed["interests"])
        yield {**_row(domain, item, profile, written.RULE), "cold": cold}


def _row(domain: str, subject: Any, profile: Profile, by: str) -> dict[str, Any]:
    return {
        "domain": domain, "subject": subject, "identities": list(profile.identities),
        "interests": list(profile.interests), "text": profile.text, "written_by": by,
    }  # fmt: skip


def _write(plan: PlanContext, path: Path, rows: Iterable[dict[str, Any]], subject: str, last: str) -> None:
    """Write profiles with the column `last`; their subjects are of the type that `subject` has in the snapshots."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    waiting = iter(rows)
    first = list(islice(waiting, BATCH_ROWS))
    texts = pa.list_(pa.string())
    kind = circle.parts(plan).schema()[subject].to_pyarrow()
    columns = {"domain": pa.string(), "subject": kind, "identities": texts, "interests": texts, "text": pa.string()}
    schema = pa.schema([*columns.items(), (last, pa.bool_() if last == "cold" else pa.string())])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while first:
            writer.write_table(_table(first, schema))
            first = list(islice(waiting, BATCH_ROWS))


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema)
