"""A 14th source and an 8th task inside the package: each is one module and one line of the grid."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = '''
"""Songs: listeners and the songs they played."""

from itdr_hf.raw.layout import Layout, Table
from itdr_hf.raw.scan import Scan, Select
from itdr_hf.raw.source import Source, Words


def read_plays(scan: Scan) -> Select:
    columns = {"listener": "VARCHAR", "song": "VARCHAR", "played_at": "BIGINT"}
    return Select(
        rows=scan.csv("plays", columns),
        columns={"user": "listener", "item": "song", "timestamp": "played_at"},
        required=("user", "item", "timestamp"),
    )


def read_songs(scan: Scan) -> Select:
    columns = {"song": "VARCHAR", "name": "VARCHAR"}
    return Select(rows=scan.csv("songs", columns), columns={"item": "song", "title": "name"}, required=("item",))


SOURCE = Source(
    id="songs", title="Songs", homepage="", licence="CC0", licence_source="", redistributable=True, citation="",
    obtain="write it", folders=("songs",), words=Words(item="song", items="songs", do="play", did="played", doing="playing"),
    layouts=(
        Layout(
            name="songs",
            files={"plays": ("plays.csv",), "songs": ("songs.csv",)},
            tables={
                "interactions": Table(roles=("plays",), read=read_plays),
                "items": Table(roles=("songs",), read=read_songs),
            },
        ),
    ),
)
'''
TASK = '''
"""First of five: which of the candidates comes first in the catalogue? A task like next item recommendation."""

from dataclasses import replace

from itdr_hf.tasks.itdr import nir

TASK = replace(nir.TASK, id="fof", title="First of five", description="Choose the next one.")
'''
BUILD = """
import json
from pathlib import Path
import datasets
from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.audit import audit
settings = Settings(raw=Path("raw"), cache=Path("cache"), num_proc=2)
outcomes = build_folder(Path("itdr"), settings, configs=["*-songs"])
rows = {o.cell: sum(o.counts.values()) for o in outcomes}
told = datasets.load_dataset("./itdr", "fof")["train"][0]
breaches = [f.check for f in audit(Path("itdr")).findings if f.severity == "breach"]
print(json.dumps({"rows": rows, "input": told["input"], "breaches": breaches, "unions": list(catalogue.unions())}))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The package somewhere else, with two modules more, a row and a name in the grid, and some songs."""
    place = tmp_path_factory.mktemp("more")
    shutil.copytree(ROOT / "itdr_hf", place / "itdr_hf", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("builders", "cards"):
        shutil.copytree(ROOT / folder, place / "itdr_hf" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "itdr_hf/sources/songs.py").write_text(SOURCE)
    (place / "itdr_hf/tasks/itdr/fof.py").write_text(TASK)
    grid = place / "itdr_hf/tasks/itdr/family.py"
    old = '    "cdr": {"amazon2023": 4118},\n'
    assert grid.read_text().count(old) == 1
    grid.write_text(grid.read_text().replace(old, old + '    "fof": {"songs": 40},\n'))
    songs = place / "raw/songs"
    songs.mkdir(parents=True)
    (songs / "songs.csv").write_text("song,name\n" + "".join(f"s{n},Song no. {n}\n" for n in range(60)))
    plays = [f"u{u},s{(u * 7 + n * 11) % 60},{1000 * u + n}\n" for u in range(50) for n in range(12)]
    (songs / "plays.csv").write_text("listener,song,played_at\n" + "".join(plays))
    environment = {**os.environ, "PYTHONPATH": str(place)}
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_new_cell_is_built_loaded_and_audited_like_the_others(built):
    assert built["rows"] == {"fof-songs": 40}
    assert built["breaches"] == []


def test_the_new_source_speaks_in_its_own_words_and_the_new_task_is_a_union(built):
    assert "songs" in built["input"] and "played" in built["input"]
    assert "fof" in built["unions"]
