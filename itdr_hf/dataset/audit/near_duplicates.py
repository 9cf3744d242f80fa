"""Which texts are nearly the same: by the five-word runs they share, in bounded memory.

Every text is the set of its runs of words; a run that is used often belongs to the template and is left out. Texts
that cannot be alike, as hardly any of their runs is on the other side of the split too, are left out by counting uses.
Two sets of which four fifths are common must share a run among the rarest fifth of either (prefix filtering,
Chaudhuri et al. 2006), so only those are joined, and only the pairs found are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.duckdb_engine import DuckDBEngine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

RUN = 5  # words
COMMON = 0.05  # a run used more often than by this share of the texts is the template's
ALIKE = 0.8  # Jaccard similarity of the runs that are not the template's
BUCKET_BITS = 22
BUCKETS = 1 << BUCKET_BITS  # of runs by their hash; a cell of the paper's size has a million or two
LEAST_RUNS = 12  # a text with fewer is too short to say
MULTIPLIER = 0x9E3779B97F4A7C15


def nearly_alike(engine: DuckDBEngine, texts: Callable[[bool], Iterable[pa.RecordBatch]]) -> list[str]:
    """Return the ids of texts outside train that are nearly one in train.

    `texts(train)` gives the batches of either side, with id and text; it is called more than once.
    """
    uses, seen = _count_uses(texts)
    filtered = _Filter(uses, max(COMMON * seen, 3))
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE texts (number BIGINT, id VARCHAR)")
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE runs (number BIGINT, run UBIGINT, train BOOLEAN)")
    kept = 0
    for train in (False, True):
        before = kept
        for batch in texts(train):
            kept += _note(engine, batch, kept, train, filtered)
        if kept == before:
            return []
    _rank(engine)
    return _join(engine)


def _join(engine: DuckDBEngine) -> list[str]:
    """Pair the texts of both sides that share a rare run, and return the ids of those that share enough of all."""
    rare = f"place <= size - ceil({ALIKE} * size) + 1"
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE near AS SELECT DISTINCT a.number AS one, b.number AS other FROM "
        f"(FROM ranked WHERE NOT train AND {rare}) a JOIN (FROM ranked WHERE train AND {rare}) b ON a.run = b.run "
        f"WHERE least(a.size, b.size) >= {ALIKE} * greatest(a.size, b.size)"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE sets AS SELECT number, any_value(size) AS size, list(run) AS runs FROM ranked GROUP BY number"
    )
    query = (
        "SELECT DISTINCT id FROM (SELECT one, a.size + b.size AS sizes, len(list_intersect(a.runs, b.runs)) AS shared "
        "FROM near JOIN sets a ON a.number = one JOIN sets b ON b.number = other) "
        f"JOIN texts ON number = one WHERE shared >= {ALIKE} * (sizes - shared) ORDER BY id"
    )
    return [row[0] for row in engine.sql.execute(query).fetchall()]


def _rank(engine: DuckDBEngine) -> None:
    """Make the table `ranked`: the runs found on both sides of the split, of texts that may be alike; rarest first.

    A run on one side only is common to no pair. It stands before all others, and a text with more than a fifth of such
    runs is like none on the other side, so that hardly any text is left to be ranked.
    """
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE used AS SELECT run, count(*) AS uses FROM runs GROUP BY run "
        "HAVING bool_or(train) AND NOT bool_and(train)"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE sizes AS SELECT number, count(*) AS size, count(uses) AS held "
        f"FROM runs LEFT JOIN used USING (run) GROUP BY number HAVING size >= {LEAST_RUNS} AND held >= {ALIKE} * size"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE ranked AS SELECT number, run, train, size, size - held + "
        "row_number() OVER (PARTITION BY number ORDER BY uses, run) AS place "
        "FROM runs JOIN sizes USING (number) JOIN used USING (run)"
    )


def _count_uses(texts: Callable[[bool], Iterable[pa.RecordBatch]]) -> tuple[npt.NDArray[np.int32], int]:
    """Return how often the runs of each bucket are used outside train and in train, (2, BUCKETS), and the number of texts."""
    import numpy as np

    uses, seen = np.zeros((2, BUCKETS), np.int32), 0
    for train in (False, True):
        for batch in texts(train):
            np.add.at(uses[int(train)], _bucket(_runs(batch.column("text"))[1]), 1)
            seen += batch.num_rows
    return uses, seen


class _Filter:
    """Which runs are not the template's, and which texts may be alike, by the uses of buckets of runs.

    Runs that share a bucket only make it look fuller, so hardly a text is lost by it, and the rest are compared run
    by run.
    """

    def __init__(self, uses: npt.NDArray[np.int32], common: float) -> None:
        self._rare = uses.sum(axis=0) <= common
        self._across: Any = (uses > 0).all(axis=0)

    def pick(self, texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
        """Return the distinct runs, without the template's, of the texts that may be alike, and which text each is of."""
        import numpy as np

        place, run = _runs(texts)
        rare = self._rare[_bucket(run)]
        place, run = self._likely(place[rare], run[rare], ALIKE / 2)  # with runs that a text has twice

        order = np.lexsort((run, place))
        place, run = place[order], run[order]
        new = np.ones(len(run), bool)
        new[1:] = (place[1:] != place[:-1]) | (run[1:] != run[:-1])
        return self._likely(place[new], run[new], ALIKE)

    def _likely(
        self, place: npt.NDArray[np.int64], run: npt.NDArray[np.uint64], share: float
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
        """Return the runs of the texts of which at least this share of runs is on both sides."""
        import numpy as np

        size = np.bincount(place)
        held = np.bincount(place[self._across[_bucket(run)]], minlength=len(size))
        likely = ((size >= LEAST_RUNS) & (held >= share * size))[place]
        return place[likely], run[likely]


def _note(engine: DuckDBEngine, batch: pa.RecordBatch, first: int, train: bool, filtered: _Filter) -> int:
    """Add a batch's texts that may be alike, and their runs, numbered from `first`; return how many there are."""
    import numpy as np
    import pyarrow as pa

    place, run = filtered.pick(batch.column("text"))
    likely, number = np.unique(place, return_inverse=True)
    if not len(likely):
        return 0
    texts = pa.table({"number": first + np.arange(len(likely)), "id": batch.column("id").take(pa.array(likely))})
    runs = pa.table({"number": first + number, "run": run, "train": np.full(len(run), train)})
    for name, table in (("texts", texts), ("runs", runs)):
        engine.sql.register("noted", table)
        engine.sql.execute(f"INSERT INTO {name} FROM noted")
        engine.sql.unregister("noted")
    return len(likely)


def _bucket(run: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    import numpy as np

    return (run >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)


def _runs(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """The runs of texts: which text each is of, and its hash."""
    import numpy as np
    import pyarrow.compute as pc

    words = pc.utf8_split_whitespace(pc.utf8_lower(pc.fill_null(texts, "")))
    ends = words.offsets.to_numpy()
    hashed = _hashes(words.flatten())
    count = max(len(hashed) - RUN + 1, 0)
    run: Any = np.zeros(count, np.uint64)
    for step in range(RUN):
        run = run * np.uint64(MULTIPLIER) + hashed[step : step + count]
    run = (run ^ (run >> np.uint64(29))) * np.uint64(MULTIPLIER)
    run ^= run >> np.uint64(32)
    owner = np.repeat(np.arange(len(texts)), np.diff(ends))[:count]
    kept = np.arange(count) + RUN <= ends[owner + 1]  # within one text
    return owner[kept], run[kept]


def _hashes(words: pa.Array) -> npt.NDArray[np.uint64]:
    """A hash of every word, the same in every batch."""
    import pandas as pd

    coded = words.dictionary_encode()
    known: Any = pd.util.hash_array(coded.dictionary.to_numpy(zero_copy_only=False))
    return known[coded.indices.to_numpy()]  # type: ignore[no-any-return]
