"""The memory limit: of the whole process, from the machine by default, and an error that says what would do."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from itdr_hf.errors import BuildError, UsageError
from itdr_hf.runtime.duckdb_engine import open_duckdb
from itdr_hf.runtime.memory import BYTES_PER_THREAD, MAX_ENGINE_SHARE, PYTHON_BYTES, budget, size


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("700MB", 7e8), ("4GB", 4e9), ("1.5 gib", 1.5 * 2**30), ("512K", 512e3), ("18.8 GiB", 18.8 * 2**30)],
)
def test_sizes_are_read_as_people_and_duckdb_write_them(text, bytes_):
    assert size(text) == int(bytes_)


def test_a_limit_that_is_no_size_or_too_small_says_what_is_wanted():
    with pytest.raises(UsageError, match=r"memory limit 'plenty': not a size; want one such as 700MB or 4GB"):
        budget("plenty", "8GB")
    with pytest.raises(UsageError, match=r"memory limit 300MB: too small; want at least 350MB for the whole process"):
        budget("300MB", "8GB")


def test_the_default_is_a_quarter_of_the_machine_and_never_less_than_1_gb():
    assert budget(None, "6.4GB").limit == 2 * 10**9  # DuckDB would take 6.4 of 8 GB
    assert budget(None, "800MB").limit == 10**9


def test_the_engine_gets_what_python_leaves_and_no_more_threads_than_that_is_enough_for():
    room = budget("1GB", "8GB")
    assert (room.engine, room.threads) == (
        int(MAX_ENGINE_SHARE * 10**9),
        int(MAX_ENGINE_SHARE * 10**9) // BYTES_PER_THREAD,
    )
    with open_duckdb(memory_limit="400MB", threads=64) as engine:
        assert engine.value("SELECT current_setting('threads')") == 1
        assert size(engine.value("SELECT current_setting('memory_limit')")) <= 400 * 10**6 - PYTHON_BYTES


def test_what_cannot_be_put_on_disk_is_an_error_that_names_a_limit_to_try():
    wanted = r"memory limit 350MB: not enough, .*run again with --memory-limit 700MB"
    with pytest.raises(BuildError, match=wanted), open_duckdb(memory_limit="350MB") as engine:
        engine.value("SELECT length(string_agg(repeat('x', 1000), '')) FROM range(400000)")


def test_a_build_keeps_within_its_limit_python_included(tmp_path):
    raw, out = tmp_path / "raw", tmp_path / "itdr"
    itdr = [sys.executable, "-m", "itdr_hf"]
    subprocess.run(
        [*itdr, "simulate", raw, "--source", "amazon2023", "--scale", "0.3"], check=True, capture_output=True
    )
    build = ["build", "--raw", raw, "--out", out, "--cache", tmp_path / "cache", "--config", "tkr-amazon2023"]
    subprocess.run([*itdr, *build, "--memory-limit", "500MB"], check=True, capture_output=True)
    assert json.loads((out / ".timings.json").read_text())["tkr-amazon2023"]["peak_memory_mb"] < 500
