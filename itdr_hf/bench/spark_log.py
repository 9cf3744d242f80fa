"""Summarise the cost of a build on Spark from its event log: `python -m itdr_hf.bench.spark_log <log or folder>`.

To write a log, set spark.eventLog.enabled, and spark.eventLog.rolling.enabled and spark.eventLog.compress to false.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from itdr_hf.errors import UsageError

MB = 1e6


@dataclass(kw_only=True)
class Cost:
    """The total cost of the tasks of one job description, in bytes and CPU seconds; `execution` is the peak of one task."""

    tasks: int = 0
    read: int = 0
    shuffled: int = 0
    spilled: int = 0
    execution: int = 0
    seconds: float = 0.0

    def add(self, metrics: dict[str, Any]) -> None:
        """Add the metrics of one task, as in Spark's log."""
        self.tasks += 1
        self.read += metrics["Input Metrics"]["Bytes Read"]
        self.shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        self.spilled += metrics["Disk Bytes Spilled"]
        self.execution = max(self.execution, metrics["Peak Execution Memory"])
        self.seconds += metrics["Executor CPU Time"] / 1e9


def read_costs(path: Path) -> dict[str, Cost]:
    """Return the cost by job description: a cell's name for planning, and `rendering`.

    Raises UsageError without a log.
    """
    files = sorted(p for p in path.iterdir() if p.suffix != ".crc") if path.is_dir() else [path]
    if not files or not files[-1].is_file():
        raise UsageError(f"{path}: no event log; want a file written by Spark, or a folder of them; name one")
    with ExitStack() as stack:
        return _costs(chain.from_iterable(stack.enter_context(file.open(encoding="utf-8")) for file in files))


def _costs(lines: Iterable[str]) -> dict[str, Cost]:
    named: dict[int, str] = {}
    found: dict[str, Cost] = defaultdict(Cost)
    for event in map(json.loads, lines):
        if event["Event"] == "SparkListenerJobStart":
            name = event["Properties"].get("spark.job.description", "other")
            named |= {stage: named.get(stage, name) for stage in event["Stage IDs"]}
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            found[named.get(event["Stage ID"], "other")].add(event["Task Metrics"])
    return dict(found)


def table(found: dict[str, Cost]) -> str:
    """Return the costs as a Markdown table."""
    heads = ("cell", "tasks", "read, MB", "shuffled, MB", "spilled, MB", "memory of a task, MB", "CPU s")
    rows = [
        (
            n,
            c.tasks,
            *(f"{size / MB:,.1f}" for size in (c.read, c.shuffled, c.spilled, c.execution)),
            f"{c.seconds:,.1f}",
        )
        for n, c in found.items()
    ]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [heads, ("---",) + ("---:",) * 6, *rows])


if __name__ == "__main__":
    print(table(read_costs(Path(sys.argv[1]))))
