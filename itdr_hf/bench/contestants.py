"""The measured programs, each run in a separate process: time after the imports, processor time, peak memory.

    python -m itdr_hf.bench.contestants parse_csv '{"paths": ["raw/ml-32m/ratings.csv"]}'

prints one line of JSON: seconds, cpu (of all cores), peak_mb, and the results of the program itself.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from itdr_hf.raw.dialects import MAX_LINE
from itdr_hf.runtime.memory import peak as peak_memory

RATINGS = "{'userId': 'INTEGER', 'movieId': 'INTEGER', 'rating': 'FLOAT', 'timestamp': 'BIGINT'}"
REVIEWS = (
    "{'rating': 'FLOAT', 'text': 'VARCHAR', 'parent_asin': 'VARCHAR', 'user_id': 'VARCHAR', 'timestamp': 'BIGINT'}"
)
PRODUCTS = (
    "{'parent_asin': 'VARCHAR', 'title': 'VARCHAR', 'features': 'VARCHAR[]', 'description': 'VARCHAR[]', "
    "'categories': 'VARCHAR[]', 'store': 'VARCHAR', 'price': 'VARCHAR'}"
)

Result = dict[str, Any]


def parse_csv(paths: list[str], memory: str) -> Result:
    """Measure DuckDB parsing ratings.csv, reading every value and storing nothing."""
    options = f"header=true, delim=',', quote='\"', escape='\"', auto_detect=false, columns={RATINGS}"
    aggregates = "count(*), sum(userId), sum(movieId), sum(rating), max(timestamp)"
    return _run_queries([f"SELECT {aggregates} FROM read_csv({path!r}, {options})" for path in paths], memory)


def copy_csv(paths: list[str], memory: str, out: str) -> Result:
    """Measure DuckDB's COPY of ratings.csv to Parquet: the floor of whatever reads the file into tables."""
    options = f"header=true, delim=',', quote='\"', escape='\"', auto_detect=false, columns={RATINGS}"
    return _copy({path: f"SELECT * FROM read_csv({path!r}, {options})" for path in paths}, memory, out)


def copy_jsonl(paths: list[str], memory: str, out: str) -> Result:
    """Measure DuckDB's COPY of the columns of Amazon's reviews and products that cells need."""
    read = "SELECT * FROM read_ndjson({!r}, columns={}, maximum_object_size={})"
    queries = {}
    for path in paths:
        columns = PRODUCTS if Path(path).name.startswith("meta_") else REVIEWS
        queries[path] = read.format(path, columns, MAX_LINE)
    return _copy(queries, memory, out)


def parse_lines(paths: list[str], memory: str) -> Result:
    """Measure DuckDB reading the lines of the files without parsing them, and storing nothing."""
    options = "header=false, delim=chr(1), quote='', escape='', auto_detect=false, columns={'line': 'VARCHAR'}"
    return _run_queries([f"SELECT count(*), max(line) FROM read_csv({paths!r}, {options})"], memory)


def parse_jsonl(paths: list[str], memory: str) -> Result:
    """Measure DuckDB decompressing and parsing Amazon's reviews and products, reading the columns that cells need."""
    queries = []
    for path in paths:
        meta = Path(path).name.startswith("meta_")
        columns = ["parent_asin", "title", "features", "description", "categories", "store", "price"]
        columns = columns if meta else ["rating", "text", "parent_asin", "user_id", "timestamp"]
        aggregates = ", ".join(f"max({name})" for name in columns)
        options = f"columns={PRODUCTS if meta else REVIEWS}, maximum_object_size={MAX_LINE}"
        queries.append(f"SELECT count(*), {aggregates} FROM read_ndjson({path!r}, {options})")
    return _run_queries(queries, memory)


def parse_amazon2018(paths: list[str], memory: str) -> Result:
    """Measure the same of the release of 2018, with the columns that its reader takes."""
    from itdr_hf.sources.amazon2018 import PRODUCT, REVIEW

    queries = []
    for path in paths:
        columns = PRODUCT if Path(path).name.startswith("meta_") else REVIEW
        aggregates = ", ".join(f"max({name})" for name in columns)
        options = f"columns={columns}, maximum_object_size={MAX_LINE}"
        queries.append(f"SELECT count(*), {aggregates} FROM read_ndjson({path!r}, {options})")
    return _run_queries(queries, memory)


def parse_in_python(paths: list[str]) -> Result:
    """Measure Python's own gzip and json on the same files, line by line, as one would write it by hand."""
    import gzip

    def run() -> Result:
        rows = 0
        for path in paths:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                rows += sum(1 for _ in map(json.loads, file))
        return {"rows": rows}

    return _measured(run)


def build(
    raw: str,
    work: str,
    configs: list[str],
    memory: str,
    again: bool = False,
    examples: int | None = None,
    family: str = "itdr",
) -> Result:
    """Measure a build from raw files to a dataset folder; with `again`, from cached tables and shared derived data."""
    import duckdb  # noqa: F401
    import ibis
    import pandas  # noqa: F401

    import itdr_hf.build.render  # noqa: F401
    from itdr_hf.build.folder import build_folder
    from itdr_hf.build.prepare import Settings

    ibis.duckdb.connect().disconnect()  # the backend is imported on first use
    cache, out = Path(work) / "cache", Path(work) / "itdr"
    shutil.rmtree(out, ignore_errors=True)
    for path in cache.glob("tables/*/*/rows") if again else [cache]:
        shutil.rmtree(path, ignore_errors=True)

    def run() -> Result:
        settings = Settings(raw=Path(raw), cache=cache, memory_limit=memory, warn=lambda text: None)
        outcomes = build_folder(out, settings, configs=configs, changes={"num_examples": examples}, family=family)
        return {"examples": {o.cell: sum(o.counts.values()) for o in outcomes}}

    return _measured(run)


def script(raw: str, work: str, examples: int) -> Result:
    """Measure the plain pandas script."""
    import pyarrow.parquet  # noqa: F401

    from itdr_hf.bench.pandas_script import make_cells

    return _measured(lambda: {"examples": make_cells(Path(raw) / "ml-32m", Path(work) / "script", examples)})


def render(raw: str, work: str, config: str, examples: int, memory: str) -> Result:
    """Measure only rendering, on one core: examples of planned rows, as batches, without writing them."""
    import pyarrow.parquet  # noqa: F401

    from itdr_hf import catalogue
    from itdr_hf.build.prepare import Settings, prepare
    from itdr_hf.records import SPLITS

    cell = catalogue.cell(config)
    settings = Settings(raw=Path(raw), cache=Path(work) / "cache", memory_limit=memory, warn=lambda text: None)
    prepared = prepare(cell, cell.recipe(num_examples=examples), settings)

    def run() -> Result:
        return {"examples": sum(batch.num_rows for split in SPLITS for batch in prepared.batches(split))}

    return _measured(run)


def load(folder: str, config: str) -> Result:
    """Measure plain `datasets` loading a config from its cache."""
    import datasets

    datasets.disable_progress_bars()
    datasets.load_dataset(folder, config)
    return _measured(lambda: {"examples": sum(map(len, datasets.load_dataset(folder, config).values()))})


def recommend(pairs: int, users: int, items: int) -> Result:
    """Measure recommenders that train and rank on a simulated log, as ratios (see `recommenders`)."""
    from itdr_hf.bench.recommenders import measure

    return _measured(lambda: {"ratios": measure(pairs, users, items)})


def likelihood() -> Result:
    """Rank candidates by likelihood on a shared prompt, against one pass for each (see `likelihood`)."""
    from itdr_hf.bench.likelihood import measure

    return _measured(lambda: {"ratios": measure()})


def neighbours(users: int, dim: int, queries: int) -> Result:
    """Find the nearest of vectors exactly, relative to the bare matrix products (see `neighbours`)."""
    from itdr_hf.bench.neighbours import measure

    return _measured(lambda: {"ratios": measure(users, dim, queries)})


def index(users: int, dim: int) -> Result:
    """Find the nearest of all vectors through an index, with its recall (see `neighbours`)."""
    from itdr_hf.bench.neighbours import measure_index

    return _measured(lambda: {"ratios": measure_index(users, dim)})


def yardstick(name: str, arguments: list[int]) -> Result:
    """Measure one of the works in `yardsticks`."""
    from itdr_hf.bench import yardsticks

    return _measured(getattr(yardsticks, name)(*arguments))


def start(code: list[str]) -> Result:
    """Measure a Python command, minus the time of starting Python: the fastest of five runs each."""
    import subprocess

    def once(arguments: list[str]) -> float:
        before = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return time.perf_counter() - before

    bare = min(once(["-c", "pass"]) for _ in range(5))
    return {"seconds": min(once(code) for _ in range(5)) - bare, "cpu": 0.0, "peak_mb": 0}


def _run_queries(queries: list[str], memory: str) -> Result:
    import duckdb

    with duckdb.connect(config={"memory_limit": memory}) as engine:
        engine.execute("SET enable_progress_bar = false")
        return _measured(lambda: {"rows": sum(engine.execute(query).fetchall()[0][0] for query in queries)})


def _copy(queries: dict[str, str], memory: str, out: str) -> Result:
    """Measure copies, each into a file of its own, which are deleted afterwards."""
    import duckdb

    def run() -> Result:
        for query in queries.values():
            engine.execute(f"COPY ({query}) TO {str(Path(out) / 'copy.parquet')!r} (FORMAT parquet)")
        return {"files": len(queries)}

    Path(out).mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": memory}) as engine:
        engine.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
        try:
            return _measured(run)
        finally:
            shutil.rmtree(out)


def _measured(run: Callable[[], Result]) -> Result:
    before, started = time.process_time(), time.perf_counter()
    results = run()
    seconds, cpu = time.perf_counter() - started, time.process_time() - before
    peak = peak_memory() // 10**6
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak, **results}


CONTESTANTS: dict[str, Callable[..., Result]] = {
    f.__name__: f
    for f in (
        copy_csv,
        copy_jsonl,
        parse_csv,
        parse_lines,
        parse_jsonl,
        parse_amazon2018,
        parse_in_python,
        build,
        script,
        render,
        load,
        recommend,
        likelihood,
        neighbours,
        index,
        start,
        yardstick,
    )
}

if __name__ == "__main__":
    print(json.dumps(CONTESTANTS[sys.argv[1]](**json.loads(sys.argv[2]))))
