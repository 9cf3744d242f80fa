"""Identifiers as the releases write them: fixed-length codes, ISBNs, SteamIDs."""

import string

import numpy as np

from itdr_hf.simulate.world import IntArray

HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE36 = string.digits + string.ascii_uppercase
BASE64 = string.ascii_letters + string.digits + "-_"


def codes(rng: np.random.Generator, count: int, length: int, alphabet: str) -> list[str]:
    """`count` distinct codes of `length` letters from `alphabet`."""
    letters = np.frombuffer(alphabet.encode("ascii"), dtype="S1")
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = letters[rng.integers(0, len(letters), (count - len(found), length))]
        found.update(dict.fromkeys(drawn.view(f"S{length}").ravel().astype(str).tolist()))
    return list(found)


def isbns(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct ISBN-10 codes with a true check character: some lead with 0, one in eleven ends in X."""
    found: dict[str, None] = {}
    while len(found) < count:
        digits = rng.integers(0, 10, (count - len(found), 9))
        digits[:, 0] = np.where(rng.random(len(digits)) < 0.7, 0, digits[:, 0])
        check = (digits * np.arange(1, 10)).sum(axis=1) % 11
        for row, last in zip(digits.tolist(), check.tolist(), strict=True):
            found["".join(map(str, row)) + ("X" if last == 10 else str(last))] = None
    return list(found)


def uuids(rng: np.random.Generator, count: int) -> list[str]:
    """Distinct ids in UUID form (MusicBrainz)."""
    return [f"{c[:8]}-{c[8:12]}-4{c[13:16]}-a{c[17:20]}-{c[20:]}" for c in codes(rng, count, 32, HEX)]


def numbers(rng: np.random.Generator, count: int, low: int, high: int) -> IntArray:
    """`count` distinct ascending integers in [low, high), with gaps."""
    return np.sort(rng.choice(high - low, size=count, replace=False)).astype(np.int64) + low
