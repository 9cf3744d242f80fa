"""Files of a release that are here and not read: named, with the reason, wherever a person looks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.raw.release import find_release

WHY = "microlens is read as MicroLens-50k"
LEFT = {"MicroLens-100k_title_en.csv": WHY, "MicroLens-50k_pairs.tsv": WHY}  # the pairs once more, without their times


@pytest.fixture
def both_layouts(raw: Path, tmp_path: Path) -> Path:
    """A MicroLens-50k with a file of MicroLens-100k beside it."""
    shutil.copytree(raw / "microlens", tmp_path / "raw/microlens")
    (tmp_path / "raw/microlens/MicroLens-100k_title_en.csv").write_text("1, a title\n")
    return tmp_path / "raw"


def test_a_file_of_another_layout_is_named_with_the_layout_that_is_read(both_layouts):
    release = find_release(catalogue.source("microlens"), both_layouts)
    assert release.left_alone() == LEFT


def test_a_release_in_one_layout_leaves_no_file_alone(raw):
    for name in [
        name for name in catalogue.source_ids() if name != "microlens" and name not in catalogue.OTHER_SOURCES
    ]:
        assert find_release(catalogue.source(name), raw).left_alone() == {}, name


def test_sources_and_the_ledger_name_what_is_not_read(both_layouts, tmp_path):
    run = CliRunner()
    said = run.invoke(app, ["sources", "--raw", str(both_layouts)]).stdout
    assert f"microlens: MicroLens-100k_title_en.csv is present but not read: {WHY}" in said
    states = json.loads(run.invoke(app, ["sources", "--raw", str(both_layouts), "--json"]).stdout)
    assert {s["source"]: s["unread"] for s in states if s["unread"]} == {"microlens": LEFT}
    build_folder(tmp_path / "out", Settings(raw=both_layouts, warn=lambda text: None), configs=["tui-microlens"])
    assert Dataset.open(tmp_path / "out").cells["tui-microlens"].unread == LEFT
    assert (
        "present but not read: MicroLens-100k_title_en.csv" in run.invoke(app, ["ledger", str(tmp_path / "out")]).stdout
    )


def test_what_is_missing_is_told_beside_a_file_that_looks_like_it(raw, tmp_path):
    shutil.copytree(raw / "amazon-reviews-2023", tmp_path / "amazon-reviews-2023")
    for path in tmp_path.rglob("meta_*.jsonl*"):
        path.unlink()
    (tmp_path / "amazon-reviews-2023/meta_Handmade_Products.jsonl").write_text("{}\n")
    release = find_release(catalogue.source("amazon2023"), tmp_path)
    near = "meta_Handmade_Products.jsonl: of a category outside the twelve"
    assert release.lacks("items") == f"items needs meta_*.jsonl* (present but not read: {near})"
