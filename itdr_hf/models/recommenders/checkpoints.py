"""Keep a fitted recommender in one safetensors file: its arrays, and its name and settings as metadata.

The format is a length of 8 bytes, that much JSON, then the arrays' bytes (github.com/huggingface/safetensors).
It is written here, since it is small and numpy is all there is to write; nothing is pickled.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from itdr_hf.errors import UsageError, unknown
from itdr_hf.models.recommenders.recommender import Fitted
from itdr_hf.models.recommenders.scorers import SCORERS
from itdr_hf.models.recommenders.settings import Settings

TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
NAMES = {dtype: name for name, dtype in TYPES.items()}
LONGEST_HEADER = 100_000_000


def save_recommender(fitted: Fitted, path: Path) -> None:
    """Write what scores, with name and settings; equal recommenders make equal bytes. Epochs are not kept."""
    metadata = {
        "format": "itdr-hf recommender",
        "name": fitted.name,
        "kind": fitted.scorer.kind,
        "settings": json.dumps(asdict(fitted.settings), sort_keys=True),
    }
    write_tensors(path, fitted.scorer.arrays(), metadata)


def load_recommender(path: Path) -> Fitted:
    """Read a recommender that `save_recommender` wrote; UsageError for any other file."""
    arrays, metadata = read_tensors(path)
    if metadata.get("format") != "itdr-hf recommender":
        raise UsageError(f"{path}: tensors of another origin; want a recommender: fit one and save it")
    if metadata["kind"] not in SCORERS:
        raise unknown("scorer", metadata["kind"], SCORERS)
    scorer = SCORERS[metadata["kind"]].from_arrays(arrays)
    return Fitted(name=metadata["name"], scorer=scorer, settings=Settings(**json.loads(metadata["settings"])))


def write_tensors(path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
    """Write arrays of float32 and int64 as safetensors, in the order of their names."""
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    blobs, end = [], 0
    for name, values in sorted(arrays.items()):
        if values.dtype not in NAMES:
            raise UsageError(f"{path}: array {name!r} of {values.dtype}; want float32 or int64")
        blobs.append(values.tobytes())
        header[name] = {"dtype": NAMES[values.dtype], "shape": values.shape, "data_offsets": [end, end + values.nbytes]}
        end += values.nbytes
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(b"".join([struct.pack("<Q", len(text)), text, *blobs]))


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read a safetensors file: its arrays and its metadata; UsageError where it is damaged or of other types."""
    content = path.read_bytes()
    try:
        size = struct.unpack("<Q", content[:8])[0]
        if size > min(LONGEST_HEADER, len(content) - 8):
            raise ValueError(f"a header of {size} bytes in a file of {len(content)}")
        header = json.loads(content[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        return {name: _array(content, 8 + size, entry) for name, entry in header.items()}, metadata
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise UsageError(f"{path}: {error}; want an undamaged safetensors file: save the recommender again") from error


def _array(content: bytes, start: int, entry: Mapping[str, Any]) -> np.ndarray:
    first, last = entry["data_offsets"]
    values: np.ndarray = np.frombuffer(content[start + first : start + last], dtype=TYPES[entry["dtype"]])
    return values.reshape(entry["shape"]).copy()
