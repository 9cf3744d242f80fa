"""Values out of a list are checked before anything is done, listed in --help, and completed by the shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.cli.listing import all_commands
from itdr_hf.cli.options import LISTS, Names

COMMANDS: dict[str, Any] = all_commands(app)
LISTED = [(name, p) for name, command in COMMANDS.items() for p in command.params if p.metavar in LISTS]


def ids(pairs: list[tuple[str, Any]]) -> list[str]:
    return [f"{name} {parameter.opts[0]}" for name, parameter in pairs]


@pytest.mark.parametrize(("name", "parameter"), LISTED, ids=ids(LISTED))
def test_a_value_that_is_in_no_list_ends_the_command_with_2_and_the_nearest_one(name, parameter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = f"{next(iter(LISTS[parameter.metavar].names()))}x"
    result = CliRunner().invoke(app, [*name.split(), parameter.opts[0], value], env={"COLUMNS": "400", "TERM": "dumb"})
    assert result.exit_code == 2 and not list(tmp_path.iterdir())
    said = " ".join(result.output.split())
    assert f"no {LISTS[parameter.metavar].kind} '{value}'; did you mean {value[:-1]}?" in said


def test_every_list_is_an_option_of_some_command():
    assert {parameter.metavar for _, parameter in LISTED} == set(LISTS) and len(LISTED) >= 19


@pytest.mark.parametrize(
    ("command", "listed"),
    [
        ("build", ["[duckdb|spark]", "[uniform|popularity|hard|matched|shown|co-occurrence]", "[error|skip]"]),
        ("predict", ["[train|validation|test]", "random|template-copy|popular"]),
        ("train", ["llama-3.2-3b", "[bf16|fp16|fp32]"]),
        ("export", ["llama-factory|trl"]),
        ("annotate", ["[plain|json]"]),
        ("push", ["[auto|manual]"]),
    ],
)
def test_help_lists_the_values_where_they_are_few(command, listed):
    text = subprocess.run(
        [sys.executable, "-m", "itdr_hf", command, "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "300", "TERMINAL_WIDTH": "300"},
    ).stdout
    assert [values for values in listed if values not in text] == []


def completed(line: str, cwd: Path) -> list[str]:
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    environment = {**os.environ, "_ITDR_COMPLETE": "complete_bash", **words}
    code = "from itdr_hf.cli.app import app; app(prog_name='itdr')"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=cwd
    ).stdout.split()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("itdr show itdr ", ["rp-movielens32m", "tkr-mind"]),
        ("itdr predict --config t", ["tkr", "tui", "tkr-mind"]),
        ("itdr predict --config rp,tkr-m", ["rp,tkr-mind"]),
        ("itdr predict --baseline ra", ["random"]),
        ("itdr build --engine s", ["spark"]),
        ("itdr build --template ", ["default", "plain", "brief", "unseen", "mixed"]),
        ("itdr simulate itdr --source mo", ["movielens32m", "movielens1m"]),
        ("itdr train --preset q", ["qwen2.5-7b", "qwen2.5-7b-instruct"]),
        ("itdr audit itdr --check files", ["files-as-built"]),
    ],
)
def test_the_shell_completes_values_and_the_cells_of_the_folder(line, wanted, folder):
    found = completed(line, folder.parent)
    assert set(wanted) <= set(found) if "--template" in line else found == wanted


def test_the_older_spelling_of_config_still_works_and_is_not_listed(folder, typed):
    for spelling in ("--configs", "--config"):
        done = typed("predict", folder, spelling, "tkr-mind,rp", "--baseline", "random", "--json")
        assert done.returncode == 0, done.stderr
    assert "--configs" not in typed("predict", "--help").stdout


def test_folders_default_alike(folder, typed):
    for words in (["audit"], ["stats"], ["ledger"], ["show", "tkr-mind"], ["report"], ["harness"]):
        done = typed(*words, cwd=folder.parent)
        assert done.returncode in (0, 1) and done.stdout and "error" not in done.stderr, (words, done.stderr)


def test_names_that_are_looked_up_late_cost_nothing_at_the_start():
    looked_up: list[str] = []
    names = Names("thing", lambda: looked_up.append("now") or ["one"])  # type: ignore[func-returns-value]
    assert not looked_up and names("one") == "one" and looked_up == ["now"]
