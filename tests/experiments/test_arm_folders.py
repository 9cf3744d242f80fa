"""The folder of any arm is a dataset folder: it is audited, exported, reported, scored and pushed as a built one is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hubserver import WRITE, Hub
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.errors import UsageError
from itdr_hf.experiments import Data, experiments
from itdr_hf.experiments.folders import write_data

INTACT = {"the-ledger-adds-up", "files-as-built", "ledger-as-written", "unique-ids", "schema", "users-in-one-split"}
NAMES = ("sample", "sample-by-example", "sample-without-uii", "sample-without-tkr", "sample-25-percent",
         "sample-bare-train", "sample-bare-all")  # fmt: skip
KINDS = {arm.data.name: arm.data for one in experiments().values() for arm in one.arms if arm.data.name in NAMES}


@pytest.fixture(scope="module")
def folders(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of every kind of data that the experiments of ITDR have."""
    home = tmp_path_factory.mktemp("arms")
    for name, data in KINDS.items():
        write_data(data, asked, home / name, sampled=0.8)
    return {name: home / name for name in KINDS}


def itdr(*words: object) -> str:
    said = CliRunner().invoke(app, [str(word) for word in words])
    assert said.exit_code == 0, said.output
    return said.stdout


@pytest.mark.parametrize("name", KINDS)
def test_the_audit_finds_the_folder_intact(folders, name):
    by_example = KINDS[name].protocol == "example"  # so users are in several splits
    found = audit(folders[name], only=sorted(INTACT)).breaches
    assert {finding.check for finding in found} == ({"users-in-one-split"} if by_example else set())


@pytest.mark.parametrize("name", KINDS)
def test_it_is_exported_listed_and_counted(folders, tmp_path, name):
    made = json.loads(itdr("export", folders[name], "--format", "trl", "--out", tmp_path / "out", "--json"))
    cells = Dataset.open(folders[name]).cells.values()
    assert made["counts"]["train"] == sum(cell.counts["train"] for cell in cells) > 0
    itdr("ledger", folders[name])
    itdr("stats", folders[name])


@pytest.mark.parametrize("name", ["sample-without-tkr", "sample-bare-all"])
def test_it_has_a_report_and_its_answers_have_scores(folders, tmp_path, name):
    itdr("report", folders[name], "--out", tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 10_000
    itdr("predict", folders[name], "--baseline", "random", "--out", tmp_path / "answers.parquet")
    itdr("score", tmp_path / "answers.parquet", folders[name], "--replicates", "20", "--out", tmp_path / "scores")
    assert "tkr-movielens32m" in json.loads((tmp_path / "scores/scores.json").read_text())["cells"]


def test_one_without_a_tasks_training_examples_is_pushed_and_verified(folders, tmp_path):
    with Hub(tmp_path / "hub") as hub:
        place = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": WRITE,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
        }
        for words in (["push", str(folders["sample-without-tkr"]), "--repo-id", "org/arm"], ["verify", "org/arm"]):
            ran = subprocess.run([sys.executable, "-m", "itdr_hf", *words], env=place, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr
        assert len(hub.requests("POST", "/commit/")) == 1


def test_data_of_which_nothing_is_left_to_train_on_is_refused(asked, tmp_path):
    alone = Data(name="none", left_out=("tkr",), configs=("tkr-movielens32m",))
    with pytest.raises(UsageError, match="none: no training example is left; want cells of other tasks too"):
        write_data(alone, asked, tmp_path / "out", sampled=1.0)
