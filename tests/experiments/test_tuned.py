"""An experiment with a model that is tuned: adapters, answers and scores of every arm, and a stop in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from itdr_hf.experiments import Options, collect, experiment, plan, run
from itdr_hf.experiments.exports import write_results
from itdr_hf.experiments.steps import TrainStep

pytest.importorskip("torch", reason="needs the extra [train]")
pytest.importorskip("trl", reason="needs the extra [train]")

CELLS = ("nir-movielens32m", "uap-movielens1m")
SETTINGS = {"limit": 12, "epochs": 1, "eval_limit": 2, "evaluations": 2, "max_length": 2048}


@pytest.fixture(scope="module")
def base(asked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a base, hardly trained."""
    from itdr_hf.models.train.recipe import TINY, changed
    from itdr_hf.models.train.tiny import TinyShape, make_base

    folder = tmp_path_factory.mktemp("base") / "tiny"
    shape = TinyShape(vocabulary=500, hidden=32, inner=64, context=2048, batch_tokens=800, learning_rate=0.005)
    make_base(asked, folder, changed(TINY, {"configs": CELLS, "limit": 30}), shape)
    return folder


def options(asked: Path, base: Path, out: Path, **changes: object) -> Options:
    given = {"preset": "tiny", "settings": SETTINGS, "sampled": 0.5, "max_tokens": 8, "dtype": "float32", **changes}
    return Options(models=(str(base),), folder=asked, out=out, configs=CELLS, replicates=40, **given)


@pytest.fixture(scope="module")
def made(asked: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment that was killed once while it trained, and gone on with."""
    out = tmp_path_factory.mktemp("tuned") / "experiments"
    words = [sys.executable, "-m", "itdr_hf", "experiment", "run", "itdr-leave-out", "--folder", str(asked)]
    words += ["--out", str(out), "--model", str(base), "--preset", "tiny", "--config", ",".join(CELLS)]
    words += ["--sampled", "0.5", "--max-tokens", "8", "--dtype", "float32", "--replicates", "40"]
    words += [word for name, value in SETTINGS.items() for word in ("--setting", f"{name}={value}")]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 240
    while not list(out.glob("adapters/*/sample/recipe.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    found = run(plan(experiment("itdr-leave-out"), options(asked, base, out)))
    assert "done" in found.values() and found["data sample"] == "kept"
    return out


def test_every_arm_has_an_adapter_of_its_own_data_and_figures_next_to_the_papers(made, base):
    arms = {"no-ft", "ft", "ft-without-NIR", "ft-without-UAP"}
    found = collect(experiment("itdr-leave-out"), made)
    assert {line.arm for line in found.lines} == arms
    adapters = made / "adapters" / base.name
    trained = {path.name: json.loads((path / "recipe.json").read_text()) for path in adapters.iterdir()}
    assert set(trained["sample-without-nir"]["dataset"]["cells"]) == {"uap-movielens1m"}
    assert set(trained["sample"]["dataset"]["cells"]) == set(CELLS)
    nir = {line.arm: line for line in found.lines if line.config == "nir-movielens32m"}
    assert {arm: line.paper for arm, line in nir.items()} == {
        "no-ft": 0.356, "ft": 0.608, "ft-without-NIR": 0.448, "ft-without-UAP": 0.636,
    }  # fmt: skip
    assert nir["ft"].change is not None and nir["no-ft"].change is None
    assert {path.suffix for path in write_results(found, made)} >= {".md", ".json", ".csv"}


def test_a_finished_experiment_is_kept_and_an_adapter_made_elsewhere_is_taken(asked, base, made):
    planned = plan(experiment("itdr-leave-out"), options(asked, base, made))
    assert set(run(planned).values()) == {"kept"}
    train = next(step for step in planned.steps if isinstance(step, TrainStep))
    notes = list((made / ".steps").glob(f"adapters--*--{train.output.name}.json"))
    assert len(notes) == 1
    notes[0].unlink()  # as when the printed command was run
    assert run(planned)[train.title] == "kept"


def test_another_recipe_trains_again(asked, base, made, tmp_path):
    other = options(asked, base, made, settings={**SETTINGS, "limit": 11}, arms=("ft",))
    first = plan(experiment("itdr-leave-out"), other).steps[1]
    assert isinstance(first, TrainStep) and not first.made()


def test_candidates_are_ranked_by_likelihood_with_several_seeds(asked, base, tmp_path):
    chosen = options(
        asked, base, tmp_path, arms=("ft",), seeds=2, ways=("likelihood",), settings={**SETTINGS, "limit": 4}
    )
    run(plan(experiment("itdr-main"), chosen))
    found = collect(experiment("itdr-main"), tmp_path)
    assert {(line.config, line.way) for line in found.lines if "-" in line.config} == {
        ("nir-movielens32m", "likelihood")
    }
    line = next(line for line in found.lines if line.config == "nir-movielens32m")
    seeds = [float(value) for value in line.seeds.split(", ")]
    assert len(seeds) == 2 and line.value == pytest.approx(sum(seeds) / 2, abs=1e-4)
