"""Columns of bytes for forms: numbers, times, codes, names, and what a file holds."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip

from itdr_hf.simulate.published.lines import LINE
from itdr_hf.simulate.world import IntArray

LETTERS = 10  # taken from one 64-bit number


def column(path: Path, pattern: bytes, *, record: bytes = LINE, header: int = 0, groups: int = 1) -> pa.Array:
    """Return what a pattern finds in each record of a file; of several groups, a column each."""
    content = igzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = re.findall(record, content, re.DOTALL)[header:]
    found = [match for match in map(re.compile(pattern, re.DOTALL).search, lines) if match]
    columns = [pa.array([match[group] for match in found], pa.binary()) for group in range(1, groups + 1)]
    return columns[0] if groups == 1 else columns


def named(stems: pa.Array, count: int, joint: bytes = b"") -> pa.Array:
    """Return so many different names: stems in turn, numbered from the second time on."""
    number = np.arange(count)
    return pc.binary_join_element_wise(
        stems.take(pa.array(number % len(stems))), digits(number // len(stems) + 1), joint
    )


def joined(words: pa.Array, group: IntArray, place: IntArray, groups: int, joint: bytes) -> pa.Array:
    """Join the words at these places, group by group."""
    ends = np.cumsum(np.bincount(group, minlength=groups))
    offsets = pa.array(np.append(0, ends), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(offsets, words.take(pa.array(place))), joint)


def digits(numbers: IntArray) -> pa.Array:
    return pa.array(numbers).cast(pa.string()).cast(pa.binary())


def times(stamp: IntArray, joint: bytes = b" ") -> pa.Array:
    text = pa.array(stamp, pa.timestamp("s")).cast(pa.string()).cast(pa.binary())
    return text if joint == b" " else pc.replace_substring(text, b" ", joint)


def codes_of(numbers: IntArray, length: int, alphabet: str, salt: int = 0) -> pa.Array:
    """Return the code of each number, the same whenever it is asked for: so many letters, different in effect."""
    letters, rows = np.frombuffer(alphabet.encode("ascii"), dtype=np.uint8), len(numbers)
    text = np.empty((rows, length), dtype=np.uint8)
    base = np.uint64(len(letters))
    for start in range(0, length, LETTERS):
        value = _mixed(numbers.astype(np.uint64) + np.uint64((salt + 1 + start) * 0x9E3779B97F4A7C15 % 2**64))
        for place in range(start, min(start + LETTERS, length)):
            value, letter = value // base, value % base
            text[:, place] = letters[letter.astype(np.intp)]
    return fixed(text)


def fixed(text: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> pa.Array:
    """Return an Arrow column of the rows of a matrix of bytes."""
    rows, length = text.shape
    offsets = np.arange(0, (rows + 1) * length, length, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    )


def _mixed(value: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Scatter numbers over 64 bits (splitmix64), one to one."""
    with np.errstate(over="ignore"):
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))
