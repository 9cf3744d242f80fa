"""Every published figure belongs to an arm of an experiment, as it stands in the papers' tables."""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files

import pytest

from itdr_hf import catalogue
from itdr_hf.errors import UsageError
from itdr_hf.experiments import experiment, experiments
from itdr_hf.experiments.describe import provenance, table_numbers
from itdr_hf.experiments.published import column_of, match
from itdr_hf.models.recommenders import paper as reclm
from itdr_hf.score.measured import TOTALS
from itdr_hf.tasks.instructrec import paper as instructrec
from itdr_hf.tasks.itdr import paper

ALL = experiments()


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((files(paper) / name).read_text(encoding="utf-8").splitlines()))


def shown(family: str) -> dict[tuple[int, str, str, str, str], float]:
    """Every published figure that some arm of the family's experiments has."""
    found = [f for one in ALL.values() if one.family == family for arm in one.arms for f in one.published(arm)]
    return {(f.table, f.cell, f.metric, f.model, f.variant): f.value for f in found}


def test_every_cell_of_tables_6_to_17_is_in_an_experiment_of_itdr():
    wanted = {
        (int(r["table"]), paper.cell_name(r["subtask"], r["source"]), paper.METRICS.get(r["metric"], r["metric"]),
         r["model"], r["variant"]): float(r["value"])
        for r in rows("results.csv")
    }  # fmt: skip
    assert len(wanted) == 3_074
    assert shown("itdr") == wanted


@pytest.mark.parametrize(("name", "variant", "arms"), [
    ("itdr-main", "ft", {"ft"}),
    ("itdr-roots", "ft-without-UII", {"ft-without-UII"}),
    ("itdr-leave-out", "ft-without-TKR", {"ft-without-TKR"}),
    ("itdr-scale", "ft-25%", {"ft-25%"}),
    ("itdr-descriptions", "ft-without-task-descriptions",
     {"ft-without-task-descriptions", "ft-without-task-descriptions-at-all"}),
])  # fmt: skip
def test_a_variant_of_the_papers_belongs_to_these_arms(name, variant, arms):
    one = experiment(name)
    assert {arm.name for arm in one.arms if any(f.variant == variant for f in one.published(arm))} == arms


def test_tables_1_and_2_are_as_printed_next_to_what_their_cells_come_to():
    printed = [score for name in ("itdr-leave-out", "itdr-descriptions") for score in experiment(name).printed()]
    wanted = Counter(
        (r["table"], r["subtask"].lower(), r["variant"], float(r["value"])) for r in rows("subtask_scores.csv")
    )
    assert Counter((str(s.table), s.metric, s.variant, s.value) for s in printed) == wanted
    one = experiment("itdr-leave-out")
    column = column_of(one, one.arm("ft"), "anyone/any-model", paper.cells())
    assert column.model == "GLM-4-9B"
    assert (column.printed["rp"], round(column.value(TOTALS, "rp"), 4)) == (0.1927, 0.1972)  # one of the paper's slips
    assert column.value(TOTALS, "pUII") == pytest.approx(70.4, abs=0.05)
    assert column.totals == pytest.approx(paper.totals("GLM-4-9B", "ft"))


def test_a_published_score_over_cells_is_over_those_that_were_run():
    one = experiment("itdr-leave-out")
    column = column_of(one, one.arm("ft"), "any", {"nir-movielens32m", "rp-yelp"})
    assert column.value(TOTALS, "nir") == column.value("nir-movielens32m", "H@1") == 0.608
    assert set(column.totals) == {"nir", "rp"} and not column.printed


def test_the_rows_of_instructrec_each_have_an_arm():
    wanted = {(f.table, f.cell, f.metric, f.model, f.variant): f.value for f in instructrec.results()}
    assert shown("instructrec") == wanted


def test_the_tables_of_reclm_each_have_an_arm():
    figures = shown("reclm")
    assert {k[1:]: v for k, v in figures.items() if k[0] == 1} == {
        (data, f"{metric}, {setting}", backbone, variant): value
        for (setting, data, backbone, variant, metric), value in reclm.paper_figures().items()
    }
    assert {k[1:]: v for k, v in figures.items() if k[0] == 2} == {
        (data, f"{metric}, full-shot", backbone, variant): value
        for (data, backbone, variant, metric), value in reclm.paper_ablation().items()
    }
    assert len([k for k in figures if k[0] == 3]) == 2 * len(reclm.paper_costs())


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_a_declaration_holds_together(one):
    names = [arm.name for arm in one.arms]
    assert len(set(names)) == len(names) > 0
    assert all(arm.against in (*names, "") for arm in one.arms)
    assert one.family in catalogue.families() and one.differs
    if one.configs:
        assert catalogue.select(one.configs, one.family) == list(one.configs)
    datas = {data.name: data for arm in one.arms for data in (arm.data, arm.questions)}
    assert all(datas[data.name] == data for arm in one.arms for data in (arm.data, arm.questions))
    for data in datas.values():
        catalogue.cell(next(iter(one.configs or catalogue.select(None, one.family)))).recipe(**data.build)
        assert all(name in catalogue.unions(one.family) for name in data.left_out)


def test_data_of_one_name_is_the_same_in_all_experiments_of_a_family():
    seen: dict[tuple[str, str], object] = {}
    for one in ALL.values():
        for arm in one.arms:
            for data in (arm.data, arm.questions):
                assert seen.setdefault((one.family, data.name), data) == data


@pytest.mark.parametrize(("system", "model"), [
    ("zai-org/glm-4-9b-hf", "GLM-4-9B"),
    ("meta-llama/Llama-3.2-3B", "LLaMA-3.2-3B"),
    ("Qwen2.5-7B", "Qwen2.5-7B"),
    ("Qwen/Qwen2.5-7B-Instruct", "Qwen2.5-7B-Instruct"),
    ("gpt-3.5-turbo", "GPT-3.5-Turbo"),
    ("tiny", ""),
])  # fmt: skip
def test_a_model_stands_next_to_the_published_one_that_it_is(system, model):
    assert match(system, sorted({result.model for result in paper.results()})) == model


def test_an_unknown_experiment_or_arm_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="no experiment 'itdr-mian'; did you mean itdr-main"):
        experiment("itdr-mian")
    with pytest.raises(UsageError, match="no arm of itdr-scale 'ft-2'; did you mean ft-25%"):
        experiment("itdr-scale").chosen(["ft-2"])


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_an_experiment_says_which_paper_tables_and_models_its_figures_are_of(one):
    said = "\n".join(provenance(one))
    assert f"Paper: {catalogue.family(one.family).title}, https://arxiv.org/abs/" in said
    for arm in one.arms:
        assert all(figure.model in said for figure in one.published(arm))
    assert all(f"by {way}" in said for way in one.ways) or one.runner != "models"


def test_numbers_of_tables_that_follow_on_each_other_are_a_span():
    assert table_numbers((6, 7, 8, 12, 14, 15)) == "6–8, 12, 14–15"
