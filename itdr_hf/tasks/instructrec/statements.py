"""The table of fine instructions: who wrote which preference and which intention, once per source.

    statements   [domain,] user, item, kind, view, text, written_by

`item` is the target an intention is about, "" of a preference. A preference is read from what comes before all three
targets of a user, so that none of them can be in it; an intention from the review of its own target. One row is known
by (domain, user, item, kind, view). The paper's 252,730 fine instructions are three preferences of every user and two
intentions of every test target.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from itdr_hf.errors import BuildError
from itdr_hf.records import SPLITS
from itdr_hf.runtime.hashing import pseudonyms
from itdr_hf.tasks.instructrec.rules import Choice, Chosen, intentions, preferences, refusal
from itdr_hf.tasks.planning import core, derived, digest, queries, written
from itdr_hf.tasks.planning.streaming import stream

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.tasks.planning.context import PlanContext

TARGETS = len(SPLITS)  # a user's last interactions, one for each split
HISTORY = 20  # choices that a preference is read from
ROWS = 8_192  # users or targets that are in memory at a time
COLUMNS = ("domain", "user", "item", "kind", "view", "text", "written_by")
Row = tuple[str, str, str, str, str, str, str]  # the values of COLUMNS
KINDS = {"P2": ("general", "long", "short"), "I1": ("user", "item")}
CATEGORIES = "categories"  # the column with all categories of an item, where there is one
MAKERS = ("brand", "store", "developer", "publisher", "author", "authors", "artist")  # columns that name one


def statements(plan: PlanContext) -> ir.Table:
    """Return the table as an expression, written by rules where it is not there yet."""
    facts = (plan.source.label, plan.recipe.order, plan.recipe.domain, plan.recipe.profiles)
    name = f"statements-{derived.key(__name__, *facts)}"
    return plan.engine.parquet(derived.kept_file(plan.tables, name, lambda path: _write(plan, path)))


def core_rows(plan: PlanContext) -> ir.Table:
    """Return the core's interactions in the recipe's domain, with `domain` ("" where the source has none) and `subject`."""
    import ibis

    rows = plan.engine.parquet(core.interactions(plan.tables, plan.engine, plan.recipe.order)).rename(subject="user")
    if not plan.domain:
        return rows.mutate(domain=ibis.literal(""))
    return rows.filter(rows.domain == plan.recipe.domain) if plan.recipe.domain else rows


def before_targets(plan: PlanContext) -> ir.Table:
    """Return the interactions that preferences are read from: the newest before the targets of all splits."""
    rows = core_rows(plan)
    return rows.filter((rows.back >= TARGETS) & (rows.back < TARGETS + HISTORY))


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
        for made in _kinds(plan):
            for rows in _batched(made):
                columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _kinds(plan: PlanContext) -> Iterator[Iterator[Row]]:
    """Yield the statements of each kind: those that a model wrote, where it wrote any of a kind, else those of rules.

    Of a kind that a model wrote, what it did not write or what had to be refused is missing: nothing stands in for it.
    """
    rows = _of_model(plan) if plan.recipe.profiles else []
    yield _quoted(plan, rows, "preference") if any(r["task"] == "preference" for r in rows) else _preferences(plan)
    yield _quoted(plan, rows, "intention") if any(r["task"] == "intention" for r in rows) else _intentions(plan)


def _of_model(plan: PlanContext) -> list[dict[str, Any]]:
    """Return what a model wrote for the cell. Raises BuildError where it wrote nothing of it: rules were not asked for."""
    rows = [row for row in written.written(plan) if row["task"] in ("preference", "intention")]
    rows = [row for row in rows if plan.recipe.domain in ("", row["domain"])]
    if not rows:
        of = f"{plan.source.id}{plan.recipe.domain and ', ' + plan.recipe.domain}"
        raise BuildError(
            f"profiles: no preference and no intention of {of} among them; want texts of its users; "
            "let a model write them first, or leave --profiles out"
        )
    return rows


def _preferences(plan: PlanContext) -> Iterator[Row]:
    rows = described(plan, before_targets(plan)).mutate(subject=lambda t: t.subject.cast("string"))
    rows = rows.select("domain", "subject", "back", "title", "label", "maker")
    ordered = rows.order_by(["domain", "subject", rows.back.desc()])
    for (domain, user), mine in groupby(stream(plan, ordered), lambda row: (row["domain"], row["subject"])):
        history = [Choice(row["title"], row["label"], row["maker"]) for row in mine]
        yield from ((domain, user, "", "P2", view, text, written.RULE) for view, text in preferences(history))


def _intentions(plan: PlanContext) -> Iterator[Row]:
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
    for row in stream(plan, told.order_by(["domain", "subject", "item"])):
        chosen = Chosen(row["title"], row["text"], row["label"] or "", row["maker"] or "")
        for view, text in intentions(chosen):
            yield row["domain"], row["subject"], row["item"], "I1", view, text, written.RULE


def _quoted(plan: PlanContext, rows: Sequence[Mapping[str, Any]], task: str) -> Iterator[Row]:
    """Yield what a model wrote for the users and targets of the core, without intentions that reveal the target."""
    known: dict[tuple[str, str, str], list[tuple[str, str, str]]] = {}
    for row in rows:
        if row["task"] == task:
            split = row["split"] if task == "intention" else SPLITS[0]
            known.setdefault((row["domain"], row["user"], split), []).append(
                (row["view"], row["text"], row["written_by"])
            )
    hashed = pseudonyms(plan.source.id, rows[0]["salt"])
    targets = core_rows(plan).filter(lambda t: t.back < TARGETS)
    told = described(plan, targets).mutate(
        subject=lambda t: t.subject.cast("string"), item=lambda t: t.item.cast("string")
    )
    told = told.select("domain", "subject", "item", "back", "title", "maker").order_by(["domain", "subject", "back"])
    for row in stream(plan, told):
        split = SPLITS[len(SPLITS) - 1 - row["back"]]
        for view, text, by in known.get((row["domain"], hashed(row["subject"]), split), ()):
            if task == "preference":
                yield row["domain"], row["subject"], "", "P2", view, text, by
            elif refusal(text, Chosen(row["title"], "", maker=row["maker"] or "")) is None:
                yield row["domain"], row["subject"], row["item"], "I1", view, text, by


def _batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(rows)
    while batch := list(islice(rows, ROWS)):
        yield batch
