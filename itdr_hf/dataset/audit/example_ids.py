"""A check of ids against what their examples say: who changes a title has to change the id with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from itdr_hf.dataset.audit.corpus import Corpus
from itdr_hf.dataset.audit.findings import Finding, Tally, named
from itdr_hf.dataset.audit.registry import check
from itdr_hf.dataset.example_id import SEPARATOR, content_digits
from itdr_hf.records import INSTRUCTION
from itdr_hf.runtime.duckdb_engine import quote

CHECK = "ids-of-their-content"
COLUMNS = ("id", "domain", '"user"', "history", "history_ratings", "candidates", "targets")
_LISTS = 'list_concat([domain, "user"], history, history_ratings::{}[]::VARCHAR[], candidates, targets)'
_DIGITS = f"md5(array_to_string({_LISTS}, '{SEPARATOR}'))[:16]"


@check(alpaca=False)
def ids_of_their_content(corpus: Corpus) -> Iterator[Finding]:
    """Is the id of every example whose answer is the data's own made of just what it says?"""
    wrong = " AND ".join(f"NOT ends_with(id, {_DIGITS.format(kind)})" for kind in ("DOUBLE", "BIGINT"))
    cells = ", ".join(quote(cell) for cell in corpus.cells if corpus.shape_of(cell) == INSTRUCTION) or "NULL"
    query = (
        f"SELECT cell, {', '.join(COLUMNS)} FROM examples WHERE reference_by = 'data' AND \"user\" <> '' "
        f"AND cell IN ({cells}) AND {wrong} ORDER BY cell, id"  # ids of other shapes are made of other columns
    )
    found: dict[str, Tally] = {}
    for cell, *values in corpus.many(query):  # DuckDB and Python may write a rating differently
        if not _holds(*values):
            found.setdefault(cell, Tally()).add(values[0])
    for cell, tally in found.items():
        text = f"{tally.count:,} examples whose id is not of what they say; want them as they were built"
        message = f"{text}; build the cell again"
        yield Finding(check=CHECK, severity="breach", where=cell, message=message, examples=named(tally.ids))


def _holds(name: str, domain: str, user: str, *lists: list[Any]) -> bool:
    """Whether an id is that of its example, by the function that made it; whole ratings may have been whole numbers."""
    history, ratings, candidates, targets = ([value for value in found if value is not None] for found in lists)
    whole = [int(rating) if rating == int(rating) else rating for rating in ratings]
    spelt = (content_digits(domain, user, history, kind, candidates, targets) for kind in (ratings, whole))
    return name.endswith(tuple(spelt))
