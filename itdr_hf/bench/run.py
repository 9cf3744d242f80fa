"""Run benchmarks: each program at growing sizes, the fastest of a few rounds, for ratios between them."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from itdr_hf import catalogue
from itdr_hf.bench.neighbours import has_index
from itdr_hf.bench.releases import Measured, amazon, movielens, netflix, one_file_a_movie
from itdr_hf.errors import BuildError
from itdr_hf.runtime.progress import OnProgress, Progress, ignore

Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The sizes to measure.

    Rows of ratings.csv, reviews, ratings in Netflix's blocks, rendered examples, pairs that recommenders train on, and
    the rounds of each measurement.
    """

    ratings: tuple[int, ...] = (300_000, 1_000_000, 3_000_000)
    reviews: tuple[int, ...] = (30_000, 100_000)
    blocks: tuple[int, ...] = (1_000_000,)
    rendered: tuple[int, ...] = (10_000, 40_000)  # (): nothing that does not depend on a release's size
    log: tuple[int, int, int] = (1_000_000, 50_000, 20_000)  # pairs, users, items of recommenders
    near: tuple[int, int, int] = (200_000, 64, 8_192)  # vectors, their length, those whose nearest are looked for
    indexed: tuple[int, int] = (200_000, 64)  # vectors of an index, and their length
    rounds: int = 2

    def only(self, parts: Collection[str]) -> Sizes:
        """Return the same sizes without the parts that are not named; all of them if none is."""
        left = {PARTS[name]: () for name in PARTS if parts and name not in parts}
        return replace(self, **left)  # type: ignore[arg-type]


PARTS = {"movielens32m": "ratings", "amazon2023": "reviews", "netflix": "blocks", "rest": "rendered"}
FULL = Sizes(
    ratings=(3_200_000, 32_000_000),
    reviews=(300_000, 3_000_000),
    blocks=(10_000_000, 100_480_507),
    rendered=(20_000, 180_000),
    near=(200_000, 64, 200_000),
    indexed=(1_000_000, 64),
    rounds=3,
)
ONE_THREAD = {"neighbours"}  # a thread of numpy's that waits for work would count as processor time
FOUR = [cell.task.id for cell in map(catalogue.cell, catalogue.published()) if cell.source.id == "movielens32m"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """The measurements of one release: program -> seconds, cpu, peak_mb and more."""

    source: str
    rows: int
    megabytes: float
    results: dict[str, Result]

    def ratio(self, one: str, other: str, what: str = "seconds") -> float:
        """Return the ratio of a measurement of `one` to that of `other`."""
        return float(self.results[one][what] / max(self.results[other][what], 1e-9))


@dataclass(frozen=True, kw_only=True)
class Bench:
    """All measurements, and the machine they were made on."""

    rows: list[Row]
    once: dict[str, Result]  # render, load, import: independent of size; may be empty
    machine: dict[str, Any] = field(default_factory=dict)


def run(work: Path, sizes: Sizes, *, memory: str = "1GB", progress: OnProgress = ignore) -> Bench:
    """Measure everything. Raises BuildError if a program fails, with the last line of its output."""
    work.mkdir(parents=True, exist_ok=True)
    rows = [_movielens(movielens_at(work, n, progress), work, sizes.rounds, memory, progress) for n in sizes.ratings]
    rows += [_amazon(amazon_at(work, n, progress), work, sizes.rounds, memory, progress) for n in sizes.reviews]
    rows += [_netflix(netflix_at(work, n, progress), work, sizes.rounds, memory, progress) for n in sizes.blocks]
    once: dict[str, Result] = {}
    if sizes.rendered:
        ratings = sizes.ratings or Sizes().ratings
        once = _once(movielens_at(work, ratings[-1], progress), work, sizes, memory, progress)
    return Bench(rows=rows, once=once, machine=machine())


def movielens_at(work: Path, rows: int, progress: OnProgress) -> Measured:
    progress(Progress("simulating", detail=f"{rows:,} ratings"))
    return movielens(work, rows)


def amazon_at(work: Path, rows: int, progress: OnProgress) -> Measured:
    progress(Progress("simulating", detail=f"{rows:,} reviews"))
    return amazon(work, rows)


def netflix_at(work: Path, rows: int, progress: OnProgress) -> Measured:
    progress(Progress("simulating", detail=f"{rows:,} ratings in blocks"))
    return netflix(work, rows)


def machine() -> dict[str, Any]:
    """Return a description of the machine, for which alone the figures are valid."""
    packages = {name: _version(name) for name in ("duckdb", "ibis-framework", "pandas", "pyarrow", "datasets")}
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    return {"cores": os.cpu_count(), "python": platform.python_version(), "packages": packages, "taken": taken}


def _movielens(measured: Measured, work: Path, rounds: int, memory: str, progress: OnProgress) -> Row:
    raw, own = str(measured.raw), str(work / "ours")
    four = [f"{subtask}-{measured.source}" for subtask in FOUR]
    examples = catalogue.cell(four[0]).size
    jobs: dict[str, tuple[str, Result]] = {
        "parse": ("parse_csv", {"paths": [str(p) for p in measured.parsed], "memory": memory}),
        "copy": ("copy_csv", _copied(measured, work, memory)),
        "build": ("build", {"raw": raw, "work": own, "configs": four, "memory": memory}),
        "pandas": ("script", {"raw": raw, "work": own, "examples": examples}),
    }
    jobs |= {
        f"again {cell}": ("build", {"raw": raw, "work": own, "configs": [cell], "memory": memory, "again": True})
        for cell in four
    }
    return _row(measured, jobs, rounds, progress)


def _amazon(measured: Measured, work: Path, rounds: int, memory: str, progress: OnProgress) -> Row:
    cells = [name for name in catalogue.published() if name.endswith(f"-{measured.source}")]
    jobs: dict[str, tuple[str, Result]] = {
        "parse": ("parse_jsonl", {"paths": [str(p) for p in measured.parsed], "memory": memory}),
        "copy": ("copy_jsonl", _copied(measured, work, memory)),
        "build": ("build", {"raw": str(measured.raw), "work": str(work / "ours"), "configs": cells, "memory": memory}),
    }
    return _row(measured, jobs, rounds, progress)


def _copied(measured: Measured, work: Path, memory: str) -> Result:
    return {"paths": [str(path) for path in measured.parsed], "memory": memory, "out": str(work / "copied")}


def _netflix(measured: Measured, work: Path, rounds: int, memory: str, progress: OnProgress) -> Row:
    """Measure one cell in each layout, relative to reading lines: no cell is a default one, and no reader parses blocks."""
    cells, split = [f"tkr-{measured.source}"], one_file_a_movie(measured)
    jobs: dict[str, tuple[str, Result]] = {
        "parse": ("parse_lines", {"paths": [str(p) for p in measured.parsed], "memory": memory}),
        "build": ("build", {"raw": str(measured.raw), "work": str(work / "ours"), "configs": cells, "memory": memory}),
        "build split": ("build", {"raw": str(split), "work": str(work / "ours"), "configs": cells, "memory": memory}),
    }
    return _row(measured, jobs, rounds, progress)


def _once(measured: Measured, work: Path, sizes: Sizes, memory: str, progress: OnProgress) -> dict[str, Result]:
    own, config = str(work / "rendered"), f"tkr-{measured.source}"
    jobs: dict[str, tuple[str, Result]] = {}
    for name, count in zip(("render few", "render many"), sizes.rendered, strict=True):
        arguments = {"raw": str(measured.raw), "work": own, "config": config, "examples": count, "memory": memory}
        jobs[name] = "render", arguments
    build = {"raw": str(measured.raw), "work": own, "configs": [config], "memory": memory}
    jobs["folder"] = "build", {**build, "again": True}
    jobs["load"] = "load", {"folder": str(Path(own) / "itdr"), "config": config}
    jobs["import"] = "start", {"code": ["-c", "import itdr_hf"]}
    jobs["help"] = "start", {"code": ["-m", "itdr_hf", "--help"]}
    once = best_of(jobs, sizes.rounds, progress, "")
    users, dim, queries = sizes.near
    near = {"users": users, "dim": dim, "queries": queries}
    once |= best_of({"neighbours": ("neighbours", near)}, 1, progress, "")
    if has_index():  # extra [neighbours]
        users, dim = sizes.indexed
        once |= best_of({"index": ("index", {"users": users, "dim": dim})}, 1, progress, "")
    if find_spec("torch"):  # extra [recommend]
        pairs, users, items = sizes.log
        recommend = {"pairs": pairs, "users": users, "items": items}
        once |= best_of({"recommend": ("recommend", recommend)}, 1, progress, "")
    if find_spec("torch") and find_spec("transformers"):  # extra [train]
        once |= best_of({"likelihood": ("likelihood", {})}, 1, progress, "")
    return once


def _row(measured: Measured, jobs: dict[str, tuple[str, Result]], rounds: int, progress: OnProgress) -> Row:
    results = best_of(jobs, rounds, progress, f"{measured.source}, {measured.rows:,} rows: ")
    return Row(source=measured.source, rows=measured.rows, megabytes=measured.megabytes, results=results)


def best_of(
    jobs: dict[str, tuple[str, Result]], rounds: int, progress: OnProgress, title: str, by: str = "seconds"
) -> dict[str, Result]:
    """Return the fastest run of each job, by one of its figures; all jobs run once per round, so that load on the machine affects all equally."""
    found: dict[str, list[Result]] = {name: [] for name in jobs}
    for number in range(rounds):
        for name, (contestant, arguments) in jobs.items():
            progress(Progress(f"{title}{name}", number, rounds, "rounds"))
            found[name].append(run_in_process(contestant, arguments))

    best = {name: min(results, key=lambda result: float(result[by])) for name, results in found.items()}
    return {name: {**one, "peak_mb": max(r["peak_mb"] for r in found[name])} for name, one in best.items()}


def run_in_process(contestant: str, arguments: Result) -> Result:
    """Run a program in a separate process, and return its result."""
    command = [sys.executable, "-m", "itdr_hf.bench.contestants", contestant, json.dumps(arguments)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    if contestant in ONE_THREAD:
        environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        message = _last(done.stderr.splitlines())
        raise BuildError(
            f"bench {contestant}: failed with {message} ({done.returncode}); want it to succeed; run it alone: {command}"
        )
    return json.loads(_last(done.stdout.splitlines()))  # type: ignore[no-any-return]


def _last(lines: Sequence[str]) -> str:
    return lines[-1] if lines else "no output"


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)
