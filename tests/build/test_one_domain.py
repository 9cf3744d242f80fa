"""Of a source with domains, `domain` asks for one of them, or for the pairs that lead to it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from itdr_hf import catalogue
from itdr_hf.build.prepare import Prepared, Settings, prepare
from itdr_hf.simulate import simulate


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = tmp_path_factory.mktemp("domains")
    simulate(home / "raw", sources=["amazon2023"], scale=0.05)
    return Settings(raw=home / "raw", cache=home / "cache", warn=lambda text: None)


def planned(settings: Settings, config: str, domain: str) -> Prepared:
    cell = catalogue.cell(config)
    return prepare(cell, cell.recipe(domain=domain, num_examples=40), settings)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ("nir-amazon2023", "Video_Games"),
        ("tui-amazon2023", "Video_Games"),
        ("cdr-amazon2023", "CDs_and_Vinyl > Video_Games"),
    ],
)
def test_every_example_is_of_that_domain_and_the_rows_add_up(settings, config, found):
    one, every = planned(settings, config, "Video_Games"), planned(settings, config, "")
    assert set(pq.read_table(one.rows.path)["domain"].to_pylist()) == {found}
    assert len(set(pq.read_table(every.rows.path)["domain"].to_pylist())) > 1

    first, *others, last = one.rows.steps
    assert first["rows"] + sum(step["rows"] for step in others) == last["rows"] == sum(one.rows.counts.values()) > 0
    assert 0 < first["rows"] <= first["of"] < every.rows.steps[0]["of"]


def test_a_task_that_takes_all_domains_together_has_nobody_in_one_of_them(settings):
    cell = catalogue.cell("nir-amazon2023")
    together = replace(cell.task, eligible=lambda plan: cell.task.eligible(plan).drop("domain").distinct())
    recipe = cell.recipe(domain="Video_Games", num_examples=40)
    made = prepare(replace(cell, task=together), recipe, replace(settings, cache=settings.cache.with_name("together")))
    assert made.note.startswith("40 requested, 0 made: 0 of ") and sum(made.rows.counts.values()) == 0
