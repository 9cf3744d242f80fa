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
BITS = 16  # of the hash of a run, for the place of its text in a batch
TABLES = ("texts", "runs", "frequent", "used", "shared", "sizes", "ranked")


def nearly_alike(engine: DuckDBEngine, batches: Iterable[pa.RecordBatch]) -> list[str]:
    """Return the ids of texts outside train that are nearly one in train; batches have id, text and train (whether it is)."""
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE texts (number BIGINT, id VARCHAR, train BOOLEAN, runs BIGINT)")
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE runs (number BIGINT, run UBIGINT, train BOOLEAN)")
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE frequent (run UBIGINT)")
    seen = 0
    for batch in batches:
        for first in range(0, batch.num_rows, 1 << BITS):
            _note(engine, batch.slice(first, 1 << BITS), seen + first)
        seen += batch.num_rows
    _rank(engine, max(COMMON * seen, 3))
    found = engine.sql.execute(_pairs()).fetchall()
    for table in TABLES:
        engine.sql.execute(f"DROP TABLE {table}")
    return [row[0] for row in found]


def _rank(engine: DuckDBEngine, common: float) -> None:
    """Make the table `ranked`: the runs found on both sides of the split, of texts that may be alike; rarest first.

    A run on one side only is common to no pair. It stands before all others, and a text with more than a fifth of such
    runs is like none on the other side, so that hardly any text is left to be ranked.
    """
    engine.sql.execute(
        "CREATE TEMP TABLE used AS SELECT run, count(*) AS uses, bool_or(train) AND NOT bool_and(train) AS across FROM runs "
        "WHERE run IN (SELECT run FROM runs WHERE NOT train UNION ALL FROM frequent) "
        f"GROUP BY run HAVING uses > {common} OR across"
    )
    engine.sql.execute(
        "CREATE TEMP TABLE shared AS SELECT number, run, uses FROM runs JOIN used USING (run) "
        f"WHERE across AND uses <= {common}"
    )
    engine.sql.execute(
        "CREATE TEMP TABLE sizes AS SELECT number, t.train, t.runs - coalesce(c.n, 0) AS size, s.n AS held FROM texts t "
        "JOIN (SELECT number, count(*) AS n FROM shared GROUP BY number) s USING (number) "
        "LEFT JOIN (SELECT number, count(*) AS n FROM runs JOIN used USING (run) "
        f"WHERE uses > {common} GROUP BY number) c USING (number) WHERE size >= {LEAST_RUNS} AND held >= {ALIKE} * size"
    )
    engine.sql.execute(
        "CREATE TEMP TABLE ranked AS SELECT number, run, train, size, "
        "size - held + row_number() OVER (PARTITION BY number ORDER BY uses, run) AS place FROM shared JOIN sizes USING (number)"
    )


def _pairs() -> str:
    """Return the query for the ids of those that are alike: first the pairs that may be, then what they share is counted.

    What follows the first run that two texts share, at its place in either, bounds what they share at most
    (positional filtering, Xiao et al. 2008).
    """
    rare = f"place <= size - ceil({ALIKE} * size) + 1"
    bound = "(1 + least(a.size - a.place, b.size - b.place))"
    near = (
        "SELECT DISTINCT a.number AS one, b.number AS other, a.size + b.size AS sizes FROM "
        f"(FROM ranked WHERE NOT train AND {rare}) a JOIN (FROM ranked WHERE train AND {rare}) b ON a.run = b.run "
        f"WHERE {bound} >= {ALIKE} * (a.size + b.size - {bound})"
    )
    return (
        f"WITH near AS ({near}) SELECT DISTINCT id FROM (SELECT one FROM near JOIN ranked a ON a.number = one "
        "JOIN ranked b ON b.number = other AND a.run = b.run GROUP BY one, other, sizes "
        f"HAVING count(*) >= {ALIKE} * (sizes - count(*))) JOIN texts ON number = one ORDER BY id"
    )


def _note(engine: DuckDBEngine, batch: pa.RecordBatch, first: int) -> None:
    """Add a batch's texts and their runs; `first` is the number of its first text.

    A run that is frequent in all the texts is frequent in those of some batch.
    """
    import numpy as np
    import pyarrow as pa

    place, run = _distinct(*_runs(batch.column("text")))
    counts = np.bincount(place, minlength=batch.num_rows)
    starts = np.flatnonzero(np.diff(run, prepend=~run[:1]))
    frequent = run[starts[np.diff(np.append(starts, len(run))) > COMMON * batch.num_rows]]
    numbers, train = np.arange(first, first + batch.num_rows), batch.column("train")
    noted = {
        "texts": {"number": numbers, "id": batch.column("id"), "train": train, "runs": counts},
        "runs": {"number": numbers[place], "run": run, "train": train.to_numpy(zero_copy_only=False)[place]},
        "frequent": {"run": frequent},
    }
    for name, columns in noted.items():
        engine.sql.register("noted", pa.table(columns))
        engine.sql.execute(f"INSERT INTO {name} FROM noted")
        engine.sql.unregister("noted")


def _distinct(
    place: npt.NDArray[np.int64], run: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return the runs in order, each once for a text; meanwhile, the place of the text stands for the last bits of the run."""
    import numpy as np

    bits = np.uint64(BITS)
    keys = np.sort((run >> bits << bits) | place.astype(np.uint64))
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    return (keys % (1 << BITS)).astype(np.int64), keys >> bits


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
