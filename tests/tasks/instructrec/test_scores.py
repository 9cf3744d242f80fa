"""Figures of choices: chance, the oracle, the bounds that NDCG keeps, the paper's rows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from itdr_hf import catalogue
from itdr_hf.build.folder import build_folder
from itdr_hf.build.prepare import Settings
from itdr_hf.dataset import Dataset
from itdr_hf.metrics.bounds import broken, ndcg_bounds
from itdr_hf.models.predict.questions import read_questions
from itdr_hf.models.predict.run import predict_into
from itdr_hf.models.recommenders.baselines import Baseline
from itdr_hf.score.by_template import template_scores
from itdr_hf.score.comparisons import answer_baselines
from itdr_hf.score.exports import as_json
from itdr_hf.score.measured import Resampling
from itdr_hf.score.parsed import CellAnswers, RawAnswer, read_answers, read_examples
from itdr_hf.score.score_file import Options, score_file
from itdr_hf.score.scoring import SystemScore, score_system
from itdr_hf.score.table import markdown
from itdr_hf.simulate import simulate
from itdr_hf.tasks.answers import numbered
from itdr_hf.tasks.instructrec import paper
from itdr_hf.tasks.instructrec.kinds import facets

CELL = "persearch-amazon2018"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    home = tmp_path_factory.mktemp("scores")
    simulate(home / "raw", sources=["amazon2018"], scale=0.05, seed=3)
    out: Path = home / "instructrec"
    build_folder(out, Settings(raw=home / "raw", warn=lambda text: None), configs=[CELL], family="instructrec")
    return Dataset.open(out)


@pytest.fixture(scope="module")
def scored(dataset: Dataset) -> dict[str, SystemScore]:
    examples = read_examples(dataset, CELL, "test")
    cell = catalogue.cell(CELL)

    def system(name: str, texts: list[str]) -> SystemScore:
        return score_system(name, [read_answers(cell, examples, [RawAnswer(text, "stop") for text in texts])])

    ranked = [numbered([e.targets[0], *(c for c in e.candidates if c != e.targets[0])]) for e in examples]
    made = {"chosen": system("chosen", [e.output for e in examples]), "ranked": system("ranked", ranked)}
    oracle = read_answers(cell, examples, [RawAnswer(e.output, "stop") for e in examples])
    return made | {name: score_system(name, given) for name, given in answer_baselines(dataset, [oracle])}


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


def right_in(dataset: Dataset, split: str, share: dict[str, int]) -> CellAnswers:
    """Answers to a split of which every so many are wrong, by kind; the others are right."""
    examples, seen = read_examples(dataset, CELL, split), Counter[str]()
    said = []
    for example in examples:
        kind = facets(example.template).kind
        seen[template := example.template.partition(":")[0]] += 1
        wrong = seen[template] % share[kind] == 0
        said.append(next(c for c in example.candidates if c not in example.targets) if wrong else example.output)
    return read_answers(catalogue.cell(CELL), examples, [RawAnswer(text, "stop") for text in said])


def test_the_template_that_is_best_on_validation_is_reported_with_mean_and_spread_over_all(dataset):
    answers = right_in(dataset, "test", {"C10": 2, "C11": 3, "C12": 4, "C13": 5})
    validation = right_in(dataset, "validation", {"C10": 5, "C11": 4, "C12": 3, "C13": 2})
    found = template_scores([answers], [validation])
    assert [one.setting for one in found] == ["P1-I1-T3", "P1-I2-T3", "P1-P2-T3"]
    for one in found:
        kinds = [facets(row.template).kind for row in one.rows]
        assert kinds == ["C10", "C11", "C12", "C13"]
        assert one.best is not None and one.best.template.startswith("C10/") and one.chosen_by == "N@5"
        mine = [[e for e in answers.examples if e.template.partition(":")[0] == row.template] for row in one.rows]
        assert [row.n for row in one.rows] == list(map(len, mine))
        values = [row.figures["H@1"].value for row in one.rows]
        assert one.mean("H@1") == pytest.approx(sum(values) / 4) and one.best.figures["H@1"].value == values[0]
        assert one.spread("H@1") == pytest.approx((sum((v - sum(values) / 4) ** 2 for v in values) / 4) ** 0.5)
    assert all(one.best is None and one.chosen_by == "" for one in template_scores([answers]))


def test_a_file_of_answers_is_scored_with_the_template_chosen_by_another_of_the_validation_split(dataset, tmp_path):
    for split in ("validation", "test"):
        questions = read_questions(dataset, [CELL], split)
        predict_into(tmp_path / f"{split}.parquet", questions, Baseline(name="popular", dataset=dataset))
    options = Options(baselines=False, resampling=Resampling(replicates=20))
    report = score_file(tmp_path / "test.parquet", dataset, options, validation=tmp_path / "validation.parquet")
    told = as_json(report)["templates"][0]
    assert told["chosen_by"] == "N@5" and told["best"] in [row["template"] for row in told["rows"]]
    best = max(told["rows"], key=lambda row: row["on_validation"])
    assert best["template"] == told["best"]
    assert f"| best by N@5 on validation: {told['best'].partition('/')[0]} |" in markdown(report)


def test_ndcg_lies_between_what_hits_at_the_nearest_and_the_farthest_ranks_give():
    assert ndcg_bounds({1: 0.25, 3: 0.5}, 3) == pytest.approx((0.25 + 0.25 / 2, 0.25 + 0.25 * 0.6309), abs=1e-4)
    assert broken({"H@1": 1.0, "N@1": 0.9}) == ["N@1"]


def test_just_two_of_the_papers_rows_break_the_bounds_of_ndcg():
    rows = {(t, s, v, m): dict(zip(paper.METRICS, values, strict=True)) for t, _, s, v, m, values in paper.ROWS}
    found = {row for row, figures in rows.items() if broken(figures)}
    assert found == {(7, "P1-I1-T3", "no-ft", "GPT-3.5"), (8, "P0-I2-T3", "no-ft", "GPT-3.5")}
    assert len(rows) == 26
