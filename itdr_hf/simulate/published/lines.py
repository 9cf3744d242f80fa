"""Lines of a small simulated file, with other values in chosen places: many of them, quickly, of a given size.

A form is cut from the file by a pattern: each group is filled anew, all around it stays as the source's simulator wrote
it, rare cases included. So a release of any size has the format that the simulator knows, and nothing knows it twice.
"""

import re
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip, isal_zlib

from itdr_hf.simulate.amazon_weight import TOLD, sentences
from itdr_hf.simulate.files import replacing
from itdr_hf.simulate.world import IntArray

LINE = rb"[^\n]*\n"
RECORD = rb'(?:"(?:[^"]|"")*"|[^"\n])*\n'  # of CSV: quoted fields may have line breaks
ESCAPED = rb'(?:"(?:[^"\\]|\\.)*"|[^"\n])*\n'  # the same with backslashes
MORE = "more"  # the group that takes text until a line has the bytes that it should
POOL = 40_000  # lines of a form
TEXTS, SPREAD, MOST = 16_000, 0.8, 200  # texts to choose from, how their lengths vary, and parts of one at most
BLOCK = 24_000_000  # bytes written at a time
WORKERS = 2

A = TypeVar("A")
B = TypeVar("B")
Fields = Mapping[str, Any]  # values by the names of groups: Arrow arrays of bytes, or bytes for all


class Form:
    """Pieces of lines, and the groups between them."""

    def __init__(self, lines: Sequence[bytes], pattern: bytes, header: bytes = b"") -> None:
        compiled = re.compile(pattern, re.DOTALL)
        self.header, self.names = header, tuple(compiled.groupindex)
        pieces: list[list[bytes]] = [[] for _ in range(len(self.names) + 1)]
        given = np.zeros((len(self.names), len(lines)), dtype=bool)
        for row, line in enumerate(lines):
            found, at = compiled.search(line), 0
            for place, name in enumerate(self.names):
                start, end = found.span(name) if found else (-1, -1)
                given[place, row] = start >= 0
                pieces[place].append(line[at:start] if start >= 0 else b"")
                at = end if start >= 0 else at
            pieces[-1].append(line[at:])
        self._pieces = [pa.array(column, pa.binary()) for column in pieces]
        self.given = dict(zip(self.names, given, strict=True))
        self.lengths = np.array([len(line) for line in lines])

    def __len__(self) -> int:
        return len(self.lengths)

    def fill(self, chosen: IntArray, fields: Fields) -> pa.Array:
        """Return a line for each chosen one, with these values; a line that lacks a group goes without its value."""
        rows, columns = pa.array(chosen), []
        for piece, name in zip(self._pieces, self.names, strict=False):
            columns.append(piece.take(rows))
            has = self.given[name]
            column = fields[name]
            columns.append(column if has.all() else pc.if_else(pa.array(has).take(rows), column, b""))
        return pc.binary_join_element_wise(*columns, self._pieces[-1].take(rows), b"")

    def rows_with(self, name: str) -> tuple[IntArray, IntArray]:
        """Return the places of lines that have a group, and of those that lack it."""
        return np.flatnonzero(self.given[name]), np.flatnonzero(~self.given[name])


def form_of(
    path: Path,
    pattern: bytes,
    *,
    record: bytes = LINE,
    header: int = 0,
    most: int | None = POOL,
    short_of: float | None = None,
) -> Form:
    """Cut a form from a file, of which the first `header` records are kept apart.

    With `short_of`, the longest lines are left out until the mean is below it.
    """
    content = igzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = re.findall(record, content, re.DOTALL)
    head, lines = b"".join(lines[:header]), lines[header:][:most]
    if short_of:
        ordered = sorted(range(len(lines)), key=lambda row: len(lines[row]))
        means = np.cumsum([len(lines[row]) for row in ordered]) / np.arange(1, len(lines) + 1)
        kept = set(ordered[: max(int(np.searchsorted(means, short_of)), 1)])
        lines = [line for row, line in enumerate(lines) if row in kept]
    return Form(lines, pattern, head)


class Texts:
    """Texts of some mean length to choose from, of sentences that pack about as well as real ones, or of other parts."""

    def __init__(self, parts: Sequence[str] = (), *, joint: str = " ", count: int = TEXTS) -> None:
        self._parts = [joint + part for part in parts or _told()]
        self._length, self._count = float(np.mean([len(part) for part in self._parts])), count
        self._column = pa.array([b""], pa.binary())

    def average(self, mean: float) -> None:
        """Make the texts anew, so that they have about so many bytes on average."""
        rng, count = np.random.default_rng(7), self._count
        lengths = np.maximum(mean, 0) * rng.lognormal(-(SPREAD**2) / 2, SPREAD, count) / self._length
        numbers = np.minimum(np.floor(lengths + rng.random(count)).astype(np.int64), MOST)
        # what chance and the limit leave over is shared by a tenth of them
        few = max(count // 10, 1)
        numbers[:few] += round((mean * count / self._length - numbers.sum()) / few)
        numbers = numbers.clip(0)
        ends = np.cumsum(numbers)
        places = rng.integers(0, len(self._parts), int(ends[-1])).tolist()
        edges = zip((ends - numbers).tolist(), ends.tolist(), strict=True)
        texts = ["".join([self._parts[place] for place in places[start:end]]).encode() for start, end in edges]
        self._column = pa.array(texts, pa.binary())

    def draw(self, rng: np.random.Generator, rows: int) -> pa.Array:
        return self._column.take(pa.array(rng.integers(0, len(self._column), rows)))


@cache
def _told() -> tuple[str, ...]:
    """Sentences without marks that any format would have to escape."""
    return tuple(re.sub("[\"',\\\\]", "", sentence) for sentence in sentences(np.random.default_rng(7), TOLD))


def fit(texts: Texts, sample: Callable[[], bytes | memoryview], rows: int, row_bytes: float, packed: bool) -> None:
    """Choose the mean length of texts so that a sample of lines has so many bytes each, once packed if `packed`."""

    def measure(mean: float) -> float:
        texts.average(mean)
        block = sample()
        return len(compressed(block, last=True) if packed else block) / rows

    low, at = 0.0, measure(0.0)
    mean = max(row_bytes - at, 0.0) * (3 if packed else 1)
    for _ in range(4 if packed else 3):
        found = measure(mean)
        if abs(found / row_bytes - 1) < 0.01 or mean <= 0 or found == at:
            break
        mean, low, at = max(mean + (row_bytes - found) * (mean - low) / (found - at), 0.0), mean, found


def write_blocks(path: Path, header: bytes, blocks: Iterable[bytes | memoryview]) -> Path:
    """Write blocks one after the other; a name that ends in .gz is packed, as one member, by several threads."""
    with replacing(path) as stream:
        if path.suffix != ".gz":
            stream.write(header)
            for block in blocks:
                stream.write(block)
            return path
        stream.write(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff")
        crc, size = isal_zlib.crc32(header), len(header)
        stream.write(compressed(header))
        for block, packed in in_order(lambda block: (block, compressed(block)), blocks):
            crc, size = isal_zlib.crc32(block, crc), size + len(block)
            stream.write(packed)
        stream.write(compressed(b"", last=True) + struct.pack("<II", crc, size & 0xFFFFFFFF))
    return path


def compressed(block: bytes | memoryview, *, last: bool = False) -> bytes:
    """Deflate a block so that another may follow."""
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -zlib.MAX_WBITS)
    return cast(bytes, packer.compress(block) + packer.flush(isal_zlib.Z_FINISH if last else isal_zlib.Z_SYNC_FLUSH))


def bytes_of(lines: pa.Array) -> memoryview:
    """Return the bytes of all lines together, without a copy."""
    _, offsets, values = lines.buffers()
    if values is None:
        return memoryview(b"")
    edges = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(values)[int(edges[0]) : int(edges[-1])]


def in_order(work: Callable[[A], B], arguments: Iterable[A], workers: int = WORKERS) -> Iterator[B]:
    """Yield the results of work done by threads, in the order of its arguments, a few ahead."""
    waiting: deque[Future[B]] = deque()
    with ThreadPoolExecutor(workers) as threads:
        for argument in arguments:
            waiting.append(threads.submit(work, argument))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
