"""What commands print: JSON from each of them, plurals, the ledger's verdict, differences as they are."""

from __future__ import annotations

import inspect
import json
import os
import shlex

import pytest

from itdr_hf.cli.app import PANELS
from itdr_hf.cli.show_ledger import print_ledger
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit.findings import counted


@pytest.mark.parametrize("command", [c for commands in PANELS.values() for c in commands], ids=lambda c: c.__name__)
def test_every_command_has_json(command):
    assert "json" in inspect.signature(command).parameters


@pytest.mark.parametrize(
    "words",
    [
        "simulate raw --source movielens1m --scale 0.01",
        "predict {folder} --baseline random --config rp --out p.parquet",
        "harness {folder} --out tasks",
        "export {folder} --format trl --out exported --config rp",
        "sources --raw raw",
        "diff {folder} {folder}",
    ],
)
def test_json_is_all_there_is_on_standard_output(words, folder, typed):
    done = typed(*shlex.split(words.format(folder=folder)), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_one_of_a_thing_is_not_many():
    assert [counted(n, "example") for n in (0, 1, 1200)] == ["0 examples", "1 example", "1,200 examples"]
    assert [counted(n, "breach") for n in (1, 2)] == ["1 breach", "2 breaches"]


def test_the_ledger_has_a_line_for_each_table_and_cell_and_says_at_last_that_it_adds_up(folder, capsys):
    dataset = Dataset.open(folder)
    print_ledger(dataset, {})
    lines = capsys.readouterr().out.splitlines()
    examples = sum(cell.examples for cell in dataset.cells.values())
    assert lines[-2].startswith("It adds up: ") and lines[-1] == f"and {examples:,} examples in 2 cells"
    assert sum(line.startswith("tkr-mind ") for line in lines) == 1 and len(lines) < 40
    print_ledger(dataset, {}, verbose=True)
    assert "sha256" in capsys.readouterr().out


def test_the_same_examples_by_another_recipe_are_called_the_same(folder, raw, typed, tmp_path):
    out = tmp_path / "again"  # ratings have no text to be cut
    typed("build", "--raw", raw, "--out", out, "--config", "rp-movielens32m", "--max-chars", 77)
    typed("build", "--raw", raw, "--out", out, "--config", "tkr-mind")
    done = typed("diff", folder, out)
    assert "rp-movielens32m: the same examples with another recipe: max_chars" in done.stdout
    assert done.stdout.endswith("2 of 2 cells are the same\n")


def test_harness_writes_no_absolute_path_and_prints_the_command_that_asks(folder, typed, tmp_path):
    done = typed("harness", os.path.relpath(folder, tmp_path), "--out", "tasks of mine")
    assert "lm_eval --model hf --model_args pretrained=MODEL --include_path 'tasks of mine' --tasks itdr" in done.stdout
    texts = [path.read_text() for path in (tmp_path / "tasks of mine").iterdir()]
    assert len(texts) == 4 and not any(str(folder) in text or str(tmp_path) in text for text in texts)
