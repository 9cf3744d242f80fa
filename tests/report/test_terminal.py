"""The terminal: tables of at most 80 columns, colour and bars only where a person looks, exit codes that mean it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from itdr_hf.dataset import Dataset
from report.conftest import itdr

pty = pytest.importorskip("pty", reason="needs a terminal of Unix")


def on_a_terminal(*words: object, stream: str = "stderr") -> str:
    """What the command writes to standard error, or output, when that is a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "itdr_hf", *map(str, words)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    streams = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, stream: theirs}
    process = subprocess.Popen(command, env=environment, **streams)
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 65_536)
        except OSError:  # the other end has gone
            break
        if not more:
            break
        said += more
    os.close(ours)
    assert process.wait() == 0
    return said.decode()


@pytest.mark.parametrize("command", ["stats", "audit", "ledger", "show", "sources", "score", "report", "build"])
def test_every_table_fits_80_columns_and_has_no_colour_outside_a_terminal(release, raw, tmp_path, command):
    words = {
        "show": ["show", release, "tkr-mind"],
        "sources": ["sources", "--raw", raw],
        "score": ["score", release.parent / "popular.parquet", release, "--replicates", 10],
        "report": ["report", release, "--out", tmp_path / "r.html"],
        "build": ["build", "--raw", raw, "--out", tmp_path / "itdr", "--config", "tui", "--num-examples", 20],
    }.get(command, [command, release])
    environment = {**os.environ, "COLUMNS": "200"}  # no terminal, so it does not count
    ran = subprocess.run(
        [sys.executable, "-m", "itdr_hf", *map(str, words)], capture_output=True, text=True, env=environment
    )
    assert ran.returncode in (0, 1) and ran.stdout
    assert "\x1b" not in ran.stdout + ran.stderr
    tables = [
        line for line in ran.stdout.splitlines() if "  " in line.strip()
    ]  # sentences are for the terminal to fold
    assert all(cell_len(line) <= 80 for line in tables), [line for line in tables if cell_len(line) > 80]


def test_on_a_terminal_a_long_step_has_a_bar_with_a_rate(release):
    said = on_a_terminal("stats", release)
    assert "33 of 33" in said and "━" in said and ("/s" in said or "s each" in said)


@pytest.mark.parametrize("cell", ["rp-movielens32m", "tkr-mind", "cdr-amazon2023", "nir-microlens", "uap-movielens1m"])
def test_on_a_terminal_the_truth_of_an_example_stands_out(release, cell):
    row = Dataset.open(release).example(cell, "train", 0)
    said = on_a_terminal("show", release, cell, "--split", "train", stream="stdout")
    bright = {text.rstrip() for text in re.findall(r"\x1b\[1;32m(?:✓ )?(.*?)\x1b\[0m", said)}
    truths = [t for t in row["targets"] if f"{t}\n" in f"{row['output']}\n"]
    assert truths and {t for t in truths if len(t) < 60} <= bright
    assert not bright & (set(row["candidates"]) - set(row["targets"]))


def test_without_a_terminal_a_long_step_is_told_by_the_tenth(release):
    ran = subprocess.run([sys.executable, "-m", "itdr_hf", "stats", str(release)], capture_output=True, text=True)
    told = [line for line in ran.stderr.splitlines() if " of 33" in line]
    assert len(told) == 11 and told[0].startswith("counting: 0 of 33") and told[-1].startswith("counting: 33 of 33")


@pytest.mark.parametrize("command", ["stats", "audit", "ledger", "sources"])
def test_json_is_all_that_a_machine_gets(release, raw, command):
    words = ["sources", "--raw", raw] if command == "sources" else [command, release]
    ran = subprocess.run([sys.executable, "-m", "itdr_hf", *map(str, words), "--json"], capture_output=True, text=True)
    assert json.loads(ran.stdout)


def test_build_tells_machines_what_became_of_each_cell(raw, tmp_path):
    told = json.loads(itdr("build", "--raw", raw, "--out", tmp_path / "itdr", "--config", "rp-yelp", "--json"))
    assert told[0]["cell"] == "rp-yelp" and told[0]["state"] == "built" and sum(told[0]["counts"].values()) > 0


def test_the_version_is_told_of_the_package_and_of_the_dataset():
    from itdr_hf.catalogue import DATA_VERSION

    assert re.fullmatch(rf"itdr-hf \d+\.\d+\.\d+, dataset {re.escape(DATA_VERSION)}\n", itdr("--version"))


def test_exit_codes_tell_apart_a_wrong_folder_and_a_wrong_command(tmp_path: Path):
    def code(*words: str) -> int:
        return subprocess.run([sys.executable, "-m", "itdr_hf", *words], capture_output=True).returncode

    assert code("report", str(tmp_path)) == 1
    assert code("report", "--no-such-option") == 2
    assert code("--help") == 0


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("itdr rep", ["report"]),
        ("itdr build --config tkr-m", ["tkr-movielens32m", "tkr-microlens", "tkr-mind"]),
        ("itdr show itdr ui", []),
        ("itdr show itdr cdr", ["cdr-amazon2023"]),
        ("itdr predict --config ui", ["uii", "uiu"]),
        ("itdr download mo", ["movielens32m", "movielens1m"]),
    ],
)
def test_a_shell_can_complete_commands_and_the_names_of_the_catalogue(line, wanted):
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    environment = {**os.environ, "_ITDR_COMPLETE": "complete_bash", **words}
    code = "from itdr_hf.cli.app import app; app(prog_name='itdr')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert ran.stdout.split() == wanted


def test_titles_with_brackets_are_shown_whole(capsys):
    from itdr_hf.runtime.terminal import print_table

    print_table({"title": "fold"}, [["The Complete Nocturne [Vinyl] [bold]"]])
    assert "[Vinyl] [bold]" in capsys.readouterr().out
