"""Which texts are nearly the same: by the five-word runs they share, in bounded memory.

Every text is the set of its runs of words; a run that is in many texts belongs to the template and is left out.
Two sets of which four fifths are common must share a run among the rarest fifth of either (prefix filtering,
Chaudhuri et al. 2006), so only those are joined, and only the pairs found are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from itdr_hf.runtime.duckdb_engine import DuckDBEngine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

RUN = 5  # words
COMMON = 0.05  # a run in more than this share of the texts is the template's
ALIKE = 0.8  # Jaccard similarity of the runs that are not the template's
LEAST_RUNS = 12  # a text with fewer is too short to say
MULTIPLIER = 0x9E3779B97F4A7C15


def nearly_alike(engine: DuckDBEngine, batches: Iterable[pa.RecordBatch]) -> list[str]:
    """The ids of texts outside train that are nearly one in train; batches have id, text and train (whether it is)."""
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE texts (number BIGINT, id VARCHAR, train BOOLEAN)")
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE runs (number BIGINT, run UBIGINT)")
    seen = 0
    for batch in batches:
        _note(engine, batch, seen)
        seen += batch.num_rows
    _rank(engine, max(COMMON * seen, 3))
    rare = f"place <= size - ceil({ALIKE} * size) + 1"
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE near AS SELECT DISTINCT a.number AS one, b.number AS other FROM "
        f"(FROM ranked WHERE NOT train AND {rare}) a JOIN (FROM ranked WHERE train AND {rare}) b ON a.run = b.run "
        f"WHERE least(a.size, b.size) >= {ALIKE} * greatest(a.size, b.size)"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE sets AS SELECT number, any_value(size) AS size, list(run) AS runs FROM ranked "
        "GROUP BY number"
    )
    query = (
        "SELECT DISTINCT id FROM (SELECT one, a.size + b.size AS sizes, len(list_intersect(a.runs, b.runs)) AS shared "
        "FROM near JOIN sets a ON a.number = one JOIN sets b ON b.number = other) "
        f"JOIN texts ON number = one WHERE shared >= {ALIKE} * (sizes - shared) ORDER BY id"
    )
    return [row[0] for row in engine.sql.execute(query).fetchall()]


def _rank(engine: DuckDBEngine, common: float) -> None:
    """Make the table `ranked`: the runs found on both sides of the split, of texts that may be alike; rarest first.

    A run on one side only is common to no pair. It stands before all others, and a text with more than a fifth of such
    runs is like none on the other side, so that hardly any text is left to be ranked.
    """
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE used AS SELECT run, count(*) AS uses, bool_or(train) AND NOT bool_and(train) AS across "
        f"FROM runs JOIN texts USING (number) GROUP BY run HAVING uses > {common} OR across"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE sizes AS SELECT number, any_value(train) AS train, "
        f"count(*) FILTER (coalesce(uses, 0) <= {common}) AS size, count(*) FILTER (across AND uses <= {common}) AS held "
        "FROM runs JOIN texts USING (number) LEFT JOIN used USING (run) GROUP BY number "
        f"HAVING size >= {LEAST_RUNS} AND held >= {ALIKE} * size"
    )
    engine.sql.execute(
        "CREATE OR REPLACE TEMP TABLE ranked AS SELECT number, run, train, size, size - held + "
        "row_number() OVER (PARTITION BY number ORDER BY uses, run) AS place FROM runs JOIN sizes USING (number) "
        f"JOIN used USING (run) WHERE across AND uses <= {common}"
    )


def _note(engine: DuckDBEngine, batch: pa.RecordBatch, first: int) -> None:
    """Add a batch's texts and their runs; `first` is the number of its first text."""
    import numpy as np
    import pyarrow as pa

    numbers = np.arange(first, first + batch.num_rows)
    texts = pa.table({"number": numbers, "id": batch.column("id"), "train": batch.column("train")})
    place, run = _runs(batch.column("text"))
    runs = pa.table({"number": numbers[place], "run": run})
    for name, table, columns in (("texts", texts, "number, id, train"), ("runs", runs, "DISTINCT number, run")):
        engine.sql.register("noted", table)
        engine.sql.execute(f"INSERT INTO {name} SELECT {columns} FROM noted")
        engine.sql.unregister("noted")


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
