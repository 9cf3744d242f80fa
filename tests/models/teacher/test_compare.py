"""How far two sides agree."""

from __future__ import annotations

import json
import shutil

import pytest
from faultserver import FaultServer, completion, good
from typer.testing import CliRunner

from itdr_hf.cli.app import app
from itdr_hf.errors import UsageError
from itdr_hf.metrics.text import bleu, rouge
from itdr_hf.models.teacher.annotate import RateLimits, annotate, plan
from itdr_hf.models.teacher.budget import Budget
from itdr_hf.models.teacher.compare import compare
from itdr_hf.models.teacher.selection import select, standing
from itdr_hf.models.teacher.store import Store
from itdr_hf.models.teacher.write_back import write_references
from itdr_hf.models.teacher.writer import Writer

METRICS = {"BLEU-1", "BLEU-2", "ROUGE-1", "ROUGE-2", "ROUGE-L"}
OTHER = "Anyone who has a heart for such subjects will be glad of it, and they are the ones to whom it should go. "


@pytest.fixture(scope="module")
def asked(built, tmp_path_factory):
    """A store with the answers of two models to all 52 examples: `a` as text, `b` as JSON; and the two writers."""

    def script(request):
        text = good(request.prompt)
        if request.body["model"] == "a":
            return completion(text)
        return completion(json.dumps({"audience": OTHER + text, "interests": OTHER + text}))

    server = FaultServer(script)
    writers = Writer(endpoint=server.url, model="a"), Writer(endpoint=server.url, model="b", mode="json")
    with Store(tmp_path_factory.mktemp("answers")) as store:
        for writer in writers:
            annotate(select(built), writer, store, budget=Budget(), limits=RateLimits())
            assert all(tally.accepted == tally.examples for tally in plan(select(built), writer, store).values())
        server.close()
        yield store, writers


def test_the_agreement_is_the_text_metrics_between_the_two_with_their_intervals(folder, asked):
    store, writers = asked
    rows = {row.cell: row for row in compare(select(folder), store, "a", "b")}
    assert [(row.examples, row.both) for row in rows.values()] == [(12, 12), (40, 40), (52, 52)]
    for cell in ("ir-steam", "tui-mind"):
        wanted = [w for w in select(folder) if w.cell == cell]
        first, second = ([standing(w.taught, w.input, writer, store).text for w in wanted] for writer in writers)
        right = bleu(first, second) | rouge(first, second)
        scores = rows[cell].scores
        assert set(scores) == METRICS
        for metric, score in scores.items():
            assert score.value == pytest.approx(right[metric])
            assert 0 < score.low <= score.value + 1e-9 and score.high < 1


def test_a_side_agrees_fully_with_itself(folder, asked):
    store, _ = asked
    [row, *_] = compare(select(folder), store, "a", "a")
    assert all(score.value == score.low == score.high == 1 for score in row.scores.values())


def test_a_side_may_be_a_folder_and_only_examples_of_both_count(built, folder, asked):
    store, writers = asked
    write_references(folder, "tui-mind", writers[0], store)
    for first, second in ((str(folder), "a"), ("a", str(folder))):
        rows = {row.cell: row for row in compare(select(folder), store, first, second)}
        assert rows["tui-mind"].scores["ROUGE-L"].value == 1 and rows["ir-steam"].scores["ROUGE-L"].value < 1
    shutil.rmtree(folder / "ir-steam")
    rows = compare(select(built), store, str(folder), "b")
    assert [row.cell for row in rows] == ["tui-mind"]


def test_a_model_without_answers_is_an_error_that_lists_those_that_have(folder, asked):
    store, _ = asked
    with pytest.raises(UsageError, match=r"no answer of 'c' in .*; have: a, b; want one of them or a dataset folder"):
        compare(select(folder), store, "a", "c")


def test_the_command_compares_with_the_folder_or_two_sides(folder, asked):
    store, _ = asked

    def run(*more: str) -> str:
        done = CliRunner().invoke(app, ["annotate", str(folder), "--store", str(store.folder), *more])
        assert done.exit_code == 0, done.output
        return done.stdout

    text = run("--compare", "a", "--compare", "b")
    assert text.startswith("a against b") and text.count("ROUGE-L") == 3 and max(map(len, text.splitlines())) <= 80
    facts = json.loads(run("--compare", "b", "--config", "tui-*", "--json"))
    assert (facts["first"], facts["second"]) == (str(folder), "b")
    assert [cell["cell"] for cell in facts["cells"]] == ["tui-mind"] and facts["cells"][0]["both"] == 40
