"""Profiles that a model writes once and that every cell of another build quotes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from annotating import itdr, rows
from faultserver import completion
from typer.testing import CliRunner

from itdr_hf.build.written_profiles import keep_profiles
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.simulate import simulate

pytestmark = pytest.mark.usefixtures("quick")
FAMILY = ["--family", "reclm", "--cache", "cache", "--raw", "raw"]
QUOTING = ("profile-netflix", "dialogue-netflix", "reward-netflix", "inference-netflix")


def build(*words: str) -> None:
    done = CliRunner().invoke(app, ["build", *FAMILY, *words])
    assert done.exit_code == 0, done.output


def written(prompt: str) -> str:
    """A profile that depends on the prompt, in the asked form; one in ten is a sentence instead."""
    mark = hashlib.md5(prompt.encode()).hexdigest()
    if mark[0] in "07":
        return f"The person {mark} watches a good deal of quite different things and says so without an end."
    return f"Identity: keeper of {mark[:6]}; watcher of evenings; friend of old films\nInterests: calm; {mark[6:12]}; tales"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated Netflix."""
    folder = tmp_path_factory.mktemp("written")
    simulate(folder / "raw", sources=["netflix"], scale=0.1, seed=5)
    return folder


def test_a_profile_written_once_is_quoted_by_every_cell_of_another_build(home: Path, serve, monkeypatch):
    monkeypatch.chdir(home)
    build("--out", "taught", "--config", "profile-netflix")
    server = serve(lambda request: completion(written(request.prompt)))
    report = itdr("taught", "--endpoint", server.url, "--model", "m", "--tries", "1", code=3)
    assert "rejected: another form" in report  # what is no profile never becomes a reference
    asked = len(server.log)
    done = CliRunner().invoke(
        app, ["build", *FAMILY, "--out", "made", "--profiles", "taught", "--config", ",".join(QUOTING)]
    )
    assert done.exit_code == 0 and len(server.log) == asked == len(rows(home / "taught", "profile-netflix"))
    kept = keep_profiles(home / "taught", home / "cache")
    taught = rows(home / "taught", "profile-netflix")
    known = {row["user"]: row["output"] for row in taught if row["reference_by"] == "m@reclm-profile-1"}
    assert 0 < len(known) == kept.count < asked and not kept.unread
    quoted = 0
    for name in QUOTING:
        for row in rows(home / "made", name):
            if row["user"] not in known:
                continue
            told = row["chosen"][0]["content"] if "chosen" in row else row.get("output")
            told = told or row["messages"][1]["content"].split("\n\n")[0].removeprefix("User 1\n")
            assert told == known[row["user"]] and "m@reclm-profile-1" in row["reference_by"]
            quoted += 1
    assert quoted > 3 * len(known) / 2
    assert Dataset.open(home / "made").cells["reward-netflix"].recipe["profiles"] == kept.digest


def test_profiles_of_the_rules_alone_are_none_that_a_model_wrote(home: Path, monkeypatch):
    monkeypatch.chdir(home)
    build("--out", "ruled", "--config", "profile-netflix")
    with pytest.raises(UsageError, match="no profile or statement that a model wrote"):
        keep_profiles(home / "ruled", home / "cache")
