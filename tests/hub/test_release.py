"""The whole of it: all 33 cells built, pushed with `itdr push`, and read back by plain `datasets` row by row."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hubserver import READ, WRITE, Hub
from hubserver.visitor import run

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.card_yaml import members
from itdr_hf.records import SPLITS

LOAD = """
import datasets, hashlib
datasets.config.USE_PARQUET_EXPORT = False
datasets.disable_progress_bars()
def digest(rows):
    return hashlib.sha256(json.dumps(list(rows), sort_keys=True).encode()).hexdigest()
found = {}
for config, streaming in json.loads(CONFIGS):
    data = datasets.load_dataset("org/itdr", config, revision=VERSION, streaming=streaming)
    found[f"{config} {streaming}"] = {split: digest(rows) for split, rows in data.items()}
assert not [name for name in sys.modules if name.startswith("itdr_hf")]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("release") / "itdr"
    outcomes = build_folder(out, Settings(raw=raw, warn=lambda text: None))
    assert [outcome.cell for outcome in outcomes if outcome.counts] == catalogue.published()
    return out


def push(folder: Path, hub: Hub, *options: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HF_TOKEN": WRITE, "HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-m", "itdr_hf", "push", str(folder), "--repo-id", "org/itdr", *options]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_public_push_of_sources_that_forbid_it_is_refused_with_the_ways_out(folder: Path, tmp_path: Path) -> None:
    with Hub(tmp_path / "hub") as hub:
        done = push(folder, hub, "--public")
        assert done.returncode == 1 and not hub.requests("POST")
        forbidding = [s for s in catalogue.family().source_ids if not catalogue.source(s).redistributable]
        assert all(source in done.stderr for source in forbidding)
        assert "--allow" in done.stderr and "private" in done.stderr


def test_a_dry_run_shows_the_plan_and_sends_nothing(folder: Path, tmp_path: Path) -> None:
    with Hub(tmp_path / "hub") as hub:
        done = push(folder, hub, "--dry-run")
        assert done.returncode == 0, done.stderr
        assert "tkr-pixelrec/train-00000-of-00001.parquet" in done.stdout
        told = json.loads(push(folder, hub, "--dry-run", "--json").stdout)
        assert told["head"] is None and {file["action"] for file in told["files"]} == {"add"}
        assert sum(file["path"].endswith(".parquet") for file in told["files"]) == 99
        assert not [line for line in hub.log if line.method != "GET"]


def test_all_cells_and_unions_load_from_the_release_as_they_were_built(folder: Path, tmp_path: Path) -> None:
    import hashlib

    def local(cells: list[str], split: str) -> str:
        rows = [
            row
            for cell in cells
            for path in sorted((folder / cell).glob(f"{split}-*"))
            for row in pq.read_table(path).to_pylist()
        ]
        return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()

    with Hub(tmp_path / "hub") as hub:
        done = push(folder, hub)
        assert done.returncode == 0, done.stderr
        commits = len(hub.requests("POST", "/commit/"))
        again = json.loads(push(folder, hub, "--json").stdout)
        assert again["committed"] is False and again["tag"] == f"v{catalogue.DATA_VERSION}"
        assert commits == len(hub.requests("POST", "/commit/")) == 1
        groups = {name: [cell.name for cell in cells] for name, cells in members(Dataset.open(folder)).items()}
        streamed = [name for name, cells in groups.items() if len(cells) > 1 or name == "cdr"]  # every cell, in unions
        asked = [(name, False) for name in groups] + [(name, True) for name in streamed]
        given = f"CONFIGS, VERSION = {json.dumps(asked)!r}, {again['tag']!r}\n"
        found = run(given + LOAD, tmp_path / "home", hub.url, token=READ)
        for name, streaming in asked:
            assert found[f"{name} {streaming}"] == {s: local(groups[name], s) for s in SPLITS}, name
        assert WRITE not in done.stdout + done.stderr
