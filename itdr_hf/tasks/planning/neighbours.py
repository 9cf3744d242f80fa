"""The most similar users and items of a source's first period, from its train part alone.

    neighbours  [domain,] subject, neighbour, rank from 0, score, by

Users are alike who have items in common, and items that have users in common: the cosine of what they have. Whoever has
too few neighbours in this way, as an item that train does not know, gets the nearest by text: title and label of an
item, or of all items of a user. Ties go by id, and the numbers are the same on every machine. A recipe may name others in
their place (`near`), by the vectors of a recommender, which are made beforehand and lie in the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from itdr_hf.errors import BuildError
from itdr_hf.tasks.planning import derived, snapshots
from itdr_hf.tasks.planning.similarity import Nearest, Sparse, nearest_sparse, sparse_rows
from itdr_hf.tasks.planning.streaming import read_table

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from itdr_hf.tasks.planning.context import PlanContext
    from itdr_hf.tasks.planning.similarity import Floats, Ints

Side = Literal["user", "item"]
SIDES: tuple[Side, ...] = ("user", "item")
GIVEN = "neighbours"  # folder of the cache with neighbours that a recipe names
COUNT = 5  # neighbours of each, as published
BY = "cooccurrence"  # how neighbours are found, unless by text
HOW = "how"  # in a file's metadata: exact, or the index and its recall
_WORD = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True, kw_only=True)
class Log:
    """The train part of one domain as numbers: pairs of codes, and the ids that the codes stand for, in order."""

    users: pa.Array
    items: pa.Array
    pairs: tuple[Ints, Ints]
    cold: pa.Array  # the items that only validation and test know

    def rows(self, side: Side) -> Sparse:
        """Return who has what, a row for every user, or for every item."""
        user, item = self.pairs
        sizes = len(self.users), len(self.items)
        return sparse_rows(user, item, *sizes) if side == "user" else sparse_rows(item, user, *sizes[::-1])


Find = Callable[[Log, str], tuple[Nearest, str]]  # a log and its domain -> the nearest, and how they were searched


def neighbours(plan: PlanContext, side: Side) -> ir.Table:
    """Return the neighbours of all users, or of all items, of the snapshots, computed once.

    Raises BuildError where those that the recipe names are not in the cache.
    """
    if plan.recipe.near:
        path = given_path(plan, side)
        if not path.is_file():
            raise BuildError(
                f"neighbours {plan.recipe.near}: not in {path.parent}; want them made beforehand; "
                "build with --neighbours-by lightgcn"
            )
        return plan.engine.parquet(path)
    return plan.engine.parquet(derived.kept_file(plan.tables, _name(plan, side), lambda path: _write(plan, side, path)))


def logs(plan: PlanContext) -> Iterator[tuple[str, Log]]:
    """Yield each domain ("" where a source has none) and its train part as numbers."""
    rows = snapshots.interactions(plan)
    domains = [r["domain"] for r in plan.engine.collect(rows.select("domain").distinct())] if plan.domain else [""]
    for domain in sorted(domains):
        yield domain, _log(plan, rows.filter(rows.domain == domain) if domain else rows)


def _facts(plan: PlanContext) -> str:
    return derived.key(__name__, plan.recipe.snapshots, *plan.source.snapshots, plan.source.label)


def _name(plan: PlanContext, side: Side) -> str:
    return f"neighbours-{side}-{BY}-{_facts(plan)}"


def given_path(plan: PlanContext, side: Side) -> Path:
    """Return where the neighbours that a recipe names lie in the cache: of this release, its periods and this side."""
    facts = derived.key(
        __name__, plan.recipe.snapshots, *plan.source.snapshots, plan.source.id, plan.tables.fingerprint
    )
    return plan.tables.folder.parents[2] / GIVEN / f"{plan.recipe.near}-{side}-{facts}.parquet"


def write_neighbours(plan: PlanContext, side: Side, path: Path, by: str, find: Find) -> None:
    """Write neighbours that `find` finds among the warm users or items of each domain, the others by text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts, said = [], ""
    for domain, log in logs(plan):
        first, said = find(log, domain)
        parts.append(_of_domain(plan, side, domain, log, first, by))
    table = pa.concat_tables(parts).replace_schema_metadata({HOW: said})
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    pq.write_table(table, draft, compression="zstd")
    draft.replace(path)


def _write(plan: PlanContext, side: Side, path: Path) -> None:
    def shared(log: Log, domain: str) -> tuple[Nearest, str]:
        rows = log.rows(side)
        return nearest_sparse(rows, rows, COUNT, np.arange(rows.rows)), "exact"

    write_neighbours(plan, side, path, BY, shared)


def _of_domain(plan: PlanContext, side: Side, domain: str, log: Log, first: Nearest, by: str) -> pa.Table:
    """Return the neighbours in one domain: those found first, then by text where they are too few."""
    import pyarrow as pa

    ids = log.users if side == "user" else log.items
    itself = np.arange(len(ids))
    few = np.flatnonzero(first.rows[:, -1] < 0)
    cold = log.cold if side == "item" else log.cold[:0]
    tables = [_table(ids, ids, first, by, np.zeros(len(ids), int))]
    if len(few) + len(cold):
        texts = _texts(plan, domain, pa.concat_arrays([log.items, log.cold]))
        known = texts if side == "item" else _together(log, texts)
        warm, queries = _rows_of(known, itself), _rows_of(known, np.concatenate([few, np.arange(len(cold)) + len(ids)]))
        near = nearest_sparse(queries, warm, 2 * COUNT, np.concatenate([few, np.full(len(cold), -1)]))
        near, begin = _behind(near, first, few)
        who = pa.concat_arrays([ids.take(pa.array(few)), cold])
        tables.append(_table(who, ids, near, "text", begin))
    found = pa.concat_tables(tables).sort_by([("subject", "ascending"), ("rank", "ascending")])
    return found.add_column(0, "domain", pa.array([domain] * found.num_rows, pa.string())) if plan.domain else found


def _behind(near: Nearest, first: Nearest, few: Ints) -> tuple[Nearest, Ints]:
    """Return what texts add: not what was found already, and only as many as are missing; and the rank at which it begins."""
    rows, scores = np.full((len(near.rows), COUNT), -1), np.zeros((len(near.rows), COUNT))
    have = [set(row[row >= 0].tolist()) for row in first.rows[few]]
    have += [set()] * (len(near.rows) - len(few))
    for place, known in enumerate(have):
        new = [n for n, row in enumerate(near.rows[place].tolist()) if row >= 0 and row not in known]
        new = new[: COUNT - len(known)]
        rows[place, : len(new)], scores[place, : len(new)] = near.rows[place, new], near.scores[place, new]
    return Nearest(rows=rows, scores=scores), np.array([len(known) for known in have], dtype=int)


def _table(subjects: pa.Array, ids: pa.Array, found: Nearest, by: str, begin: Ints) -> pa.Table:
    import pyarrow as pa

    subject, rank = np.nonzero(found.rows >= 0)
    return pa.table({
        "subject": subjects.take(pa.array(subject)),
        "neighbour": ids.take(pa.array(found.rows[subject, rank])),
        "rank": pa.array(rank + begin[subject], pa.int64()),
        "score": pa.array(np.round(found.scores[subject, rank], 6)),
        "by": pa.array([by] * len(subject), pa.string()),
    })  # fmt: skip


def _log(plan: PlanContext, rows: ir.Table) -> Log:
    import pyarrow as pa
    import pyarrow.compute as pc

    table = read_table(plan, rows.select("user", "item", train=rows.part == "train"))
    train = table.filter(table["train"])
    users, items = (_ids(train[name]) for name in ("user", "item"))
    pairs = tuple(pc.index_in(train[n], v).to_numpy().astype(np.int64) for n, v in (("user", users), ("item", items)))
    cold = table.filter(pc.invert(pc.is_in(table["item"], items)))["item"]
    return Log(users=users, items=items, pairs=(pairs[0], pairs[1]), cold=_ids(pa.chunked_array(cold)))


def _ids(values: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.unique(values)
    return pa.array(found.take(pc.sort_indices(found)))


def _texts(plan: PlanContext, domain: str, ids: pa.Array) -> Sparse:
    """Return the words of title and label of items, rare words weighing more, a row for each id."""
    import ibis
    import pyarrow.compute as pc

    items = plan.table("items")
    items = items.filter(items.domain == domain) if domain else items
    label = items[plan.source.label] if plan.source.label else ibis.null("string")
    table = read_table(plan, items.select("item", "title", label=label.cast("string")))
    table = table.take(pc.index_in(ids, table["item"].combine_chunks()))
    said = zip(table["title"].to_pylist(), table["label"].to_pylist(), strict=True)
    words = [sorted(set(_WORD.findall(f"{title} {label or ''}".lower()))) for title, label in said]
    codes: dict[str, int] = {}
    columns = np.array([codes.setdefault(word, len(codes)) for listed in words for word in listed], dtype=np.int64)
    rows = np.repeat(np.arange(len(words)), [len(listed) for listed in words])
    weights: Floats = np.log(len(words) / np.bincount(columns, minlength=len(codes)))[columns] + 1
    return sparse_rows(rows, columns, len(words), max(len(codes), 1), weights)


def _together(log: Log, texts: Sparse) -> Sparse:
    """Return for each user the sum of the texts of all items."""
    user, item = log.pairs
    sizes = np.diff(texts.starts)[item]
    ends = np.cumsum(sizes)
    entries = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes - texts.starts[item], sizes)
    key = np.repeat(user, sizes) * texts.width + texts.columns[entries]
    known, place = np.unique(key, return_inverse=True)
    weights: Floats = np.bincount(
        place, texts.weights[entries] if texts.weights is not None else None, len(known)
    ).astype(np.float64)
    return sparse_rows(known // texts.width, known % texts.width, len(log.users), texts.width, weights)


def _rows_of(rows: Sparse, chosen: Ints) -> Sparse:
    """Return some rows, in this order."""
    sizes = np.diff(rows.starts)[chosen]
    ends = np.cumsum(sizes)
    entries: Any = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - sizes - rows.starts[chosen], sizes)
    weights = None if rows.weights is None else rows.weights[entries]
    return Sparse(starts=np.concatenate([[0], ends]), columns=rows.columns[entries], width=rows.width, weights=weights)


def facts(plan: PlanContext, side: Side) -> dict[str, str | int]:
    """Return what the ledger says of the neighbours: how they were found, and how many of them each way."""
    found = neighbours(plan, side)
    counted = plan.engine.collect(found.group_by("by").agg(n=found.count()).order_by("by"))
    counts: dict[str, str | int] = {f"{side} neighbours by {row['by']}": row["n"] for row in counted}
    if not plan.recipe.near:
        return {f"{side} neighbours": BY, **counts}
    return {f"{side} neighbours": f"{plan.recipe.near}, {_how(given_path(plan, side))}", **counts}


def _how(path: Path) -> str:
    """Return how the neighbours of a file were searched."""
    import pyarrow.parquet as pq

    return str((pq.read_schema(path).metadata or {}).get(HOW.encode(), b"").decode())
