"""Real examples of every kind of answer, a few dozen each."""

from __future__ import annotations

from pathlib import Path

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.records import INSTRUCTION, Example

CELLS = {
    "itdr": ("rp-movielens32m", "tkr-movielens32m", "nir-movielens32m", "uap-movielens1m", "ir-steam"),
    "instructrec": ("seqrec-movielens32m",),
}


@pytest.fixture(scope="session")
def examples(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Example]]:
    """Config -> its training examples."""
    found = {}
    for family, configs in CELLS.items():
        folder = tmp_path_factory.mktemp("rewards") / family
        settings = Settings(raw=raw, warn=lambda text: None)
        build_folder(folder, settings, configs=configs, family=family, changes={"num_examples": 40})
        dataset = Dataset.open(folder)
        for name in configs:
            found[name] = [Example(**row) for row in dataset.rows(name, "train", INSTRUCTION.names)]
    return found
