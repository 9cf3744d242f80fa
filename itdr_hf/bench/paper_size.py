"""Measure InstructRec at the paper's size against the bare parse: `python -m itdr_hf.bench.paper_size bench/`.

The release is simulated. The build makes all cells of Amazon's games, from the raw files to the dataset folder. The
parse unpacks the same files and reads the columns that the build takes, by DuckDB; next to it stands Python's own gzip and
json, which is how one would do it by hand. Each runs once, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from itdr_hf.bench.releases import amazon_of_2018
from itdr_hf.bench.run import run_in_process

FAMILY, CONFIGS = "instructrec", ["*-amazon2018"]
MEMORY = "1GB"


def measure(work: Path, memory: str = MEMORY) -> dict[str, Any]:
    """Return seconds, processor time and peak memory of each, and the ratios of the build to both ways to parse."""
    release = amazon_of_2018(work)
    paths = list(map(str, release.parsed))
    parses = {
        "parse": run_in_process("parse_amazon2018", {"paths": paths, "memory": memory}),
        "parse in python": run_in_process("parse_in_python", {"paths": paths}),
    }
    arguments = {"raw": str(release.raw), "work": str(work / "paper"), "configs": CONFIGS, "family": FAMILY}
    build = run_in_process("build", {**arguments, "memory": memory})
    ratios = {
        f"build / {name}": {what: round(build[what] / max(one[what], 1e-9), 2) for what in ("seconds", "cpu")}
        for name, one in parses.items()
    }
    return {"megabytes": round(release.megabytes, 1), **parses, "build": build, "ratios": ratios}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, nargs="?", default=Path("bench"), help="a folder for the release")
    parser.add_argument("--memory", default=MEMORY, help="of DuckDB")
    given = parser.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    print(json.dumps(measure(given.work, given.memory), indent=1))


if __name__ == "__main__":
    main()
