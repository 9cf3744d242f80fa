"""The table of fine instructions: who wrote which preference and which intention, once per source.

    statements   [domain,] user, item, kind, view, text, written_by

`item` is the target an intention is about, "" of a preference. A preference is read from what comes before all three
targets of a user, so that none of them can be in it; an intention from the review of its own target. One row is known
by (domain, user, item, kind, view). The paper's 252,730 fine instructions are three preferences of every user and two
intentions of every test target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.records import SPLITS
from itdr_hf.tasks.instructrec.rules import RULE, Choice, Chosen, intentions, preferences
from itdr_hf.tasks.planning import core, derived, digest, queries

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from itdr_hf.tasks.planning.context import PlanContext

TARGETS = len(SPLITS)  # a user's last interactions, one for each split
HISTORY = 20  # choices that a preference is read from
ROWS = 8_192  # users or targets that are in memory at a time
COLUMNS = ("domain", "user", "item", "kind", "view", "text", "written_by")
KINDS = {"P2": ("general", "long", "short"), "I1": ("user", "item")}
CATEGORIES = "categories"  # the column with all categories of an item, where there is one
MAKERS = ("brand", "store", "developer", "publisher", "author", "authors", "artist")  # columns that name one


def statements(plan: PlanContext) -> ir.Table:
    """Return the table as an expression, written by rules where it is not there yet."""
    name = f"statements-{derived.key(__name__, plan.source.label, plan.recipe.order, plan.recipe.domain)}"
    return plan.engine.parquet(derived.kept_file(plan.tables, name, lambda path: _write(plan, path)))


def core_rows(plan: PlanContext) -> ir.Table:
    """Return the core's interactions in the recipe's domain, with `domain` ("" where the source has none) and `subject`."""
    import ibis

    rows = plan.engine.parquet(core.interactions(plan.tables, plan.engine, plan.recipe.order)).rename(subject="user")
    if not plan.domain:
        return rows.mutate(domain=ibis.literal(""))
    return rows.filter(rows.domain == plan.recipe.domain) if plan.recipe.domain else rows


def reviewed(plan: PlanContext) -> ir.Table:
    """Return one interaction with a review for every item that has any: the one whose md5 is the least."""
    rows = core_rows(plan)
    rows = rows.filter(rows.text_row.notnull())
    place = digest.digest(f"search|{plan.source.id}", rows.item, rows.subject)
    keyed = rows.select("domain", "item", "text_row", place=place, by=rows.subject).rename(subject="item")
    few = queries.first(keyed, queries.KEYS, {"place": keyed.place, "by": keyed.by}, 1)
    return few.select("domain", "text_row", item="subject", subject="by")


def described(plan: PlanContext, rows: ir.Table) -> ir.Table:
    """Return the rows with `title`, `norm`, `label`, `maker` and `categories` of their items."""
    items = plan.table("items")
    wanted = {"label": [plan.source.label], "maker": MAKERS, "categories": [CATEGORIES, plan.source.label]}
    facts = {name: _first_of(items, columns) for name, columns in wanted.items()}
    return rows.inner_join(items.select(*plan.domain, "item", "title", "norm", **facts), [*plan.domain, "item"])


def _first_of(items: ir.Table, columns: Sequence[str | None]) -> ir.StringValue:
    """Return the first of these columns that the items have, as text; NULL where they have none."""
    import ibis

    found = next((items[name] for name in columns if name in items.columns), None)
    return ibis.null("string") if found is None else found.cast("string")


def _write(plan: PlanContext, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for made in (_preferences(plan, path), _intentions(plan, path)):
            for rows in _batched(made):
                writer.write_table(pa.Table.from_pylist(rows, schema))


def _preferences(plan: PlanContext, path: Path) -> Iterator[dict[str, str]]:
    rows = core_rows(plan)
    rows = rows.filter((rows.back >= TARGETS) & (rows.back < TARGETS + HISTORY))
    rows = described(plan, rows).mutate(subject=lambda t: t.subject.cast("string"))
    rows = rows.select("domain", "subject", "back", "title", "label", "maker")
    ordered = rows.order_by(["domain", "subject", rows.back.desc()])
    for (domain, user), mine in groupby(_read(plan, ordered, path), lambda row: (row["domain"], row["subject"])):
        history = [Choice(row["title"], row["label"], row["maker"]) for row in mine]
        yield from (_row(domain, user, "", "P2", view, text) for view, text in preferences(history))


def _intentions(plan: PlanContext, path: Path) -> Iterator[dict[str, str]]:
    """Of the targets of all splits, and of one review of every item, which the search for items asks by."""
    if not plan.tables.has("texts"):
        return
    rows = core_rows(plan)
    targets = rows.filter((rows.back < TARGETS) & rows.text_row.notnull())
    asked = targets.select("domain", "subject", "item", "text_row").union(
        reviewed(plan).select("domain", "subject", "item", "text_row"), distinct=True
    )
    told = described(plan, asked.inner_join(plan.texts, "text_row"))
    told = told.mutate(subject=told.subject.cast("string"), item=told.item.cast("string"))
    told = told.select("domain", "subject", "item", "title", "label", "maker", text=told.text)
    for row in _read(plan, told.order_by(["domain", "subject", "item"]), path):
        chosen = Chosen(row["title"], row["text"], row["label"] or "", row["maker"] or "")
        for view, text in intentions(chosen):
            yield _row(row["domain"], row["subject"], row["item"], "I1", view, text)


def _row(*values: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (*values, RULE), strict=True))


def _read(plan: PlanContext, query: ir.Table, path: Path) -> Iterator[Mapping[str, Any]]:
    """Return the rows of an expression in its order, a batch of them in memory; they pass through a file beside `path`."""
    import pyarrow.parquet as pq

    between = path.with_name(f"{path.name}.read")
    plan.engine.write(query, between)
    files = sorted(between.glob("*.parquet")) if between.is_dir() else [between]
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(ROWS):
            yield from _records(batch)
    _remove(files, between)


def _records(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    names = batch.schema.names
    columns = [column.to_pylist() for column in batch.columns]
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _remove(files: list[Path], between: Path) -> None:
    for file in files:
        file.unlink()
    if between.is_dir():
        import shutil

        shutil.rmtree(between)


def _batched(rows: Iterable[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    batch: list[dict[str, str]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
