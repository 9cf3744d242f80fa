"""A build finds what was damaged since it was written and makes it again; what cannot be read beside it is no matter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from itdr_hf.build.folder import Outcome, build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.audit.noted import breaches_of
from itdr_hf.dataset.card import note_audit, noted_audit
from itdr_hf.dataset.notes import AUDIT, DRAWN, STAMPS, TIMINGS, read_timings

from .conftest import CELLS

NIR, TUI = CELLS
SHARD = f"{NIR}/train-00000-of-00001.parquet"


def build(folder: Path, raw: Path, **options) -> dict[str, Outcome]:
    outcomes = build_folder(folder, Settings(raw=raw, warn=lambda text: None), configs=CELLS, **options)
    return {outcome.cell: outcome for outcome in outcomes}


def flipped(path: Path, place: int) -> None:
    """Change one byte; the size stays."""
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


def at_its_old_time(path: Path, place: int) -> None:
    """Change one byte, and nothing that a look at the folder could tell."""
    before = path.stat()
    flipped(path, place)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a byte in the data": lambda path: flipped(path, path.stat().st_size // 2),
    "a byte in the footer": lambda path: flipped(path, -30),
    "the last bytes cut off": lambda path: path.write_bytes(path.read_bytes()[:-8]),
    "nothing left": lambda path: path.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_shard_is_built_again_and_its_neighbour_is_left_alone(damage, folder, whole, raw):
    build(folder, raw)  # which notes the files of this copy
    neighbour = (folder / TUI / "train-00000-of-00001.parquet").stat().st_mtime_ns
    DAMAGES[damage](folder / SHARD)
    outcomes = build(folder, raw)
    assert (outcomes[NIR].state, outcomes[TUI].state) == ("built", "unchanged")
    why, _, note = outcomes[NIR].note.partition("\n")
    assert why.startswith(f"{SHARD} ") and why.endswith(": built again") and "requested" in note
    assert (folder / SHARD).read_bytes() == (whole / SHARD).read_bytes()
    assert (folder / TUI / "train-00000-of-00001.parquet").stat().st_mtime_ns == neighbour
    assert build(folder, raw)[NIR].state == "unchanged"


def test_damage_that_left_size_and_time_alone_is_found_when_files_are_verified(folder, raw):
    build(folder, raw)
    at_its_old_time(folder / SHARD, 1000)
    assert build(folder, raw)[NIR].state == "unchanged"
    assert build(folder, raw, verify=True)[NIR].state == "built"
    assert build(folder, raw, verify=True)[NIR].state == "unchanged"


def test_a_copy_with_other_times_is_unchanged_and_hashed_only_once(folder, raw, monkeypatch):
    from itdr_hf.dataset import stamps

    hashed: list[Path] = []
    hash_file = stamps.hash_file
    monkeypatch.setattr(stamps, "hash_file", lambda path: hashed.append(path) or hash_file(path))
    for path in folder.rglob("*.parquet"):
        os.utime(path, (0, 0))
    assert {outcome.state for outcome in build(folder, raw).values()} == {"unchanged"}
    assert len(hashed) == 6
    build(folder, raw)
    assert len(hashed) == 6


@pytest.mark.parametrize("garbage", [b"", b"{", b"\xff\xfe\x00", b"[1]", b'{"content": 3, "rows": 7}'])
def test_a_note_that_cannot_be_read_is_made_again(garbage, folder, raw):
    for name in (AUDIT, DRAWN, TIMINGS, STAMPS):
        (folder / name).write_bytes(garbage)
    assert {outcome.state for outcome in build(folder, raw).values()} == {"unchanged"}
    dataset = Dataset.open(folder)
    assert noted_audit(dataset) == [] and "Not audited." in (folder / "README.md").read_text()
    assert breaches_of(dataset) == [] and "checks by `itdr audit`" in (folder / "README.md").read_text()
    build(folder, raw, changes={"seed": 3})
    assert set(read_timings(folder)) >= set(CELLS)


def test_the_audit_of_a_dataset_runs_once_for_its_content(folder, monkeypatch):
    from itdr_hf.dataset.audit import noted

    ran: list[Path] = []
    monkeypatch.setattr(noted, "audit", lambda dataset, **rest: ran.append(dataset.folder) or audit(dataset, **rest))
    assert breaches_of(Dataset.open(folder)) == breaches_of(Dataset.open(folder)) == []
    assert ran == [folder]
    dataset = Dataset.open(folder)
    with dataset.locked():
        dataset.remove(TUI)
    shutil.rmtree(folder / TUI)
    breaches_of(Dataset.open(folder))
    assert ran == [folder, folder]


def test_a_note_of_an_audit_keeps_its_breaches(folder):
    flipped(folder / SHARD, 1000)
    dataset = Dataset.open(folder)
    note_audit(dataset, audit(dataset, only=["files-as-built"]))
    (breach,) = breaches_of(Dataset.open(folder))
    assert breach.startswith(f"breach: files-as-built: {SHARD}: sha256 ")
