"""The memory a build may use: a limit for the whole process, of which the engine gets what Python leaves.

A limit is a size in DuckDB's notation: '700MB', '4GB', '1.5GiB'.
"""

from __future__ import annotations

import re
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

from itdr_hf.errors import UsageError

PYTHON_BYTES = 250 * 10**6  # used by Python, its libraries and the examples being rendered; measured
BYTES_PER_THREAD = 100 * 10**6  # needed by each thread of the engine: two lines of maximum length, and room to sort
MAX_ENGINE_SHARE = 0.7  # of a limit: the engine holds a few per cent more than it counts
MACHINE_SHARE, MIN_BYTES = 0.25, 10**9  # the default limit: this share of the machine's memory, but at least this
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The part of a limit that the engine may use, in bytes, and the number of threads that it suffices for."""

    limit: int  # bytes, for the whole process
    engine: int
    threads: int


def budget(limit: str | None, machine: str) -> Budget:
    """Return the budget for a limit, by default a quarter of the machine's memory, at least 1 GB.

    `machine` is DuckDB's own default, 80 % of the memory of the machine or the container.
    Raises UsageError if the limit is not a size, or is less than one thread needs.
    """
    total = size(limit) if limit else max(int(size(machine) / 0.8 * MACHINE_SHARE), MIN_BYTES)
    if total < PYTHON_BYTES + BYTES_PER_THREAD:
        raise UsageError(
            f"memory limit {limit}: too small; want at least {format_size(PYTHON_BYTES + BYTES_PER_THREAD)} for the whole process"
        )
    engine = min(total - PYTHON_BYTES, int(MAX_ENGINE_SHARE * total))
    return Budget(limit=total, engine=engine, threads=engine // BYTES_PER_THREAD)


def size(text: str) -> int:
    """Parse a size and return it in bytes. Raises UsageError if the text is not a size."""
    match = _SIZE.fullmatch(text)
    if not match:
        raise UsageError(f"memory limit {text!r}: not a size; want one such as 700MB or 4GB")
    number, prefix, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(prefix.lower() or " "))


def format_size(size: int) -> str:
    """Return a size in bytes as a limit is written: '700MB', '1.5GB'."""
    return f"{size / 1e9:.1f}GB" if size >= 10**9 else f"{size // 10**6}MB"


def peak() -> int:
    """Return the peak resident memory of this process, in bytes.

    On Linux it is read from /proc, since `ru_maxrss` also counts the memory of the parent process.
    """
    status = Path("/proc/self/status")
    if status.is_file() and (line := re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(line[1]) * 1024
    max_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max_rss if sys.platform == "darwin" else max_rss * 1024
