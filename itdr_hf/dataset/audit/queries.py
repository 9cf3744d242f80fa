"""What queries give away by themselves, where a dataset declares that they are taken from the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding
from itdr_hf.dataset.audit.registry import check

QUERY = "query"  # what the ledger calls a player that ranks by the words of the query


@check(alpaca=False)
def query_alone_wins(corpus: Corpus) -> Iterator[Finding]:
    """How often does BM25 find the answer by the words of its query alone, where queries come from answers?"""
    for cell in corpus.cells:
        if figures := _figures(corpus, cell):
            chance = max(one["chance"] for one in figures)
            said = ", ".join(f"{one['player']} {one['hit']:.3f} of {one['examples']:,}" for one in figures)
            yield Finding(
                check="query-alone-wins",
                severity="info",
                where=cell,
                message=f"H@1 of the query alone: {said}; chance {chance:.3f}; what a model adds is what is above",
                figures={one["player"]: one["hit"] for one in figures} | {"chance": chance},
            )


def _figures(corpus: Corpus, cell: str) -> list[dict[str, Any]]:
    built = corpus.dataset.cells.get(cell)
    needed = {"player", "examples", "hit", "chance"}
    return [dict(one) for one in (built.players if built else ()) if one.get("declared") == QUERY and needed <= {*one}]
