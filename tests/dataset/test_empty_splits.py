"""A cell too small for three splits: every config that its card offers loads with plain `datasets`."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from datasets import load_dataset

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.dataset.audit import audit
from itdr_hf.errors import UsageError
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.train.recipe import TrainRecipe
from itdr_hf.models.train.sft import prepare

CELLS = ("nir-movielens32m", "uap-movielens1m")


@pytest.fixture(scope="module")
def small(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("small") / "itdr"
    build_folder(out, Settings(raw=raw, warn=lambda text: None), configs=CELLS, changes={"num_examples": 2})
    counts = {name: dict(cell.counts) for name, cell in Dataset.open(out).cells.items()}
    assert all(0 in found.values() for found in counts.values()), counts
    return out


def configs(folder: Path) -> dict[str, list[str]]:
    """Config -> its splits, by the card."""
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    return {config["config_name"]: [files["split"] for files in config["data_files"]] for config in head["configs"]}


def test_every_config_of_the_card_loads_with_the_splits_that_have_examples(small):
    offered = configs(small)
    assert set(offered) >= {"all", "uii", "uiu", *CELLS}
    for name, splits in offered.items():
        loaded = load_dataset(str(small), name)
        assert list(loaded) == splits and all(len(part) for part in loaded.values())


def test_the_audit_finds_no_fault_in_it(small):
    assert not audit(small, only=["configs-load", "the-ledger-adds-up"]).breaches


def test_a_split_without_examples_is_not_there_for_a_model_to_be_asked(small):
    cells = Dataset.open(small).cells
    empty = next(split for split in ("test", "validation", "train") if not any(c.counts[split] for c in cells.values()))
    with pytest.raises(UsageError, match=rf"no cell with a {empty} split; want a dataset folder"):
        read_questions(small, None, empty)


def test_a_cell_that_has_no_such_split_is_not_called_unknown(small):
    cells = Dataset.open(small).cells
    name, empty = next((name, split) for name, cell in cells.items() for split, n in cell.counts.items() if not n)
    other = next((other for other, cell in cells.items() if cell.counts[empty]), None)
    wanted = (
        rf"no {empty} example in {name}; want a cell that has some: {other}"
        if other
        else rf"no cell with a {empty} split"
    )
    with pytest.raises(UsageError, match=wanted):
        read_questions(small, [name], empty)


def test_training_on_cells_without_validation_names_the_setting_that_does_without(small, tmp_path):
    name = next(name for name, cell in Dataset.open(small).cells.items() if not cell.counts["validation"])
    with pytest.raises(
        UsageError, match=rf"no validation example in {name}; .*take none: eval_limit=0 \(--eval-limit 0\)"
    ):
        prepare(small, TrainRecipe(model="x", configs=(name,)), tmp_path / "out")
