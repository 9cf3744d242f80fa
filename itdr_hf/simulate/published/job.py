"""One release at its published size: where it goes, its figures, its dice, and the ways to write a file of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from itdr_hf.simulate.published.draws import Log
from itdr_hf.simulate.published.figures import Figures, File
from itdr_hf.simulate.published.lines import (
    BLOCK,
    LINE,
    MORE,
    TEXTS,
    Fields,
    Form,
    Texts,
    bytes_of,
    fit,
    form_of,
    in_order,
    write_blocks,
)
from itdr_hf.simulate.world import IntArray

ROWS = 400_000  # drawn at a time
SAMPLE = 8_000

Filling = Callable[[np.random.Generator, tuple[int, int], IntArray, IntArray], tuple[IntArray, Fields]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Where a release is to be written, how large it is, and the dice of its parts."""

    source: str
    folder: Path
    scratch: Path
    figures: Figures
    seed: int
    share: float  # of the published size
    domains: tuple[str, ...]  # of Amazon Reviews 2023
    compress: bool  # likewise

    def file(self, name: str) -> File:
        """Return the figures of a file; of one that is not declared, none are known."""
        return self.figures.files.get(name, File())

    def number(self, what: str) -> int:
        """Return the number of rows, users or items."""
        return self.figures.number(what)

    def whole(self) -> dict[str, int]:
        """Return the release's own size, for a simulator that writes all of it."""
        sizes = {"users": self.number("users"), "items": self.number("items"), "interactions": self.number("rows")}
        return {**sizes, "seed": self.seed}

    def few(self, users: int, interactions: int) -> dict[str, Any]:
        """Return the size of the small release that gives the lines."""
        share = min(max(self.share, 0.02), 1.0)
        return {"users": int(users * share) + 100, "interactions": int(interactions * share) + 2_000, "seed": self.seed}

    def seeds(self, part: str) -> tuple[int, ...]:
        """Return what to seed the dice of a part with, so that it does not depend on the others."""
        return self.seed, crc32(f"{self.source}/{part}".encode())

    def rng(self, part: str) -> np.random.Generator:
        """Return the generator of a part."""
        return np.random.default_rng(self.seeds(part))

    def texts(self) -> Texts:
        """Return texts to make lines longer with; fewer for a small share."""
        return Texts(count=int(TEXTS * min(max(10 * self.share, 0.05), 1)))

    def move(self, name: str) -> Path:
        """Take a file as the simulator wrote it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(self.scratch / name, path))

    def lengthen(
        self, name: str, pattern: bytes, *, record: bytes = LINE, header: int = 0, constant: bytes = b"",
        rows: slice = slice(None), source: str | None = None,
    ) -> Path:  # fmt: skip
        """Take the records of a file (`source`: of another name), longer by a constant or by texts until it has its published size."""
        form = form_of(self.scratch / (source or name), pattern, record=record, header=header, most=None)
        chosen = np.arange(len(form))[rows]
        if not constant:
            return self.fill(name, form, len(chosen), lambda rng, at: {}, rows=chosen, in_turn=True)
        parts = np.array_split(chosen, len(chosen) // 50_000 + 1)
        return write_blocks(
            self.folder / name, form.header, (bytes_of(form.fill(part, {MORE: constant})) for part in parts)
        )

    def fill(
        self, name: str, form: Form, count: int, fields: Callable[[np.random.Generator, IntArray], Fields], *,
        texts: Texts | None = None, file: File | None = None, rows: IntArray | None = None, in_turn: bool = False,
        plain: bool = False,
    ) -> Path:  # fmt: skip
        """Write so many records, each from a line of the form: the same line for each row if `in_turn`, else any."""
        row_bytes, rng = (file or self.file(name)).row_bytes, self.rng(name)
        rows = np.arange(count) if rows is None else rows
        texts = texts or self.texts()

        def block(part: IntArray) -> memoryview:
            dice = np.random.default_rng([*self.seeds(name), int(part[0])])
            chosen = part if in_turn else dice.integers(0, len(form), len(part))
            drawn = {MORE: texts.draw(dice, len(part))} if MORE in form.names else {}
            return bytes_of(form.fill(chosen, {**fields(dice, part), **drawn}))

        if row_bytes and MORE in form.names:
            sample = rng.permutation(rows)[:SAMPLE]
            fit(texts, lambda: block(sample), len(sample), row_bytes, packed=name.endswith(".gz") and not plain)
        size = max(int(BLOCK / (row_bytes or 100)), 1_000)
        parts = (rows[first : first + size] for first in range(0, len(rows), size))
        return write_blocks(self.folder / name, form.header, in_order(block, parts))

    def write_log(
        self, name: str, form: Form, rows: Log, fields: Filling, *, file: File | None = None, plain: bool = False,
        choose: Callable[[np.random.Generator, IntArray, IntArray], IntArray] | None = None,
        groups: tuple[int, int] | None = None,
    ) -> Path:  # fmt: skip
        """Write the rows of a log, each into any line of the form."""
        row_bytes = (file or self.file(name)).row_bytes
        texts = self.texts() if MORE in form.names else None

        def block(part: tuple[int, int], most: int | None = None) -> memoryview:
            dice = rows.dice(part)
            group, member = rows.draw(dice, part)
            order, values = fields(dice, part, group, member)
            chosen = choose(dice, group[order], member[order]) if choose else dice.integers(0, len(form), len(order))
            drawn = {MORE: texts.draw(dice, len(order))} if texts else {}
            return bytes_of(form.fill(chosen, {**values, **drawn})[:most])

        size = int(min(ROWS, BLOCK / (row_bytes or 100)))
        first, last = groups or (0, len(rows.lengths))
        parts = list(rows.parts(size, first, last))
        if row_bytes and texts:
            middle = parts[len(parts) // 2]
            packed = name.endswith(".gz") and not plain
            fit(
                texts,
                lambda: block(middle, SAMPLE),
                min(SAMPLE, int(rows.lengths[slice(*middle)].sum())),
                row_bytes,
                packed,
            )
        return write_blocks(self.folder / name, form.header, in_order(block, parts))
