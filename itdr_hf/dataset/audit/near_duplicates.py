"""Which texts are nearly the same: by the five-word runs they share, in bounded memory.

Every text is the set of its runs of words; a run that is in many texts belongs to the template and is left out.
Two sets of which four fifths are common must share runs among the rarest fifth of either (prefix filtering,
Chaudhuri et al. 2006), so only those are joined, and only the pairs found are counted. Most runs of train are in no other
text: they are counted and not kept.
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
PERHAPS = COMMON / 2  # a run in no greater share of any batch of train can hardly be
ALIKE = 0.8  # Jaccard similarity of the runs that are not the template's
LEAST_RUNS = 12  # a text with fewer is too short to say
FEW = 8  # of the runs that two texts share, the rarest; two that are alike share ALIKE * LEAST_RUNS or more
MULTIPLIER = 0x9E3779B97F4A7C15
ROOM = 8 << 20  # bytes of the texts whose runs are made at a time
BITS = 16  # of the hash of a run, for the place of its text in a batch
MARKS = 24  # first bits of the hash of a run, by which it is known again


def nearly_alike(engine: DuckDBEngine, asked: Iterable[pa.RecordBatch], train: Iterable[pa.RecordBatch]) -> list[str]:
    """Return the ids of the texts asked about that are nearly one in train; batches have id and text."""
    import numpy as np

    engine.sql.execute("CREATE OR REPLACE TEMP TABLE texts (number BIGINT, id VARCHAR, train BOOLEAN, runs BIGINT)")
    engine.sql.execute("CREATE OR REPLACE TEMP TABLE runs (number BIGINT, run UBIGINT, train BOOLEAN)")
    marks, seen = np.zeros(1 << MARKS, np.bool_), 0
    for trained, batches in ((False, asked), (True, train)):
        for batch in batches:
            rows = min(max(batch.num_rows * ROOM // (batch.nbytes + 1), 1), 1 << BITS)
            for first in range(0, batch.num_rows, rows):
                _note(engine, batch.slice(first, rows), seen + first, trained, marks)
            seen += batch.num_rows
    _rank(engine, max(COMMON * seen, 3))
    found = engine.sql.execute(_pairs()).fetchall()
    engine.sql.execute("DROP TABLE ranked; DROP TABLE texts")
    return [row[0] for row in found]


def _rank(engine: DuckDBEngine, common: float) -> None:
    """Make the table `ranked`: the runs found on both sides of the split, of texts that may be alike; rarest first.

    A run on one side only is common to no pair. It stands before all others, and a text with more than a fifth of such
    runs is like none on the other side, so that hardly any text is left to be ranked.
    """
    engine.sql.execute(
        "CREATE TEMP TABLE used AS SELECT run, count(*) AS uses, bool_or(train) AND NOT bool_and(train) AS across FROM runs "
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
    engine.sql.execute("DROP TABLE runs; DROP TABLE used")
    engine.sql.execute(
        "CREATE TEMP TABLE ranked AS SELECT number, run, train, size, "
        "size - held + row_number() OVER (PARTITION BY number ORDER BY uses, run) AS place FROM shared JOIN sizes USING (number)"
    )
    engine.sql.execute("DROP TABLE shared; DROP TABLE sizes")


def _pairs() -> str:
    """Return the query for the ids of those that are alike: first the pairs that may be, then what they share is counted.

    Whatever the rarest fifth and FEW more runs of two texts have in common, it is FEW or more if they are alike
    (Wang et al. 2012).
    """
    rare = f"place <= size - ceil({ALIKE} * size) + {FEW}"
    shared = "count(*) FILTER (a.place + b.place > 0)"  # all; of one side alone, DuckDB would count before it joins
    near = (
        "SELECT a.number AS one, b.number AS other, a.size + b.size AS sizes FROM "
        f"(FROM ranked WHERE NOT train AND {rare}) a JOIN (FROM ranked WHERE train AND {rare}) b ON a.run = b.run "
        f"WHERE least(a.size, b.size) >= {ALIKE} * greatest(a.size, b.size) GROUP BY ALL HAVING {shared} >= {FEW}"
    )
    return (
        f"WITH near AS ({near}) SELECT DISTINCT id FROM (SELECT one FROM near JOIN ranked a ON a.number = one "
        "JOIN ranked b ON b.number = other AND a.run = b.run GROUP BY one, other, sizes "
        f"HAVING {shared} >= {ALIKE} * (sizes - {shared})) JOIN texts ON number = one ORDER BY id"
    )


def _note(engine: DuckDBEngine, batch: pa.RecordBatch, first: int, train: bool, marks: npt.NDArray[np.bool_]) -> None:
    """Add a batch's texts, of which `first` is the number of the first, and their runs; those of train, if marked.

    Marked are the runs of the texts asked about, and those that may be frequent.
    """
    import numpy as np
    import pyarrow as pa

    place, run = _distinct(*_runs(batch.column("text")))
    counts = np.bincount(place, minlength=batch.num_rows)
    mark = run >> np.uint64(64 - MARKS)
    if train:
        marks[mark[_frequent(run, PERHAPS * batch.num_rows)]] = True
        kept = marks[mark]
        place, run = place[kept], run[kept]
    else:
        marks[mark] = True
    numbers = np.arange(first, first + batch.num_rows)
    noted = {
        "texts": {"number": numbers, "id": batch.column("id"), "train": np.full(len(numbers), train), "runs": counts},
        "runs": {"number": numbers[place], "run": run, "train": np.full(len(run), train)},
    }
    for name, columns in noted.items():
        engine.sql.register("noted", pa.table(columns))
        engine.sql.execute(f"INSERT INTO {name} FROM noted")
        engine.sql.unregister("noted")


def _frequent(run: npt.NDArray[np.uint64], least: float) -> npt.NDArray[np.int64]:
    """Return where each run that is there more often begins; equal ones follow each other."""
    import numpy as np

    starts = np.flatnonzero(np.diff(run, prepend=~run[:1]))
    return starts[np.diff(np.append(starts, len(run))) > least]


def _distinct(
    place: npt.NDArray[np.int64], run: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """Return the runs in order, each once for a text; meanwhile, the place of the text stands for the last bits of the run."""
    import numpy as np

    last = np.uint64((1 << BITS) - 1)
    keys = (run & ~last) | place.astype(np.uint64)
    keys.sort()
    if len(keys):
        keys = keys[np.append(True, keys[1:] != keys[:-1])]
    return (keys & last).astype(np.int64), keys & ~last


def _runs(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """The runs of texts: which text each is of, and its hash."""
    import numpy as np
    import pyarrow.compute as pc

    words = pc.ascii_split_whitespace(pc.fill_null(texts, ""))
    ends = words.offsets.to_numpy()
    hashed = _hashes(words.flatten())
    count = max(len(hashed) - RUN + 1, 0)
    run: Any = np.zeros(count, np.uint64)
    for step in range(RUN):
        run *= np.uint64(MULTIPLIER)
        run += hashed[step : step + count]
    run = (run ^ (run >> np.uint64(29))) * np.uint64(MULTIPLIER)
    run ^= run >> np.uint64(32)
    owner = np.repeat(np.arange(len(texts)), np.diff(ends))[:count]
    kept = np.arange(count) + RUN <= ends[owner + 1]  # within one text
    return owner[kept], run[kept]


def _hashes(words: pa.Array) -> npt.NDArray[np.uint64]:
    """A hash of every word in lower case, the same in every batch."""
    import pandas as pd
    import pyarrow.compute as pc

    coded = words.dictionary_encode()
    spelt = pc.utf8_lower(coded.dictionary).to_numpy(zero_copy_only=False)
    known: Any = pd.util.hash_array(spelt, categorize=False)
    return known[coded.indices.to_numpy()]  # type: ignore[no-any-return]
