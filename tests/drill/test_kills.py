"""Kill -9 at random moments of everything that writes; `ITDR_DRILL=long` (make drill) kills 250 times."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from download.fileserver import serving
from hubserver import WRITE, Hub
from hubserver.folders import contents, write_folder
from hubserver.storage import Refused

from drill import LONG
from drill.killing import Drill, State, old_or_new, tree
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.hub import connect, push_folder
from itdr_hf.simulate import simulate

sys.path.insert(0, str(Path(__file__).parents[1] / "models/teacher"))

from faultserver import FaultServer

BUILDS, OTHERS = (50, 20) if LONG else (2, 1)
ITDR = ["-m", "itdr_hf"]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("kills")
    simulate(home / "raw", sources=["movielens32m", "mind"], scale=0.02, seed=3)
    return home / "raw"


@pytest.fixture(scope="module")
def start(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a built dataset."""
    home = tmp_path_factory.mktemp("start")
    settings = Settings(raw=raw, cache=home.parent / "start-cache", warn=lambda text: None)
    build_folder(
        home / "itdr",
        settings,
        configs=["rp-movielens32m", "tkr-movielens32m", "tui-mind"],
        changes={"num_examples": 60},
    )
    return home


def mixture(out: Path) -> str:
    """What is wrong with a dataset folder: a cell that is not as the ledger says, or half a file."""
    for name, cell in Dataset.open(out).cells.items():
        for file, facts in cell.files.items():
            path = out / name / file
            if not path.is_file():
                return f"{name}/{file} is gone"
            if path.stat().st_size != facts.size and pq.read_metadata(path).num_rows != facts.rows:
                return f"{name}/{file} is not what the ledger says"
    for path in out.glob("[!.]*/*.parquet"):
        pq.read_table(path)
    return ""


def building(raw: Path, work: Path, *more: str) -> list[str]:
    return [*ITDR, "build", "--raw", str(raw), "--out", str(work / "itdr"), "--config", "*-movielens32m", *more]


def test_a_killed_build_leaves_whole_cells_and_the_next_ends_in_the_same_bytes(raw, tmp_path):
    drill = Drill(
        name="build",
        argv=lambda work: building(raw, work),
        state=lambda work: tree(work / "itdr"),
        sound=lambda work, whole: mixture(work / "itdr"),
    )
    drill.run(BUILDS, tmp_path)
    assert drill.alive


def test_a_killed_build_over_an_older_one_leaves_the_old_or_the_new(raw, start, tmp_path):
    drill = Drill(
        name="rebuild",
        argv=lambda work: building(raw, work, "--seed", "7"),
        state=lambda work: tree(work / "itdr"),
        sound=lambda work, whole: mixture(work / "itdr"),
        start=start,
    )
    drill.run(OTHERS, tmp_path)


def test_a_killed_simulation_leaves_whole_files_that_are_marked(tmp_path):
    def sound(work: Path, whole: State) -> str:
        unmarked = [
            p.name
            for p in work.glob("raw/*")
            if any(f for f in p.iterdir() if f.name[0] != ".") and not (p / "SIMULATED").is_file()
        ]
        return f"not marked as simulated: {unmarked}" if unmarked else old_or_new(work / "raw", whole)

    drill = Drill(
        name="simulate",
        argv=lambda work: [
            *ITDR,
            "simulate",
            "raw",
            "--scale",
            "0.03",
            "--source",
            "movielens32m",
            "--source",
            "steam",
        ],
        state=lambda work: tree(work / "raw"),
        sound=sound,
    )
    drill.run(OTHERS, tmp_path)


DOWNLOAD = """
import sys
from dataclasses import replace
from pathlib import Path
from itdr_hf import catalogue
from itdr_hf.download import download, plan
from itdr_hf.raw.layout import Download, Member
members = tuple(Member(name=f"*{name}", path=name) for name in ("ratings.dat", "movies.dat", "users.dat"))
files = (Download(url=sys.argv[1] + "/a.zip", path="a.zip", members=members), Download(url=sys.argv[1] + "/b.csv", path="b.csv"))
download(plan(replace(catalogue.source("movielens1m"), downloads=files), Path("raw")))
"""


def test_a_killed_download_goes_on_and_nothing_half_is_taken_for_whole(tmp_path):
    import io
    import random
    import zipfile

    rng, packed = random.Random(1), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("ratings.dat", "movies.dat", "users.dat"):
            archive.writestr(name, rng.randbytes(3_000_000))
    body = rng.randbytes(5_000_000)

    def sound(work: Path, whole: State) -> str:
        folder = work / "raw" / "ml-1m"
        there = tree(folder) if folder.is_dir() else {}
        if there and len(there) < len(whole) and not (folder / ".incomplete").exists():
            return f"only {sorted(there)} and no mark"
        return old_or_new(folder, whole) if there else ""

    with serving(**{"a.zip": packed.getvalue(), "b.csv": body}) as server:
        server.faults = [("slow", 0.01)] * 10_000
        drill = Drill(
            name="download",
            argv=lambda work: ["-c", DOWNLOAD, server.url],
            state=lambda work: tree(work / "raw" / "ml-1m"),
            sound=sound,
        )
        drill.run(OTHERS, tmp_path)
        resumed = [wanted for _, wanted in server.log if wanted]
        assert resumed or not LONG


@pytest.fixture
def endpoint() -> Iterator[FaultServer]:
    server = FaultServer(latency=0.02)
    yield server
    server.close() if hasattr(server, "close") else None


def test_a_killed_annotation_leaves_the_old_answers_or_the_new(start, endpoint, tmp_path):
    old = tree(start / "itdr")

    def sound(work: Path, whole: State) -> str:
        return mixture(work / "itdr") or old_or_new(
            work / "itdr" / "tui-mind", _below(whole, "tui-mind"), _below(old, "tui-mind")
        )

    drill = Drill(
        name="annotate",
        argv=lambda work: [
            *ITDR,
            "annotate",
            "itdr",
            "--endpoint",
            endpoint.url,
            "--model",
            "m",
            "--concurrency",
            "4",
            "--store",
            "store",
        ],
        state=lambda work: {n: d for n, d in tree(work / "itdr").items() if n.endswith(".parquet")},
        sound=sound,
        start=start,
    )
    drill.run(OTHERS, tmp_path)


def test_a_killed_prediction_keeps_what_was_answered(start, endpoint, tmp_path):
    drill = Drill(
        name="predict",
        argv=lambda work: [
            *ITDR,
            "predict",
            "itdr",
            "--endpoint",
            endpoint.url,
            "--model-name",
            "m",
            "--split",
            "train",
            "--out",
            "p.parquet",
            "--concurrency",
            "2",
        ],
        state=lambda work: {
            "rows": json.dumps(sorted(map(str, pq.read_table(work / "p.parquet").select(["id", "text"]).to_pylist())))
        },
        sound=lambda work, whole: (
            ""
            if not (work / "p.parquet").is_file()
            else str(pq.read_table(work / "p.parquet").num_rows or "no rows").strip("0123456789")
        ),
        start=start,
    )
    drill.run(OTHERS, tmp_path)


def test_a_killed_scoring_leaves_no_half_report(start, tmp_path):
    predicted = tmp_path / "p.parquet"
    from typer.testing import CliRunner

    from itdr_hf.cli.app import app

    done = CliRunner().invoke(app, ["predict", str(start / "itdr"), "--baseline", "random", "--out", str(predicted)])
    assert done.exit_code == 0, done.output
    drill = Drill(
        name="score",
        argv=lambda work: [*ITDR, "score", str(predicted), "itdr", "--out", "scores", "--replicates", "50"],
        state=lambda work: tree(work / "scores"),
        sound=lambda work, whole: old_or_new(work / "scores", whole) if (work / "scores").is_dir() else "",
        start=start,
    )
    drill.run(OTHERS, tmp_path)


PUSH = """
import sys
from pathlib import Path
from itdr_hf.hub import connect, push_folder
push_folder(connect(sys.argv[1], endpoint=sys.argv[2]), Path(sys.argv[3]), "org/itdr", private=True)
"""


def test_a_killed_push_leaves_the_old_release_or_the_new(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    old, new = write_folder(tmp_path / "old"), write_folder(tmp_path / "new", "2.0.0")
    hubs: list[Hub] = []

    def fresh(work: Path) -> None:
        while hubs:
            hubs.pop().__exit__()
        hubs.append(Hub(work / "hub"))
        push_folder(connect(WRITE, endpoint=hubs[0].url), old, "org/itdr", private=True)

    def held(revision: str = "main") -> State:
        try:
            files = hubs[0].storage.repo("datasets", "org/itdr").resolve(revision).files  # type: ignore[union-attr]
        except Refused:  # a tag that is still to come
            return {}
        return {path: entry.sha256 for path, entry in sorted(files.items()) if path != ".gitattributes"}

    def sound(work: Path, whole: State) -> str:
        if held() not in (contents(old), contents(new)):
            return "main holds a mixture"
        tagged = "refs/tags/v2.0.0" in hubs[0].storage.repo("datasets", "org/itdr").refs  # type: ignore[union-attr]
        return "the tag stands on something else" if tagged and held("v2.0.0") != contents(new) else ""

    drill = Drill(
        name="push",
        argv=lambda work: ["-c", PUSH, WRITE, hubs[0].url, str(new)],
        state=lambda work: held("v2.0.0"),
        sound=sound,
        fresh=fresh,
        env={"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
    )
    drill.run(OTHERS, tmp_path / "work")
    assert contents(new) == held()
    hubs.pop().__exit__()


OLD = 'title = "old"\ncolumns = { user = "user_id", rating = "stars" }\n'
QUICK = {  # what ends within seconds: its arguments, and where its files are
    "report": (["report", "itdr", "--out", "made/report.html"], "made"),
    "audit": (["audit", "itdr"], "itdr"),
    "harness": (["harness", "itdr", "--out", "made"], "made"),
    "recommend": (["recommend", "RAW", "--source", "movielens32m", "--model", "popularity", "--out", "made"], "made"),
    "export": (["export", "itdr", "--format", "trl", "--out", "made/export"], "made"),
    "init": (["init", "shop", "--force"], "shop"),
}


@pytest.mark.skipif(not LONG, reason="make drill")
@pytest.mark.parametrize("name", QUICK)
def test_whatever_else_writes_leaves_the_old_or_the_new_too(name, raw, start, tmp_path):
    argv, made = QUICK[name]

    def fresh(work: Path) -> None:
        (work / "made").mkdir()
        (work / "shop").mkdir()
        rows = [f"u{u},i{i},{1 + i % 5}" for u in range(9) for i in range(9)]
        (work / "shop/interactions.csv").write_text("user_id,item,stars\n" + "\n".join(rows))
        (work / "shop/items.csv").write_text("item,title\n" + "\n".join(f"i{i},Thing {i}" for i in range(9)))
        (work / "shop/source.toml").write_text(OLD)

    def sound(work: Path, whole: State) -> str:
        if (note := work / "itdr/.audit.json").is_file():
            json.loads(note.read_text())
        before = tree(start / made) if name == "audit" else {"source.toml": hashlib.sha256(OLD.encode()).hexdigest()}
        return old_or_new(work / made, whole, before) if (work / made).is_dir() else ""

    drill = Drill(
        name=name,
        argv=lambda work: [*ITDR, *(str(raw) if one == "RAW" else one for one in argv)],
        state=lambda work: tree(work / made),
        sound=sound,
        start=start,
        fresh=fresh,
    )
    drill.run(OTHERS // 2, tmp_path)


def _below(state: State, folder: str) -> State:
    return {name.removeprefix(f"{folder}/"): digest for name, digest in state.items() if name.startswith(f"{folder}/")}
