"""Drafts: what a killed process leaves is removed by the next, what another one still writes is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from itdr_hf.runtime.files import new_files, new_folder

WRITING = """
import sys, time
from pathlib import Path
from itdr_hf.runtime import files
with getattr(files, sys.argv[1])(Path(sys.argv[2])) as draft:
    (draft / "half.txt").write_text("half")
    time.sleep(60)
"""
KINDS = {"new_folder": new_folder, "new_files": new_files}


@contextmanager
def writing(kind: str, path: Path):
    """A process that has begun to write."""
    process = subprocess.Popen([sys.executable, "-c", WRITING, kind, str(path)])
    try:
        deadline = time.monotonic() + 30
        while not list(path.parent.rglob("half.txt")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.wait()


def drafts(path: Path) -> list[Path]:
    return [found.parent for found in path.parent.rglob("half.txt")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_draft_of_a_killed_process_is_removed_by_the_next(kind, tmp_path):
    with writing(kind, tmp_path / "out") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert len(drafts(tmp_path / "out")) == 1
    with KINDS[kind](tmp_path / "out") as draft:
        (draft / "whole.txt").write_text("whole")
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["out", "out/whole.txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_draft_of_a_process_that_still_writes_is_left_to_it(kind, tmp_path):
    with writing(kind, tmp_path / "out"):
        with KINDS[kind](tmp_path / "out") as draft:
            (draft / "whole.txt").write_text("whole")
        assert len(drafts(tmp_path / "out")) == 1
    assert (tmp_path / "out/whole.txt").read_text() == "whole"


def test_a_draft_that_fails_is_removed_at_once(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path / "out") as draft:
        (draft / "half.txt").write_text("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []
