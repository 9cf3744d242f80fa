"""Two at once in the same place: one waits, or both succeed; Ctrl-C stops, and what was finished is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.simulate import simulate

CONFIGS = ["rp-movielens32m", "ir-steam"]
LOAD = """
import sys, json
from itdr_hf import load_dataset
cell = load_dataset("itdr", "tkr-movielens32m", data_dir=sys.argv[1], num_examples=40)
print(json.dumps({split: rows["id"][:] for split, rows in cell.items()}))
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("once") / "raw"
    simulate(folder, sources=["movielens32m", "steam"], scale=0.05, seed=4)
    return folder


@pytest.fixture(scope="module")
def whole(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a build that nothing disturbs makes."""
    home = tmp_path_factory.mktemp("whole")
    build_folder(home / "itdr", Settings(raw=raw, cache=home / "cache", warn=lambda text: None), configs=CONFIGS)
    return digests(home / "itdr")


def digests(folder: Path) -> dict[str, str]:
    return {name: facts.sha256 for name, facts in Dataset.open(folder).files.items()}


def building(raw: Path, out: Path, cache: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "itdr_hf", "build", "--raw", str(raw), "--out", str(out), "--cache", str(cache)]
    command += [part for name in CONFIGS for part in ("--config", name)]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # what runs in the background may be deaf to it
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, preexec_fn=heard)


@pytest.mark.parametrize("outs", [("itdr", "itdr"), ("one", "two")], ids=["the same folder", "the same cache"])
def test_two_builds_at_once_both_end_with_the_same_bytes(outs, raw, whole, tmp_path):
    started = [building(raw, tmp_path / out, tmp_path / "cache") for out in outs]
    for process in started:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert [digests(tmp_path / out) for out in outs] == [whole, whole]
    tables = list((tmp_path / "cache/tables").glob("*/*/record.json"))
    assert len(tables) == 2, "each release was read into one place"


def test_two_loads_at_once_into_the_hugging_face_cache_give_the_same_rows(raw, tmp_path):
    env = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "ITDR_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-c", LOAD, str(raw)]
    started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert told[0] == told[1] != ""


@pytest.mark.parametrize("moment", ["rp-movielens32m: planning", "steam: reading"])
def test_ctrl_c_stops_with_one_line_and_the_next_build_goes_on(moment, raw, whole, tmp_path):
    process = building(raw, tmp_path / "itdr", tmp_path / "cache")
    assert process.stderr is not None
    assert any(line.startswith(moment) for line in process.stderr)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped; finished work is kept; run again to continue" and "Traceback" not in said
    again = building(raw, tmp_path / "itdr", tmp_path / "cache")
    _, said = again.communicate(timeout=300)
    assert again.returncode == 0, said
    assert digests(tmp_path / "itdr") == whole
