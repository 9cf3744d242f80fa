"""Figures of choices: chance, the oracle, the bounds that NDCG keeps, the paper's rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.metrics.bounds import broken, ndcg_bounds
from itdr_hf.score.comparisons import answer_baselines
from itdr_hf.score.parsed import RawAnswer, read_answers, read_examples
from itdr_hf.score.scoring import SystemScore, score_system
from itdr_hf.simulate import simulate
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.instructrec import paper

CELL = "persearch-amazon2018"


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SystemScore]:
    home = tmp_path_factory.mktemp("scores")
    simulate(home / "raw", sources=["amazon2018"], scale=0.05, seed=3)
    out: Path = home / "instructrec"
    build_folder(out, Settings(raw=home / "raw", warn=lambda text: None), configs=[CELL], family="instructrec")
    dataset = Dataset.open(out)
    examples = read_examples(dataset, CELL, "test")
    cell = catalogue.cell(CELL)

    def system(name: str, texts: list[str]) -> SystemScore:
        return score_system(
            name, [read_answers(cell, examples, [RawAnswer(text, "stop") for text in texts])], {CELL: {}}
        )

    ranked = [numbered([e.targets[0], *(c for c in e.candidates if c != e.targets[0])]) for e in examples]
    made = {"chosen": system("chosen", [e.output for e in examples]), "ranked": system("ranked", ranked)}
    oracle = read_answers(cell, examples, [RawAnswer(e.output, "stop") for e in examples])
    return made | {name: score_system(name, given, {CELL: {}}) for name, given in answer_baselines(dataset, [oracle])}


def figures(system: SystemScore) -> dict[str, float]:
    return {name: figure.interval.value for name, figure in system.cells[CELL].figures.items()}


@pytest.mark.parametrize("name", ["chosen", "ranked"])
def test_the_oracle_is_perfect_by_a_title_alone_and_by_a_ranking(scored, name):
    assert set(figures(scored[name]).values()) == {1.0}
    assert scored[name].cells[CELL].parsed["strict"] == 1.0


def test_the_random_baseline_is_at_chance_within_its_interval(scored):
    found = scored["random"].cells[CELL].figures
    for metric, chance in {"H@1": 0.1, "H@3": 0.3, "H@5": 0.5, "N@3": 0.2131, "N@5": 0.2949}.items():
        interval = found[metric].interval
        assert interval.low <= chance <= interval.high, metric


def test_every_setting_has_figures_of_its_own_and_keeps_the_bounds(scored):
    for system in scored.values():
        found = figures(system)
        for setting in ("", "(P1-P2-T3)", "(P1-I1-T3)", "(P1-I2-T3)"):
            row = {metric: found[f"{metric}{setting}"] for metric in paper.METRICS}
            assert not broken(row, slack=1e-9), (system.name, setting)


def test_ndcg_lies_between_what_hits_at_the_nearest_and_the_farthest_ranks_give():
    assert ndcg_bounds({1: 0.25, 3: 0.5}, 3) == pytest.approx((0.25 + 0.25 / 2, 0.25 + 0.25 * 0.6309), abs=1e-4)
    assert broken({"H@1": 1.0, "N@1": 0.9}) == ["N@1"]


def test_just_two_of_the_papers_rows_break_the_bounds_of_ndcg():
    rows = {(t, s, v, m): dict(zip(paper.METRICS, values, strict=True)) for t, _, s, v, m, values in paper.ROWS}
    found = {row for row, figures in rows.items() if broken(figures)}
    assert found == {(7, "P1-I1-T3", "no-ft", "GPT-3.5"), (8, "P0-I2-T3", "no-ft", "GPT-3.5")}
    assert len(rows) == 26
