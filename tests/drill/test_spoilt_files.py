"""Every raw file of every simulated source, spoilt in nineteen ways: refused by name, read right, or counted; no silent shift.

The tables of the spoilt release are compared with those of the intact one, row by row. Here a sample of the cases, of which
each source and each way has some; `make drill` takes them all.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from drill import LONG
from drill.spoiling import RIGHT, SPOILINGS, cases, judge, simulated
from itdr_hf import catalogue
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.simulate import OTHERS, SOURCES
from itdr_hf.tables.cache import ensure_tables

STEP = 1 if LONG else 16  # a sample that has all ways and all sources


def test_a_spoilt_file_is_refused_by_name_or_read_right(tmp_path: Path):
    tally, wrong, number = Counter[tuple[str, str, str]](), [], 0
    with open_duckdb(threads=1) as engine:
        for source, raws in simulated(tmp_path).items():
            for raw in raws:
                clean = ensure_tables(catalogue.source(source), raw, engine=engine, cache=tmp_path / "clean" / raw.name)
                for case in cases(source, raw, every=LONG):
                    number += 1
                    if number % STEP:
                        continue
                    verdict = judge(case, clean, engine, tmp_path / "cache" / str(number))
                    tally[source, case.spoiling, verdict if verdict in RIGHT else "WRONG"] += 1
                    wrong += [f"{case}: {verdict}"] if verdict not in RIGHT else []
    verdicts = Counter(verdict for _, _, verdict in tally.elements())
    print("", table(tally), f"{tally.total()} of {number} cases: {dict(verdicts)}", *wrong, sep="\n")
    assert not wrong
    assert {way for _, way, _ in tally} == set(SPOILINGS)
    assert {source for source, _, _ in tally} == set(SOURCES | OTHERS)


def table(tally: Counter[tuple[str, str, str]]) -> str:
    """Show way by source how many files were refused, read right, left out and counted (and wrong, if any)."""
    sources = list(SOURCES | OTHERS)
    rows = [" " * 24 + "".join(f"{source:>14}" for source in sources)]
    for way in SPOILINGS:
        counts = [[tally[source, way, verdict] for verdict in (*RIGHT, "WRONG")] for source in sources]
        cells = ("/".join(map(str, found if found[-1] else found[:-1])) if any(found) else "–" for found in counts)
        rows.append(f"{way:24}" + "".join(f"{cell:>14}" for cell in cells))
    return "\n".join(rows)
