"""A change of any code that decides a cell's bytes builds the cell again; nothing else does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from itdr_hf.simulate import simulate

ROOT = Path(__file__).parents[2]
CELL = "nir-movielens32m"

# Loaded by a build, but without a say in what its files hold: who runs plans when, what is shown meanwhile.
NO_SAY = {
    "itdr_hf.build", "itdr_hf.build.estimate", "itdr_hf.build.folder", "itdr_hf.build.prepare", "itdr_hf.prompts", "itdr_hf.runtime.parallel", "itdr_hf.runtime.terminal",
    "itdr_hf.runtime.progress", "itdr_hf.runtime.engines", "itdr_hf.runtime", "itdr_hf.sources", "itdr_hf.sources.own",
    "itdr_hf.tables",
}  # fmt: skip

TRACE = """
import json, sys
from pathlib import Path
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings, identity, made_by
from itdr_hf.catalogue import cell
raw, out, cache, config = sys.argv[1:]
settings = Settings(raw=Path(raw), cache=Path(cache))
build_folder(Path(out), settings, configs=[config], changes={"num_examples": 20})
loaded = [m for m in sys.modules if m.startswith("itdr_hf.")]
print(json.dumps({"loaded": loaded, "path": made_by(cell(config), settings)}))
"""
CHANGE = """
import json, sys
from pathlib import Path
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings, identity
from itdr_hf.catalogue import cell
from itdr_hf.runtime import hashing
raw, out, cache, config, *modules = sys.argv[1:]
settings, asked = Settings(raw=Path(raw), cache=Path(cache)), cell(config)
recipe = asked.recipe(num_examples=20)
before, same, states = identity(asked, recipe, settings), [], {}
for module in modules:
    path = Path(sys.modules[module].__file__) if module in sys.modules else Path(hashing._origin(module))
    text = path.read_text()
    path.write_text(text + "\\n# changed\\n")
    hashing.forget()
    same += [module] if identity(asked, recipe, settings) == before else []
    if module.endswith(("dialects", "queries", "examples", "movielens32m")):
        [outcome] = build_folder(Path(out), settings, configs=[config], changes={"num_examples": 20})
        states[module] = outcome.state
    path.write_text(text)
    hashing.forget()
print(json.dumps({"same": same, "states": states}))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The package as installed, somewhere else, with a small release."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "itdr_hf", place / "itdr_hf", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("builders", "cards"):
        shutil.copytree(ROOT / folder, place / "itdr_hf" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    simulate(place / "raw", sources=["movielens32m"], scale=0.02)
    return place


def run(place: Path, script: str, *arguments: str) -> dict:
    command = [sys.executable, "-c", script, "raw", "out", "cache", CELL, *arguments]
    done = subprocess.run(
        command, cwd=place, env={**os.environ, "PYTHONPATH": str(place)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def traced(copied):
    return run(copied, TRACE)


def test_every_module_that_a_build_loads_decides_the_cell_or_is_known_to_have_no_say(traced):
    layers = ("records", "prompts", "runtime", "raw", "tables", "tasks", "build", "sources")
    loaded = {m for m in traced["loaded"] if m.split(".")[1] in layers}
    others = {
        m
        for m in loaded
        if m.startswith(("itdr_hf.tasks.itdr.", "itdr_hf.tasks.instructrec", "itdr_hf.tasks.reclm", "itdr_hf.sources."))
        and m not in traced["path"]
    }
    assert loaded - set(traced["path"]) - NO_SAY - others <= {"itdr_hf.tasks.family"}


def test_other_tasks_sources_and_families_have_no_say(traced):
    path = set(traced["path"])
    assert {"itdr_hf.tasks.itdr.nir", "itdr_hf.sources.movielens32m", "itdr_hf.tables.cleaning"} <= path
    assert not path & {
        "itdr_hf.tasks.itdr.rp",
        "itdr_hf.sources.steam",
        "itdr_hf.catalogue",
        "itdr_hf.tasks.itdr.family",
    }


def test_a_change_of_any_module_on_the_path_builds_the_cell_again(copied, traced):
    changed = run(copied, CHANGE, *traced["path"])
    assert changed["same"] == []
    assert len(changed["states"]) >= 4 and set(changed["states"].values()) == {"built"}
