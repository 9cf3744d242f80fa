"""Chance and the oracle of a dataset of choices: figures, verdicts, exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from itdr_hf.bench.chance import Checked, beaten, checked, main
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset

CELL = "nir-movielens32m"


@pytest.fixture(scope="module")
def folder(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("chance") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=[CELL, "rp-movielens32m"])
    return out


def test_random_is_at_chance_and_the_oracle_perfect_by_generation_and_by_likelihood(folder):
    rows = {row.who: row for row in checked(Dataset.open(folder))}
    assert {row.cell for row in rows.values()} == {CELL}, "ratings are not among candidates"
    assert rows["oracle by generation"].value == rows["oracle by likelihood"].value == 1.0
    for how in ("generation", "likelihood"):
        row = rows[f"random by {how}"]
        assert row.wanted == pytest.approx(0.2) and row.low <= 0.2 <= row.high and row.holds
    assert rows["random by generation"].value != rows["random by likelihood"].value


def test_a_figure_away_from_what_it_has_to_be_is_told():
    assert "WRONG" in str(Checked("c", "random by likelihood", 0.3, 0.25, 0.35, 0.1))
    assert not Checked("c", "oracle by generation", 0.999, 0.99, 1.0, 1.0).holds


def test_a_system_that_is_not_better_beyond_its_interval_fails_the_check(folder, tmp_path, capsys):
    scores = tmp_path / "scores.json"
    scores.write_text(json.dumps({"differences": [{"config": CELL, "metric": "H@1", "low": -0.01}]}))
    assert [line.partition(";")[0] for line in beaten(scores, [CELL])] == [f"{CELL}: H@1 better by -0.010 at least"]
    assert main([str(folder), "--scores", str(scores), "--better", CELL]) == 1
    scores.write_text(json.dumps({"differences": [{"config": CELL, "metric": "H@1", "low": 0.01}]}))
    assert main([str(folder), "--scores", str(scores), "--better", CELL]) == 0
    assert "want 0.200: as wanted" in capsys.readouterr().out
