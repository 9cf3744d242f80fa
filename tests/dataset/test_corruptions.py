"""What can happen to a ledger and to shards on a disk or in an editor: the audit, or whoever opens the folder, notices."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.ledger import LEDGER, sealed
from itdr_hf.errors import UsageError

NIR, TUI = "nir-movielens32m", "tui-movielens32m"  # of the fixtures
SHARD, OTHER = f"{NIR}/test-00000-of-00001.parquet", f"{NIR}/validation-00000-of-00001.parquet"
CHECKS = ("schema", "ids-of-their-cell", "the-ledger-adds-up", "ledger-as-written", "files-as-built", "configs-load")
Spoil = Callable[[Path], Any]


def content(name: str, change: Callable[[bytes], bytes], *, same_time: bool = False) -> Spoil:
    """Change a file's bytes, and with `same_time` nothing else that shows."""

    def spoil(folder: Path) -> None:
        path, before = folder / name, (folder / name).stat()
        path.write_bytes(change(path.read_bytes()))
        if same_time:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return spoil


def flipped(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place:][1:]


def swapped(one: str, other: str) -> Spoil:
    return lambda folder: [(folder / a).rename(folder / b) for a, b in ((one, "x"), (other, one), ("x", other))]


def document(change: Callable[[dict[str, Any]], Any], *, seal: bool = True) -> Spoil:
    """Change the ledger's JSON; with a right digest, so that the digest is not what shows it."""

    def spoil(folder: Path) -> None:
        found = json.loads((folder / LEDGER).read_text())
        change(found)
        (folder / LEDGER).write_text(json.dumps(sealed(found) if seal else found))

    return spoil


def put(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(found: dict[str, Any]) -> None:
        for name in path[:-1]:
            found = found[name]
        found[path[-1]] = value

    return change


def cell(*path: str, value: Any) -> Spoil:
    return document(put("cells", NIR, *path, value=value))


FILE = ("files", "test-00000-of-00001.parquet")
BREACHES: dict[str, tuple[Spoil, str]] = {  # what happened -> how, and how the audit puts it
    "a shard is cut short": (content(SHARD, lambda data: data[:-100]), "schema: .*want a whole file"),
    "a shard is empty": (content(SHARD, lambda data: b""), "schema: .*0 bytes"),
    "a shard is nothing but zeros": (content(SHARD, lambda data: bytes(len(data))), "schema: .*not a parquet file"),
    "a shard is gone": (lambda folder: (folder / SHARD).unlink(), "the-ledger-adds-up: .*'test': 0"),
    "a bit of the data is flipped": (content(SHARD, flipped(300)), "files-as-built: .*sha256"),
    "a bit is flipped and the time is as before": (content(SHARD, flipped(300), same_time=True), "files-as-built"),
    "a bit of the footer is flipped": (content(SHARD, flipped(-60)), "files-as-built|schema"),
    "two splits are swapped": (swapped(SHARD, OTHER), "files-as-built"),
    "the shards of two cells are swapped": (swapped(SHARD, SHARD.replace(NIR, TUI)), "ids-of-their-cell: .*want 'nir-"),
    "a shard is there twice": (
        lambda folder: shutil.copy(folder / SHARD, folder / NIR / "test-00001-of-00002.parquet"), "the-ledger-adds-up"),
    "a cell is there under another name": (
        lambda folder: shutil.copytree(folder / NIR, folder / "nir-mind"), "ids-of-their-cell"),
    "a cell is not in the ledger": (document(lambda found: found["cells"].pop(TUI)), "tui-.*: not in the ledger"),
    "the ledger is gone": (lambda folder: (folder / LEDGER).unlink(), "no ledger.json, though README.md lists the files"),
    "a count is wrong": (cell("counts", "test", value=999), "the-ledger-adds-up: .*999"),
    "a hash is another one": (cell(*FILE, "sha256", value="0" * 64), "files-as-built"),
}  # fmt: skip
ERRORS: dict[str, tuple[Spoil, str]] = {  # what happened -> how, and what whoever opens the folder says
    "a ledger is cut short": (content(LEDGER, lambda data: data[:-100]), "want the ledger that"),
    "a ledger is empty": (content(LEDGER, lambda data: b""), "want the ledger that"),
    "a ledger is nothing but zeros": (content(LEDGER, lambda data: bytes(len(data))), "want the ledger that"),
    "a bit of the ledger is flipped": (content(LEDGER, flipped(200)), "want the ledger|want it as|format"),
    "a ledger is null": (content(LEDGER, lambda data: b"null"), "JSON that is not a ledger"),
    "a ledger is a list": (content(LEDGER, lambda data: b"[" + data + b"]"), "JSON that is not a ledger"),
    "a ledger is in UTF-16": (content(LEDGER, lambda data: data.decode().encode("utf-16")), "decode byte"),
    "a ledger is in Latin-1": (content(LEDGER, lambda data: data.replace(b"movielens", b"movi\xe9", 1)), "decode byte"),
    "a ledger is nested without end": (content(LEDGER, lambda data: b"[" * 100_000), "recursion"),
    "a ledger is of a later version": (document(put("format", value=99)), "format 99; .*upgrade itdr-hf"),
    "the format is a text": (document(put("format", value="2")), "format '2'; want 2"),
    "the format is true": (document(put("format", value=True)), "format True; want 2"),
    "format and digest are gone": (
        document(lambda found: (found.pop("format"), found.pop("digest")), seal=False), "changed since it was written"),
    "the digest is gone": (document(lambda found: found.pop("digest"), seal=False), "changed since it was written"),
    "a seed was edited": (document(put("cells", NIR, "recipe", "seed", value=5), seal=False), "changed since"),
    "the version is a number": (document(put("version", value=2)), "version 2"),
    "the cells are a list": (document(put("cells", value=[])), "has no attribute 'items'"),
    "a cell is a text": (cell(value="built"), "has no attribute 'get'"),
    "the counts are words": (cell("counts", value={"train": "many"}), "counts {'train': 'many'}"),
    "the counts are a list": (cell("counts", value=[1, 2, 3]), r"counts \[1, 2, 3\]"),
    "the rows of a file are a text": (cell(*FILE, "rows", value="13"), "rows '13'"),
    "the size of a file is true": (cell(*FILE, "size", value=True), "size True"),
    "a recipe is a list": (cell("recipe", value=[]), r"recipe \[\]"),
    "the releases are numbers": (document(put("releases", value=[3])), "not iterable"),
    "what was not built is a list": (document(put("not_built", value=[1])), "want the ledger that"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREACHES)
def test_the_audit_notices_that(what, folder):
    spoil, message = BREACHES[what]
    spoil(folder)
    breaches = list(map(str, audit(Dataset.open(folder), only=CHECKS).breaches))
    assert any(re.search(message, breach) for breach in breaches), breaches


@pytest.mark.parametrize("what", ERRORS)
def test_whoever_opens_the_folder_notices_that(what, folder):
    spoil, message = ERRORS[what]
    spoil(folder)
    with pytest.raises(UsageError, match=message) as error:
        audit(Dataset.open(folder), only=["ledger-as-written"])
    assert str(folder / LEDGER) in str(error.value)
