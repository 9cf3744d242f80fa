"""Texts as vectors without a model: words hashed into a fixed number of columns, weighted by how rare they are.

A word falls into one column with one sign (Weinberger et al. 2009, feature hashing); its weight is its count
times ln((1 + n) / (1 + texts with it)) + 1; a text has length 1. The same texts give the same bytes anywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from itdr_hf.errors import UsageError
from itdr_hf.models.recommenders.interactions import Floats

WIDTH = 256
WORD = re.compile(r"\w+")


def text_vectors(texts: Sequence[str], *, width: int = WIDTH) -> Floats:
    """Return one row of length 1 per text (texts × width), zero for a text without a word.

    Raises UsageError for a width below 1.
    """
    if width < 1:
        raise UsageError(f"text vectors: width {width}; want 1 or more")
    counts = [Counter(WORD.findall(text.lower())) for text in texts]
    spread = Counter(word for words in counts for word in words)
    places = {word: _place(word, width) for word in spread}
    vectors = np.zeros((len(texts), width), dtype=np.float32)
    for row, words in zip(vectors, counts, strict=True):
        for word, count in words.items():
            column, sign = places[word]
            row[column] += sign * count * (np.log((1 + len(texts)) / (1 + spread[word])) + 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _place(word: str, width: int) -> tuple[int, int]:
    """Return the column and the sign of a word."""
    number = int.from_bytes(hashlib.md5(word.encode("utf-8", "replace")).digest()[:8], "big")
    return (number >> 1) % width, 1 if number & 1 else -1
