"""Report benchmark results: a table of ratios, a plot, and JSON with everything."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from itdr_hf.bench.run import Bench, Row
from itdr_hf.errors import UsageError
from itdr_hf.runtime.files import write_atomically
from itdr_hf.runtime.terminal import print_table

MAX_RATIO = {"movielens32m": 3, "amazon2023": 2, "netflix": 6}  # build time / parse time; of netflix processor time
MAX_COPY_RATIO = {"movielens32m": 1.6, "amazon2023": 2.2}  # processor time of a build / of DuckDB's COPY to Parquet
MAX_MEMORY_MB = {"movielens32m": 1_000, "amazon2023": 1_500, "netflix": 2_000}  # of a build
TITLE = "Ratio to only parsing: all cells of the source, in wall time and CPU time; the slowest cell again"


def print_bench(bench: Bench) -> None:
    """Print tables of ratios next to their targets; seconds are shown only for parsing, as a scale."""
    columns = {"source": "left", "rows": "right", "parse s": "right", "build": "right", "cpu": "right"}
    columns |= {"one cell": "right", "pandas/build": "right", "peak MB": "right"}
    print_table(columns, [_line(row) for row in bench.rows], title=TITLE)
    print()
    facts = [(what, f"{value:,.2f}", wanted) for what, value, wanted in findings(bench)]
    print_table({"measured": "fold", "value": "right", "target": "left"}, facts)


def findings(bench: Bench) -> list[tuple[str, float, str]]:
    """Return the targets for the largest releases and for what is independent of size, as (name, value, target)."""
    found: list[tuple[str, float, str]] = []
    for source in dict.fromkeys(row.source for row in bench.rows):
        rows = [row for row in bench.rows if row.source == source]
        first, last = rows[0], rows[-1]
        max_ratio, limit = MAX_RATIO[source], MAX_MEMORY_MB[source]
        if "build split" in last.results:
            for name, layout in (("build", "combined files"), ("build split", "a file a movie")):
                found.append(
                    (f"{source}, {layout}: build / parse, CPU time", last.ratio(name, "parse", "cpu"), f"≤ {max_ratio}")
                )
        else:
            found.append((f"{source}: build / parse", last.ratio("build", "parse"), f"≤ {max_ratio}"))
        if "copy" in last.results:
            found.append(
                (f"{source}: build / COPY, CPU time", last.ratio("build", "copy", "cpu"), f"≤ {MAX_COPY_RATIO[source]}")
            )
        if "pandas" in last.results:
            found.append((f"{source}: pandas / build", last.ratio("pandas", "build"), "≥ 3"))
            found.append((f"{source}: another cell / parse", _slowest_again(last), "≤ 0.5"))
        if len(rows) > 1:
            times, growth = last.rows / first.rows, _seconds(last, "build") / _seconds(first, "build")
            found.append((f"{source}: time at {times:,.0f} × the rows", growth, f"≤ {1.1 * times:,.0f}"))
        peak = max(float(result["peak_mb"]) for name, result in last.results.items() if name.startswith("build"))
        found.append((f"{source}: peak memory, MB", peak, f"≤ {limit:,}"))
    return found + (_independent_of_size(bench) if bench.once else [])


def _independent_of_size(bench: Bench) -> list[tuple[str, float, str]]:
    """Return the targets of rendering, starting and loading, and of what is measured where an extra is installed."""
    found: list[tuple[str, float, str]] = []
    few, many = bench.once["render few"], bench.once["render many"]
    found.append(("tkr examples rendered per second, one core", many["examples"] / many["cpu"], "≥ 50,000"))
    memory = many["peak_mb"] / few["peak_mb"]
    found.append((f"memory at {many['examples'] / few['examples']:.0f} × the examples", memory, "1: constant"))
    for name, limit_s in (("import", 0.3), ("help", 0.5), ("load", 0.5)):
        found.append((f"{TITLES[name]}, s", bench.once[name]["seconds"], f"≤ {limit_s}"))
    if "recommend" in bench.once:
        found += _recommenders(bench.once["recommend"])
    if "likelihood" in bench.once:
        ratios = bench.once["likelihood"]["ratios"]
        found.append(("likelihood: a pass for each candidate / a shared prompt", ratios["times faster"], "≥ 4"))
        found.append(("likelihood: largest difference of a score", ratios["largest difference"], "≤ 0.0001"))
    if "neighbours" in bench.once:
        ratio = bench.once["neighbours"]["ratios"]["exact / bare products"]
        found.append(("neighbours: exact / bare products", ratio, "≤ 1.5"))
        found.append(("neighbours: peak memory, MB", float(bench.once["neighbours"]["peak_mb"]), "≤ 2,000"))
    if "index" in bench.once:
        found.append(("neighbours: recall of the index", bench.once["index"]["ratios"]["recall"], "≥ 0.99"))
        found.append(("neighbours: peak memory of the index, MB", float(bench.once["index"]["peak_mb"]), "≤ 4,000"))
    return found


RECOMMENDERS = {
    "epoch lightgcn / biasmf": 4,
    "epoch sgl / lightgcn": 4,
    "epoch simgcl / lightgcn": 4,
    "ranking biasmf / bare": 1.5,
    "ranking lightgcn / bare": 1.5,
    "ranking ncf / bare": 10,
    "epoch lightgcn / PyG's": 0.1,
}


def _recommenders(measured: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Return the targets for recommenders, with the measured ratios and memory, as (name, value, target)."""
    found = [(name, float(value), f"≤ {RECOMMENDERS[name]}") for name, value in measured["ratios"].items()]
    return [*found, ("recommenders: peak memory, MB", float(measured["peak_mb"]), "≤ 2,000")]


TITLES = {"import": "import itdr_hf", "help": "itdr --help", "load": "a cached load_dataset, after the imports"}


def as_dict(bench: Bench) -> dict[str, Any]:
    """Return all results as JSON-able values."""
    return {**asdict(bench), "findings": [{"what": a, "value": b, "wanted": c} for a, b, c in findings(bench)]}


def write_bench(bench: Bench, folder: Path) -> list[Path]:
    """Write bench.json, and bench.png if matplotlib is installed (extra [plots]); return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "bench.json"]
    write_atomically(written[0], json.dumps(as_dict(bench), indent=1))
    with suppress(UsageError):
        written.append(_plot(bench, folder / "bench.png"))
    return written


def _line(row: Row) -> list[str]:
    pandas = f"{row.ratio('pandas', 'build'):.1f}" if "pandas" in row.results else "–"
    again = f"{_slowest_again(row):.2f}" if any(name.startswith("again") for name in row.results) else "–"
    build = [f"{row.ratio('build', 'parse', what):.2f}" for what in ("seconds", "cpu")]
    peak = f"{row.results['build']['peak_mb']:,}"
    return [row.source, f"{row.rows:,}", f"{_seconds(row, 'parse'):.2f}", *build, again, pandas, peak]


def _slowest_again(row: Row) -> float:
    """Return the ratio of the slowest cell, built from cached tables, to only parsing."""
    return max(row.ratio(name, "parse") for name in row.results if name.startswith("again"))


def _seconds(row: Row, name: str) -> float:
    return float(row.results[name]["seconds"])


def _plot(bench: Bench, path: Path) -> Path:
    """Plot time by rows on logarithmic scales, so that parallel lines mean equal growth."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("plot: matplotlib is not installed; want it for bench.png; install itdr-hf[plots]") from error
    sources = list(dict.fromkeys(row.source for row in bench.rows))
    figure = Figure(figsize=(4.5 * len(sources), 4), layout="constrained")
    for axis, source in zip(figure.subplots(1, len(sources), squeeze=False)[0], sources, strict=True):
        rows = [row for row in bench.rows if row.source == source]
        for name in [n for n in ("parse", "build", "pandas") if n in rows[0].results]:
            axis.plot([r.rows for r in rows], [_seconds(r, name) for r in rows], marker="o", label=name)
        axis.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds", title=source)
        axis.grid(alpha=0.3)
        axis.legend()
    draft = path.with_name(f".{path.name}")
    figure.savefig(draft, dpi=150, format="png")
    return draft.replace(path)
