"""The bench, at a size that says nothing: that everything is measured, shown and written. Times are not looked at."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from itdr_hf import catalogue
from itdr_hf.bench.run import FOUR


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    sizes = ["--ratings", "20000", "--reviews", "10000", "--rounds", "1"]
    command = [sys.executable, "-m", "itdr_hf", "bench", "--out", folder, *sizes]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return folder, done.stdout, json.loads((folder / "bench.json").read_text())


def test_the_table_sets_every_figure_beside_what_is_wanted(measured):
    _, printed, found = measured
    assert "parse s" in printed and "pandas/build" in printed
    assert len(found["findings"]) == 11
    for finding in found["findings"]:
        assert finding["wanted"][0] in "≤≥1"
        assert finding["wanted"] in printed


def test_ours_and_the_script_make_as_many_examples_of_each_cell(measured):
    movielens = measured[2]["rows"][0]["results"]
    ours, script = movielens["build"]["examples"], movielens["pandas"]["examples"]
    assert set(ours) == {f"{subtask}-movielens32m" for subtask in FOUR}
    # The script leaves out users whose window has two titles alike, ours draws others in their place.
    assert all(0.9 * ours[f"{subtask}-movielens32m"] <= script[subtask] for subtask in FOUR)


def test_all_cells_of_both_sources_are_built_and_all_rows_parsed(measured):
    movielens, amazon = (row["results"] for row in measured[2]["rows"])
    assert movielens["parse"]["rows"] == 20_000
    assert amazon["parse"]["rows"] >= 10_000  # reviews, and products
    assert set(amazon["build"]["examples"]) == {c for c in catalogue.published() if c.endswith("-amazon2023")}
    assert all(n > 0 for row in (movielens, amazon) for n in row["build"]["examples"].values())


def test_the_plot_is_drawn_and_the_releases_are_kept_for_the_next_time(measured):
    folder = measured[0]
    assert (folder / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "work" / "movielens32m-20000" / "complete").is_file()
