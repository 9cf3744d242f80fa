"""Rehearse the releases at the size that their owners publish: `make rehearsal`, or `python -m itdr_hf.bench.rehearsal`.

Each source in turn is simulated at its published size, parsed only, built, audited, loaded and reported, each by a command of
its own that is measured; then its files are deleted. What was measured is kept in a JSON file after each source, and a source
that is in it is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from itdr_hf import catalogue
from itdr_hf.bench.run import machine
from itdr_hf.errors import BuildError, UsageError
from itdr_hf.raw.release import find_release
from itdr_hf.runtime.disk import watch_size
from itdr_hf.runtime.duckdb_engine import identifier, quote
from itdr_hf.runtime.files import write_atomically
from itdr_hf.simulate.published import PUBLISHED

MEMORY = "4GB"
EVERY = 0.5  # seconds between two looks at the disk
ORDER = (
    "movielens1m", "microlens", "pixelrec", "mind", "bookcrossing", "amazon2018", "movielens32m", "lastfm360k", "anime2023",
    "lastfm1k", "amazonbooks", "steam", "netflix", "yelp", "amazon2023",
)  # fmt: skip  # from small to large
CATEGORIES = (  # the four largest that fit, and one that makes a pair with one of them
    "Grocery_and_Gourmet_Food", "Arts_Crafts_and_Sewing", "CDs_and_Vinyl", "Baby_Products", "Video_Games",
)  # fmt: skip
CELLS = {"netflix": ["tkr-netflix", "nir-netflix", "rp-netflix"]}  # of sources without a published cell
COMMAND = (sys.executable, "-m", "itdr_hf")
LOADING = """
import datasets, json, sys
datasets.disable_progress_bars()
print(json.dumps({name: sum(map(len, datasets.load_dataset(sys.argv[1], name).values())) for name in sys.argv[2:]}))
"""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a command took: seconds of wall and of processor, the most memory of one process, the most disk."""

    seconds: float
    cpu: float
    peak_mb: int
    disk_mb: int


def rehearse(
    work: Path, source: str, *, memory: str = MEMORY, changes: Sequence[str] = (), kill: bool = False
) -> dict[str, Any]:
    """Return what a source took at its published size. Raises BuildError if a step fails.

    With `kill`, it is built once more, killed in the middle and started again, and the files are compared.
    """
    raw, out = work / "raw", work / "itdr"
    shutil.rmtree(work, ignore_errors=True)
    (work / "tmp").mkdir(parents=True)
    domains = [f"--domain={name}" for name in CATEGORIES] if source == "amazon2023" else []
    steps: dict[str, Step] = {}

    steps["simulate"], _ = _run(work, "simulate", str(raw), f"--published={source}", *domains)
    release = find_release(catalogue.source(source), raw)
    files = {str(path.relative_to(raw)): path.stat().st_size for path in sorted(raw.rglob("*")) if path.is_file()}
    read = sorted({str(path) for paths in release.files.values() for path in paths})
    steps["parse"], parsed = _run(work, "-c", PARSING, json.dumps(read), command=(sys.executable,))
    (work / "copied").mkdir()
    steps["copy"], _ = _run(work, "-c", COPYING, str(work / "copied"), json.dumps(read), command=(sys.executable,))
    shutil.rmtree(work / "copied")
    options = ["--raw", str(raw), "--out", str(out), "--cache", str(work / "cache"), "--memory-limit", memory]
    build = ["build", *options, *_chosen(source)]
    _, planned = _run(work, *build, "--dry-run", "--json")
    steps["build"], built = _run(work, *build, *changes, "--json")
    steps["audit"], audited = _run(work, "audit", str(out), "--memory-limit", memory, "--json")
    made = [one["cell"] for one in json.loads(built)]
    steps["load"], loaded = _run(work, "-c", LOADING, str(out), *made, command=(sys.executable,))
    page = work / "report.html"
    steps["report"], _ = _run(work, "report", str(out), "--out", str(page))

    killed = _killed(work, [*build, *changes], steps["build"].seconds / 2) if kill else {}

    found = json.loads(audited)
    return {
        "files": {
            name: {"bytes": size, "published": _published(source, name)} for name, size in files.items() if size > 200
        },
        "bytes": sum(files.values()),
        "rows": {str(Path(path).relative_to(raw)): rows for path, rows in json.loads(parsed).items()},
        "memory_limit": memory,
        "steps": {name: asdict(step) for name, step in steps.items()},
        "ratio": {f"build / {floor}": _ratio(steps["build"], steps[floor]) for floor in ("parse", "copy")},
        "counted": _counted(work / "cache", source),
        "planned": json.loads(planned),
        "examples": {one["cell"]: sum(one["counts"].values()) for one in json.loads(built)},
        "wanted": {name: catalogue.cell(name).size for name in made if name in catalogue.published()},
        "loaded": json.loads(loaded),
        "breaches": [
            f"{one['check']}, {one['where']}: {one['message']}"
            for one in found["findings"]
            if one["severity"] == "breach"
        ],
        "report_mb": round(page.stat().st_size / 1e6, 2),
        **killed,
    }


def _chosen(source: str) -> list[str]:
    """Return the options that choose the cells of a source: its published ones, where it has any."""
    if source == "amazon2018":
        return ["--family=instructrec", f"--config=*-{source}"]
    cells = CELLS.get(source) or [name for name in catalogue.published() if name.endswith(f"-{source}")]
    return [f"--config={name}" for name in cells]


def rehearse_all(work: Path, sources: Sequence[str], kept: Path, **how: Any) -> int:
    """Rehearse all that is not done yet, and keep each; return how many failed."""
    failed = 0
    for source in sources:
        done = _read(kept)
        if source in done["sources"]:
            print(f"{source}: done before", flush=True)
            continue
        try:
            found = _locked(work, source, **how)
        except BuildError as error:
            failed += 1
            print(f"{source}: {error}", file=sys.stderr, flush=True)
            continue
        done = _read(kept)
        done["sources"][source] = found
        write_atomically(kept, json.dumps({**done, "machine": machine()}, indent=1) + "\n")
        step = found["steps"]["build"]
        print(
            f"{source}: {found['bytes'] / 1e6:,.0f} MB, built in {step['seconds']:,.0f} s, {step['peak_mb']:,} MB",
            flush=True,
        )
    return failed


def _locked(work: Path, source: str, **how: Any) -> dict[str, Any]:
    """Rehearse a source, in a folder that no other rehearsal uses meanwhile, and delete that."""
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / f".{source}.lock", timeout=0):
            try:
                return rehearse(work / source, source, **how)
            finally:
                shutil.rmtree(work / source, ignore_errors=True)
    except Timeout as error:
        raise BuildError(
            f"{work / source}: in use by another rehearsal; want a folder of its own; choose another"
        ) from error


def _killed(work: Path, build: list[str], seconds: float) -> dict[str, Any]:
    """Build again from nothing, kill that after some seconds, start it again, and compare what is made."""
    out, again = work / "itdr", work / "again"
    for folder in (work / "cache", again):
        shutil.rmtree(folder, ignore_errors=True)
    arguments = [str(again) if word == str(out) else word for word in build]
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(work)
    )
    try:
        process.wait(seconds)
        state = "it had ended before"
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        state = ", ".join(sorted(path.name for path in again.glob("[!.]*-*"))) or "no config done"
    step, _ = _run(work, *arguments, "--json")
    hashes = [
        {
            path.relative_to(folder): file_digest(path.open("rb"), "sha256").hexdigest()
            for path in folder.rglob("*.parquet")
        }
        for folder in (out, again)
    ]
    return {
        "killed": {"after": round(seconds, 1), "state": state, "same": hashes[0] == hashes[1], "again": asdict(step)}
    }


PARSING = """
import json, sys
from itdr_hf.bench.parsing import parse
print(json.dumps(parse(json.loads(sys.argv[1]))))
"""


COPYING = """
import json, sys
from pathlib import Path
from itdr_hf.bench.parsing import copy
print(copy(json.loads(sys.argv[2]), Path(sys.argv[1])))
"""


def _counted(cache: Path, source: str) -> dict[str, int]:
    """Count the users and items in the tables that a build has read, those that no cell takes too."""
    import duckdb

    (folder,) = (path for path in (cache / "tables" / source).iterdir() if path.is_dir())
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(cache)}) as engine:
        count = "SELECT count(DISTINCT {}) FROM read_parquet({})"
        return {
            what: engine.execute(count.format(identifier(column), quote(folder / f"{table}.parquet"))).fetchall()[0][0]
            for what, column, table in (("users", "user", "interactions"), ("items", "item", "items"))
        }


def _ratio(step: Step, floor: Step) -> float:
    """Return the ratio of processor times: others use the machine too."""
    return round(step.cpu / max(floor.cpu, 1e-9), 2)


def _run(work: Path, *arguments: str, command: Sequence[str] = COMMAND) -> tuple[Step, str]:
    """Run a command with all that it writes under `work`; return what it took and what it printed."""
    environment, started, most = _environment(work), time.perf_counter(), [0]
    with watch_size(work, most, EVERY), (work / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        assert process.stdout
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        log.seek(0)
        said = log.read().splitlines()
    # audit: 1 says that it found something
    if code and not (code == 1 and arguments[0] == "audit" and printed.startswith("{")):
        last = next((line for line in reversed(said) if line[:1].isalpha()), "no output")  # of a traceback: the error
        raise BuildError(f"{' '.join(arguments[:2])}: failed with {last} ({code}); want it to succeed; run it alone")
    took = Step(
        seconds=round(time.perf_counter() - started, 2),
        cpu=round(usage.ru_utime + usage.ru_stime, 2),
        peak_mb=usage.ru_maxrss // 1000,
        disk_mb=most[0] // 10**6,
    )
    return took, printed


def _environment(work: Path) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(work / "hf"), "TMPDIR": str(work / "tmp")}


def _published(source: str, name: str) -> int | None:
    """Return the published bytes of a file, as far as they are known."""
    known, within = PUBLISHED[source].files, "/".join(Path(name).parts[1:])
    return known[within].bytes if within in known else None


def _read(kept: Path) -> dict[str, Any]:
    return dict(json.loads(kept.read_text(encoding="utf-8"))) if kept.is_file() else {"sources": {}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse, and return 1 if something failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("work", type=Path, help="a folder for everything; up to 30 GB")
    parser.add_argument("--out", type=Path, default=Path("docs/measured/rehearsal.json"), help="where it is kept")
    parser.add_argument("--sources", default=",".join(ORDER), help="separated by commas; default: all")
    parser.add_argument("--memory-limit", default=MEMORY)
    parser.add_argument("--num-examples", type=int, help="of each cell; default: the paper's")
    parser.add_argument("--kill", action="store_true", help="build again, with a kill in the middle, and compare")
    given = parser.parse_args(arguments)
    sources = [name for name in given.sources.split(",") if name]
    if strange := [name for name in sources if name not in PUBLISHED]:
        raise UsageError(f"no source {strange[0]!r}; have: {', '.join(PUBLISHED)}")
    changes = [f"--num-examples={given.num_examples}"] if given.num_examples else []
    how = {"memory": given.memory_limit, "changes": changes, "kill": given.kill}
    return min(rehearse_all(given.work, sources, given.out, **how), 1)


if __name__ == "__main__":
    sys.exit(main())
