"""The family as a folder: its card, its audit, its configs in plain `datasets`, in the builder and on a Hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import datasets
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hubserver import READ
from hubserver.stage import Stage
from hubserver.visitor import run

import itdr_hf
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.audit import audit
from itdr_hf.dataset.folder import Dataset

pytest_plugins = ("hubserver.plugin",)

CELLS = [f"{task}-mind" for task in ("profile", "dialogue", "reward", "inference", "itemprofile")]
VISIT = """
import datasets
names = ["dialogue-mind", "reward-mind", "profile-mind", "profiles"]
version = "v1.0.0"
print(json.dumps([{k: v.num_rows for k, v in datasets.load_dataset("org/itdr", n, revision=version).items()} for n in names]))
"""


@pytest.fixture(scope="module")
def folder(raw: Path, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("reclm") / "reclm"
    settings = Settings(raw=raw, cache=place.parent / "cache", warn=lambda text: None)
    build_folder(place, settings, family="reclm", configs=["*-mind"])
    return place


def test_every_cell_loads_with_plain_datasets_in_its_shape(folder):
    assert list(Dataset.open(folder).cells) == CELLS
    loaded = {name: datasets.load_dataset(str(folder), name)["train"] for name in CELLS}
    assert {"messages", "loss", "targets"} <= set(loaded["dialogue-mind"].column_names)
    assert {"prompt", "chosen", "rejected", "rejected_kind"} <= set(loaded["reward-mind"].column_names)
    assert set(loaded["profile-mind"]["template"]) == {"default", "plain", "brief"}  # one wording is held out
    assert set(loaded["profile-mind"]["reference_by"]) == {"rule"}


def test_the_builder_makes_the_same_rows_from_the_raw_release(folder, raw, tmp_path):
    made = itdr_hf.load_dataset("reclm", "dialogue-mind", data_dir=raw, cache_dir=tmp_path, tables_cache=tmp_path)
    for split, rows in datasets.load_dataset(str(folder), "dialogue-mind").items():
        assert rows.to_list() == made[split].to_list()


def test_the_audit_finds_no_breach_and_the_card_names_periods_and_neighbours(folder):
    report = audit(folder)
    assert not [finding for finding in report.findings if finding.severity == "breach"]
    card = (folder / "README.md").read_text()
    assert "# RecLM: instructions for recommendation" in card and "2019-11-09,2019-11-10,2019-11-11" in card
    assert "57,128" in card and "cooccurrence" in card


def test_it_is_pushed_and_plain_datasets_loads_it_from_there(folder, stage: Stage, tmp_path):
    stage.push(folder)
    told = run(VISIT, tmp_path / "home", stage.hub.url, token=READ)
    cells = Dataset.open(folder).cells
    assert told[:3] == [dict(cells[name].counts) for name in ("dialogue-mind", "reward-mind", "profile-mind")]
    assert sum(told[3].values()) == sum(
        cells[name].examples for name in ("profile-mind", "inference-mind", "itemprofile-mind")
    )


@pytest.mark.parametrize("name", CELLS)
def test_the_first_example_of_a_cell_is_the_pinned_one(name, folder):
    row = datasets.load_dataset(str(folder), name)["train"][0]
    turns = row.get("messages") or [*row.get("prompt", []), *row.get("chosen", []), *row.get("rejected", [])]
    parts = [f"[{turn['role']}]\n{turn['content']}" for turn in turns]
    parts = parts or [f"[{part}]\n{row[part]}" for part in ("instruction", "input", "output")]
    text = "\n\n".join(parts) + "\n"
    path = Path(__file__).parent / "golden" / f"{name}.txt"
    if os.environ.get("ITDR_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text
