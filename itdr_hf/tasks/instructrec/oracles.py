"""How much of the answer a query gives away by its words alone: BM25 over the candidates' titles and categories.

Vague and specific intentions come from the item that is to be found. That is the paper's setting, and it is declared;
what it is worth is measured here, in the test split, when a cell is built. A figure is H@1, ties counted by their share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any

from itdr_hf.metrics.bm25 import Bm25, words
from itdr_hf.tasks.instructrec import statements
from itdr_hf.tasks.instructrec.kinds import facets
from itdr_hf.tasks.instructrec.writing import query_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from itdr_hf.runtime.engine import Record
    from itdr_hf.tasks.planning.context import PlanContext

SAMPLED = 2_000  # test examples of each setting that are looked at
VIEWS = (*statements.KINDS["P2"], *(f"wish_{view}" for view in statements.KINDS["I1"]))  # columns with texts
DECLARED = "query"  # a figure above chance is no fault: it is shown by itself


def query_alone(plan: PlanContext, rows: ir.Table) -> list[Record]:
    """Return for each setting with a query: player (the setting), declared, examples, hit (the mean), spread, chance."""
    import ibis

    asked = rows.mutate(setting=rows.form.split("/")[1]).filter(rows.split == "test")
    asked = asked.filter(asked.setting.endswith("-T3") & ~asked.setting.contains("-I0-"))
    place = ibis.row_number().over(group_by=asked.setting, order_by=[asked.order, asked.domain, asked.subject])
    sampled = plan.engine.materialise(asked.mutate(place=place).filter(lambda t: t.place < SAMPLED))
    texts = _texts(plan, sampled)
    collection = Bm25.over(texts.values())
    names = ["domain", "setting", "form", "split", "target", "target_item", "negative_items", "categories", *VIEWS]
    hits: dict[str, list[tuple[float, float]]] = {}
    for row in plan.engine.collect(sampled.select(*names).order_by(["setting", "domain", "target"])):
        hits.setdefault(row["setting"], []).append(_hit(row, texts, collection))
    return [_figure(setting, found) for setting, found in hits.items()]


def _texts(plan: PlanContext, rows: ir.Table) -> dict[tuple[str, Any], str]:
    """Return the title and categories of every candidate, by domain and item."""
    import ibis

    sides = [rows.select("domain", item=rows.target_item), rows.select("domain", item=rows.negative_items.unnest())]
    items = statements.described(plan, ibis.union(*sides).distinct())
    found = plan.engine.collect(items.select("domain", "item", "title", "categories"))
    return {(row["domain"], row["item"]): f"{row['title']} {row['categories'] or ''}" for row in found}


def _hit(row: Mapping[str, Any], texts: Mapping[tuple[str, Any], str], collection: Bm25) -> tuple[float, float]:
    """Return the target's share of the first place, and that of chance."""
    query = set(words(query_of(row, facets(row["form"]))))
    items = [row["target_item"], *row["negative_items"]]
    scores = [collection.score(query, words(texts[row["domain"], item])) for item in items]
    best = max(scores)
    return (scores[0] == best) / scores.count(best), 1 / len(scores)


def _figure(setting: str, found: Sequence[tuple[float, float]]) -> Record:
    hits, chances = zip(*found, strict=True)
    return {
        "player": setting,
        "declared": DECLARED,
        "examples": len(found),
        "hit": round(fmean(hits), 4),
        "spread": round(pstdev(hits), 4),
        "chance": round(fmean(chances), 4),
    }
