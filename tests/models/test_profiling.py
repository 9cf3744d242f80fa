"""Profiles of all users and items: whose they are, what is counted of them, and that recommenders read the table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset.folder import Dataset
from itdr_hf.errors import ModelError, UsageError
from itdr_hf.models.predict.predictions import Completion, Keep, Run
from itdr_hf.models.predict.questions import Question
from itdr_hf.models.profiling import profile_into
from itdr_hf.models.profiling.measures import figures
from itdr_hf.models.recommenders.run_data import data_from_raw
from itdr_hf.runtime.hashing import pseudonyms
from itdr_hf.simulate import simulate

CELLS = ("inference-netflix", "itemprofile-netflix")
SAME = "Identity: a; b; c\nInterests: d; e; f"


class Writer:
    """A system that answers with a function of the question, and stops after so many answers."""

    run = Run(model="writer", revision="1")

    def __init__(self, write=lambda question: SAME, stop: int | None = None) -> None:
        self.write, self.stop, self.asked = write, stop, 0

    def answer(self, questions: Sequence[Question], keep: Keep) -> None:
        for question in questions:
            if self.asked == self.stop:
                raise ModelError("writer: gone; want it back; start it")
            self.asked += 1
            keep(question, Completion(self.write(question), "stop"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a simulated Netflix and the cells that ask for every profile."""
    home = tmp_path_factory.mktemp("profiling")
    simulate(home / "raw", sources=["netflix"], scale=0.15, seed=5)
    build_folder(home / "reclm", settings(home), family="reclm", configs=CELLS)
    return home


def settings(home: Path) -> Settings:
    return Settings(raw=home / "raw", cache=home / "cache", warn=lambda text: None)


def test_every_user_and_item_has_one_profile_under_its_own_id_and_recommenders_read_them(home: Path, tmp_path: Path):
    dataset = Dataset.open(home / "reclm")
    marked = Writer(lambda q: f"Identity: {q.id}; b; c\nInterests: d; e; f")
    found = profile_into(tmp_path, dataset, marked, settings(home))
    table = pd.read_parquet(tmp_path / "profiles.parquet")
    counts = {name: dataset.cells[name].examples for name in CELLS}
    assert table.groupby("side").size().to_dict() == {"user": counts[CELLS[0]], "item": counts[CELLS[1]]}
    assert table["parsed"].all() and not table.duplicated(["side", "id"]).any()
    hashed = pseudonyms("netflix", "itdr")
    users = {row["id"]: row["user"] for split in ("train", "validation", "test")
             for row in dataset.rows(CELLS[0], split, ["id", "user"])}  # fmt: skip
    for _, row in table[table["side"] == "user"].iterrows():
        assert users[row["identities"][0]] == hashed(row["id"])
    data = data_from_raw(home / "raw", "netflix", protocol="user", cache=home / "cache")
    facts = data.with_profiles(tmp_path / "profiles.parquet").facts["profiles"]
    assert facts["user"]["matched"] == counts[CELLS[0]] and facts["item"]["matched"] == counts[CELLS[1]]
    assert facts["user"]["not in the log"] == facts["item"]["not in the log"] == 0
    assert set(found.report["sides"]) == {"user", "item"}


def test_the_items_of_a_prompt_are_those_of_the_id_it_is_kept_under(home: Path, tmp_path: Path):
    asked: dict[str, str] = {}

    def write(question: Question) -> str:
        asked[question.id] = question.input
        return f"Identity: {question.id}; b; c\nInterests: d; e; f"

    profile_into(tmp_path, Dataset.open(home / "reclm"), Writer(write), settings(home), configs=["itemprofile-*"])
    table = pd.read_parquet(tmp_path / "profiles.parquet")
    titles = {}
    for line in (home / "raw" / "netflix" / "movie_titles.csv").read_text("latin-1").splitlines():
        item, _, title = line.split(",", 2)
        titles[item] = title
    assert len(table) > 20
    for _, row in table.iterrows():
        assert titles[row["id"]].split(" (")[0][:12] in asked[row["identities"][0]]


def test_a_run_that_was_stopped_goes_on_and_writes_no_table_before_the_last_answer(home: Path, tmp_path: Path):
    dataset, first = Dataset.open(home / "reclm"), Writer(stop=7)
    with pytest.raises(ModelError, match="writer: gone"):
        profile_into(tmp_path, dataset, first, settings(home), limit=10)
    assert not (tmp_path / "profiles.parquet").exists()
    second = Writer()
    found = profile_into(tmp_path, dataset, second, settings(home), limit=10)
    assert found.made.found == 7 and second.asked == found.made.made
    assert len(pd.read_parquet(tmp_path / "profiles.parquet")) == found.made.found + found.made.made


def test_profiles_that_are_all_alike_repeat_their_neighbours_whole_and_the_references_do_not(
    home: Path, tmp_path: Path
):
    found = profile_into(tmp_path, Dataset.open(home / "reclm"), Writer(), settings(home), configs=["inference-*"])
    made = found.report["sides"]["user"]
    assert made["profiles"]["repeats"] == made["profiles"]["repeats_by_chance"] == 1.0
    assert made["references"]["repeats_by_chance"] <= made["references"]["repeats"] < 1.0
    assert made["profiles"]["distinct"] < 0.05 < made["references"]["distinct"]


def test_repeats_are_the_share_of_a_profiles_entries_that_a_neighbour_has():
    texts = {("", "1"): "Identity: a; b; c\nInterests: d; e; f", ("", "2"): "Identity: A; b; x\nInterests: d; y; z",
             ("", "3"): "Identity: p; q; r\nInterests: s; t; u", ("", "4"): "no profile"}  # fmt: skip
    near = {("", "1"): [("", "2"), ("", "4")], ("", "2"): [("", "3")]}
    found = figures(texts, near)
    assert found.parsed == 0.75 and found.compared == 2 and found.repeats == pytest.approx((3 / 6 + 0) / 2)
    assert 0 <= (found.repeats_by_chance or 0) <= 0.5  # one other profile for each, of two that there are


def test_cells_that_do_not_ask_for_every_profile_are_refused(home: Path, tmp_path: Path):
    build_folder(tmp_path / "other", settings(home), family="reclm", configs=["profile-netflix"])
    with pytest.raises(UsageError, match="no cell that asks for every user or item"):
        profile_into(tmp_path / "out", Dataset.open(tmp_path / "other"), Writer(), settings(home))
    with pytest.raises(UsageError, match="profile-netflix: does not ask for every profile"):
        dataset = Dataset.open(tmp_path / "other")
        profile_into(tmp_path / "out", dataset, Writer(), settings(home), configs=["profile-netflix"])


def test_another_release_than_the_one_built_from_is_refused(home: Path, tmp_path: Path):
    simulate(tmp_path / "raw", sources=["netflix"], scale=0.15, seed=6)
    elsewhere = Settings(raw=tmp_path / "raw", cache=tmp_path / "cache", warn=lambda text: None)
    with pytest.raises(UsageError, match="are not made from"):
        profile_into(tmp_path / "out", Dataset.open(home / "reclm"), Writer(), elsewhere)


def test_the_command_refuses_an_adapter_other_prompts_than_it_was_tuned_on_unless_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from typer.testing import CliRunner

    from itdr_hf.cli.app import app
    from itdr_hf.models.adapters import OpenedAdapter

    class Plain:
        chat_template, eos_token_id, prompt_date = None, 2, None

        def get_vocab(self) -> dict[str, int]:
            return {}

    known = {"prompt": {"cells": {CELLS[0]: "0" * 16}}}
    writer = Writer()
    writer.tuned = OpenedAdapter(name="ad", folder=tmp_path, revision="", content="", recipe=known)  # type: ignore[attr-defined]
    writer.tokenizer = Plain()  # type: ignore[attr-defined]
    monkeypatch.setattr("itdr_hf.cli.profile.open_system", lambda *_: writer)
    words = ["profile", str(home / "reclm"), "--raw", str(home / "raw"), "--cache", str(home / "cache")]
    words += ["--out", str(tmp_path / "out"), "--limit", "2"]
    refused = CliRunner().invoke(app, words)
    assert f"ad: was tuned on {CELLS[0]} with prompts 0000" in str(refused.exception) and writer.asked == 0
    told = CliRunner().invoke(app, [*words, "--other-prompts"])
    assert told.exit_code == 0 and writer.asked > 0, told.exception
