"""Hand-made dataset folders, as a build leaves them: card, ledger, a Parquet file per cell and split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

CELLS = ("tkr-pixelrec", "rp-yelp")
SPLITS = {"train": 6, "test": 3}
UNIONS = {"all": "*", "tkr": "tkr-*"}


def write_folder(
    folder: Path,
    version: str = "1.0.0",
    *,
    cells: Iterable[str] = CELLS,
    shards: int = 1,
    tags: Iterable[str] = ("itdr", "recommendation"),
) -> Path:
    """A dataset folder of this version; every version has other rows."""
    cells = tuple(cells)
    for cell in cells:
        (folder / cell).mkdir(parents=True)
        for split, size in SPLITS.items():
            for shard in range(shards):
                path = folder / cell / f"{split}-{shard:05d}-of-{shards:05d}.parquet"
                pq.write_table(pa.Table.from_pylist(rows(cell, split, version, size)), path)
    (folder / "README.md").write_text(card(cells, version, tags), encoding="utf-8")
    return write_ledger(folder, version)


def rows(cell: str, split: str, version: str, size: int) -> list[dict[str, object]]:
    """The rows of one split."""
    return [
        {
            "id": f"{cell}-{split}-{n}",
            "input": f"{version}: what next after item {n}?",
            "output": f"item {n + 1}",
            "candidates": [f"item {n + k}" for k in range(1, 4)],
        }
        for n in range(size)
    ]


def write_ledger(folder: Path, version: str) -> Path:
    """(Re)write ledger.json for the files that are there."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    files = {name: _entry(folder / name) for name in names if name != "ledger.json"}
    ledger = {"version": version, "files": files, "rows": {"read": 10, "malformed": 0}}
    (folder / "ledger.json").write_text(json.dumps(ledger, indent=1), encoding="utf-8")
    return folder


def card(cells: tuple[str, ...], version: str, tags: Iterable[str]) -> str:
    """A card: a config per cell, and the unions as globs."""
    lines = ["---", "license: other", "tags:", *(f"- {tag}" for tag in tags), "configs:"]
    for name, stem in {**{cell: cell for cell in cells}, **UNIONS}.items():
        lines += [f"- config_name: {name}", "  data_files:"]
        for split in SPLITS:
            lines += [f"  - split: {split}", f'    path: "{stem}/{split}-*"']
    return "\n".join([*lines, "---", "", f"# ITDR {version}", ""])


def contents(folder: Path) -> Mapping[str, str]:
    """path -> sha256 of a folder, to compare with what a hub holds."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def _entry(path: Path) -> dict[str, object]:
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "size": path.stat().st_size}
