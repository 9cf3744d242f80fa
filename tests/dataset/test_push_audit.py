"""`itdr push` audits what it sends: a change that was carried through to the ledger's hashes is still found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hubserver import WRITE, Hub

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.ledger import LEDGER, sealed
from itdr_hf.runtime.hashing import hash_file

from .conftest import CELLS

Push = Callable[..., "subprocess.CompletedProcess[str]"]
SHARD = "test-00000-of-00001.parquet"


@pytest.fixture
def push(tmp_path: Path) -> Iterator[Push]:
    with Hub(tmp_path / "hub") as hub:
        env = {**os.environ, "HF_TOKEN": WRITE, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0"}

        def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "itdr_hf", "push", str(folder), "--repo-id", "org/itdr", *options]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            assert not hub.requests("POST")
            return done

        yield run


def with_another_candidate(folder: Path) -> None:
    """Change a candidate, its file's hash in the ledger, and the ledger's own."""
    path = folder / CELLS[0] / SHARD
    rows = pq.read_table(path).to_pylist()
    rows[0]["candidates"][-1] = "Another One (1999)"
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(path)), path)
    document = json.loads((folder / LEDGER).read_text())
    facts = {"sha256": hash_file(path), "size": path.stat().st_size}
    document["cells"][CELLS[0]]["files"][SHARD].update(facts)
    document["files"][f"{CELLS[0]}/{SHARD}"].update(facts)
    (folder / LEDGER).write_text(json.dumps(sealed(document)))


def test_a_release_with_a_breach_is_refused_before_anything_is_sent(folder, push):
    with_another_candidate(folder)
    done = push(folder)
    assert done.returncode == 1
    assert "ids-of-their-content: nir-movielens32m: 1 examples" in done.stderr
    assert "or push --despite-breaches" in done.stderr


def test_a_decision_to_publish_a_breach_is_taken(folder, push):
    with_another_candidate(folder)
    done = push(folder, "--dry-run", "--despite-breaches")
    assert done.returncode == 0, done.stderr


def test_a_dry_run_audits_and_leaves_the_card_as_that_of_the_folder(folder, push):
    done = push(folder, "--dry-run")
    assert done.returncode == 0, done.stderr
    card = (folder / "README.md").read_text()
    assert "checks by `itdr audit`" in card and 'load_dataset("org/itdr"' not in card
    assert not Dataset.open(folder).edited
