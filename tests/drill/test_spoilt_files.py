"""Every raw file of every simulated source, spoilt in seven ways: named or read right, and no row shifted in silence.

Here every seventh case, of which each source and each way has some; `make drill` takes them all.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from drill import LONG
from drill.spoiling import FREE_TEXT, SPOILINGS, cases, judge
from itdr_hf import catalogue
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.simulate import OTHERS, SOURCES, simulate
from itdr_hf.tables.cache import ensure_tables

EVERY = 1 if LONG else 7
RIGHT = ("named", "read right", "left out and counted")


def test_a_spoilt_file_is_named_or_read_right(tmp_path: Path):
    raw = tmp_path / "raw"
    simulate(raw, sources=[*SOURCES, *OTHERS], scale=0.001, seed=5)
    found, wrong = Counter[str](), []
    with open_duckdb(threads=1) as engine:
        every = [
            case for case in cases(raw) if not (case.spoiling == "more_fields" and case.path.name.endswith(FREE_TEXT))
        ]
        chosen = every[::EVERY] if EVERY == 1 else [case for n, case in enumerate(every) if n % (EVERY + 1) == 0]
        clean = {
            source: ensure_tables(catalogue.source(source), raw, engine=engine, cache=tmp_path / "clean")
            for source in dict.fromkeys(case.source for case in chosen)
        }
        for number, case in enumerate(chosen):
            verdict = judge(case, raw, clean[case.source], engine, tmp_path / str(number))
            found[verdict.partition(":")[0]] += 1
            print(f"{case}: {verdict}"[:300], flush=True)
            wrong += [f"{case}: {verdict}"] if verdict not in RIGHT else []
    print(dict(found), len(every), "cases in all")
    assert not wrong
    assert {case.spoiling for case in chosen} == set(SPOILINGS)
