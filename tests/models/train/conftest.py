"""Folders for tests of training: real cells from simulated releases, and a small base trained on them for a moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.models.train.recipe import TrainRecipe

CONFIGS = ("rp-movielens32m", "nir-movielens32m", "uap-movielens1m")


@pytest.fixture(scope="session")
def itdr(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of three cells, some dozens of examples each."""
    folder = tmp_path_factory.mktemp("train") / "itdr"
    build_folder(folder, Settings(raw=raw, warn=lambda text: None), configs=CONFIGS)
    return folder


@pytest.fixture(scope="session")
def base(itdr: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a base with a tokenizer, hardly trained."""
    pytest.importorskip("torch", reason="needs the extra [train]")
    pytest.importorskip("trl", reason="needs the extra [train]")
    from itdr_hf.models.train.recipe import TINY, changed
    from itdr_hf.models.train.tiny import TinyShape, make_base

    folder = tmp_path_factory.mktemp("base") / "tiny"
    shape = TinyShape(vocabulary=600, hidden=64, inner=128, context=2048, batch_tokens=800, learning_rate=0.005)
    make_base(itdr, folder, changed(TINY, {"configs": CONFIGS, "limit": 80}), shape)
    return folder


@pytest.fixture(scope="session")
def recipe(base: Path) -> TrainRecipe:
    """A few steps on one cell."""
    quick = {
        "configs": ["uap-movielens1m"],
        "weights": {},
        "limit": 48,
        "batch": 4,
        "epochs": 8,
        "eval_limit": 8,
        "learning_rate": 0.01,
    }
    from itdr_hf.models.train.recipe import TINY, changed

    return changed(TINY, {"model": str(base), "base_id": "org/base", **quick})


@pytest.fixture(scope="session")
def tuned(itdr: Path, recipe: TrainRecipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that was trained without a stop."""
    from itdr_hf.models.train.sft import train

    folder = tmp_path_factory.mktemp("tuned") / "x"
    train(itdr, recipe, folder, command="itdr train …")
    return folder
