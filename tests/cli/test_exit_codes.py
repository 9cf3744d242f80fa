"""Exit codes as --help and README have them, and what a build prints first and last."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq


def test_0_is_done_and_1_an_error(folder, typed, tmp_path):
    assert typed("stats", folder).returncode == 0
    done = typed("stats", tmp_path)
    assert done.returncode == 1 and done.stderr.splitlines()[-1].startswith("error: ")


def test_1_is_a_difference_that_was_asked_for(folder, typed, tmp_path, raw):
    typed("build", "--raw", raw, "--out", tmp_path / "other", "--config", "tkr-mind", "--seed", 7)
    assert typed("diff", folder, tmp_path / "other").returncode == 0
    assert typed("diff", folder, tmp_path / "other", "--exit-code").returncode == 1


def test_2_is_a_wrong_command_line_whether_an_option_or_a_name(folder, typed):
    for words, said in (
        (["stats", "--no-such-option"], "No such option"),
        (["predict", folder, "--config", "tkr-mnid", "--baseline", "random"], "did you mean tkr-mind?"),
        (["show", folder, "tkr-mindd"], "did you mean tkr-mind?"),
        (["download", "movilens1m"], "did you mean movielens1m?"),
    ):
        done = typed(*words)
        assert (done.returncode, said in done.stderr) == (2, True), (words, done.stderr)


def test_3_is_answers_that_are_missing(folder, typed, tmp_path):
    predictions = tmp_path / "p.parquet"
    ask = ["predict", folder, "--config", "rp", "--baseline", "mean", "--out", predictions, "--limit", 2]
    assert typed(*ask).returncode == 0
    done = typed("score", predictions, folder)
    assert done.returncode == 3 and "--partial" in done.stderr and "Traceback" not in done.stderr
    assert typed("score", predictions, folder, "--partial", "--replicates", 10).returncode == 0


def test_130_is_ctrl_c(tmp_path):
    command = [sys.executable, "-m", "itdr_hf", "simulate", str(tmp_path / "raw"), "--scale", "5"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert running.stderr is not None and running.stderr.readline().startswith("simulating: 0 of 13")
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    said = running.communicate()[1]
    assert running.returncode == 130 and said.endswith("stopped; finished work is kept; run again to continue\n")


def test_a_build_with_one_bad_file_prints_its_table_and_at_last_the_error(raw, typed, tmp_path):
    for name in ("ml-32m", "ml-1m"):
        shutil.copytree(raw / name, tmp_path / "raw" / name)
    ratings = tmp_path / "raw/ml-1m/ratings.dat"
    ratings.write_bytes(b"1::2::3\n" + ratings.read_bytes())
    words = [
        "build",
        "--raw",
        tmp_path / "raw",
        "--out",
        tmp_path / "itdr",
        "--config",
        "rp-movielens32m,uap-movielens1m",
    ]
    done = typed(*words)
    assert done.returncode == 1
    table = done.stdout.splitlines()
    assert [line.split()[:2] for line in table[1:3]] == [["rp-movielens32m", "built"], ["uap-movielens1m", "failed"]]
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: ") and "ratings.dat" in last and "ratings.dat" not in done.stdout
    assert pq.read_table(next((tmp_path / "itdr/rp-movielens32m").glob("train-*"))).num_rows > 0
    again = typed(*words, "--json")
    assert again.returncode == 1 and [o["state"] for o in json.loads(again.stdout)] == ["unchanged", "failed"]
