"""Kill -9 in the middle of every experiment of the papers: the run that goes on ends in the lines of one without a stop."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from chatserver import Chat, chat  # noqa: F401  the fixture: a server on loopback

from drill import LONG
from drill.killing import Drill, State
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.experiments import experiments
from itdr_hf.experiments.reclm import SECONDS
from itdr_hf.simulate import simulate
from itdr_hf.tasks.instructrec.paper import cells

if not LONG:
    pytest.skip("a minute for each: ITDR_DRILL=long", allow_module_level=True)
pytest.importorskip("trl", reason="needs the extra [train]")

CELLS = ("nir-movielens32m", "uap-movielens1m")  # a cell of either root task, so that every kind of arm is run
SETTINGS = {"epochs": 1, "limit": 8, "eval_limit": 2, "allow_cut": "true"}
SMALL = ["--preset", "tiny", "--dtype", "float32", "--max-tokens", "8", "--replicates", "40"]
SMALL += [word for name, value in SETTINGS.items() for word in ("--setting", f"{name}={value}")]
CLOSED = "itdr-closed"
BEGUN = "begun"  # an empty file, as old as a run


class World(NamedTuple):
    """What all runs share: raw releases, a built folder, and a base for either family of prompts."""

    raw: Path
    itdr: Path
    base: Path
    games: Path

    def words(self, name: str, url: str) -> list[str]:
        """Return the arguments of `itdr experiment run` for an experiment, at the smallest size that has every arm."""
        raw, folder = ["--raw", str(self.raw)], ["--folder", str(self.itdr), "--sampled", "0.5"]
        if name == CLOSED:
            return [*folder, "--replicates", "40", "--model", "gpt-3.5-turbo", "--endpoint", url]
        if name == "itdr-real":
            return [*folder, *raw, *SMALL, "--model", str(self.base)]
        if name.startswith("itdr-"):
            return [*folder, *SMALL, "--model", str(self.base)]
        if name.startswith("instructrec-"):
            return [*raw, *SMALL, "--num-examples", "20", "--model", str(self.games)]
        source = [*raw, "--source", "movielens32m"]
        if name == "reclm-tables":
            return source
        return [*source, *SMALL, "--num-examples", "16", "--model", str(self.base),
                "--setting", "eval_limit=0", "--setting", "answer_tokens=8"]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("world")
    made = World(home / "raw", home / "itdr", home / "base", home / "games-base")
    simulate(made.raw, sources=["movielens32m", "movielens1m"], scale=0.02, seed=3)
    simulate(made.raw, sources=["amazon2018"], scale=0.1)  # which has a hundred items that a user never saw
    settings = Settings(raw=made.raw, cache=home / "cache", warn=lambda text: None)
    build_folder(made.itdr, settings, configs=CELLS, changes={"num_examples": 40})
    build_folder(home / "games", settings, configs=cells(), family="instructrec", changes={"num_examples": 20})
    make_small_base(made.itdr, made.base, CELLS)
    make_small_base(home / "games", made.games, cells())
    return made


def make_small_base(folder: Path, out: Path, names: Sequence[str]) -> None:
    from itdr_hf.models.train.recipe import TINY, changed
    from itdr_hf.models.train.tiny import TinyShape, make_base

    shape = TinyShape(vocabulary=500, hidden=32, inner=64, context=2048, batch_tokens=800, learning_rate=0.005)
    make_base(folder, out, changed(TINY, {"configs": tuple(names), "limit": 20}), shape)


@pytest.fixture(scope="module")
def before() -> dict[str, Path]:
    """The last run of each paper that was not stopped: the next experiment of the paper finds its shared arms there."""
    return {}


@pytest.mark.parametrize("name", experiments())
def test_an_experiment_that_was_killed_ends_in_the_same_lines(name, world, before, chat, tmp_path):  # noqa: F811
    chat.delay = 0.05
    paper = name.partition("-")[0]
    drill = Drill(
        name=name,
        argv=lambda work: ["-m", "itdr_hf", "experiment", "run", name, "--out", "out", *world.words(name, chat.url)],
        state=lambda work: lines(work / "out", name),
        until=lambda work: is_halfway(work, tmp_path / "whole"),
        start=before.get(paper),
        fresh=lambda work: (work / BEGUN).touch(),
        env={"OMP_NUM_THREADS": "1"},
    )
    drill.run(1, tmp_path)
    before[paper] = tmp_path / "whole"
    assert drill.alive, "it had ended before it was killed"


def is_halfway(work: Path, whole: Path) -> bool:
    """Tell whether half of the steps are done that the whole run did, and some of the time of the next one has passed."""
    ends, done = ends_of_steps(whole), ends_of_steps(work)
    half = max(1, (len(ends) - 1) // 2)
    if len(done) < half:
        return False
    time.sleep((ends[half] - ends[half - 1]) / 3)
    print(f"{half} of {len(ends)} steps were done", end="; ")
    return True


def ends_of_steps(work: Path) -> list[float]:
    """Return when the steps were done that a run did itself, in order."""
    begun = (work / BEGUN).stat().st_mtime
    notes = [path for path in work.glob("out/.steps/*.json") if '"done": true' in path.read_text(encoding="utf-8")]
    return sorted(end for path in notes if (end := path.stat().st_mtime) >= begun)


def lines(out: Path, name: str) -> State:
    """Every line of the results, but for what a clock says."""
    with (out / f"results/{name}/results.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] != SECONDS]
    return {
        f"{number}: {row['arm']} {row['config']} {row['metric']}": json.dumps(row) for number, row in enumerate(rows)
    }
