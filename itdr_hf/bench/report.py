"""What the bench found: a table of ratios, a plot, and JSON with everything."""

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

MOST = {"movielens32m": 3, "amazon2023": 2, "netflix": 6}  # times the bare parse
MEMORY = {"movielens32m": 1_000, "amazon2023": 1_500, "netflix": 2_000}  # MB of a build
TITLE = "Times the bare parse: all cells of the source, on the clock and by processor; the dearest cell again"


def print_bench(bench: Bench) -> None:
    """Tables of ratios, each beside what is wanted; seconds only of the bare parse, for scale."""
    columns = {"source": "left", "rows": "right", "parse s": "right", "build": "right", "cpu": "right"}
    columns |= {"a cell": "right", "pandas/build": "right", "peak MB": "right"}
    print_table(columns, [_line(row) for row in bench.rows], title=TITLE)
    print()
    facts = [(what, f"{value:,.2f}", wanted) for what, value, wanted in findings(bench)]
    print_table({"measured": "fold", "is": "right", "wanted": "left"}, facts)


def findings(bench: Bench) -> list[tuple[str, float, str]]:
    """Return what is wanted of the largest releases and of what does not grow: name, value, target."""
    found: list[tuple[str, float, str]] = []
    for source in dict.fromkeys(row.source for row in bench.rows):
        rows = [row for row in bench.rows if row.source == source]
        first, last = rows[0], rows[-1]
        most, limit = MOST[source], MEMORY[source]
        found.append((f"{source}: build / bare parse", last.ratio("build", "parse"), f"≤ {most}"))
        if "pandas" in last.results:
            found.append((f"{source}: pandas / build", last.ratio("pandas", "build"), "≥ 3"))
            found.append((f"{source}: a further cell / bare parse", _further(last), "≤ 0.5"))
        if len(rows) > 1:
            times, growth = last.rows / first.rows, _seconds(last, "build") / _seconds(first, "build")
            found.append((f"{source}: time at {times:,.0f} × the rows", growth, f"≤ {1.1 * times:,.0f}"))
        found.append((f"{source}: peak memory, MB", float(last.results["build"]["peak_mb"]), f"≤ {limit:,}"))
    few, many = bench.once["render few"], bench.once["render many"]
    found.append(("tkr examples rendered a second, one core", many["examples"] / many["cpu"], "≥ 50,000"))
    memory = many["peak_mb"] / few["peak_mb"]
    found.append((f"memory at {many['examples'] / few['examples']:.0f} × the examples", memory, "1: flat"))
    for name, limit_s in (("import", 0.3), ("help", 0.5), ("load", 0.5)):
        found.append((f"{TITLES[name]}, s", bench.once[name]["seconds"], f"≤ {limit_s}"))
    if "recommend" in bench.once:
        found += _recommenders(bench.once["recommend"])
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
    """Return what is wanted of recommenders: the ratios that were measured, and the memory they took."""
    found = [(name, float(value), f"≤ {RECOMMENDERS[name]}") for name, value in measured["ratios"].items()]
    return [*found, ("recommenders: peak memory, MB", float(measured["peak_mb"]), "≤ 2,000")]


TITLES = {"import": "import itdr_hf", "help": "itdr --help", "load": "a cached load_dataset, after the imports"}


def as_dict(bench: Bench) -> dict[str, Any]:
    """Everything, for machines."""
    return {**asdict(bench), "findings": [{"what": a, "value": b, "wanted": c} for a, b, c in findings(bench)]}


def write_bench(bench: Bench, folder: Path) -> list[Path]:
    """bench.json, and bench.png where matplotlib is installed (extra [plots]); gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / "bench.json"]
    write_atomically(written[0], json.dumps(as_dict(bench), indent=1))
    with suppress(UsageError):
        written.append(_plot(bench, folder / "bench.png"))
    return written


def _line(row: Row) -> list[str]:
    pandas = f"{row.ratio('pandas', 'build'):.1f}" if "pandas" in row.results else "–"
    again = f"{_further(row):.2f}" if any(name.startswith("again") for name in row.results) else "–"
    build = [f"{row.ratio('build', 'parse', what):.2f}" for what in ("seconds", "cpu")]
    peak = f"{row.results['build']['peak_mb']:,}"
    return [row.source, f"{row.rows:,}", f"{_seconds(row, 'parse'):.2f}", *build, again, pandas, peak]


def _further(row: Row) -> float:
    """Return the dearest cell from cached tables, against the bare parse."""
    return max(row.ratio(name, "parse") for name in row.results if name.startswith("again"))


def _seconds(row: Row, name: str) -> float:
    return float(row.results[name]["seconds"])


def _plot(bench: Bench, path: Path) -> Path:
    """Time by rows, both logarithmic: parallel lines grow alike."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError("plot: no matplotlib; want it for bench.png; install itdr-hf[plots]") from error
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
