"""Make an example of a row: what its instruction shows and what it asks for, by the kind of instruction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from itdr_hf.tasks import answers
from itdr_hf.tasks.instructrec.kinds import Facets, Kind, facets
from itdr_hf.tasks.instructrec.statements import KINDS as VIEWS
from itdr_hf.tasks.instructrec.templates import personalised_search, product_search, recommendation
from itdr_hf.tasks.task import ExampleParts, TaskContext

ALL_KINDS: dict[str, Kind] = {
    kind.id: kind for kind in (*recommendation.KINDS, *product_search.KINDS, *personalised_search.KINDS)
}
PAST = 5  # titles of a history that is asked for: the newest; C7 and C9 say so
SLOTS = frozenset({"history", "preference", "query", "title", "candidates"})


def example(row: Mapping[str, Any], context: TaskContext) -> ExampleParts:
    """Return the slots, the answer and the truth of a row, by the kind of instruction its `form` names."""
    told = facets(row["form"])
    kind = ALL_KINDS[told.kind]
    preference = _preference(row) if "P" in kind.order or "preference" in kind.target else ""
    query = query_of(row, told) if "Q" in kind.order or "query" in kind.target else ""
    candidates, listed = _offered(row) if "C" in kind.order else ([], "")
    fits = kind.target != "yes-no" or _draw(row, "yes-no") % 2 == 0
    names, targets, output = _answer(row, kind, preference, query, fits)
    shown = {
        "history": _numbered(tuple(row["history"])) if "H" in kind.order else "",
        "preference": preference,
        "query": query,
        "title": row["target"] if fits else row["negatives"][0],
        "candidates": listed,
    }
    return ExampleParts(
        slots=shown,
        output=output,
        history=row["history"] if "H" in kind.order else (),
        candidates=candidates,
        targets=targets,
        target_names=names,
        reference_by=_written_by(row, told, kind),
    )


def _answer(
    row: Mapping[str, Any], kind: Kind, preference: str, query: str, fits: bool
) -> tuple[Sequence[str], Sequence[str], str]:
    """Names of the targets where there are several, the targets, and the text that says them."""
    item, past = row["target"], list(row["history"][-PAST:])
    single = {"item": item, "yes-no": "Yes" if fits else "No", "preference": preference, "query": query}
    if kind.target in single:
        return (), (single[kind.target],), single[kind.target]
    if kind.target == "history":
        return (), past, answers.numbered(past)
    if kind.target == "history+item":
        names = [*["history"] * len(past), "item"]
        return names, [*past, item], f"{answers.numbered(past)}\nItem: {item}"
    first = kind.target.partition("+")[0]
    return (first, "item"), (single[first], item), f"{first.capitalize()}: {single[first]}\nItem: {item}"


def _preference(row: Mapping[str, Any]) -> str:
    """Return a view of the stated preference: any in training, the general one else."""
    return _one_of(row, [row[view] for view in VIEWS["P2"]])


def query_of(row: Mapping[str, Any], told: Facets) -> str:
    """Return the query of a row: a preference, a wish or the categories, by what its instruction tells."""
    if told.intention == "P2":
        return _preference(row)
    if told.intention == "I1":
        return _one_of(row, [row[f"wish_{view}"] for view in VIEWS["I1"]])
    return row["categories"] or ""


def _one_of(row: Mapping[str, Any], texts: Sequence[str | None]) -> str:
    """Any of the texts in training, by the row's digest; the first of them else."""
    found = [text for text in texts if text]
    if not found:
        return ""
    return found[_draw(row, "view") % len(found)] if row["split"] == "train" else found[0]


def _written_by(row: Mapping[str, Any], told: Facets, kind: Kind) -> str:
    """Who wrote the texts of an example: `data` where all are of the release."""
    written = told.intention in ("P2", "I1") or "P2" in told.preference or "preference" in kind.target
    return row["texts_by"] if written else "data"


def _offered(row: Mapping[str, Any]) -> tuple[Sequence[str], str]:
    """Return the target and the negatives in an order of the subject, and as a prompt lists them: the same in all its
    instructions of a split."""
    return _in_order(row["order"], row["split"], (row["target"], *row["negatives"]))


@lru_cache(maxsize=16)  # the instructions of a subject come one after the other
def _in_order(order: str, split: str, titles: tuple[str, ...]) -> tuple[Sequence[str], str]:
    candidates = answers.shuffled(titles, _drawn(order, split, "|".join(titles)))
    return candidates, answers.listed(candidates)


_numbered = lru_cache(maxsize=16)(answers.numbered)


def _draw(row: Mapping[str, Any], what: str) -> int:
    return _drawn(row["order"], row["split"], what)


def _drawn(order: str, split: str, what: str) -> int:
    return int.from_bytes(hashlib.md5(f"{order}|{split}|{what}".encode()).digest(), "big")
