"""The composites, checked by recomputing the paper's Tables 1 and 2 from its Tables 6-14."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from itdr_hf.errors import UsageError
from itdr_hf.metrics.bootstrap import cluster_sums, interval, replicate
from itdr_hf.metrics.rating import rmse_sample
from itdr_hf.metrics.sample import mean_sample
from itdr_hf.tasks.family import Figure
from itdr_hf.tasks.itdr import paper
from itdr_hf.tasks.itdr.composite import SUBTASKS, composite, composite_replicates

MODEL = "GLM-4-9B"
TOLERANCE = 0.00015
SLIPS = {
    ("rp", "no-ft"),
    ("rp", "ft"),
    ("ir", "no-ft"),
    ("tkr", "ft-without-RP"),
    ("tkr", "ft-without-IR"),
    ("tkr", "ft-without-TUI"),
    ("nir", "ft-without-RP"),
    ("nir", "ft-without-NIR"),
    ("nir", "ft-without-IR"),
}
PRINTED = {(score.subtask, score.variant): score.value for score in paper.subtask_scores()}
RANKED = {"N@10": 0.9, "H@1": 0.8, "P@5": 0.7}


def cell(subtask: str, source: str, n: int, **values: float) -> list[Figure]:
    return [Figure(subtask=subtask, source=source, metric=metric, value=value, n=n) for metric, value in values.items()]


def test_tables_1_and_2_are_seventy_different_figures_that_agree_where_they_overlap() -> None:
    assert len(PRINTED) == 70
    assert len(paper.subtask_scores()) == 84
    assert all(PRINTED[score.subtask, score.variant] == score.value for score in paper.subtask_scores())


@pytest.mark.parametrize(("subtask", "variant"), sorted(PRINTED.keys() - SLIPS))
def test_a_figure_of_tables_1_and_2_follows_from_the_papers_own_datasets(subtask: str, variant: str) -> None:
    found = getattr(composite(paper.figures(MODEL, variant)), subtask)
    assert found == pytest.approx(PRINTED[subtask, variant], abs=TOLERANCE)


def test_exactly_nine_figures_do_not_follow_and_they_are_the_known_slips() -> None:
    scores = {variant: composite(paper.figures(MODEL, variant)) for _, variant in PRINTED}
    off = {
        (subtask, variant)
        for (subtask, variant), printed in PRINTED.items()
        if abs(getattr(scores[variant], subtask) - printed) > TOLERANCE
    }
    assert off == SLIPS


def test_the_fine_tuned_glm_scores_70_4_and_31_4_and_the_untuned_43_85_and_10_7() -> None:
    tuned, untuned = (composite(paper.figures(MODEL, variant)) for variant in ("ft", "no-ft"))
    assert (round(tuned.puii, 1), round(tuned.puiu, 1)) == (70.4, 31.4)
    assert (round(untuned.puii, 2), round(untuned.puiu, 1)) == (43.85, 10.7)


def test_cells_weigh_by_their_examples() -> None:
    big, small = cell("nir", "mind", 300, **{"H@1": 0.5}), cell("nir", "yelp", 100, **{"H@1": 0.9})
    assert composite(big + small).nir == pytest.approx(0.6)


def test_rating_prediction_is_the_logarithm_of_the_pooled_rmse() -> None:
    found = composite(cell("rp", "mind", 30, RMSE=1.0) + cell("rp", "yelp", 10, RMSE=3.0))
    assert found.rp == pytest.approx(math.log10(math.sqrt((30 * 1 + 10 * 9) / 40)))
    assert composite(cell("rp", "mind", 3, RMSE=0.0)).rp == -math.inf


def test_composites_follow_equations_1_and_2_by_hand() -> None:
    text = {"BLEU-1": 0.5, "BLEU-2": 0.3, "ROUGE-1": 0.6, "ROUGE-2": 0.2, "ROUGE-L": 0.4}
    attributes = ("country", "gender", "location", "occupation", "age group")
    figures = (
        cell("rp", "yelp", 5, RMSE=10.0)
        + cell("tkr", "mind", 5, **RANKED)
        + cell("cdr", "amazon2023", 5, **RANKED)
        + cell("nir", "mind", 5, **{"H@1": 0.5})
        + cell("uap", "lastfm1k", 5, **{f"ACC({name})": 0.5 for name in attributes})
        + cell("uap", "bookcrossing", 5, **{"RMSE(age)": 10.0})
        + cell("uap", "anime2023", 5, **{"RMSE(birth year)": 1000.0})
        + cell("ir", "steam", 5, **text)
        + cell("tui", "steam", 5, **text)
    )
    found = composite(figures)
    assert found.uap == pytest.approx((2.5 - 2) / 6)
    assert found.puii == pytest.approx(100 / 8 * (2.4 + 2.4 + 0.5 - 1))
    assert found.puiu == pytest.approx(100 / 16 * (0.5 + 2.0 + 2.0))


def test_a_subtask_without_figures_is_nan_and_so_is_the_composite_that_needs_it() -> None:
    found = composite(cell("tkr", "mind", 5, **RANKED))
    assert found.tkr == pytest.approx(0.8)
    assert all(map(math.isnan, (found.rp, found.cdr, found.nir, found.uap, found.puii, found.puiu)))
    assert found.sources["tkr"] == ("mind",) and found.sources["cdr"] == ()
    assert math.isnan(composite([]).puii)


def test_user_attributes_need_all_five_categories_and_a_number() -> None:
    listed = [figure for figure in paper.figures(MODEL, "ft") if figure.subtask == "uap"]
    assert not math.isnan(composite(listed).uap)
    assert math.isnan(composite([figure for figure in listed if figure.metric != "ACC(occupation)"]).uap)
    assert math.isnan(composite([figure for figure in listed if not figure.metric.startswith("RMSE")]).uap)


def test_a_cell_without_examples_has_no_weight() -> None:
    listed = paper.figures(MODEL, "ft")
    blank = [replace(figure, source="none", value=math.nan, n=0) for figure in listed if figure.source == "mind"]
    assert composite(listed + blank).puii == composite(listed).puii


def test_a_metric_that_has_no_part_in_the_score_is_left_out() -> None:
    listed = cell("nir", "mind", 5, **{"H@1": 0.5, "parsed": 0.99})
    assert composite(listed).nir == 0.5


def test_a_cell_with_only_some_of_its_metrics_is_refused() -> None:
    with pytest.raises(UsageError, match="tkr-mind: no P@5; want all of N@10, H@1, P@5"):
        composite(cell("tkr", "mind", 5, **{"N@10": 0.9, "H@1": 0.8}))


def test_a_figure_that_comes_twice_or_has_no_subtask_is_refused() -> None:
    with pytest.raises(UsageError, match="rp-mind: RMSE comes twice"):
        composite(2 * cell("rp", "mind", 5, RMSE=1.0))
    with pytest.raises(UsageError, match="no subtask 'rating'; have: rp, tkr"):
        composite(cell("rating", "mind", 5, RMSE=1.0))


def test_replicates_of_figures_give_the_scores_of_each_replicate() -> None:
    columns = [paper.figures(MODEL, variant) for variant in ("no-ft", "ft", "ft-without-RP")]
    order = {(figure.subtask, figure.source, figure.metric): at for at, figure in enumerate(columns[0])}
    table = np.zeros((3, len(order)))
    for row, column in enumerate(columns):
        for figure in column:
            table[row, order[figure.subtask, figure.source, figure.metric]] = figure.value
    found = composite_replicates(columns[0], table)
    assert list(found) == [*SUBTASKS, "pUII", "pUIU"]
    for row, column in enumerate(columns):
        wanted = composite(column)
        assert found["pUII"][row] == pytest.approx(wanted.puii)
        assert found["uap"][row] == pytest.approx(wanted.uap)
    with pytest.raises(UsageError, match=r"values of shape \(3, 105\); want replicates × 106 figures"):
        composite_replicates(columns[0], table[:, 1:])


def test_a_composite_gets_an_interval_from_replicates_of_its_cells() -> None:
    dice = np.random.default_rng(1)
    users = [f"u{place}" for place in range(80)]
    samples = {
        "rp": [rmse_sample(dice.normal(3, 1, 80), dice.normal(3, 1, 80))],
        "tkr": [mean_sample(metric, dice.random(80)) for metric in RANKED],
        "cdr": [mean_sample(metric, dice.random(80)) for metric in RANKED],
        "nir": [mean_sample("H@1", dice.random(80) < 0.5)],
    }
    figures = [
        Figure(subtask=subtask, source="mind", metric=sample.metric, value=sample.value, n=len(sample))
        for subtask, listed in samples.items()
        for sample in listed
    ]
    columns = [
        replicate(listed, cluster_sums(listed, users, users), seed=1, stream="mind") for listed in samples.values()
    ]
    draws = composite_replicates(figures, np.hstack(columns))["pUII"]
    found = interval(composite(figures).puii, draws, clusters=80)
    assert found.low < found.value < found.high < found.low + 15


def test_the_packaged_tables_have_their_published_sizes() -> None:
    assert len(paper.results()) == 3074
    assert len(paper.cells()) == len(paper.statistics()) == 33
    assert sum(paper.test_sizes().values()) == 7811
    assert sum(row.examples for row in paper.statistics().values()) == 195_065
    assert {result.cell for result in paper.results()} == set(paper.cells())


def test_every_published_column_has_a_figure_for_every_metric_of_every_cell() -> None:
    columns = Counter((result.model, result.variant) for result in paper.results())
    assert len(columns) == 29 and set(columns.values()) == {106}


def test_metric_names_that_differ_between_tables_come_out_as_one() -> None:
    metrics = {result.metric for result in paper.results() if result.cell.startswith("uap-")}
    numeric = {"RMSE(age)", "RMSE(birth year)"}
    assert metrics == numeric | {
        f"ACC({name})" for name in ("country", "gender", "location", "occupation", "age group")
    }


def test_the_results_of_one_cell_are_found_by_its_config_name() -> None:
    found = paper.results("tkr-movielens32m")
    assert len(found) == 29 * 3
    tuned = {row.metric: row.value for row in found if (row.model, row.variant) == (MODEL, "ft")}
    assert tuned == {"N@10": 0.989, "H@1": 0.988, "P@5": 0.9608}


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no cell in the paper 'tkr-foo'; have: rp-movielens32m"):
        paper.results("tkr-foo")
    with pytest.raises(
        UsageError, match=r"no published column 'GPT-4 ft'; did you mean GLM-4-9B ft. have: .*GLM-4-9B ft"
    ):
        paper.figures("GPT-4", "ft")
    with pytest.raises(UsageError, match="no source in the paper 'Netflix'"):
        paper.cell_name("TKR", "Netflix")
