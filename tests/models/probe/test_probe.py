"""The probe: who knows the release is told from who does not, and from who names what is best known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.cli.app import app
from itdr_hf.dataset import Dataset
from itdr_hf.errors import UsageError
from itdr_hf.models.probe import Probe, history_probes, measure, title_probes
from itdr_hf.simulate import simulate


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw release and a dataset of two cells of it."""
    home = tmp_path_factory.mktemp("probed")
    simulate(home / "raw", sources=["movielens32m"], scale=0.02, seed=3)
    configs = ["tkr-movielens32m", "rp-movielens32m"]
    build_folder(home / "itdr", Settings(raw=home / "raw"), configs=configs, changes={"num_examples": 200})
    return home


@pytest.fixture(scope="module")
def probes(home: Path) -> list[Probe]:
    dataset = Dataset.open(home / "itdr")
    return [*title_probes(dataset, home / "raw", 12), *history_probes(dataset, 12)]


def test_a_question_shows_the_id_or_the_first_titles_and_never_the_truth(probes):
    assert {probe.kind for probe in probes} == {"titles", "histories"} and len(probes) > 20
    for probe in probes:
        assert not any(title in probe.question.input for title in probe.truth), probe.question.input
        assert all(title in probe.question.input for title in probe.question.history)
    assert len({probe.question.id for probe in probes}) == len(probes)


def test_who_knows_everything_is_told_from_who_knows_nothing(probes):
    for answers, share in (
        ({p.question.id: "\n".join(p.truth) for p in probes}, 1.0),
        (dict.fromkeys(ids(probes), "Heat (1900)"), 0.0),
    ):
        for found in measure(probes, answers):
            assert found.known.value == share and found.known.low <= share <= found.known.high
            assert found.seen is (share == 1.0) and found.chance.value < 0.3


def test_naming_the_same_titles_whatever_is_asked_is_chance(probes):
    usual = probes[-1].truth
    answers = dict.fromkeys(ids(probes), "\n".join(usual))
    assert all(not found.seen for found in measure(probes, answers))


def test_what_is_known_is_over_the_questions_and_needs_two(probes):
    titles = [probe for probe in probes if probe.kind == "titles"]
    answers = {probe.question.id: probe.truth[0] if place % 2 else "" for place, probe in enumerate(titles)}
    (found,) = measure(titles, answers)
    assert found.known.value == 0.5 and found.chance.value == 0.0 and found.known.clusters == len(titles)
    with pytest.raises(UsageError, match="movielens32m: 1 question on titles; want 2 or more"):
        measure(titles[:1], answers)


def test_the_command_asks_a_server_and_prints_the_share_next_to_the_scores(home, probes, tmp_path, chat):
    truth = {probe.question.input: "\n".join(probe.truth) for probe in probes}
    chat.answer = lambda prompt: truth.get(prompt, "")
    words = ["probe", str(home / "itdr"), "--raw", str(home / "raw"), "--kind", "titles,histories", "--limit", "12"]
    words += ["--endpoint", chat.url, "--model-name", "m", "--out", str(tmp_path / "p.parquet")]
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert {(one["probe"], one["known"]["value"], one["seen"]) for one in found} == {
        ("titles", 1.0, True),
        ("histories", 1.0, True),
    }
    asked = len(chat.requests)
    assert "movielens32m" in CliRunner().invoke(app, words).stdout and len(chat.requests) == asked, (
        "nothing is asked twice"
    )
    more = [*words[:-1], str(tmp_path / "q.parquet"), "--parameter", "top_k=5", "--parameter", "seed=null"]
    assert CliRunner().invoke(app, [*more, "--temperature", "0.5", "--timeout", "9", "--retries", "1"]).exit_code == 0
    _, body = chat.requests[-1]
    assert (body["top_k"], body["temperature"], "seed" in body) == (5, 0.5, False)
    refused = CliRunner().invoke(app, [*words, "--kind", "users"])
    assert "no kind of probe 'users'" in str(refused.exception)


def ids(probes: list[Probe]) -> list[str]:
    return [probe.question.id for probe in probes]
