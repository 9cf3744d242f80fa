"""Kill -9 at random moments of every stage of RecLM's chain, of its neighbours and of its profiles; `make drill` alone."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from drill import LONG
from drill.killing import Drill, State, old_or_new, tree
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.simulate import simulate

pytestmark = pytest.mark.skipif(not LONG, reason="make drill")

KILLS = 4
ITDR = ["-m", "itdr_hf"]
CELLS = [f"{task}-netflix" for task in ("profile", "dialogue", "reward", "inference")]
TRAIN = [*ITDR, "train", "reclm", "--preset", "tiny", "--model", "base", "--limit", "64", "--eval-limit", "16"]
STAGES = {  # a stage -> its arguments behind TRAIN; each goes on with what stands before it
    "distil": ["--config", "profile-netflix"],
    "dialogue": ["--config", "dialogue-netflix", "--start", "distil"],
    "reward": ["--config", "reward-netflix", "--stage", "reward", "--start", "distil"],
    "refine": ["--config", "reward-netflix", "--stage", "refine", "--start", "dialogue", "--reward", "reward",
               "--batch", "16", "--answer-tokens", "24"],
}  # fmt: skip


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a raw release, its cells, a small base, and each stage as it ends undisturbed."""
    pytest.importorskip("trl", reason="needs the extra [train]")
    home = tmp_path_factory.mktemp("reclm-drill")
    simulate(home / "raw", sources=["netflix"], scale=0.2, seed=5)
    settings = Settings(raw=home / "raw", cache=home.parent / "reclm-drill-cache", warn=lambda text: None)
    changes = {"neighbours": 2, "template": "brief"}
    build_folder(home / "reclm", settings, family="reclm", configs=CELLS, changes=changes)
    run(home, ["-m", "itdr_hf.models.train.tiny", "reclm", "base", "--config", "inference-netflix"])
    for stage in STAGES:
        run(home, training(stage))
    return home


def run(folder: Path, words: list[str]) -> None:
    subprocess.run([sys.executable, *words], cwd=folder, check=True, capture_output=True)


def training(stage: str, out: str = "") -> list[str]:
    return [*TRAIN, *STAGES[stage], "--output", out or stage]


def weights(folder: Path) -> State:
    """The adapter of a stage, by its sha256."""
    return {"adapter": hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()}


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_stage_goes_on_to_the_very_same_weights(stage: str, start: Path, tmp_path: Path) -> None:
    drill = Drill(
        name=stage,
        argv=lambda work: training(stage, "again"),
        state=lambda work: weights(work / "again"),
        sound=lambda work, whole: "" if not (work / "again").is_dir() or weights(work / "again") == whole else "half",
        start=start,
    )
    drill.run(KILLS, tmp_path)
    assert drill.alive, "every kill came too late"


def test_killed_profiles_go_on_where_they_were(start: Path, tmp_path: Path) -> None:
    words = ["profile", "reclm", "--raw", "raw", "--model", "base", "--adapter", "refine", "--encoder", "base"]
    drill = Drill(
        name="profile",
        argv=lambda work: [*ITDR, *words, "--config", "inference-netflix", "--limit", "60", "--out", "profiles"],
        state=lambda work: {"profiles": str(pq.read_table(work / "profiles/profiles.parquet").to_pylist())},
        start=start,
    )
    drill.run(KILLS, tmp_path)
    assert drill.alive, "every kill came too late"


def test_killed_neighbours_are_made_again_and_never_half(start: Path, tmp_path: Path) -> None:
    def state(work: Path) -> State:
        return {**tree(work / "near"), **tree(work / "cache/neighbours")}

    drill = Drill(
        name="neighbours",
        argv=lambda work: [
            *ITDR, "build", "--family", "reclm", "--raw", "raw", "--out", "near", "--config", "dialogue-netflix",
            "--neighbours-by", "lightgcn",
        ],
        state=state,
        sound=lambda work, whole: old_or_new(work / "cache/neighbours", whole),
        start=start,
    )  # fmt: skip
    drill.run(KILLS, tmp_path)
    assert drill.alive, "every kill came too late"
