"""What a build would take, from the sizes of raw files and from what builds on this machine took before.

Every built cell leaves its rates in rates.json of the cache: seconds of reading a byte, of planning over a byte, of making
an example, bytes of an example, peak memory, room on disk; and how far the estimate of it was off. A cell that was never built here is
estimated by the means of its task's cells, and without any by DEFAULT, measured on two cores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from itdr_hf.build.prepare import Settings, identity, recipes
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import ItdrError, MissingFileError
from itdr_hf.raw.release import find_release
from itdr_hf.runtime import memory
from itdr_hf.runtime.files import default_cache, write_atomically
from itdr_hf.runtime.kept import RECORD
from itdr_hf.tables.cache import locate
from itdr_hf.tasks.planning.recipe import Recipe
from itdr_hf.tasks.task import Cell

RATES = "rates.json"
FEW_BYTES = 20e6  # of raw files: below it, what a build takes hardly depends on them
HELD = 0.3  # of the bytes of a larger release, in memory at the peak: .2 to .5 of the releases at full size


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What building a cell took: of a release of `raw_bytes`, for `examples` that were `asked` for."""

    raw_bytes: int
    tables_seconds: float
    cell_seconds: float
    examples: int
    asked: int
    bytes: int
    peak_memory_mb: int
    tables_bytes: int | None = None  # of the tables in the cache
    spilled_bytes: int | None = None  # at most at once; None for both: not noted
    estimated_seconds: float | None = None  # what was said before, of the same steps
    seconds: float | None = None  # what these took


DEFAULT = Rate(
    raw_bytes=1_000_000_000, tables_seconds=8.0, cell_seconds=2.5, examples=6_250, asked=6_250, bytes=7_000_000, peak_memory_mb=800,
    tables_bytes=600_000_000, spilled_bytes=400_000_000,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a cell would take. `basis` says from what: this cell, its task, or the default rates.

    `error` is by how much the last estimate of the cell was off, as a share of what it took; None if there was none.
    """

    cell: str
    state: str  # unchanged, to build, or why not
    rows: int = 0
    bytes: int = 0
    tables_seconds: float = 0.0  # of reading the raw files, counted for the first cell of a source
    cell_seconds: float = 0.0
    peak_memory_mb: int = 0
    temporary_bytes: int = 0  # on disk: a source's tables in the cache, for its first cell, and what spills
    basis: str = ""
    error: float | None = None

    @property
    def seconds(self) -> float:
        """Reading and making together."""
        return self.tables_seconds + self.cell_seconds

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"seconds": self.seconds}


def estimate_build(
    out: Path,
    settings: Settings,
    *,
    configs: Sequence[str] | None = None,
    family: str = "itdr",
    changes: Mapping[str, Any] | None = None,
) -> list[Estimate]:
    """Return what each cell would take; nothing is written but hashes of raw files in the cache."""
    known = settings.known
    dataset = Dataset(out, family=family, base=known)
    cells = [known.cell(name) for name in known.select(configs, family)]
    rates, reading = read_rates(settings), set[str]()
    return [
        _estimate(cell, recipe, dataset, settings, rates, reading) for cell, recipe in recipes(cells, changes or {})
    ]


def estimate_cell(cell: Cell, recipe: Recipe, raw_bytes: int, reads: bool, rates: Mapping[str, Rate]) -> Estimate:
    """Return the estimate of a cell for a release of this size in bytes; with `reads`, its tables have yet to be read."""
    rate, basis = _rate_of(cell, rates)
    scale = max(raw_bytes, FEW_BYTES) / max(rate.raw_bytes, FEW_BYTES)
    rows = recipe.num_examples
    if rate.examples < rate.asked and basis == "this config":  # the release had no more
        rows = min(rows, round(rate.examples * raw_bytes / max(rate.raw_bytes, 1)) or rows)
    share = rows / max(rate.examples, 1)
    last, growth = rates.get(cell.name), raw_bytes / max(rate.raw_bytes, 1)
    tables_bytes = (rate.tables_bytes or 0) * growth if reads else 0.0
    off = (last.estimated_seconds / last.seconds - 1) if last and last.estimated_seconds and last.seconds else None
    return Estimate(
        cell=cell.name,
        state="to build",
        rows=rows,
        bytes=round(rate.bytes * share),
        tables_seconds=rate.tables_seconds * growth if reads else 0.0,
        cell_seconds=rate.cell_seconds * (scale + share) / 2,  # planning goes with the release, rendering with the rows
        peak_memory_mb=round(rate.peak_memory_mb + HELD * max(raw_bytes - rate.raw_bytes, 0) / 1e6),
        temporary_bytes=round(tables_bytes + (rate.spilled_bytes or 0) * growth),
        basis=basis,
        error=off,
    )


def read_rates(settings: Settings) -> dict[str, Rate]:
    """Return the rates of every cell that was built here; of a file that cannot be read, none."""
    try:
        held = json.loads(_place(settings).read_text(encoding="utf-8"))
        return {name: Rate(**facts) for name, facts in held.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def note_rate(settings: Settings, cell: str, rate: Rate) -> None:
    """Keep what a cell took; a full or read-only cache is no reason to fail."""
    path = _place(settings)
    with suppress(OSError, ItdrError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            held = {name: asdict(found) for name, found in read_rates(settings).items()}
            write_atomically(path, json.dumps({**held, cell: asdict(rate)}, indent=1))


def _place(settings: Settings) -> Path:
    return (settings.cache or default_cache()) / RATES


def _estimate(
    cell: Cell, recipe: Recipe, dataset: Dataset, settings: Settings, rates: Mapping[str, Rate], reading: set[str]
) -> Estimate:
    """Return the estimate of a cell; the sources whose tables an earlier cell reads are in `reading`."""
    try:
        release = find_release(cell.source, settings.raw)
        place = locate(cell.source, settings.raw, cache=settings.cache, bad=settings.bad)
    except MissingFileError as error:
        return Estimate(cell=cell.name, state=str(error).split(";")[0])
    built = dataset.cells.get(cell.name)
    if built and built.key == identity(cell, recipe, settings):
        size = sum(facts.size for facts in built.files.values())
        return Estimate(cell=cell.name, state="unchanged", rows=built.examples, bytes=size)
    reads = cell.source.id not in reading and not (place.folder / RECORD).is_file()
    reading.add(cell.source.id)
    found = estimate_cell(cell, recipe, release.size(), reads, rates)
    if settings.memory_limit:  # what is more than it spills
        found = replace(found, peak_memory_mb=min(found.peak_memory_mb, memory.size(settings.memory_limit) // 10**6))
    return found


def _rate_of(cell: Cell, rates: Mapping[str, Rate]) -> tuple[Rate, str]:
    """Return the rates to go by, and whose they are: the cell's, the mean of its task's, or the default."""
    if cell.name in rates:
        return rates[cell.name], "this config"
    alike = [rate for name, rate in rates.items() if name.partition("-")[0] == cell.task.id]
    if not alike:
        return DEFAULT, "default rates"

    def mean(value: Callable[[Rate], float]) -> float:
        return sum(map(value, alike)) / len(alike)

    made = Rate(
        raw_bytes=round(mean(lambda rate: rate.raw_bytes)),
        tables_seconds=mean(lambda rate: rate.tables_seconds),
        cell_seconds=mean(lambda rate: rate.cell_seconds),
        examples=round(mean(lambda rate: rate.examples)),
        asked=round(mean(lambda rate: rate.asked)),
        bytes=round(mean(lambda rate: rate.bytes)),
        peak_memory_mb=round(mean(lambda rate: rate.peak_memory_mb)),
        tables_bytes=round(mean(lambda rate: rate.tables_bytes or 0)),
        spilled_bytes=round(mean(lambda rate: rate.spilled_bytes or 0)),
    )
    return made, f"{len(alike)} configs of its task"
