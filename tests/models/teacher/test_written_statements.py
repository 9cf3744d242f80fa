"""Preferences and intentions that a model writes once, and that InstructRec's scenarios quote in place of the rules'."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from annotating import itdr, rows
from faultserver import completion
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.runtime.text import show_text
from itdr_hf.simulate import simulate
from itdr_hf.tasks.instructrec.rules import MAX_CHARS

pytestmark = pytest.mark.usefixtures("quick")
ASKING = ("preference-amazon2018", "intention-amazon2018")
BY = {"m@instructrec-preference-1", "m@instructrec-intention-1"}


def build(*words: str, code: int = 0) -> str:
    family = ["--family", "instructrec", "--cache", "cache", "--raw", "raw"]
    done = CliRunner().invoke(app, ["build", *family, *words])
    assert done.exit_code == code, done.output
    return f"{done.output} {done.exception}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    simulate(tmp_path / "raw", sources=["amazon2018"], scale=0.02, seed=3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def titles_of_reviews(home: Path) -> dict[str, list[str]]:
    """Review as prompts show it -> titles of the games that it was written about."""

    def lines(name: str) -> list[dict]:
        [path] = home.rglob(name)
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return list(map(json.loads, file))

    names = {row["asin"]: show_text(row["title"], MAX_CHARS) for row in lines("meta_Video_Games.json.gz")}
    told: dict[str, list[str]] = {}
    for row in lines("Video_Games_5.json.gz"):
        if row.get("reviewText") and row["asin"] in names:
            told.setdefault(show_text(row["reviewText"], MAX_CHARS), []).append(names[row["asin"]])
    return told


def test_statements_written_once_are_quoted_and_those_that_reveal_the_target_or_are_no_answer_are_refused(home, serve):
    build("--out", "taught", "--config", ",".join(ASKING))
    told = titles_of_reviews(home)
    indiscreet: set[str] = set()

    def answer(request):
        mark = hashlib.md5(request.prompt.encode()).hexdigest()[:6]
        if mark[0] == "0":
            return completion("That is hard to say in a few words, for this user is like no other.")
        said = f"The user likes the {mark} kind of evening most of all."
        if "bought: " in request.prompt:
            review = request.prompt.partition("bought: ")[2].partition("\nState ")[0]
            title = told[review][0]
            assert not all(name in request.prompt for name in told[review])  # the teacher never sees the title
            said = f"I want something to play on a {mark} evening that is calm."
            if mark[1] in "01234567" and len(told[review]) == 1:
                said = f"I want something that is just like {title}, if I may say so."
                indiscreet.add(said)
        return completion(json.dumps({"statement": said}))

    server = serve(answer)
    report = itdr("taught", "--endpoint", server.url, "--model", "m", "--tries", "1", code=3)
    assert "malformed JSON" in report
    asked = len(server.log)
    build("--out", "made", "--config", "persearch-amazon2018", "--profiles", "taught")
    assert len(server.log) == asked  # nobody is asked twice

    discs = ("--config", "persearch-amazon2018", "--domain", "CDs_and_Vinyl")  # of whose users no model wrote
    said = build("--out", "discs", *discs, "--profiles", "taught", code=1)
    assert "profiles: no preference and no intention of amazon2018, CDs_and_Vinyl among them" in said
    assert "nowhere: no such folder" in build("--out", "discs", *discs, "--profiles", "nowhere", code=1)

    written = {row["output"] for name in ASKING for row in rows(home / "taught", name) if row["reference_by"] in BY}
    ruled = {row["output"] for name in ASKING for row in rows(home / "taught", name) if row["reference_by"] == "rule"}
    assert written & indiscreet and ruled
    seen = 0
    for row in rows(home / "made", "persearch-amazon2018"):
        text = row["input"] + row["output"]
        assert not any(said in text for said in indiscreet)
        assert row["reference_by"] in {"data", *BY}  # what was refused is missing, and no rule stands in for it
        if row["reference_by"] != "data":
            assert any(said in text for said in written)
            seen += 1
    assert seen > 50
