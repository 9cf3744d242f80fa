"""How much memory a build may use: of the whole process, of which the engine gets what Python leaves.

A limit is a size as DuckDB writes it: '700MB', '4GB', '1.5GiB'.
"""

from __future__ import annotations

import re
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.errors import UsageError

OWN = 250 * 10**6  # what Python, its libraries and the examples that are being rendered take, measured
A_THREAD = 100 * 10**6  # what the engine needs for each thread: two of the longest lines, and room to sort
MOST = 0.7  # of a limit: what an engine holds is a few per cent more than what it counts
SHARE, LEAST = 0.25, 10**9  # of the machine, unless told otherwise
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What of a limit the engine may use, and the most threads that get by with it."""

    limit: int  # bytes, of the whole process
    engine: int
    threads: int


def budget(limit: str | None, machine: str) -> Budget:
    """Return the budget of a limit, or by default of a quarter of the machine, 1 GB at least.

    `machine` is the size that the engine would take, 80 % of what the machine or the container has.
    Raises UsageError for what is no size, and for less than one thread needs.
    """
    total = size(limit) if limit else max(int(size(machine) / 0.8 * SHARE), LEAST)
    if total < OWN + A_THREAD:
        raise UsageError(
            f"memory limit {limit}: too small; want at least {shown(OWN + A_THREAD)} for the whole process"
        )
    engine = min(total - OWN, int(MOST * total))
    return Budget(limit=total, engine=engine, threads=engine // A_THREAD)


def size(text: str) -> int:
    """Return a size in bytes. Raises UsageError for what is none."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError(f"memory limit {text!r}: not a size; want one such as 700MB or 4GB")
    number, prefix, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(prefix.lower() or " "))


def shown(size: int) -> str:
    """Return a size as people write it."""
    return f"{size / 1e9:.1f}GB" if size >= 10**9 else f"{size // 10**6}MB"


def peak() -> int:
    """Return the most memory that this process has held, in bytes.

    Linux's own figure for it: `ru_maxrss` also counts what the process held that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file() and (line := re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(line[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
